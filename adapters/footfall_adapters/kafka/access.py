"""Properties and keys in Kafka: two compacted topics, of which every server reads the whole.

    reader's thread   reads from the beginning, and hands over what it knows when it has reached the end that was there;
                      from then on record by record
    event loop        has the register, and is told of each change

While Kafka is away, what was read stays valid, and new records come when it is back. If the place in a topic is no
more, because the topic was made anew, all of it is read again and takes the place of what was known.
"""

import asyncio
import threading
from collections.abc import Callable
from contextlib import closing, suppress
from typing import Any, Self

import structlog
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition

from footfall_adapters.kafka.error_topic import KAFKA_SECONDS, new_reader
from footfall_adapters.kafka.settings import KafkaSettings
from footfall_adapters.logs import LIBRDKAFKA
from footfall_core.access.register import KEYS, Register
from footfall_core.problems import TryAgain

log = structlog.get_logger()

PROPERTIES, CONTROL = "properties", "control"

SEND_SECONDS = 10.0
"""How long a record may take to be stored before its caller is told to try again."""
SEE_SECONDS = 5.0
"""How long a caller waits until what was stored has come back here; it is stored all the same."""

_POLL_SECONDS = 0.2
_AGAIN_SECONDS = 1.0
_BATCH = 500
_LOST = frozenset({KafkaError._AUTO_OFFSET_RESET, KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_TOPIC})  # noqa: SLF001
"""What says that the place in a topic is no more."""

Place = tuple[str, int]
"""A topic's name in the cluster, and a partition of it."""


class KafkaAccess:
    """An `Access`; an async context manager, entered when all that was stored by then is known, be it minutes later."""

    keeps_keys = False

    def __init__(self, kafka: KafkaSettings) -> None:
        self._kafka = kafka
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="access", daemon=True)
        # what follows belongs to the event loop's thread
        self._register = Register(keeps_keys=self.keeps_keys)
        self._read = asyncio.Event()
        self._listeners: list[Callable[[], None]] = []
        self._places: dict[Place, int] = {}
        self._moved = asyncio.Condition()

    @property
    def register(self) -> Register:
        """See `Access`."""
        return self._register

    def on_change(self, act: Callable[[], None]) -> None:
        """See `Access`."""
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
        """Return when the register knows what is at a place up to and with an offset."""
        async with self._moved:
            await self._moved.wait_for(lambda: self._places.get(place, 0) > offset)

    async def _begin(self, register: Register, places: dict[Place, int]) -> None:
        self._register = register
        self._read.set()
        log.info("following properties and keys", partitions=len(places))
        await self._move(places)

    async def _take(self, messages: list[Message]) -> None:
        for message in messages:
            _apply(self._register, message)
        await self._move(_places_behind(messages))

    async def _move(self, places: dict[Place, int]) -> None:
        for act in self._listeners:
            act()
        async with self._moved:
            self._places |= places
            self._moved.notify_all()

    # ---- from here on: the reader's thread ----

    def _follow(self) -> None:
        while not self._stop.is_set():
            try:
                more = {"enable.partition.eof": True, "group.id": f"{self._kafka.topic_prefix}access"}
                with closing(new_reader(self._kafka, **more)) as reader:
                    self._follow_with(reader)
            except KafkaException as error:
                log.warning("properties and keys cannot be followed", reason=error.args[0].str())
            except Exception:
                log.exception("properties and keys cannot be followed")
            self._stop.wait(_AGAIN_SECONDS)

    def _follow_with(self, reader: Consumer) -> None:
        assigned = [place for name in (PROPERTIES, CONTROL) for place in _partitions(reader, self._kafka.topic(name))]
        reader.assign([TopicPartition(topic, partition, OFFSET_BEGINNING) for topic, partition in assigned])
        register = Register(keeps_keys=self.keeps_keys)
        places: dict[Place, int] = {}
        to_read = set(assigned)
        while to_read and not self._stop.is_set():
            for message in _next(reader):
                if message.error() is None:
                    _apply(register, message)
                else:
                    to_read.discard(_place_of(message))
                places |= _places_behind([message])
        if not self._stop.is_set():
            self._on_loop(self._begin, register, places)
        while not self._stop.is_set():
            records = [message for message in _next(reader) if message.error() is None]
            if records:
                self._on_loop(self._take, records)

    def _on_loop(self, act: Callable[..., Any], *arguments: object) -> None:
        """Let the event loop do something, and wait until it is done."""
        assert self._loop is not None
        doing = asyncio.run_coroutine_threadsafe(act(*arguments), self._loop)
        while not self._stop.is_set():
            with suppress(TimeoutError):
                doing.result(_POLL_SECONDS)
                return


