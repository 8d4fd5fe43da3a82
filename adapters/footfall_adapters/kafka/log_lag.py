"""How far the live run's consumers are behind the raw logs, by their group's offsets and the records behind those."""

import asyncio
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from footfall_adapters.kafka.error_topic import new_reader
from footfall_adapters.kafka.group_offsets import committed, outsider
from footfall_adapters.kafka.marks import begin_and_end_of, end_of
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
        partitions = range(self.kafka.raw_partitions)
        with outsider(self.kafka, group) as asking:
            places = committed(asking, [TopicPartition(topic, number) for number in partitions], LOOK_SECONDS)
        known = dict.fromkeys(partitions, 0) | {place.partition: place.offset for place in places}
        more = {"enable.partition.eof": True, "auto.offset.reset": "earliest"}
        with (
            closing(new_reader(self.kafka, **more)) as reader,
            closing(new_reader(self.kafka, **more, **{"isolation.level": "read_uncommitted"})) as reader_of_all,
        ):
            whole = {number: begin_and_end_of(reader_of_all, topic, number, LOOK_SECONDS) for number in partitions}
            ends = {number: end_of(reader, topic, number, LOOK_SECONDS) for number in partitions}
            first = _first_times(reader, topic, known)
            # behind an open transaction nothing can be read, be it committed and acknowledged
            hidden = {
                number: max(known[number], ends[number])
                for number in partitions
                if first.get(number, 0) is None and ends[number] < whole[number][1]
            }
            for number in hidden:
                del first[number]
            first |= _first_times(reader_of_all, topic, hidden)
        waiting = {partition: at for partition, at in first.items() if at is not None}
        # between its records the log has the marks of transactions, which count as offsets too
        records = sum(
            end - max(begin, known[partition]) for partition, (begin, end) in whole.items() if partition in waiting
        )
        if len(first) < len(partitions):
            return LogLag(None, records)
        return LogLag(Micros(min((at * 1000 for at in waiting.values()), default=now)), records)


def _first_times(reader: Consumer, topic: str, offsets: Mapping[int, int]) -> dict[int, int | None]:
    """Return when the first record at or behind an offset of each partition was written, Unix milliseconds.

    None: there is none. A partition is left out if Kafka does not say it in time.

    Raises:
        KafkaException: it cannot be read.
    """
    reader.assign([TopicPartition(topic, partition, offset) for partition, offset in offsets.items()])
    first: dict[int, int | None] = {}
    give_up = time.monotonic() + LOOK_SECONDS
    while len(first) < len(offsets) and time.monotonic() < give_up:
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
    return first
