"""How much of one kind of work a property may have under way, so that what all share is not one property's."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from footfall_core import telemetry
from footfall_core.problems import OverQuota


class AtOnce:
    """Counts what of each property is under way on this server; used on one event loop."""

    def __init__(self, most: int, thing: str, *, retry_after_seconds: float) -> None:
        """Begin with nothing.

        Args:
            most: how many a property may have under way; 0: as many as it likes.
            thing: what they are, for the sentence and the figure: `redrives`.
            retry_after_seconds: after how long to ask again when there are as many.
        """
        self._most = most
        self._thing = thing
        self._retry_after_seconds = retry_after_seconds
        self._under_way: Counter[str] = Counter()

    @contextmanager
    def one(self, property_id: str) -> Iterator[None]:
        """Count one more of a property as under way until the block ends.

        Raises:
            OverQuota: it has as many as it may.
        """
        if self._most and self._under_way[property_id] >= self._most:
            telemetry.QUOTA_REFUSALS.labels(f"concurrent_{self._thing}").inc()
            raise OverQuota(
                f"The property has {self._under_way[property_id]:,} {self._thing} under way on this server, and may "
                "have no more: try again when one of them is done.",
                retry_after_seconds=self._retry_after_seconds,
            )
        self._under_way[property_id] += 1
        try:
            yield
        finally:
            self._under_way[property_id] -= 1
            if not self._under_way[property_id]:
                del self._under_way[property_id]
