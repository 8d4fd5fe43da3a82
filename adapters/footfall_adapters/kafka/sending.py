"""Sends small records at once: for queries and their results, which are worth nothing a moment later."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from confluent_kafka import KafkaError, Producer

from footfall_adapters.environment import SettingsError
from footfall_adapters.kafka.settings import BACK_SOON, KafkaSettings
from footfall_adapters.logs import LIBRDKAFKA

SEND_SECONDS = 5.0
"""How long a record may wait for its broker before it is given up."""

TOPIC_SECONDS = 5.0
"""How long a topic may take to be known to a broker after it was made."""

MAX_RECORD_BYTES = 1_000_000
"""Bytes of a record: what topics take unless they are told otherwise."""


class Sending:
    """A producer that reports failures on the event loop that made it. `serve` has to be called all the time."""

    def __init__(self, producer: Producer) -> None:
        self._producer = producer
        self._loop = asyncio.get_running_loop()

    def send(self, topic: str, partition: int, value: bytes, failed: Callable[[str], None]) -> None:
        """Send a record; `failed` is called on the event loop, with the reason, if it did not arrive."""

        def delivered(error: KafkaError | None, _: Any) -> None:
            if error is not None:
                self._loop.call_soon_threadsafe(failed, error.str())

        try:
            self._producer.produce(topic, value, partition=partition, on_delivery=delivered)
        except BufferError:
            self._loop.call_soon(failed, "the producer's queue is full")

    def serve(self) -> None:
        """Have callbacks called. Never blocks."""
        self._producer.poll(0)

    def partitions(self, topic: str) -> int:
        """Return how many partitions a topic has; blocks for seconds if Kafka is away or the topic is not there yet.

        Raises:
            KafkaException: Kafka cannot be asked.
            SettingsError: there is no such topic.
        """
        give_up = time.monotonic() + TOPIC_SECONDS
        while True:
            found = self._producer.list_topics(topic, timeout=10).topics[topic]
            if found.error is None and found.partitions:
                return len(found.partitions)
            if time.monotonic() > give_up:
                raise SettingsError(f"The topic {topic} does not exist; `footfall provision` makes it.")
            time.sleep(0.1)


@contextmanager
def sending(kafka: KafkaSettings) -> Iterator[Sending]:
    """Yield a producer that sends without waiting for company, and flush it at the end."""
    producer = Producer(
        {
            "bootstrap.servers": kafka.bootstrap_servers,
            "linger.ms": 0,
            "acks": "1",
            "message.timeout.ms": int(SEND_SECONDS * 1000),
            "message.max.bytes": MAX_RECORD_BYTES,
            **BACK_SOON,
            "logger": LIBRDKAFKA,
        }
    )
    try:
        yield Sending(producer)
    finally:
        producer.flush(SEND_SECONDS)
