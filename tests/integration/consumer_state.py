"""What an event consumer remembers of writers, as it lies on the disk and in the changelog topic."""

from contextlib import closing
from pathlib import Path

from confluent_kafka import Consumer, KafkaError, TopicPartition
from rocksdict import AccessType, Options, Rdict

from footfall_adapters.kafka.settings import KafkaSettings

PROPERTY = "shop"


def writers_on_disk(state: Path, partition: int) -> set[str]:
    """Return the writers of the property whose windows of a partition are in RocksDB."""
    (folder,) = [path for path in state.rglob(f"*events.raw/**/{partition}") if (path / "CURRENT").exists()]
    families = dict.fromkeys(Rdict.list_cf(str(folder)), Options(raw_mode=True))
    with closing(
        Rdict(str(folder), Options(raw_mode=True), column_families=families, access_type=AccessType.read_only())
    ) as database:
        return {writer_in(key) for key in list(database.keys()) if is_window(key)}


def writers_in_changelog(kafka: KafkaSettings, partition: int) -> set[str]:
    """Return the writers whose windows compaction leaves in the changelog, and so a rebuild would find."""
    latest: dict[bytes, bytes | None] = {}
    config = {
        "bootstrap.servers": kafka.bootstrap_servers,
        "group.id": "test",
        "isolation.level": "read_committed",
        "enable.partition.eof": True,
    }
    with closing(Consumer(config)) as reader:
        reader.assign([TopicPartition(changelog_of(kafka), partition, 0)])
        while True:
            message = reader.poll(30)
            assert message is not None, "Kafka says nothing"
            if message.error() is None:
                latest[message.key()] = message.value()
            elif message.error().code() == KafkaError._PARTITION_EOF:
                return {writer_in(key) for key, value in latest.items() if value is not None and is_window(key)}


def changelog_of(kafka: KafkaSettings) -> str:
    """Return the topic, with its prefix, in which the state of the first stage is."""
    return f"changelog__{kafka.topic('event-consumers')}--{kafka.topic('events.raw')}--default"


def is_window(key: bytes) -> bool:
    return f"{PROPERTY}/".encode() in key


def writer_in(key: bytes) -> str:
    return key.decode(errors="replace").split(f"{PROPERTY}/")[-1].strip('"')
