"""The topics that exist, and how they are made."""

import time
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewTopic,
    ResourceType,
    TopicMetadata,
)

from footfall_adapters.kafka.settings import KafkaSettings
from footfall_core.columns import TABLES
from footfall_core.kinds import EventKind

LARGEST_RECORD = 6 * 1024 * 1024
"""A raw record holds one request of at most 4 MiB, and what the rules need beside it."""

SECOND_MS = 1000
MINUTE_MS = 60 * SECOND_MS
DAY_MS = 24 * 60 * MINUTE_MS


class TopicsError(Exception):
    """A topic can't be made, or isn't what it must be; the message names the remedy."""


@dataclass(frozen=True)
class TopicPlan:
    """One topic as it must be."""

    name: str
    """Without the prefix."""
    partitions: int
    settings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class TopicsSettings:
    """How topics are made; what exists already keeps its number of partitions and of copies."""

    replication: int = 1
    """Copies of each partition. 3 in production, with `min_insync` 2."""
    min_insync: int = 1
    """Copies that must have a record before it counts as written (`min.insync.replicas`)."""
    raw_retention_hours: int = -1
    """How long raw records are kept, and so how far back a reprocessing reaches. -1: for ever."""
    query_partitions: int = 8
    """Partitions of the topics between query servers and query consumers: the most of either that can run."""


def topic_plans(kafka: KafkaSettings, settings: TopicsSettings) -> list[TopicPlan]:
    """Return every topic of the design that exists now."""
    large = {"max.message.bytes": str(LARGEST_RECORD)}
    hours = settings.raw_retention_hours
    minutes_only = {
        "cleanup.policy": "delete",
        "retention.ms": str(5 * MINUTE_MS),
        # only whole segments are deleted, so they must be short too
        "segment.ms": str(MINUTE_MS),
        **large,
    }
    return [
        *(
            TopicPlan(
                kind.raw_topic,
                kafka.raw_partitions,
                {
                    "message.timestamp.type": "LogAppendTime",
                    "retention.ms": "-1" if hours < 0 else str(hours * 60 * MINUTE_MS),
                    "retention.bytes": "-1",
                    **large,
                },
            )
            for kind in EventKind
        ),
        # as long as rows: what a stage that was away for longer has missed can be made again from the raw records alone
        TopicPlan("events.purchases", kafka.raw_partitions, {"retention.ms": str(7 * DAY_MS), **large}),
        # rows go to the partition of their raw record's number
        *(TopicPlan(table.topic, kafka.raw_partitions, {"retention.ms": str(7 * DAY_MS), **large}) for table in TABLES),
        # followers ask from a time: the broker's own grows with the offsets
        TopicPlan(
            "errors",
            kafka.raw_partitions,
            {"message.timestamp.type": "LogAppendTime", "retention.ms": str(30 * DAY_MS), **large},
        ),
        TopicPlan("queries.requests", settings.query_partitions, minutes_only),
        TopicPlan("queries.results", settings.query_partitions, minutes_only),
        # read whole by every server, in the order in which they were written
        TopicPlan("properties", 1, {"cleanup.policy": "compact"}),
        # one partition: whoever is assigned it is elected. The broker's time says when a switch of runs takes effect.
        # Each server reads all of it when it starts, and runs say every other second how far they are
        TopicPlan(
            "control",
            1,
            {
                "cleanup.policy": "compact",
                "segment.ms": str(60 * MINUTE_MS),
                "min.cleanable.dirty.ratio": "0.1",
                "message.timestamp.type": "LogAppendTime",
            },
        ),
    ]


def ensure_topics(kafka: KafkaSettings, settings: TopicsSettings, *, timeout_seconds: float = 30.0) -> list[str]:
    """Create the topics that are missing and set what is not set as planned. Idempotent.

    Returns:
        The topics that were created.

    Raises:
        TopicsError: Kafka can't be reached or refuses, or a topic has another number of partitions than planned.
    """
    return make_topics(kafka, settings, topic_plans(kafka, settings), timeout_seconds=timeout_seconds)


