"""Raw records of whatever time a test says; for topics that are stamped by hand."""

from collections.abc import Sequence

from confluent_kafka import TIMESTAMP_CREATE_TIME, KafkaError, Message, Producer

from footfall_adapters.kafka.settings import KafkaSettings
from footfall_core.clock import Micros
from footfall_core.kinds import EventKind
from footfall_core.packing import tick_record


class TimedLog:
    """Writes raw records at times of the test's choice, in the order of the calls, to topics stamped by hand."""

    def __init__(self, kafka: KafkaSettings) -> None:
        self._kafka = kafka
        self._producer = Producer({"bootstrap.servers": kafka.bootstrap_servers, "log_level": 3})

    def put(self, time_ms: int, partition: int, record: bytes, kind: EventKind = EventKind.LIVE) -> None:
        topic = self._kafka.topic(kind.raw_topic)
        self._producer.produce(topic, record, str(partition), partition, timestamp=time_ms, on_delivery=self._delivered)

    def _delivered(self, error: KafkaError | None, message: Message) -> None:
        assert error is None, error
        assert message.timestamp()[0] == TIMESTAMP_CREATE_TIME, "the broker stamps records itself"

    def tick(self, time_ms: int, tick_ms: int | None = None) -> None:
        for kind in EventKind:
            for partition in range(self._kafka.raw_partitions):
                tick = tick_record(Micros((tick_ms or time_ms) * 1000))
                self.put(time_ms, partition, tick, kind)

    def flush(self) -> None:
        """Wait until all of it is written, with its times."""
        assert self._producer.flush(30) == 0


def put_stamped(kafka: KafkaSettings, partition: int, records: Sequence[tuple[int, bytes]]) -> None:
    """Write raw records of live events, each with its time in Unix milliseconds."""
    log = TimedLog(kafka)
    for time_ms, record in records:
        log.put(time_ms, partition, record)
    log.flush()
