"""A clock that stands still."""

from footfall_core.clock import Micros


class HeldClock:
    def __init__(self, now: int = 1_000_000_000) -> None:
        self.micros = now

    def now(self) -> Micros:
        return Micros(self.micros)
