"""Reads Kafka from an event loop: a thread of its own asks the consumer, and the loop waits for it."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import structlog
from confluent_kafka import Consumer, Message

from footfall_adapters.kafka.membership import LONGEST_ABSENCE, Membership

log = structlog.get_logger()

T = TypeVar("T")

POLL_SECONDS = 0.1
"""How long one look may take, and so how soon a stop is noticed."""

MAX_BATCH = 100
"""Records taken at one look, so that a burst does not cost a change of threads for each."""


class Polling:
    """A consumer that only its own thread touches.

    Args:
        make: makes the consumer.
        between: called before each look.
        topics: of which the consumer takes its part as a member of its group; none for one that is in none. A member
            that does not come back to its group is followed by another consumer.
        longest_absence: seconds that a member may be away.
    """

    def __init__(
        self,
        make: Callable[[], Consumer],
        between: Callable[[], None],
        topics: Sequence[str] = (),
        longest_absence: float = LONGEST_ABSENCE,
    ) -> None:
        self._make = make
        self._between = between
        self._topics = topics
        self._longest_absence = longest_absence
        self._consumer, self._membership = self._begin()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="kafka-polling")

    @property
    def has_part(self) -> bool:
        """Whether the group has given this reader its part; called from any thread."""
        return self._membership is not None and self._membership.has_part

    async def do(self, action: Callable[[Consumer], T]) -> T:
        """Return what an action on the consumer returns; actions wait for each other."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, action, self._consumer)

    async def batch(self, limit: int = MAX_BATCH) -> list[bytes]:
        """Return the values of the next records, none if none came in a tenth of a second."""
        return await self.do(lambda consumer: self._look(consumer, limit))

    def _begin(self) -> tuple[Consumer, Membership | None]:
        consumer = self._make()
        if not self._topics:
            return consumer, None
        membership = Membership(consumer, self._longest_absence)
        consumer.subscribe(list(self._topics), on_assign=membership.assigned, on_lost=membership.lost)
        return consumer, membership

    def _look(self, consumer: Consumer, limit: int) -> list[bytes]:
        self._between()
        if self._membership is not None and self._membership.is_lost():
            log.warning("no member of its group any more; another consumer takes its place")
            # in a thread of its own: one that does not come back may not end soon either
            threading.Thread(target=consumer.close, name="kafka-closing", daemon=True).start()
            self._consumer, self._membership = self._begin()
            consumer = self._consumer
        values: list[bytes] = []
        message: Message | None = consumer.poll(POLL_SECONDS)
        while message is not None:
            if message.error() is not None:
                # librdkafka goes on by itself
                log.warning("kafka read", error=message.error().str())
            elif message.value() is not None:
                values.append(message.value())
            if len(values) >= limit:
                break
            message = consumer.poll(0)
        return values

    def close(self) -> None:
        """Close the consumer and end the thread."""
        self._thread.submit(self._consumer.close).result()
        self._thread.shutdown()


@asynccontextmanager
async def polling(
    config: dict[str, Any],
    between: Callable[[], None] = lambda: None,
    topics: Sequence[str] = (),
) -> AsyncIterator[Polling]:
    """Yield a consumer with this configuration, and close it at the end; for the rest see `Polling`."""
    reader = Polling(lambda: Consumer(config), between, topics)
    try:
        yield reader
    finally:
        await asyncio.to_thread(reader.close)
