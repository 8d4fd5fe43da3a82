"""Runs and servings in Kafka: records of `control`, of which a process reads the whole, and knows how fresh that is."""

import asyncio
import time
from collections.abc import Mapping
from typing import Self

import structlog
from confluent_kafka import Consumer, KafkaException, Message

from footfall_adapters.kafka.access import CONTROL
from footfall_adapters.kafka.followed import Followed, Place, Storing, key_of
from footfall_adapters.kafka.marks import end_of
from footfall_adapters.kafka.settings import KafkaSettings
from footfall_core.clock import Clock, Micros
from footfall_core.runs.book import Book

log = structlog.get_logger()

EVERY_SECONDS = 0.5
"""How often the broker is asked where the topic ends."""
ASK_SECONDS = 2.0
"""How long it may take to say so; meanwhile nothing is read."""
FETCH_WAIT_MS = 100
"""How long a fetch waits for records: the broker answers one question of a connection after the other, so each question
waits for the fetch that is under way."""


class KafkaRuns(Followed[Book]):
    """A `Runs`; an async context manager, entered when all that was stored by then is known, be it minutes later."""

    settings: Mapping[str, object] = {"fetch.wait.max.ms": FETCH_WAIT_MS}

    def __init__(self, kafka: KafkaSettings, clock: Clock) -> None:
        super().__init__(kafka, "runs", (CONTROL,), Book, _apply)
        self._clock = clock
        self._fresh_at = Micros(0)
        self._is_fresh = asyncio.Event()
        self._asked = -EVERY_SECONDS
        self._ends: tuple[Micros, dict[Place, int]] | None = None

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        try:
            await self._is_fresh.wait()
        except BaseException:
            await self._end()
            raise
        return self

    @property
    def book(self) -> Book:
        """See `Runs`."""
        return self.value

    @property
    def fresh_at(self) -> Micros:
        """See `Runs`."""
        return self._fresh_at

    def look_round(self, reader: Consumer, places: dict[Place, int]) -> None:
        """Learn from the broker where the topic ends; what was read up to there was all there was when it was asked."""
        if self._ends is None and time.monotonic() - self._asked >= EVERY_SECONDS:
            self._asked, asked_at = time.monotonic(), self._clock.now()
            try:
                self._ends = asked_at, {place: end_of(reader, *place, ASK_SECONDS) for place in places}
            except KafkaException as error:
                log.warning("how fresh runs are is not known", reason=error.args[0].str())
        if self._ends is not None:
            asked_at, ends = self._ends
            if all(places[place] >= end for place, end in ends.items()):
                self._fresh_at, self._ends = asked_at, None
                assert self._loop is not None
                self._loop.call_soon_threadsafe(self._is_fresh.set)


class KafkaRunStore(KafkaRuns):
    """A `RunStore`; an async context manager like `KafkaRuns`."""

    def __init__(self, kafka: KafkaSettings, clock: Clock) -> None:
        super().__init__(kafka, clock)
        self._storing = Storing(kafka)

    async def put(self, name: str, record: bytes) -> None:
        """See `RunStore`."""
        await self._storing.put(self._kafka.topic(CONTROL), name, record, self)


def _apply(book: Book, message: Message) -> None:
    _, stored_ms = message.timestamp()
    book.apply(key_of(message), message.value() or b"", Micros(stored_ms * 1000))
