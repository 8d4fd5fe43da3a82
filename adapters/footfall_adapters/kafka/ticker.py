"""Elects one of the ingest servers to tick.

The topic `control` has one partition, so of all members of one consumer group only one is assigned it: that one ticks.
Two that tick at once for a moment, after a partition changed hands, do no harm.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

import structlog
from confluent_kafka import Consumer, KafkaException

from footfall_adapters.kafka.settings import KafkaSettings

log = structlog.get_logger()


@dataclass(frozen=True)
class TickerSettings:
    """How often to tick."""

    interval_seconds: float = 0.5
    """Time between two ticks, and so how stale `data_complete_until` is at least."""
    session_timeout_ms: int = 6_000
    """After this long another server takes over from one that is gone. Milliseconds; the brokers' minimum is 6,000."""


@contextmanager
def ticking(kafka: KafkaSettings, settings: TickerSettings, instance: str, tick: Callable[[], None]) -> Iterator[None]:
    """Call `tick` from a thread of its own whenever this instance is the elected one, until the block ends."""
    stop = threading.Event()
    thread = threading.Thread(target=_run, args=(kafka, settings, instance, tick, stop), name="ticker", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _run(
    kafka: KafkaSettings,
    settings: TickerSettings,
    instance: str,
    tick: Callable[[], None],
    stop: threading.Event,
) -> None:
    consumer = Consumer(
        {
            "bootstrap.servers": kafka.bootstrap_servers,
            "group.id": kafka.topic("tickers"),
            # a restarted server takes its place again at once, without a rebalance
            "group.instance.id": instance,
            "session.timeout.ms": settings.session_timeout_ms,
            "heartbeat.interval.ms": settings.session_timeout_ms // 3,
            "enable.auto.commit": False,
            "auto.offset.reset": "latest",
            "log_level": 3,
        }
    )
    with closing(consumer):
        consumer.subscribe([kafka.topic("control")])
        elected = False
        while not stop.is_set():
            try:
                consumer.poll(settings.interval_seconds)
                now_elected = bool(consumer.assignment())
            except KafkaException as error:
                log.warning("ticker cannot reach Kafka", error=str(error))
                stop.wait(settings.interval_seconds)
                continue
            if now_elected != elected:
                elected = now_elected
                log.info("ticking" if elected else "no longer ticking", instance=instance)
            if elected:
                tick()
