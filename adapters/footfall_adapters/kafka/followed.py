"""Compacted topics that are read whole: what stands in them, as a value that is kept up to date.

    reader's thread   reads from the beginning, and hands over the value when it has reached the end that was there;
                      from then on record by record
    event loop        has the value, and is told of each change

While Kafka is away, what was read stays valid, and new records come when it is back. If the place in a topic is no
more, because the topic was made anew, all of it is read again and takes the place of what was known.
"""

import asyncio
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing, suppress
from typing import Any, Generic, Self, TypeVar

import structlog
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition

from footfall_adapters.kafka.error_topic import KAFKA_SECONDS, new_reader
from footfall_adapters.kafka.fatal import is_fatal
from footfall_adapters.kafka.settings import BACK_SOON, KafkaSettings
from footfall_adapters.logs import LIBRDKAFKA
from footfall_core.problems import TryAgain

log = structlog.get_logger()

T = TypeVar("T")

SEND_SECONDS = 10.0
"""How long a record may take to be stored before its caller is told to try again."""
SEE_SECONDS = 5.0
"""How long a caller waits until what was stored has come back here; it is stored all the same."""

POLL_SECONDS = 0.2
_AGAIN_SECONDS = 1.0
_BATCH = 500
_LOST = frozenset({KafkaError._AUTO_OFFSET_RESET, KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_TOPIC})  # noqa: SLF001
"""What says that the place in a topic is no more."""

Place = tuple[str, int]
"""A topic's name in the cluster, and a partition of it."""

Apply = Callable[[T, Message], None]
"""Takes a record, which has a key and a value, into what is known.

Raises:
    ValueError: it cannot be read; it is passed over, and named in the log.
"""


class Followed(Generic[T]):
    """A value made of records; an async context manager, entered when all that was stored by then is known.

    That may be minutes later.
    """

    settings: Mapping[str, object] = {}
    """More settings of the reader."""

    def __init__(
        self, kafka: KafkaSettings, what: str, topics: Sequence[str], begin: Callable[[], T], apply: Apply[T]
    ) -> None:
        """Follow nothing yet.

        Args:
            kafka: where the topics are.
            what: a word or two for the log.
            topics: without the prefix.
            begin: returns the value of no records at all.
            apply: takes a record into the value; on the reader's thread before the value is handed over, and on the
                event loop's afterwards.
        """
        self._kafka = kafka
        self._what = what
        self._topics = [kafka.topic(name) for name in topics]
        self._begin = begin
        self._apply = apply
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._follow, name=what, daemon=True)
        # what follows belongs to the event loop's thread
        self._value = begin()
        self._read = asyncio.Event()
        self._listeners: list[Callable[[], None]] = []
        self._places: dict[Place, int] = {}
        self._moved = asyncio.Condition()

    @property
    def value(self) -> T:
        """What is known now; on the event loop's thread alone."""
        return self._value

    def on_change(self, act: Callable[[], None]) -> None:
        """Have `act` called on the event loop after each change."""
        self._listeners.append(act)

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._thread.start()
        try:
            await self._read.wait()
        except BaseException:
            await self._end()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._end()

    async def _end(self) -> None:
        self._stop.set()
        await asyncio.to_thread(self._thread.join)

    async def reached(self, place: Place, offset: int) -> None:
        """Return when what is at a place up to and with an offset is known."""
        async with self._moved:
            await self._moved.wait_for(lambda: self._places.get(place, 0) > offset)

    async def _hand_over(self, value: T, places: dict[Place, int]) -> None:
        self._value = value
        self._read.set()
        log.info("following", what=self._what, partitions=len(places))
        await self._move(places)

    async def _take(self, messages: list[Message]) -> None:
        for message in messages:
            self._apply_to(self._value, message)
        await self._move(places_behind(messages))

    async def _move(self, places: dict[Place, int]) -> None:
        for act in self._listeners:
            act()
        async with self._moved:
            self._places |= places
            self._moved.notify_all()

    def _apply_to(self, value: T, message: Message) -> None:
        if message.value() is None:
            return  # nothing of ours is ever deleted
        try:
            self._apply(value, message)
        except ValueError as error:
            log.warning(
                "not a record", of=self._what, topic=message.topic(), offset=message.offset(), reason=str(error)
            )

    # ---- from here on: the reader's thread ----

    def _follow(self) -> None:
        while not self._stop.is_set():
            try:
                more = {"enable.partition.eof": True, "group.id": self._kafka.topic(self._what.replace(" ", "-"))}
                with closing(new_reader(self._kafka, **more, **self.settings)) as reader:
                    self._follow_with(reader)
            except KafkaException as error:
                log.warning("cannot be followed", what=self._what, reason=error.args[0].str())
            except Exception:
                log.exception("cannot be followed", what=self._what)
            self._stop.wait(_AGAIN_SECONDS)

    def _follow_with(self, reader: Consumer) -> None:
        assigned = [place for topic in self._topics for place in _partitions(reader, topic)]
        reader.assign([TopicPartition(topic, partition, OFFSET_BEGINNING) for topic, partition in assigned])
        value = self._begin()
        places: dict[Place, int] = {}
        to_read = set(assigned)
        while to_read and not self._stop.is_set():
            for message in self._next(reader):
                if message.error() is None:
                    self._apply_to(value, message)
                else:
                    to_read.discard(place_of(message))
                places |= places_behind([message])
        if not self._stop.is_set():
            # first: what looking round may find out, such as how fresh the value is, is true of this one
            self._on_loop(self._hand_over, value, places)
            self.look_round(reader, places)
        while not self._stop.is_set():
            messages = self._next(reader)
            if records := [message for message in messages if message.error() is None]:
                self._on_loop(self._take, records)
            # the end of a partition may lie behind its last record
            places |= places_behind(messages)
            self.look_round(reader, places)

    def look_round(self, reader: Consumer, places: dict[Place, int]) -> None:
        """Do what else is to be done from time to time; called on the reader's thread, with where it goes on.

        The value on the event loop has everything before those places by then.
        """

    def _on_loop(self, act: Callable[..., Any], *arguments: object) -> None:
        """Let the event loop do something, and wait until it is done."""
        assert self._loop is not None
        doing = asyncio.run_coroutine_threadsafe(act(*arguments), self._loop)
        while not self._stop.is_set():
            with suppress(TimeoutError):
                doing.result(POLL_SECONDS)
                return

    def _next(self, reader: Consumer) -> list[Message]:
        """Return the next records and ends of partitions, none if none came for a moment.

        Raises:
            KafkaException: the place in a topic is no more.
        """
        first = reader.poll(POLL_SECONDS)
        if first is None:
            return []
        found = []
        for message in (first, *reader.consume(_BATCH - 1, timeout=0)):
            failure = message.error()
            if failure is None or failure.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001
                found.append(message)
            elif is_fatal(failure) or failure.code() in _LOST:
                raise KafkaException(failure)
            else:
                log.warning("records come late", what=self._what, reason=failure.str())
        return found


