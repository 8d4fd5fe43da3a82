"""What all readers of the `errors` topic have in common."""

from collections.abc import Iterable, Iterator

import structlog
from confluent_kafka import Consumer, KafkaException, Message
from google.protobuf.message import DecodeError

from footfall.v1.errors_pb2 import EventError
from footfall_adapters.kafka.marks import begin_and_end_of
from footfall_adapters.kafka.recent_errors import RecordedError
from footfall_adapters.kafka.settings import BACK_SOON, KafkaSettings
from footfall_adapters.logs import LIBRDKAFKA
from footfall_core.errors.feed import Position

TOPIC = "errors"

KAFKA_SECONDS = 5.0
"""How long a question to Kafka may take."""

log = structlog.get_logger()


def new_reader(kafka: KafkaSettings, **more: object) -> Consumer:
    """Return a consumer that reads committed records and belongs to no group; the caller closes it."""
    return Consumer(
        {
            "bootstrap.servers": kafka.bootstrap_servers,
            # librdkafka asks for a name; partitions are assigned by hand, so nothing is kept under it
            "group.id": f"{kafka.topic_prefix}error-servers",
            "enable.auto.commit": False,
            "enable.auto.offset.store": False,
            "isolation.level": "read_committed",
            # a reader that Kafka's history has left behind has to hear of it
            "auto.offset.reset": "error",
            **BACK_SOON,
            "fetch.error.backoff.ms": 100,
            "log_level": 3,
            "logger": LIBRDKAFKA,
            **more,
        }
    )


def watermarks(reader: Consumer, topic: str) -> tuple[Position, Position]:
    """Return the first offset that each partition still has, and its end: the first that is not committed yet.

    A reader has to ask for the end: a partition assigned at "the end" finds its place only with its first fetch, and
    what is recorded until then would be missed.

    Raises:
        KafkaException: Kafka is away, or has no such topic.
    """
    found = reader.list_topics(topic, timeout=KAFKA_SECONDS).topics[topic]
    if found.error is not None:
        raise KafkaException(found.error)
    marks = [begin_and_end_of(reader, topic, partition, KAFKA_SECONDS) for partition in sorted(found.partitions)]
    return tuple(low for low, _ in marks), tuple(end for _, end in marks)


def property_of(message: Message) -> str:
    """Return the id of the property that an error record belongs to; empty if it has no key."""
    key = message.key()
    return bytes(key).decode(errors="replace") if key else ""


def recorded_ms_of(message: Message) -> int:
    """Return when a record was written, Unix milliseconds."""
    _, recorded_ms = message.timestamp()
    return max(0, int(recorded_ms))


def error_of(message: Message) -> EventError | None:
    """Return the error in a record; None, and a line in the log, if there is none in it."""
    return _error_in(message.value() or b"", message.partition(), message.offset())


def parsed(records: Iterable[RecordedError]) -> Iterator[tuple[RecordedError, EventError]]:
    """Yield records with their errors, without those that have none."""
    for each in records:
        if error := _error_in(each.record, each.partition, each.offset):
            yield each, error


def _error_in(record: bytes, partition: int, offset: int) -> EventError | None:
    try:
        return EventError.FromString(record)
    except DecodeError:
        log.warning("not an error record", partition=partition, offset=offset)
        return None
