"""Tells calls that their server is about to stop."""

import asyncio
from collections.abc import Callable


class Draining(asyncio.Event):
    """Set when the server is about to stop. Who has thousands of calls is called once instead of waiting in each."""

    def __init__(self) -> None:
        super().__init__()
        self._callbacks: set[Callable[[], None]] = set()

    def on_set(self, callback: Callable[[], None]) -> None:
        """Have a function called when it is set; the same one only once, however often it is given."""
        self._callbacks.add(callback)

    def set(self) -> None:
        """Tell all who wait, and all who are to be called."""
        if not self.is_set():
            super().set()
            for callback in self._callbacks:
                callback()
