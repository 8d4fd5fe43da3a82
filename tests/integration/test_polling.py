"""A reader whose consumer does not come back to its group goes on with another one."""

import time
from functools import partial

import pytest
from confluent_kafka import Consumer, Producer

from footfall_adapters.kafka.polling import Polling
from footfall_local.stack import Stack
from tests.integration.event_consumer import own_topics

pytestmark = pytest.mark.stack


async def test_a_consumer_that_has_left_its_group_for_good_is_followed_by_another(stack: Stack) -> None:
    kafka = own_topics(stack)
    topic = kafka.topic("queries.requests")
    config = {
        "bootstrap.servers": kafka.bootstrap_servers,
        "group.id": kafka.topic("readers"),
        "session.timeout.ms": 6_000,
        "auto.offset.reset": "earliest",
    }
    made: list[Consumer] = []

    def make() -> Consumer:
        made.append(Consumer(config))
        return made[-1]

    producer = Producer({"bootstrap.servers": kafka.bootstrap_servers})

    async def read(value: bytes) -> None:
        """Write a record, and return when it was read."""
        producer.produce(topic, value)
        assert producer.flush(30) == 0
        deadline = time.monotonic() + 60
        while value not in await reader.batch():
            assert time.monotonic() < deadline, f"{value!r} was not read"

    reader = Polling(make, between=lambda: None, topics=[topic], longest_absence=4.0)
    try:
        await read(b"one")
        # as one that librdkafka has given up: it stays, reads nothing, and is in no group
        await reader.do(partial(Consumer.unsubscribe))
        await read(b"two")
    finally:
        reader.close()
    assert len(made) >= 2
