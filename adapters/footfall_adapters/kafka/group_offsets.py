"""What a consumer group has committed, as somebody sees it who is not in it.

Not by an `AdminClient`: librdkafka crashes when a broker answers one that it is not the group's coordinator, as when
a broker has only just come back (ADR 17). A consumer that joins nothing asks as well.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager

from confluent_kafka import Consumer, KafkaException, TopicPartition

from footfall_adapters.kafka.settings import KafkaSettings
from footfall_adapters.logs import LIBRDKAFKA


@contextmanager
def outsider(kafka: KafkaSettings, group: str) -> Iterator[Consumer]:
    """Yield a consumer that has a group's name, and joins nothing.

    Args:
        kafka: where the group is.
        group: without the prefix.
    """
    config = {
        "bootstrap.servers": kafka.bootstrap_servers,
        "group.id": kafka.topic(group),
        "enable.auto.commit": False,
        "log_level": 3,
        "logger": LIBRDKAFKA,
    }
    with closing(Consumer(config)) as consumer:
        yield consumer


def committed(asking: Consumer, places: Sequence[TopicPartition], timeout_seconds: float) -> list[TopicPartition]:
    """Return the offsets that the group has in some places; those without one are left out.

    Raises:
        KafkaException: Kafka does not say it in time.
    """
    return [place for place in _without_errors(asking.committed(list(places), timeout_seconds)) if place.offset >= 0]


def commit(asking: Consumer, places: Sequence[TopicPartition]) -> None:
    """Have a group that nobody is a member of go on from some offsets.

    Raises:
        KafkaException: somebody is, or Kafka does not take them.
    """
    list(_without_errors(asking.commit(offsets=list(places), asynchronous=False) or ()))


def _without_errors(places: Iterable[TopicPartition]) -> Iterator[TopicPartition]:
    for place in places:
        if place.error is not None:
            raise KafkaException(place.error)
        yield place