def make_topics(
    kafka: KafkaSettings, settings: TopicsSettings, plans: Sequence[TopicPlan], *, timeout_seconds: float = 30.0
) -> list[str]:
    """Create those of some topics that are missing, and set what is not set as planned: see `ensure_topics`."""
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap_servers, "log_level": 3})
    try:
        existing = admin.list_topics(timeout=timeout_seconds).topics
        missing = [plan for plan in plans if kafka.topic(plan.name) not in existing]
        present = [plan for plan in plans if kafka.topic(plan.name) in existing]
        _check_partitions(kafka, present, existing)
        _create(admin, kafka, settings, missing, timeout_seconds)
        _configure(admin, kafka, present, timeout_seconds)
    except KafkaException as error:
        raise TopicsError(f"Kafka at {kafka.bootstrap_servers} did not make the topics: {_text(error)}") from error
    return [kafka.topic(plan.name) for plan in missing]


def _check_partitions(kafka: KafkaSettings, plans: Sequence[TopicPlan], existing: Mapping[str, TopicMetadata]) -> None:
    wrong = [
        f"The topic {kafka.topic(plan.name)} has {len(existing[kafka.topic(plan.name)].partitions)} partitions, "
        f"and {plan.partitions} are planned."
        for plan in plans
        if len(existing[kafka.topic(plan.name)].partitions) != plan.partitions
    ]
    if wrong:
        # more partitions would send a writer's next batch to another window, which does not know the last ones
        remedy = "The number is fixed when a topic is made: set FOOTFALL_KAFKA_RAW_PARTITIONS and "
        remedy += "FOOTFALL_TOPICS_QUERY_PARTITIONS to what is there, or start with empty data."
        raise TopicsError(" ".join([*wrong, remedy]))


def _create(
    admin: AdminClient,
    kafka: KafkaSettings,
    settings: TopicsSettings,
    plans: Sequence[TopicPlan],
    timeout_seconds: float,
) -> None:
    if not plans:
        return
    topics = [
        NewTopic(
            kafka.topic(plan.name),
            num_partitions=plan.partitions,
            replication_factor=settings.replication,
            config={"min.insync.replicas": str(settings.min_insync), **plan.settings},
        )
        for plan in plans
    ]
    for future in admin.create_topics(topics, operation_timeout=timeout_seconds).values():
        try:
            future.result(timeout_seconds)
        except KafkaException as error:
            # somebody else made it in the meantime, from the same plan
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise
    _await_brokers({kafka.topic(plan.name) for plan in plans}, admin, timeout_seconds)


def _await_brokers(names: Set[str], admin: AdminClient, timeout_seconds: float) -> None:
    """Return when brokers know topics: the controller answers before, and who asks a broker then is told of none.

    Raises:
        TopicsError: they do not know them in time.
    """
    give_up = time.monotonic() + timeout_seconds
    while not names <= admin.list_topics(timeout=timeout_seconds).topics.keys():
        if time.monotonic() > give_up:
            raise TopicsError(f"Kafka's brokers do not know the new topics after {timeout_seconds:g} s.")
        time.sleep(0.05)


def _configure(admin: AdminClient, kafka: KafkaSettings, plans: Sequence[TopicPlan], timeout_seconds: float) -> None:
    """Set what the plan says, and leave alone what somebody else set beside it."""
    resources = [
        ConfigResource(
            ResourceType.TOPIC,
            kafka.topic(plan.name),
            incremental_configs=[
                ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET)
                for name, value in plan.settings.items()
            ],
        )
        for plan in plans
    ]
    if resources:
        for future in admin.incremental_alter_configs(resources).values():
            future.result(timeout_seconds)


def _text(error: KafkaException) -> str:
    return str(error.args[0].str())
