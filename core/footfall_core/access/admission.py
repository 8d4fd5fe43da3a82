"""Whether a call is let in. Every answer is one sentence, and none of them repeats a key."""

from urllib.parse import urlsplit

from footfall.v1.admin_pb2 import Property, PropertyState
from footfall_core.access.grant import EVERY_PROPERTY, Grant
from footfall_core.access.needs import Need
from footfall_core.access.refusals import Reason
from footfall_core.access.register import Register
from footfall_core.access.scopes import listed
from footfall_core.clock import Micros, to_datetime
from footfall_core.problems import PermissionDenied, Unauthenticated

BEARER = "bearer "


def token_of(authorization: str | None) -> str:
    """Return the token in the metadata `authorization`.

    Raises:
        Unauthenticated: there is none.
    """
    if not authorization:
        raise Unauthenticated(
            Reason.NO_KEY, "A key is missing: send it as the metadata, or HTTP header, authorization: Bearer KEY."
        )
    if authorization[: len(BEARER)].lower() != BEARER:
        raise Unauthenticated(Reason.NOT_A_KEY, "The header authorization is not of the form: Bearer KEY.")
    return authorization[len(BEARER) :].strip()


def check_valid(grant: Grant, register: Register, now: Micros) -> None:
    """Check that a key still holds.

    Raises:
        Unauthenticated: it has expired, or was revoked.
    """
    if grant.expires is not None and now >= grant.expires:
        instant = f"{to_datetime(grant.expires):%Y-%m-%dT%H:%M:%SZ}"
        raise Unauthenticated(Reason.EXPIRED, f"The key expired at {instant}; ask for a new one.")
    if register.is_revoked(grant.key_name):
        raise Unauthenticated(Reason.REVOKED, "The key was revoked; ask for a new one.")


def admit(grant: Grant, need: Need, origin: str, register: Register) -> Property:
    """Return the property that a request is about, if its key may do what it needs.

    Args:
        grant: of a key that holds.
        need: of the request.
        origin: the header `origin`, which browsers send of themselves and no page can change; else empty.
        register: what is known of properties.

    Raises:
        PermissionDenied: it may not.
    """
    if missing := need.scopes - grant.scopes:
        raise PermissionDenied(
            Reason.SCOPE,
            f"The key may not do this: it lacks the scope {listed(missing)}, and has {listed(grant.scopes)}.",
        )
    if (need.operators or need.property_id == EVERY_PROPERTY) and not grant.is_operators:
        raise PermissionDenied(Reason.OPERATORS, "Only an operator's key may do this, and the key is one property's.")
    if not grant.is_operators and grant.property_id != need.property_id:
        raise PermissionDenied(Reason.PROPERTY, "The key is another property's.")
    if need.property_id == EVERY_PROPERTY:
        return Property()
    found = register.property_or_default(need.property_id)
    if found.state == PropertyState.PROPERTY_STATE_SUSPENDED and not need.though_suspended:
        raise PermissionDenied(
            Reason.SUSPENDED, "The property is suspended: its data stay, but nothing is taken or shown."
        )
    if origin and found.allowed_hosts and not _is_allowed(origin, found):
        raise PermissionDenied(Reason.HOST, f"Pages of {origin[:100]!r} are not among the property's allowed_hosts.")
    return found


def _is_allowed(origin: str, found: Property) -> bool:
    """Return whether a page's origin is of one of the property's hosts; an opaque one, `null`, is of none."""
    try:
        host = urlsplit(origin).hostname or ""
    except ValueError:
        return False
    return any(
        host == allowed or (allowed.startswith("*.") and host.endswith(allowed[1:])) for allowed in found.allowed_hosts
    )