class Storing:
    """Stores records durably, one at a time, and has whoever stored them wait until they have come back."""

    def __init__(self, kafka: KafkaSettings) -> None:
        self._producer = Producer(
            {
                "bootstrap.servers": kafka.bootstrap_servers,
                "enable.idempotence": True,
                "acks": "all",
                "linger.ms": 0,
                "message.timeout.ms": int(SEND_SECONDS * 1000),
                **BACK_SOON,
                "log_level": 3,
                "logger": LIBRDKAFKA,
            }
        )

    async def put(self, topic: str, name: str, record: bytes, followed: Followed[Any]) -> None:
        """Store what goes by a name; return when it is durable and among what is followed.

        Raises:
            TryAgain: it is not stored, or not known to be.
        """
        place, offset = await asyncio.to_thread(self._store, topic, name, record)
        with suppress(TimeoutError):
            async with asyncio.timeout(SEE_SECONDS):
                await followed.reached(place, offset)

    def _store(self, topic: str, name: str, record: bytes) -> tuple[Place, int]:
        outcomes: list[tuple[KafkaError | None, Message]] = []
        self._producer.produce(
            topic, record, key=name.encode(), on_delivery=lambda error, message: outcomes.append((error, message))
        )
        self._producer.flush(SEND_SECONDS + _AGAIN_SECONDS)
        if not outcomes or outcomes[0][0] is not None:
            reason = outcomes[0][0].str() if outcomes and outcomes[0][0] else "no answer"
            log.warning("not stored", name=name, reason=reason)
            raise TryAgain("Kafka did not store it in time, or did and did not say so; try again.")
        return place_of(outcomes[0][1]), outcomes[0][1].offset()


def key_of(message: Message) -> str:
    """Return the name that a record goes by."""
    return (message.key() or b"").decode(errors="replace")


def place_of(message: Message) -> Place:
    """Return where a record, or the end of a partition, is."""
    return message.topic(), message.partition()


def places_behind(messages: list[Message]) -> dict[Place, int]:
    """Return where to go on behind some records; the end of a partition tells its own offset."""
    return {place_of(m): m.offset() + (1 if m.error() is None else 0) for m in messages}


def _partitions(reader: Consumer, topic: str) -> list[Place]:
    found = reader.list_topics(topic, timeout=KAFKA_SECONDS).topics[topic]
    if found.error is not None:
        raise KafkaException(found.error)
    return [(topic, partition) for partition in found.partitions]