class KafkaRegistry(KafkaAccess):
    """A `Registry`; an async context manager like `KafkaAccess`."""

    keeps_keys = True

    def __init__(self, kafka: KafkaSettings) -> None:
        super().__init__(kafka)
        self._producer = Producer(
            {
                "bootstrap.servers": kafka.bootstrap_servers,
                "enable.idempotence": True,
                "acks": "all",
                "linger.ms": 0,
                "message.timeout.ms": int(SEND_SECONDS * 1000),
                "log_level": 3,
                "logger": LIBRDKAFKA,
            }
        )

    async def put(self, name: str, record: bytes) -> None:
        """See `Registry`."""
        place, offset = await asyncio.to_thread(self._store, name, record)
        with suppress(TimeoutError):
            async with asyncio.timeout(SEE_SECONDS):
                await self.reached(place, offset)

    def _store(self, name: str, record: bytes) -> tuple[Place, int]:
        outcomes: list[tuple[KafkaError | None, Message]] = []
        topic = self._kafka.topic(CONTROL if KEYS in name else PROPERTIES)
        self._producer.produce(
            topic, record, key=name.encode(), on_delivery=lambda error, message: outcomes.append((error, message))
        )
        self._producer.flush(SEND_SECONDS + _AGAIN_SECONDS)
        if not outcomes or outcomes[0][0] is not None:
            reason = outcomes[0][0].str() if outcomes and outcomes[0][0] else "no answer"
            log.warning("not stored", name=name, reason=reason)
            raise TryAgain("Kafka did not store it in time, or did and did not say so; try again.")
        return _place_of(outcomes[0][1]), outcomes[0][1].offset()


def _partitions(reader: Consumer, topic: str) -> list[Place]:
    found = reader.list_topics(topic, timeout=KAFKA_SECONDS).topics[topic]
    if found.error is not None:
        raise KafkaException(found.error)
    return [(topic, partition) for partition in found.partitions]


def _next(reader: Consumer) -> list[Message]:
    """Return the next records and ends of partitions, none if none came for a moment.

    Raises:
        KafkaException: the place in a topic is no more.
    """
    first = reader.poll(_POLL_SECONDS)
    if first is None:
        return []
    found = []
    for message in (first, *reader.consume(_BATCH - 1, timeout=0)):
        failure = message.error()
        if failure is None or failure.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001
            found.append(message)
        elif failure.fatal() or failure.code() in _LOST:
            raise KafkaException(failure)
        else:
            log.warning("properties and keys come late", reason=failure.str())
    return found


def _apply(register: Register, message: Message) -> None:
    name, record = (message.key() or b"").decode(errors="replace"), message.value()
    if record is None:
        return  # nothing of ours is ever deleted
    try:
        register.apply(name, record)
    except ValueError as error:
        log.warning("not a record of access", topic=message.topic(), offset=message.offset(), reason=str(error))


def _place_of(message: Message) -> Place:
    return message.topic(), message.partition()


def _places_behind(messages: list[Message]) -> dict[Place, int]:
    """Return where to go on behind some records; the end of a partition tells its own offset."""
    return {_place_of(m): m.offset() + (1 if m.error() is None else 0) for m in messages}
