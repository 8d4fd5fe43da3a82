"""The topics and the consumer group of a run: its own, so that they can go when it does."""

from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import Future
from typing import Any

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient

from footfall_adapters.kafka.partitions import PURCHASES
from footfall_adapters.kafka.settings import KafkaSettings
from footfall_adapters.kafka.topics import DAY_MS, LARGEST_RECORD, TopicPlan, TopicsSettings, make_topics
from footfall_adapters.logs import LIBRDKAFKA
from footfall_core.columns import Table
from footfall_core.runs.run import LIVE
from footfall_core.runs.tables import tables_of

KAFKA_SECONDS = 30.0
"""How long Kafka may take to make or to delete topics."""


def group_of_run(group: str, run_id: str) -> str:
    """Return the name of a run's consumer group, without the prefix; `group` is that of the live run."""
    return group if run_id == LIVE else f"{group}-run-{run_id}"


def purchases_of_run(run_id: str) -> str:
    """Return the name of a run's topic of purchases, without the prefix."""
    return PURCHASES if run_id == LIVE else f"{PURCHASES}-{run_id}"


def transactions_of_run(kafka: KafkaSettings, group: str, run_id: str) -> str:
    """Return the name of the changelog topic that knows which transactions a run has counted.

    Args:
        kafka: has the prefix.
        group: the live run's consumer group, without the prefix.
        run_id: of the run.
    """
    return f"{_changelogs(kafka, group, run_id)}{kafka.topic(purchases_of_run(run_id))}--default"


def _changelogs(kafka: KafkaSettings, group: str, run_id: str) -> str:
    return f"changelog__{kafka.topic(group_of_run(group, run_id))}--"


def run_tables(run_id: str) -> Iterator[Table]:
    """Yield a run's tables."""
    for kinds in tables_of(run_id).values():
        yield from kinds.values()


def make_run_topics(kafka: KafkaSettings, settings: TopicsSettings, run_id: str) -> None:
    """Make a run's topics. Idempotent.

    The rows of the second stage have partitions of their own, behind those of the first: two stages that write to one
    would meet there by chance, and the same hours processed twice would stand in another order.

    Raises:
        TopicsError: Kafka can't be reached or refuses.
    """
    kept = {"retention.ms": str(7 * DAY_MS), "max.message.bytes": str(LARGEST_RECORD)}
    rows = [TopicPlan(table.topic, 2 * kafka.raw_partitions, kept) for table in run_tables(run_id)]
    make_topics(kafka, settings, [*rows, TopicPlan(purchases_of_run(run_id), kafka.raw_partitions, kept)])


def remove_run_topics(kafka: KafkaSettings, group: str, run_id: str) -> None:
    """Remove all topics that a run has in Kafka; nothing may use them any more. Idempotent.

    Raises:
        KafkaException: Kafka can't be reached or refuses.
    """
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap_servers, "log_level": 3, "logger": LIBRDKAFKA})
    own = {kafka.topic(name) for name in (purchases_of_run(run_id), *(table.topic for table in run_tables(run_id)))}
    changelogs = _changelogs(kafka, group, run_id)
    existing = admin.list_topics(timeout=KAFKA_SECONDS).topics
    topics = [name for name in existing if name in own or name.startswith(changelogs)]
    if topics:
        _await(admin.delete_topics(topics, operation_timeout=KAFKA_SECONDS), {KafkaError.UNKNOWN_TOPIC_OR_PART})


def remove_run_group(kafka: KafkaSettings, group: str, run_id: str) -> None:
    """Remove a run's consumer group. Idempotent.

    Raises:
        KafkaException: its worker is a member still, which it is for the session's time after its end; or Kafka can't
            be reached or refuses.
    """
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap_servers, "log_level": 3, "logger": LIBRDKAFKA})
    gone = {KafkaError.GROUP_ID_NOT_FOUND}
    _await(admin.delete_consumer_groups([kafka.topic(group_of_run(group, run_id))]), gone)


def _await(futures: Mapping[str, Future[Any]], unless: Collection[int]) -> None:
    for future in futures.values():
        try:
            future.result(KAFKA_SECONDS)
        except KafkaException as error:
            if error.args[0].code() not in unless:
                raise
