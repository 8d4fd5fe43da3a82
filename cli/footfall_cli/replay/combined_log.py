r"""Reads the combined log of Apache and nginx: each line is a `page_view`.

    address ident user [time] "method target protocol" status bytes "referrer" "user agent"

- `page_location` is the target on the site; a target that is a URL of its own (a proxy's log) stays what it is.
- `page_referrer` and `user_agent`: `-` is not set. `ip_override` is the address; a host name is not set.
- `client_id` is a hash of address and user agent as they are written, `-` too.
- Parameters: `http_status` and `bytes` (numbers; `-` is not set), `http_method`.
- `event_id` is the file's name and the line's number.

Text: `\"`, `\\` and `\xhh` are undone as Apache and nginx write them. Bytes that are not UTF-8, and control characters,
are written as `\xhh`, however they stood in the line; nothing is dropped. A user agent whose closing quote is missing
reaches to the end of the line: the rest of such a line is whole.
"""

import hashlib
import ipaddress
import re
from datetime import datetime, timedelta, timezone
from functools import lru_cache

from footfall.events import make_event
from footfall.v1.event_pb2 import Event
from footfall_cli.replay.lines import Line, RefusedLineError

_QUOTED = rb'"((?:[^"\\]|\\.)*)'
_PARTS: tuple[tuple[str, bytes], ...] = (
    ("an address, ident and user", rb"(\S+) \S+ (?:[^\[]*[^\[ ]) "),
    ("a time in brackets", rb"\[([^\]]*)\] "),
    ("a request in quotes", _QUOTED + rb'" '),
    ("a status of three digits", rb"(\d{3}) "),
    ("a number of bytes or -", rb"(\d{1,18}|-) "),
    ("a referrer in quotes", _QUOTED + rb'" '),
    ("a user agent in quotes", _QUOTED + rb'"?'),
)
_LINE = re.compile(b"".join(pattern for _, pattern in _PARTS))
_TIME = re.compile(r"(\d{2})/([A-Z][a-z]{2})/(\d{4}):(\d{2}):(\d{2}):(\d{2}) ([+-])(\d{2})(\d{2})", re.ASCII)
# not strptime: its month names are those of the locale
_MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec"
_ESCAPE = re.compile(rb'\\(?:x([0-9a-fA-F]{2})|(["\\]))')
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_URL = re.compile(r"https?://[^/?#\s]+", re.IGNORECASE)


class CombinedLog:
    """Makes events of the lines of one log."""

    def __init__(self, site: str, file_name: str) -> None:
        """Remember what the lines don't say.

        Args:
            site: scheme and host that the targets are on, without a slash at the end.
            file_name: for the events' ids.
        """
        self._site = site
        self._file_name = file_name

    def event(self, line: Line) -> Event | None:
        """Return the line's event; None for a blank line.

        Raises:
            RefusedLineError: why it is none.
        """
        if not line.content.strip():
            return None
        found = _LINE.fullmatch(line.content)
        if found is None or line.too_long:
            raise RefusedLineError(_what_is_missing(line))
        address, time, request, status, size, referrer, agent = found.groups()
        method, target = _request(text(request))
        params: dict[str, str | int | float | bool] = {"http_status": int(status), "http_method": method}
        if size != b"-":
            params["bytes"] = int(size)
        return make_event(
            "page_view",
            client_id=hashlib.sha256(address + b"\n" + agent).hexdigest()[:32],
            timestamp=_instant(time.decode("ascii", "backslashreplace")),
            params=params,
            event_id=f"{self._file_name}:{line.number}",
            page_location=target if _URL.match(target) else self._site + target,
            page_referrer=_unless_dash(referrer),
            user_agent=_unless_dash(agent),
            ip_override=_address(text(address)),
        )


def text(written: bytes) -> str:
    """Return a field as text; see the module on escapes and on bytes that are not UTF-8."""

    def undone(escape: re.Match[bytes]) -> bytes:
        return bytes.fromhex(escape[1].decode()) if escape[1] else escape[2]

    decoded = _ESCAPE.sub(undone, written).decode("utf-8", "backslashreplace")
    return _CONTROL.sub(lambda c: f"\\x{ord(c.group()):02x}", decoded)


def _unless_dash(written: bytes) -> str | None:
    return None if written in {b"-", b""} else text(written)


def _request(request: str) -> tuple[str, str]:
    method, _, rest = request.partition(" ")
    target, blank, protocol = rest.rpartition(" ")
    if not blank or not protocol.startswith("HTTP/"):
        target = rest  # HTTP/0.9 names no protocol
    if not target.startswith("/") and not _URL.match(target):
        raise RefusedLineError(f"the request {request[:80]!r} is for no page; expected a method, a path and a protocol")
    return method, target


@lru_cache(4096)
def _address(host: str) -> str | None:
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        return None  # the server logs host names; the geography of this one stays unknown


@lru_cache(64)
def _zone(sign: str, hours: str, minutes: str) -> timezone:
    offset = timedelta(hours=int(hours), minutes=int(minutes))
    return timezone(-offset if sign == "-" else offset)


def _instant(time: str) -> datetime:
    found = _TIME.fullmatch(time)
    refused = RefusedLineError(f"{time[:40]!r} is no time; expected one like 17/May/2015:10:05:03 +0000")
    if found is None:
        raise refused
    day, month, year, hour, minute, second, sign, zone_hours, zone_minutes = found.groups()
    # an unknown month becomes 0 here, which datetime refuses
    months = _MONTHS.find(month) // 3 + 1
    try:
        zone = _zone(sign, zone_hours, zone_minutes)
        return datetime(int(year), months, int(day), int(hour), int(minute), int(second), tzinfo=zone)
    except ValueError:
        raise refused from None


def _what_is_missing(line: Line) -> str:
    """Return which part of a line is not as it should be; slow, and only for lines that are refused."""
    if line.too_long:
        return "it is longer than 1 MiB"
    at = 0
    for name, pattern in _PARTS:
        found = re.compile(pattern).match(line.content, at)
        if found is None:
            return f"expected {name} at column {at + 1}, found {_excerpt(line.content[at:])}"
        at = found.end()
    return f"expected the end of the line at column {at + 1}, found {_excerpt(line.content[at:])}"


def _excerpt(rest: bytes) -> str:
    return repr(rest[:40].decode("utf-8", "backslashreplace")) if rest else "the end of the line"
