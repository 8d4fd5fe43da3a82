"""The things that a key may do."""

from collections.abc import Iterable
from enum import StrEnum

from footfall.v1.admin_pb2 import KeyScope

_PREFIX = "KEY_SCOPE_"


class Scope(StrEnum):
    """One thing that a key may do, as it stands in a token; the contract says what each means."""

    WRITE = "write"
    IMPORT = "import"
    READ = "read"
    ERRORS = "errors"
    ADMIN = "admin"


ALL = frozenset(Scope)


def scope_of(number: int) -> Scope | None:
    """Return the scope of a `KeyScope`, or None if it is none that this version knows."""
    known = KeyScope.DESCRIPTOR.values_by_number.get(number)
    return None if known is None or number == KeyScope.KEY_SCOPE_UNSPECIFIED else Scope[known.name[len(_PREFIX) :]]


def number_of(scope: Scope) -> int:
    """Return the number of a scope's `KeyScope`."""
    return int(KeyScope.Value(_PREFIX + scope.name))


def listed(scopes: Iterable[Scope]) -> str:
    """Return scopes by name, in the order of the contract: `write, read`; `none` if there are none."""
    found = set(scopes)
    return ", ".join(scope for scope in Scope if scope in found) or "none"
