"""Where Kafka is, and what its topics are called."""

from collections.abc import Mapping
from dataclasses import dataclass

BACK_SOON: Mapping[str, int] = {"reconnect.backoff.max.ms": 1_000}
"""For whom requests wait: back within a second once Kafka is. librdkafka waits up to 10 s unless told otherwise."""


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

    def topic(self, name: str) -> str:
        """Return the topic's name in the cluster, for example of `events.rows`."""
        return self.topic_prefix + name
