"""Raw records of whatever time a test says, which is the broker's to say otherwise."""

from collections.abc import Sequence

from confluent_kafka import TIMESTAMP_CREATE_TIME, KafkaError, Message, Producer
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType

from footfall_adapters.kafka.settings import KafkaSettings
from footfall_core.wire.raw_pb2 import RawRecord


def stamp_by_hand(kafka: KafkaSettings, partition: int, first_ms: int) -> None:
    """Have a partition of `events.raw` take the times of those who write to it.

    The controller answers before the broker stamps otherwise, so empty records are written until one has its own time.

    Args:
        kafka: where the topics are, which must be the test's own.
        partition: to which records will be written.
        first_ms: no record of the test is older than this.
    """
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap_servers})
    entry = ConfigEntry("message.timestamp.type", "CreateTime", incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ResourceType.TOPIC, kafka.topic("events.raw"), incremental_configs=[entry])
    admin.incremental_alter_configs([resource])[resource].result(30)
    for _ in range(100):
        if put_stamped(kafka, partition, [(first_ms, RawRecord().SerializeToString())]):
            return
    raise AssertionError("the broker goes on stamping records itself")


def put_stamped(kafka: KafkaSettings, partition: int, records: Sequence[tuple[int, bytes]]) -> bool:
    """Write raw records, each with its time in Unix milliseconds, and return whether all of them have it."""
    kept: list[bool] = []

    def delivered(error: KafkaError | None, message: Message) -> None:
        assert error is None, error
        kept.append(message.timestamp()[0] == TIMESTAMP_CREATE_TIME)

    producer = Producer({"bootstrap.servers": kafka.bootstrap_servers, "log_level": 3, "linger.ms": 0})
    for time_ms, record in records:
        topic = kafka.topic("events.raw")
        producer.produce(topic, record, str(partition), partition, timestamp=time_ms, on_delivery=delivered)
    assert producer.flush(30) == 0
    return len(kept) == len(records) and all(kept)
