"""Which errors of the log a stream is pushed: those of its selection, and of a storm the ones that the rule lets by."""

from footfall.v1.errors_pb2 import EventError
from footfall_core.errors.feed import PushedError
from footfall_core.errors.selection import ErrorSelection
from footfall_core.errors.storms import Kind, Sampler, StormRule


class Sieve:
    """Looks at the errors of one property in the order of the log, once for all streams that want the same."""

    def __init__(self, selection: ErrorSelection, rule: StormRule | None) -> None:
        """Begin; without a rule no error is left out."""
        self._selection = selection
        self._sampler = Sampler(rule)

    def sift(self, partition: int, recorded_ms: int, error: EventError) -> PushedError | Kind | None:
        """Return the error if it is pushed, its kind if it is left out, None if nobody asked for it.

        Args:
            partition: of the log.
            recorded_ms: when the log recorded it, Unix milliseconds.
            error: the next one of the property.
        """
        if not self._selection.matches(error):
            return None
        kind = (int(error.stage), int(error.code))
        if self._sampler.pushes(partition, recorded_ms, kind, error.error_id):
            return PushedError.of(error)
        return kind
