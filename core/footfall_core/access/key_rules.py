"""What a key may be, and what becomes of it."""

import re

from footfall.v1.admin_pb2 import CreateKeyRequest, Key, KeyState
from footfall_core.access.grant import Grant, key_name
from footfall_core.access.needs import owner_of
from footfall_core.access.property_rules import display_name_mistake
from footfall_core.access.register import KEYS
from footfall_core.access.scopes import Scope, number_of, scope_of
from footfall_core.clock import Micros
from footfall_core.instants import instant_of
from footfall_core.problems import FieldViolation, InvalidRequest

KEY_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")

_SECOND = 1_000_000


def new_key(request: CreateKeyRequest, key_id: str, now: Micros) -> tuple[Key, Grant]:
    """Return the key that is to be created, and what it opens.

    Args:
        request: what is asked for.
        key_id: one that was never used, and that nobody can guess.
        now: the current time.

    Raises:
        InvalidRequest: names every field that is wrong.
    """
    given, violations = request.key, []
    property_id = owner_of(request.parent, "parent")
    if mistake := display_name_mistake(given.display_name):
        violations.append(FieldViolation("key.display_name", mistake))
    scopes = {scope for number in given.scopes if (scope := scope_of(number))}
    if not given.scopes:
        violations.append(FieldViolation("key.scopes", f"A key needs at least one of {', '.join(Scope)}."))
    elif any(scope_of(number) is None for number in given.scopes):
        violations.append(FieldViolation("key.scopes", f"One of them is none; allowed are {', '.join(Scope)}."))
    elif Scope.IMPORT in scopes and Scope.WRITE not in scopes:
        violations.append(FieldViolation("key.scopes", "The scope import is of no use without write; give both."))
    expires = None
    if given.HasField("expire_time"):
        # a token says it in whole seconds
        expires = Micros(instant_of(given.expire_time, "key.expire_time") // _SECOND * _SECOND)
        if expires <= now:
            violations.append(FieldViolation("key.expire_time", "It is past; a key that never was valid is of no use."))
    if violations:
        raise InvalidRequest(*violations)
    grant = Grant(key_id, property_id, frozenset(scopes), expires)
    return key_of(grant, given.display_name, now), grant


def key_of(grant: Grant, display_name: str, now: Micros) -> Key:
    """Return the key of a grant."""
    key = Key(
        name=grant.key_name,
        display_name=display_name,
        scopes=[number_of(scope) for scope in Scope if scope in grant.scopes],  # type: ignore[misc]  # by number
        state=KeyState.KEY_STATE_ACTIVE,
    )
    if grant.expires is not None:
        key.expire_time.FromMicroseconds(grant.expires)
    key.create_time.FromMicroseconds(now)
    return key


def revoked_key(key: Key, now: Micros) -> Key:
    """Return a key as it is when it was revoked; one that was before stays as it is."""
    revoked = Key()
    revoked.CopyFrom(key)
    if key.state != KeyState.KEY_STATE_REVOKED:
        revoked.state = KeyState.KEY_STATE_REVOKED
        revoked.revoke_time.FromMicroseconds(now)
    return revoked


def shown_key(key: Key, now: Micros) -> Key:
    """Return a key as it is now: what is stored does not change when its time is over."""
    is_over = key.HasField("expire_time") and key.expire_time.ToMicroseconds() <= now
    if not is_over or key.state != KeyState.KEY_STATE_ACTIVE:
        return key
    shown = Key()
    shown.CopyFrom(key)
    shown.state = KeyState.KEY_STATE_EXPIRED
    return shown


def parse_key_name(name: str) -> tuple[str, str]:
    """Return property id (`*` for `-`) and key id of a name `properties/{id}/keys/{key_id}`.

    Raises:
        InvalidRequest: it is no such name.
    """
    property_id = owner_of(name, "name")
    _, keys, key_id = name.partition(KEYS)
    if not keys or not KEY_ID.fullmatch(key_id) or name != key_name(property_id, key_id):
        raise InvalidRequest.of("name", f"{name[:120]!r} is not a key; allowed is properties/{{id}}/keys/{{key_id}}.")
    return property_id, key_id
