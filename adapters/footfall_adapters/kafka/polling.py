"""Reads Kafka from an event loop: a thread of its own asks the consumer, and the loop waits for it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import structlog
from confluent_kafka import Consumer, Message

log = structlog.get_logger()

T = TypeVar("T")

POLL_SECONDS = 0.1
"""How long one look may take, and so how soon a stop is noticed."""

MAX_BATCH = 100
"""Records taken at one look, so that a burst does not cost a change of threads for each."""


class Polling:
    """A consumer that only its own thread touches."""

    def __init__(self, consumer: Consumer, between: Callable[[], None]) -> None:
        self._consumer = consumer
        self._between = between
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="kafka-polling")

    async def do(self, action: Callable[[Consumer], T]) -> T:
        """Return what an action on the consumer returns; actions wait for each other."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, action, self._consumer)

    async def batch(self, limit: int = MAX_BATCH) -> list[bytes]:
        """Return the values of the next records, none if none came in a tenth of a second."""
        return await self.do(lambda consumer: self._look(consumer, limit))

    def _look(self, consumer: Consumer, limit: int) -> list[bytes]:
        self._between()
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
async def polling(config: dict[str, Any], between: Callable[[], None] = lambda: None) -> AsyncIterator[Polling]:
    """Yield a consumer with this configuration, and close it at the end; `between` is called before each look."""
    reader = Polling(Consumer(config), between)
    try:
        yield reader
    finally:
        await asyncio.to_thread(reader.close)
