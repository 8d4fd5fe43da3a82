"""Where Kafka is, and what its topics are called."""

from collections.abc import Mapping
from dataclasses import dataclass

RECOVERY: Mapping[str, str | int] = {
    # milliseconds without any known broker, after which a client begins again with the addresses that it was given. The
    # only broker of a cluster, frozen for a while, answers at first that there are no brokers; a client that asks just
    # then (librdkafka 2.12) forgets the one it knew, and reads and joins nothing for so long: by default 5 minutes
    "metadata.recovery.rebootstrap.trigger.ms": 5_000,
}
"""How clients find their brokers again; for those of confluent-kafka, whoever makes them."""


@dataclass(frozen=True)
class KafkaSettings:
    """The Kafka cluster, the same for every process."""

    bootstrap_servers: str
    """Addresses of brokers, `host:port`, separated by commas."""
    topic_prefix: str = ""
    """Put before the name of every topic, so that several systems may share a cluster; usually empty."""
    raw_partitions: int = 4
    """Number of partitions of `events.raw` and of `imports.raw` each, fixed when the topics are created; every process
    must state the same."""

    @property
    def client(self) -> dict[str, str | int]:
        """Configuration that every client of confluent-kafka begins with."""
        return {"bootstrap.servers": self.bootstrap_servers, **RECOVERY}

    def topic(self, name: str) -> str:
        """Return the topic's name in the cluster, for example of `events.rows`."""
        return self.topic_prefix + name
