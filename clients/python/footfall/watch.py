"""Cancels a call on which nothing was heard for too long: only a message proves that the far end is alive."""

import threading
from collections.abc import Callable
from typing import Self


class Watch:
    """A thread that watches one call for as long as the block lasts."""

    def __init__(self, cancel: Callable[[], object], seconds_left: Callable[[], float]) -> None:
        """Watch nothing yet.

        Args:
            cancel: cancels the call.
            seconds_left: says after how many seconds to look again, 0 if it is too late.
        """
        self._cancel = cancel
        self._seconds_left = seconds_left
        self._done = threading.Event()
        self.cancelled = False
        """Whether the call was cancelled here."""
        self._thread = threading.Thread(target=self._run, name="footfall-watch", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()

    def _run(self) -> None:
        while (left := self._seconds_left()) > 0:
            if self._done.wait(max(0.01, left)):
                return
        if not self._done.is_set():
            self.cancelled = True
            self._cancel()
