"""What a property may be: created, and changed field by field."""

import re
from collections.abc import Iterable, Iterator

from babel.numbers import list_currencies

from footfall.v1.admin_pb2 import CreatePropertyRequest, Property, PropertyState, UpdatePropertyRequest
from footfall_core.clock import Micros
from footfall_core.problems import FieldViolation, InvalidRequest
from footfall_core.properties import PROPERTY_ID, parse_property, property_name
from footfall_core.quota.own import RANGES, change_own, quota_violations
from footfall_core.report.days import zone_names
from footfall_core.report.suggestions import unknown

MAX_DISPLAY_NAME = 100
"""Characters of what people call a property or a key."""
MAX_HOSTS = 100
"""Hosts of a property."""

QUOTA = "quota"
CHANGEABLE = (
    *("display_name", "time_zone", "currency_code", "allowed_hosts", "state", QUOTA),
    *(f"{QUOTA}.{part}" for part in RANGES),
)
FOR_OPERATORS = frozenset(path for path in CHANGEABLE if path.partition(".")[0] in {"state", QUOTA})
"""What a merchant's own key must not change: else it would resume what its operator suspended, or raise its quota."""

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"(?:\*\.)?{_LABEL}(?:\.{_LABEL})*")
_MAX_HOST = 253


def new_property(request: CreatePropertyRequest, now: Micros) -> Property:
    """Return the property that is to be created.

    Raises:
        InvalidRequest: names every field that is wrong.
    """
    given, violations = request.property, []
    property_id = request.property_id
    if not PROPERTY_ID.fullmatch(property_id):
        violations.append(
            FieldViolation(
                "property_id",
                f"{property_id[:80]!r} is not an id; allowed are 1 to 63 lower-case letters, digits and hyphens, not "
                "beginning with a hyphen.",
            )
        )
    elif given.name and given.name != property_name(property_id):
        violations.append(FieldViolation("property.name", "It is another one than property_id says; leave it out."))
    if given.state not in {PropertyState.PROPERTY_STATE_UNSPECIFIED, PropertyState.PROPERTY_STATE_ACTIVE}:
        violations.append(FieldViolation("property.state", "A property begins active; suspend it afterwards."))
    _check([*violations, *_violations(given)])
    found = Property(
        name=property_name(property_id),
        display_name=given.display_name,
        time_zone=given.time_zone or "UTC",
        currency_code=given.currency_code,
        allowed_hosts=given.allowed_hosts,
        state=PropertyState.PROPERTY_STATE_ACTIVE,
        quota=given.quota if given.quota.ListFields() else None,
    )
    found.create_time.FromMicroseconds(now)
    found.update_time.FromMicroseconds(now)
    return found


def changed_property(current: Property, request: UpdatePropertyRequest, now: Micros) -> Property:
    """Return a property with the fields of a request's mask taken from it.

    Raises:
        InvalidRequest: names every field that is wrong.
    """
    given, paths = request.property, list(request.update_mask.paths)
    if not paths:
        raise InvalidRequest.of("update_mask", f"It is empty; name the fields to change of {', '.join(CHANGEABLE)}.")
    if strange := [path for path in paths if path not in CHANGEABLE]:
        raise InvalidRequest.of(
            "update_mask", f"{strange[0][:80]!r} cannot be changed; allowed are {', '.join(CHANGEABLE)}."
        )
    changed = Property()
    changed.CopyFrom(current)
    for path in paths:
        _change(changed, given, path)
    if not changed.quota.ListFields():
        changed.ClearField(QUOTA)
    if not changed.state:
        raise InvalidRequest.of(
            "property.state", "It is missing; allowed are PROPERTY_STATE_ACTIVE and PROPERTY_STATE_SUSPENDED."
        )
    changed.time_zone = changed.time_zone or "UTC"
    _check(_violations(changed))
    changed.update_time.FromMicroseconds(now)
    return changed


def _change(changed: Property, given: Property, path: str) -> None:
    """Take one field over, or its absence."""
    field, _, part = path.partition(".")
    if part:
        change_own(changed.quota, given.quota, part)
        return
    changed.ClearField(field)
    if field == "allowed_hosts":
        changed.allowed_hosts.extend(given.allowed_hosts)
    elif field == QUOTA:
        changed.quota.CopyFrom(given.quota)
    else:
        setattr(changed, field, getattr(given, field))


def property_id_of(found: Property) -> str:
    """Return the id of a property."""
    return parse_property(found.name)


def _violations(given: Property) -> Iterator[FieldViolation]:
    if mistake := display_name_mistake(given.display_name):
        yield FieldViolation("property.display_name", mistake)
    if given.time_zone and given.time_zone not in zone_names():
        sentence = unknown("time zone", given.time_zone, sorted(zone_names()), list_allowed=False)
        yield FieldViolation(
            "property.time_zone", f"{sentence} Allowed are names of the IANA data base, for example Europe/Berlin."
        )
    if given.currency_code and given.currency_code not in list_currencies():
        yield FieldViolation(
            "property.currency_code",
            f"{given.currency_code[:20]!r} is not a currency of ISO 4217; write three capital letters, as EUR.",
        )
    if given.state not in PropertyState.values():
        yield FieldViolation("property.state", f"There is no state {given.state}.")
    yield from quota_violations(given.quota, "property.quota")
    if len(given.allowed_hosts) > MAX_HOSTS:
        yield FieldViolation(
            "property.allowed_hosts", f"There are {len(given.allowed_hosts):,}; at most {MAX_HOSTS} are allowed."
        )
    for index, host in enumerate(given.allowed_hosts[:MAX_HOSTS]):
        if len(host) > _MAX_HOST or not _HOST.fullmatch(host):
            yield FieldViolation(
                f"property.allowed_hosts[{index}]",
                f"{host[:80]!r} is not a host; allowed are names in lower case, such as shop.example or "
                "*.shop.example, without scheme, port and path.",
            )


def display_name_mistake(name: str) -> str | None:
    """Return what is wrong with what people call something, or None."""
    if len(name) > MAX_DISPLAY_NAME:
        return f"It has {len(name):,} characters; at most {MAX_DISPLAY_NAME} are allowed."
    if not name.isprintable():
        return "It holds characters that cannot be printed."
    return None


def _check(violations: Iterable[FieldViolation]) -> None:
    if found := tuple(violations):
        raise InvalidRequest(*found)
