"""Opens the query server's side of the bus in Kafka.

A server reads one partition of `queries.results`, named by its instance's name, from the end. It is in no consumer
group: answers are of use only while their callers wait, so there is nothing to hand over; a group would stop all
servers' answers whenever one comes or goes, and leave those without a partition that are more than there are. Servers
that share a partition drop each other's answers.
"""

import asyncio
import random
import uuid
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from confluent_kafka import Consumer, TopicPartition

from footfall_adapters.kafka.marks import end_of
from footfall_adapters.kafka.polling import Polling, polling
from footfall_adapters.kafka.query_bus import KafkaQueryBus, QueryBusSettings
from footfall_adapters.kafka.sending import sending
from footfall_adapters.kafka.settings import BACK_SOON, KafkaSettings
from footfall_adapters.logs import LIBRDKAFKA
from footfall_core.clock import Clock

REQUESTS = "queries.requests"
RESULTS = "queries.results"

END_SECONDS = 10.0
"""How long Kafka may take to say where answers end."""

log = structlog.get_logger()


@asynccontextmanager
async def open_query_bus(
    kafka: KafkaSettings, settings: QueryBusSettings, instance: str, clock: Clock
) -> AsyncIterator[KafkaQueryBus]:
    """Yield a bus that is ready to ask.

    Raises:
        KafkaException: Kafka cannot be reached.
        SettingsError: a topic does not exist.
    """
    requests, results = kafka.topic(REQUESTS), kafka.topic(RESULTS)
    with sending(kafka) as sender:
        partitions = await asyncio.to_thread(sender.partitions, requests)
        reply_partition = zlib.crc32(instance.encode()) % await asyncio.to_thread(sender.partitions, results)
        bus = KafkaQueryBus(
            lambda partition, record, failed: sender.send(requests, partition, record, failed),
            partitions=partitions,
            reply_partition=reply_partition,
            settings=settings,
            clock=clock,
            new_id=lambda: uuid.uuid4().hex,
            choose=random.randrange,
        )
        config = {
            "bootstrap.servers": kafka.bootstrap_servers,
            "group.id": kafka.topic(f"query-server-{instance}"),  # librdkafka wants one; nothing is committed to it
            "enable.auto.commit": False,
            "auto.offset.reset": "latest",
            **BACK_SOON,
            "logger": LIBRDKAFKA,
        }
        async with polling(config, sender.serve) as reader:
            # before the first question, so that no answer is missed
            await reader.do(lambda consumer: _read_from_end(consumer, results, reply_partition))
            reading = asyncio.create_task(_pass_on(reader, bus))
            try:
                yield bus
            finally:
                reading.cancel()
                await asyncio.wait({reading})


def _read_from_end(consumer: Consumer, topic: str, partition: int) -> None:
    consumer.assign([TopicPartition(topic, partition, end_of(consumer, topic, partition, END_SECONDS))])


async def _pass_on(reader: Polling, bus: KafkaQueryBus) -> None:
    while True:
        try:
            for record in await reader.batch():
                bus.received(record)
        except Exception:
            # without a reader every report would fail, while the server looks healthy
            log.exception("answers could not be read")
            await asyncio.sleep(1)
