"""What all that processes the log has in common: Quix Streams with its offsets, output and state in one transaction."""

import threading
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from footfall_adapters.kafka.settings import KafkaSettings
from footfall_adapters.kafka.told_application import ToldApplication

ORIGIN_TTL = timedelta(days=36_500)
"""For ever, as far as anybody will see. Without a time to live Quix gives what is in a store before its first window
the window's one, and an event that is redriven later would count again."""


@dataclass(frozen=True)
class StateSettings:
    """Where the event consumer keeps its state."""

    dir: Path
    """Folder of RocksDB; one instance's own. Rebuilt from the changelog topic if it is lost."""


@dataclass(frozen=True)
class StreamSettings:
    """How raw records are processed."""

    group: str = "event-consumers"
    """Consumer group, and with it the run: another group processes the log anew. That of imports is called the same,
    with `-imports` behind it; those of reprocessings with `-run-` and their id."""
    commit_interval_seconds: float = 0.1
    """How much is gathered into one transaction; rows can be read when it commits."""
    session_timeout_ms: int = 30_000
    """After this long the partitions of an instance that is gone go to others. Longer than a restart takes, which
    gets its partitions back without moving any state. Milliseconds."""
    transaction_timeout_ms: int = 10_000
    """After this long the broker aborts a transaction whose consumer is gone. Milliseconds."""


def exactly_once(
    kafka: KafkaSettings,
    settings: StreamSettings,
    folder: Path,
    *,
    group: str,
    member: str,
    transactions: str,
    commit_seconds: float,
    stop: threading.Event,
) -> ToldApplication:
    """Return an application of Quix Streams that counts nothing twice, whatever ends it.

    Args:
        kafka: where the log is.
        settings: what its group's brokers wait for.
        folder: of its state.
        group: of consumers, without the prefix.
        member: its name in the group: a restarted consumer takes its partitions again at once, and none but those, so
            that with a topic more to read it must be another member (KIP-345).
        transactions: its transactional id, without the prefix.
        commit_seconds: how much is gathered into one transaction.
        stop: set when the process is told to end.
    """
    return ToldApplication(
        stop,
        broker_address=kafka.bootstrap_servers,
        consumer_group=kafka.topic(group),
        auto_offset_reset="earliest",
        processing_guarantee="exactly-once",
        commit_interval=commit_seconds,
        # with the default of a second, the second record of a burst waits that long
        consumer_poll_timeout=0.02,
        state_dir=folder,
        # lost source offsets must stop the consumer, not silently forget which batches were seen
        auto_recover_from_source_offset_out_of_range=False,
        loglevel=None,
        consumer_extra_config={
            "group.instance.id": member,
            "session.timeout.ms": settings.session_timeout_ms,
            "heartbeat.interval.ms": min(3_000, settings.session_timeout_ms // 3),
            "isolation.level": "read_committed",
            "fetch.message.max.bytes": 8 * 1024 * 1024,
            "fetch.wait.max.ms": 50,
        },
        producer_extra_config={
            "transactional.id": f"{kafka.topic_prefix}{transactions}",
            "transaction.timeout.ms": settings.transaction_timeout_ms,
            "delivery.timeout.ms": settings.transaction_timeout_ms,
            "message.max.bytes": 6 * 1024 * 1024,
            "compression.type": "lz4",
            "linger.ms": 5,
        },
    )
