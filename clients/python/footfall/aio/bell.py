"""Wakes whoever waits for something to change."""

import asyncio


class Bell:
    """Can be rung from anywhere on the loop without waiting, unlike a condition."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        """Wake all who wait now."""
        self._rung.set()
        self._rung = asyncio.Event()

    async def wait(self, timeout: float | None = None) -> None:
        """Wait until it rings, or for so many seconds."""
        try:
            async with asyncio.timeout(timeout):
                await self._rung.wait()
        except TimeoutError:
            pass
