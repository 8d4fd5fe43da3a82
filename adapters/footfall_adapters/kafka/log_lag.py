"""How far the live run's consumers are behind the raw logs, by their group's offsets and the records behind those."""

import asyncio
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass

from confluent_kafka import KafkaError, KafkaException, TopicPartition

from footfall_adapters.kafka.error_topic import new_reader
from footfall_adapters.kafka.group_offsets import committed, outsider
from footfall_adapters.kafka.marks import end_of
from footfall_adapters.kafka.settings import KafkaSettings
from footfall_core.clock import Clock, Micros
from footfall_core.kinds import EventKind
from footfall_core.problems import TryAgain
from footfall_core.runs.lag import LogLag

LOOK_SECONDS = 5.0
"""How long looking may take."""

_POLL_SECONDS = 0.1


@dataclass(frozen=True)
class KafkaLog:
    """A `Log`. Each look has connections of its own: an operator looks now and then."""

    kafka: KafkaSettings
    groups: Mapping[EventKind, str]
    """The consumer groups, without the prefix."""
    clock: Clock

    async def lag(self) -> Mapping[EventKind, LogLag]:
        """Return how far each kind is processed: see the port."""
        try:
            looks = (asyncio.to_thread(self._look, kind, group) for kind, group in self.groups.items())
            return dict(zip(self.groups, await asyncio.gather(*looks), strict=True))
        except KafkaException as error:
            raise TryAgain(f"Kafka does not say how far the log is processed: {error.args[0].str()}.") from None

    def _look(self, kind: EventKind, group: str) -> LogLag:
        now, topic = self.clock.now(), self.kafka.topic(kind.raw_topic)
        all_of_it = [TopicPartition(topic, number) for number in range(self.kafka.raw_partitions)]
        with outsider(self.kafka, group) as asking:
            known = {place.partition: place.offset for place in committed(asking, all_of_it, LOOK_SECONDS)}
        places = [TopicPartition(topic, number, known.get(number, 0)) for number in range(self.kafka.raw_partitions)]
        with closing(
            new_reader(self.kafka, **{"enable.partition.eof": True, "auto.offset.reset": "earliest"})
        ) as reader:
            ends = {number: end_of(reader, topic, number, LOOK_SECONDS) for number in range(self.kafka.raw_partitions)}
            reader.assign(places)
            first: dict[int, int | None] = {}
            give_up = time.monotonic() + LOOK_SECONDS
            while len(first) < len(places) and time.monotonic() < give_up:
                message = reader.poll(_POLL_SECONDS)
                if message is None:
                    continue
                failure = message.error()
                if failure is None:
                    first.setdefault(message.partition(), message.timestamp()[1])
                elif failure.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001
                    first.setdefault(message.partition(), None)
                else:
                    raise KafkaException(failure)
        waiting = {partition: at for partition, at in first.items() if at is not None}
        # between its records the log has the marks of transactions, which count as offsets too
        records = sum(max(0, ends[partition] - known.get(partition, 0)) for partition in waiting)
        if len(first) < len(places):
            return LogLag(None, records)
        return LogLag(Micros(min((at * 1000 for at in waiting.values()), default=now)), records)
