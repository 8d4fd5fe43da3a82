"""Says where the changelog of a state ends: behind all that was written, be it known to be committed or not.

A transaction is committed when its coordinator says so; the partitions that it wrote to hear of it later, each when its
broker does. So the offsets of a group may be known to be committed while its changelog still seems to end before the
state that was committed with them. Quix Streams rebuilds a state up to the end of what is committed; a consumer that
takes a partition over just then would lack what another one has seen last, and count a second copy of it. Kafka Streams
did the same once (KAFKA-10167).

Up to the very end it reads what is committed all the same, and waits where a transaction is open: for as long as its
markers take, or its time-out at the most.
"""

from confluent_kafka import Consumer, TopicPartition
from quixstreams.kafka import BaseConsumer

from footfall_adapters.kafka.marks import begin_and_end_of
from footfall_adapters.kafka.settings import BACK_SOON
from footfall_adapters.logs import LIBRDKAFKA


class StateEnds:
    """Where partitions begin and end; asks Kafka through a connection of its own, made when it is needed.

    Args:
        consumer: that of Quix Streams.
        broker_address: as in `bootstrap.servers`.
        seconds: how long Kafka may take to answer.
    """

    def __init__(self, consumer: BaseConsumer, broker_address: str, seconds: float) -> None:
        self._known = consumer.get_watermark_offsets
        self._broker_address = broker_address
        self._seconds = seconds
        self._asking: Consumer | None = None

    def get_watermark_offsets(
        self, partition: TopicPartition, timeout: float | None = None, cached: bool = False
    ) -> tuple[int, int]:
        """Return the first offset that a partition still has, and the first that nothing was ever written to.

        It takes the place of the consumer's own, which is asked for what is cached: that is for figures alone.

        Raises:
            KafkaException: Kafka does not say it in time.
        """
        if cached:
            return self._known(partition, timeout, cached)
        if self._asking is None:
            self._asking = Consumer(
                {
                    "bootstrap.servers": self._broker_address,
                    "group.id": "state-ends",  # librdkafka asks for one; it joins none
                    "enable.auto.commit": False,
                    "isolation.level": "read_uncommitted",
                    **BACK_SOON,
                    "log_level": 3,
                    "logger": LIBRDKAFKA,
                }
            )
        return begin_and_end_of(self._asking, partition.topic, partition.partition, self._seconds)

    def close(self) -> None:
        """Give the connection up."""
        asking, self._asking = self._asking, None
        if asking is not None:
            asking.close()
