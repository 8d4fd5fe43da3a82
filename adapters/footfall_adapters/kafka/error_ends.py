"""Asks Kafka where the log of errors begins and ends, once for all who ask at the same time."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from confluent_kafka import Consumer, KafkaException

from footfall_adapters.kafka.error_topic import TOPIC, new_reader, watermarks
from footfall_adapters.kafka.settings import KafkaSettings
from footfall_core.errors.feed import Position
from footfall_core.problems import TryAgain


class ErrorEnds:
    """Used on one event loop. Whoever asks while a question is under way waits for the next one, which sees more."""

    def __init__(self, kafka: KafkaSettings) -> None:
        self._kafka = kafka
        self._consumer: Consumer | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="error-ends")
        self._next: asyncio.Task[tuple[Position, Position]] | None = None
        self._asking = asyncio.Lock()

    async def now(self) -> tuple[Position, Position]:
        """Return the first offset that each partition has, and the one behind its last committed record.

        Raises:
            TryAgain: Kafka is away.
        """
        if self._next is None:
            self._next = asyncio.create_task(self._ask())
            self._next.add_done_callback(_let_go)
        # whoever gives up waiting leaves the question to the others
        return await asyncio.shield(self._next)

    async def close(self) -> None:
        """Close the consumer and end the thread."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._close)
        await asyncio.to_thread(self._thread.shutdown)

    async def _ask(self) -> tuple[Position, Position]:
        async with self._asking:
            self._next = None
            try:
                return await asyncio.get_running_loop().run_in_executor(self._thread, self._look)
            except KafkaException as error:
                raise TryAgain("The log of errors is away; nothing can be read from it now.") from error

    def _look(self) -> tuple[Position, Position]:
        self._consumer = self._consumer or new_reader(self._kafka)
        return watermarks(self._consumer, self._kafka.topic(TOPIC))

    def _close(self) -> None:
        if self._consumer is not None:
            self._consumer.close()


def _let_go(asked: "asyncio.Task[tuple[Position, Position]]") -> None:
    """Take a failure that nobody waits for any more."""
    if not asked.cancelled():
        asked.exception()
