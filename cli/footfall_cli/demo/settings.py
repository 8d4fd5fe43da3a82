"""What decides on all events of a demo."""

from dataclasses import dataclass

GENERATION = 1
"""Grows when the same settings come to give other events, which must never travel under the same numbers."""


@dataclass(frozen=True, slots=True)
class Demo:
    """A demo: the same one always has the same events."""

    seed: int
    visits: int
    """Visits a day, on average."""

    @property
    def key(self) -> str:
        """What all of its random numbers are drawn from."""
        return f"{GENERATION}/{self.seed}/{self.visits}"
