"""What access needs from outside. The docstrings are the contract that every adapter keeps."""

from collections.abc import Callable
from typing import Protocol

from footfall_core.access.register import Register


class Access(Protocol):
    """What every server knows of properties and of keys that were revoked."""

    @property
    def register(self) -> Register:
        """What is known now: what was stored before the server was ready, and later things a moment later.

        While the place where it is stored is away, what was read stays valid. Read and changed on the event loop's
        thread alone.
        """
        ...

    def on_change(self, act: Callable[[], None]) -> None:
        """Have `act` called on the event loop after each change of the register."""
        ...


class Registry(Access, Protocol):
    """Where properties and keys are stored: for the admin server, whose register also has keys that are not revoked."""

    async def put(self, name: str, record: bytes) -> None:
        """Store what goes by a name, in the place of what did before; return when it is durable and in the register.

        Idempotent. Of two that are stored at once the later one stays.

        Raises:
            TryAgain: it is not stored, or not known to be.
        """
        ...
