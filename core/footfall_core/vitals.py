"""What a process tells of itself: whether its kinds are ready, and figures that are set only when asked for."""

from collections.abc import Callable, Iterable
from contextlib import suppress


class Vitals:
    """The vital signs of a process that runs one kind of ours, or several.

    Asked from any thread. What is registered must not block; a check that raises counts as not ready, and a
    measurement that raises is left out.
    """

    def __init__(self, kinds: Iterable[str]) -> None:
        self._checks: dict[str, Callable[[], bool] | None] = dict.fromkeys(kinds)
        self._measurements: list[Callable[[], None]] = []

    def ready_when(self, kind: str, check: Callable[[], bool]) -> None:
        """Have a kind say whether it is ready; until it does, it is not."""
        self._checks[kind] = check

    def measured_by(self, measure: Callable[[], None]) -> None:
        """Have figures set just before they are shown."""
        self._measurements.append(measure)

    def ready(self) -> dict[str, bool]:
        """Return which kinds are ready; the process is when all are."""
        return {kind: check is not None and _true(check) for kind, check in tuple(self._checks.items())}

    def measure(self) -> None:
        """Set the figures that are set only when asked for."""
        for measure in tuple(self._measurements):
            with suppress(Exception):  # a consumer that is being closed; the other figures are worth showing
                measure()


def _true(check: Callable[[], bool]) -> bool:
    try:
        return check()
    except Exception:  # noqa: BLE001 - a check that fails is an answer: not ready
        return False
