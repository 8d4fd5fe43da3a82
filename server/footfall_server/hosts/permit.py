"""What a caller may do, as the host asks it and handlers see it."""

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from footfall.v1.admin_pb2 import Property
from footfall_core.access.needs import Need
from footfall_core.access.scopes import Scope


class Permit(Protocol):
    """The permit of one call. Nothing of it blocks."""

    @property
    def key_id(self) -> str:
        """The id of the caller's key, for logs; empty before `authenticate`."""
        ...

    @property
    def property(self) -> Property:
        """The property that the request is about, once it was let in."""
        ...

    def authenticate(self) -> None:
        """Find out who calls.

        Raises:
            Unauthenticated: no key was sent, or none that holds.
        """
        ...

    def enter(self, need: Need) -> None:
        """Let the call's one request in.

        Raises:
            PermissionDenied: the caller may not do this.
        """
        ...

    def admit(self, need: Need) -> None:
        """Let one of a stream's requests in, which is about a property of its own.

        Raises:
            Unauthenticated: the key does not hold any more.
            PermissionDenied: the caller may not do this.
        """
        ...

    def may(self, scope: Scope) -> bool:
        """Return whether the caller's key has a scope beyond those that its request needed."""
        ...

    def lasting(self) -> AbstractAsyncContextManager[None]:
        """End a block that may take long as soon as its caller may no longer do this.

        Raises:
            Unauthenticated: the key has expired or was revoked in the meantime.
            PermissionDenied: the property was suspended in the meantime.
        """
        ...


Gate = Callable[[Mapping[str, str]], Permit]
"""Returns the permit of a call by its metadata. A server has exactly one, and none by default."""
