"""Elects one of the ingest servers to tick.

The topic `control` has one partition, so of all members of one consumer group only one is assigned it: that one ticks.
Two that tick at once for a moment, after a partition changed hands, do no harm.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

import structlog
from confluent_kafka import Consumer, TopicPartition

from footfall_adapters.kafka.fatal import is_fatal
from footfall_adapters.kafka.membership import LONGEST_PAUSE_MS, Membership
from footfall_adapters.kafka.settings import KafkaSettings
from footfall_adapters.logs import LIBRDKAFKA

log = structlog.get_logger()


@dataclass(frozen=True)
class TickerSettings:
    """How often to tick."""

    interval_seconds: float = 0.5
    """Time between two ticks, and so how stale `data_complete_until` is at least."""
    session_timeout_ms: int = 6_000
    """After this long another server takes over from one that is gone. Milliseconds; the brokers' minimum is 6,000."""
    patience_seconds: float = 10.0
    """How long an elected server may be unable to commit ticks before it lets another one be elected. Longer than a
    restarted server takes to fence its predecessor's transaction: handing over costs a session time-out."""


@contextmanager
def ticking(kafka: KafkaSettings, settings: TickerSettings, instance: str, tick: Callable[[], bool]) -> Iterator[None]:
    """Call `tick` from a thread of its own whenever this instance is the elected one, until the block ends.

    `tick` returns whether ticks are committed; a server whose ticks are not for a while lets another be elected.
    """
    stop = threading.Event()
    thread = threading.Thread(target=_run, args=(kafka, settings, instance, tick, stop), name="ticker", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _run(
    kafka: KafkaSettings, settings: TickerSettings, instance: str, tick: Callable[[], bool], stop: threading.Event
) -> None:
    while not stop.is_set():
        try:
            with closing(_member(kafka, settings, instance)) as consumer:
                _tick_while_elected(consumer, settings, tick, stop)
        except Exception as error:  # noqa: BLE001 - a ticker that is gone would stop completeness for everybody
            log.warning("ticker failed", error=str(error))
        # a static member's place is given away when its session has ended
        stop.wait(1.5 * settings.session_timeout_ms / 1000)


def _tick_while_elected(
    consumer: Consumer, settings: TickerSettings, tick: Callable[[], bool], stop: threading.Event
) -> None:
    """Tick until the end, or until ticks cannot be committed or the election has lost this member."""
    elected = False
    membership = Membership(consumer)
    last_tick = time.monotonic()
    while not stop.is_set() and time.monotonic() - last_tick < settings.patience_seconds:
        if membership.is_lost():
            log.warning("no member of the election any more; another one takes this one's place")
            return
        message = consumer.poll(settings.interval_seconds)
        if message is not None and (error := message.error()):
            log.warning("ticker's election", error=error.str())
            if is_fatal(error):
                # it keeps its id and does nothing any more. A Kafka that was frozen does this to a static member: it
                # takes the member's own request, repeated, for that of another one of the same name
                return
        now_elected = bool(consumer.assignment())
        if now_elected != elected:
            elected = now_elected
            log.info("ticking" if elected else "no longer ticking")
        if not elected or tick():
            last_tick = time.monotonic()


def _member(kafka: KafkaSettings, settings: TickerSettings, instance: str) -> Consumer:
    consumer = Consumer(
        {
            "bootstrap.servers": kafka.bootstrap_servers,
            "group.id": kafka.topic("tickers"),
            # a restarted server takes its place again at once, without a rebalance
            "group.instance.id": instance,
            "session.timeout.ms": settings.session_timeout_ms,
            "heartbeat.interval.ms": settings.session_timeout_ms // 3,
            "max.poll.interval.ms": max(LONGEST_PAUSE_MS, settings.session_timeout_ms),
            "enable.auto.commit": False,
            "auto.offset.reset": "latest",
            "log_level": 3,
            "logger": LIBRDKAFKA,
        }
    )
    consumer.subscribe([kafka.topic("control")], on_assign=_take_without_reading)
    return consumer


def _take_without_reading(consumer: Consumer, partitions: list[TopicPartition]) -> None:
    """Be elected; each record that came would be a tick before its time."""
    consumer.assign(partitions)
    consumer.pause(partitions)
