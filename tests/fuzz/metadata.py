"""Metadata that are almost right: keys, deadlines, and what else the servers read of a call."""

import json
import random
import string
from collections.abc import Callable, Sequence

from jwt.utils import base64url_decode, base64url_encode

Metadata = Sequence[tuple[str, str | bytes]]

PRINTABLE = string.ascii_letters + string.digits + string.punctuation + " "
"""What gRPC lets into a value; into one whose name ends with -bin it lets any bytes."""

KID = "kid"
_ALGORITHMS = ("none", "None", "HS256", "ES256", "RS256", "", None, 7, ["EdDSA"], "EdDSA\x00")
_HEADERS: Sequence[Callable[[dict[str, object]], object]] = (
    lambda header: header | {KID: "other"},
    lambda header: header | {KID: 7},
    lambda header: header | {KID: None},
    lambda header: header | {"typ": "at+jwt", "crit": ["exp"]},
    lambda header: header | {"b64": False, "crit": ["b64"]},
    lambda header: header | {"jwk": {"kty": "oct"}, "jku": "http://[", "x5u": "file:///"},
    lambda header: {name: value for name, value in header.items() if name != "alg"},
    lambda header: [header],
    lambda header: "text",
    lambda header: None,
)


def good(key: str) -> Metadata:
    """Return the metadata of a call with a key."""
    return (("authorization", f"Bearer {key}"),)


def almost_right_metadata(key: str, chance: random.Random) -> Metadata:
    """Return metadata of which the key is not as it should be, or with odd things beside a good one."""
    if chance.randrange(2):
        return _authorization(key, chance)
    around = [chance.choice(_BESIDE)(chance) for _ in range(chance.randrange(1, 4))]
    return [*good(key), *around] if chance.randrange(2) else [*around, *good(key)]


def almost_right_timeout(chance: random.Random) -> float | None:
    """Return the seconds of a deadline: of two thirds one that is past, or will be during the call."""
    return chance.choice((0.0, 1e-6, 0.001, 0.005, 0.02, None, 86_400.0 * 400, 1e9, -1.0))


def _authorization(key: str, chance: random.Random) -> Metadata:
    head, claims, signature = key.split(".")
    match chance.randrange(9):
        case 0:
            return ()
        case 1:
            forms = (
                "",
                "Bearer",
                "Bearer ",
                "bearer {}",
                "BEARER  {} ",
                "Basic {}",
                "{}",
                "Bearer {0},{0}",
                "Bearer\t{}",
            )
            return (("authorization", chance.choice(forms).replace("\t", " ").format(key)),)
        case 2:
            return good(_changed(key, chance))
        case 3:
            return good(key[: chance.randrange(len(key))])
        case 4:
            header = json.loads(base64url_decode(head))
            header |= {"alg": chance.choice(_ALGORITHMS)}
            return good(f"{_encoded(header)}.{claims}.{chance.choice((signature, ''))}")
        case 5:
            header = chance.choice(_HEADERS)(json.loads(base64url_decode(head)))
            return good(f"{_encoded(header)}.{claims}.{signature}")
        case 6:
            # deep JSON, more than a token may have, more than gRPC takes as metadata
            deep = base64url_encode(b"[" * chance.choice((100, 1_400, 3_000))).decode()
            return good(chance.choice((f"{deep}.{claims}.{signature}", "x" * 2_049, "." * 2_000, "x" * 20_000)))
        case 7:
            wrong = _changed(key, chance)
            return [*good(key), *good(wrong)] if chance.randrange(2) else [*good(wrong), *good(key)]
        case _:
            return [("authorization-bin", chance.randbytes(chance.randrange(300))), *good(key)[: chance.randrange(2)]]


def _encoded(part: object) -> str:
    return base64url_encode(json.dumps(part).encode()).decode()


def _changed(text: str, chance: random.Random) -> str:
    """Return a text with one to three characters that are others, gone or more."""
    found = list(text)
    for _ in range(chance.randrange(1, 4)):
        at = chance.randrange(len(found) + 1)
        found[at : at + chance.randrange(3)] = chance.choices(PRINTABLE, k=chance.randrange(3))
    return "".join(found).strip()


TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
TIMEOUTS = ("1S", "0n", "1n", "20m", "99999999H", "100000000n", "-1S", "S", "1", "1x", "", "1e3S", " 1S", "1S, 2S")
ORIGINS = ("null", "", "https://shop.example", "https://[", "http://[::1]:x", "//", "x" * 3_000, "https://xn--\\", "%%")
ADDRESSES = ("1.2.3.4", "::1%eth0", ",", " , ", "1.2.3.4, 5.6.7.8", "999.1.1.1", "x" * 2_000, "[::1]:99", "unknown")
AGENTS = ("", "Mozilla/5.0 (" * 200, "Googlebot/2.1", "\\x00", "x" * 4_000, "grpc-python/1.0", "%00")


def _one_of(name: str, values: Sequence[str]) -> Callable[[random.Random], tuple[str, str | bytes]]:
    def draw(chance: random.Random) -> tuple[str, str | bytes]:
        value = chance.choice(values)
        return name, _changed(value, chance) if value and chance.randrange(4) == 0 else value

    return draw


_BESIDE = (
    _one_of(
        "traceparent", (TRACE, TRACE.upper(), TRACE[:-1], "00-" + "0" * 32 + "-" + "0" * 16 + "-00", "ff" + TRACE[2:])
    ),
    _one_of("tracestate", ("a=b", "=", "x" * 600)),
    _one_of("grpc-timeout", TIMEOUTS),
    _one_of("origin", ORIGINS),
    _one_of("x-forwarded-for", ADDRESSES),
    _one_of("x-forwarded-user-agent", AGENTS),
    lambda chance: ("odd-bin", chance.randbytes(chance.choice((0, 1, 40, 3_000)))),
)
