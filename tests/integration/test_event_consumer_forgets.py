"""The event consumer's state is that of the writers that live, on the disk and in the changelog."""

import time
from pathlib import Path

import pytest

from footfall_adapters.kafka.settings import KafkaSettings
from footfall_local.stack import Stack
from tests.integration.consumer_state import writers_in_changelog, writers_on_disk
from tests.integration.event_consumer import consumer, event_ids, own_topics, record_of, view
from tests.integration.record_times import put_stamped

pytestmark = [pytest.mark.stack, pytest.mark.timeout(240)]

PARTITION = 2
DAY_MS = 24 * 3_600_000
DAYS = 20
WRITERS_A_DAY = 30


@pytest.fixture
def kafka(stack: Stack) -> KafkaSettings:
    return own_topics(stack, stamped_by_hand=True)


def writers_of(*days: int) -> set[str]:
    return {f"day-{day}-{number}" for day in days for number in range(WRITERS_A_DAY)}


def test_the_state_does_not_grow_with_writers_that_are_gone(kafka: KafkaSettings, tmp_path: Path) -> None:
    began = int(time.time() * 1000) - 2 * DAYS * DAY_MS

    def put(day: float, *writers: str, sequence: int = 1) -> None:
        records = [(began + int(day * DAY_MS), record_of(view(writer, sequence))) for writer in writers]
        put_stamped(kafka, PARTITION, records)

    state, rebuilt = tmp_path / "state", tmp_path / "rebuilt"
    put(0, "daily")
    for day in range(DAYS):
        put(day, *writers_of(day))
        put(day, "daily", sequence=day + 2)
    written = DAYS * (WRITERS_A_DAY + 1) + 1
    with consumer(kafka, state) as running:
        running.until(lambda: event_ids(kafka).total() == written, "all rows")
        # what has expired is cleared away with what is written next
        put(DAYS, "last")
        running.until(lambda: event_ids(kafka).total() == written + 1, "one row more")
        running.stop()
    # one who was seen on day 12 is kept for eight days, until day 20 has begun
    living = writers_of(*range(13, DAYS)) | {"daily", "last"}
    assert writers_on_disk(state, PARTITION) == living
    assert writers_in_changelog(kafka, PARTITION) == living

    # another instance, whose disk is empty, finds those and no others; all of them are duplicates to it
    put(DAYS, *living)
    put(DAYS, "behind")
    with consumer(kafka, rebuilt) as running:
        running.until(lambda: event_ids(kafka)["behind-1"] > 0, "the row behind the duplicates")
        running.stop()
    assert writers_on_disk(rebuilt, PARTITION) == living | {"behind"}
    assert writers_in_changelog(kafka, PARTITION) == living | {"behind"}
    assert event_ids(kafka).total() == written + 2
