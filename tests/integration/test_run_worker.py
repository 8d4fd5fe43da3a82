"""A run beside the live one, on a real Kafka: exact at both ends, the same rows each time, whatever ends its worker."""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from footfall.v1.event_pb2 import Event, Item
from footfall.v1.ingest_pb2 import WriteEventsRequest
from footfall_adapters.kafka.settings import KafkaSettings
from footfall_core.clock import Micros
from footfall_core.columns import EVENTS
from footfall_core.kinds import EventKind
from footfall_core.partitioning import partition_of
from footfall_core.runs.run import Run
from footfall_local.stack import Stack
from tests.integration.event_consumer import columns, own_topics, read, record_of
from tests.integration.record_times import TimedLog
from tests.integration.run_worker import (
    HOUR_MS,
    ask_for,
    consuming,
    made_by,
    progress_of,
    stage_of,
    until,
    worker,
)

pytestmark = [pytest.mark.stack, pytest.mark.timeout(600)]

NOW_MS = int(time.time() * 1000)
START = NOW_MS // HOUR_MS - 6
END = START + 2
ASKED = Micros(NOW_MS * 1000)
LATER_MS = NOW_MS + HOUR_MS
"""The time of the log's last ticks: whoever has seen them has come further than any run asks for."""


@pytest.fixture
def kafka(stack: Stack) -> KafkaSettings:
    return own_topics(stack, stamped_by_hand=True)


def view(writer: str, sequence: int = 1, count: int = 1, *, imported: bool = False) -> WriteEventsRequest:
    events = [
        Event(name="page_view", client_id="c1", event_id=f"{writer}-{sequence}-{number}") for number in range(count)
    ]
    return WriteEventsRequest(
        property="properties/shop", writer_id=writer, sequence=sequence, events=events, historical_import=imported
    )


def order(transaction: str, writer: str, *, imported: bool = False) -> WriteEventsRequest:
    event = Event(
        name="purchase", client_id="c1", event_id=f"{transaction}@{writer}", transaction_id=transaction, currency="EUR"
    )
    event.value = 10
    event.items.append(Item(item_id="hat", quantity=1))
    return WriteEventsRequest(
        property="properties/shop", writer_id=writer, sequence=1, events=[event], historical_import=imported
    )


class Shop:
    """A log with the cases of both ends, and some traffic."""

    def __init__(self, kafka: KafkaSettings) -> None:
        self._kafka = kafka
        self._log = TimedLog(kafka)

    def at(self, hour: int, minute: float, *requests: WriteEventsRequest) -> None:
        for request in requests:
            partition = partition_of("shop", request.writer_id, self._kafka.raw_partitions)
            kind = EventKind.of(request)
            self._log.put(hour * HOUR_MS + int(minute * 60_000), partition, record_of(request), kind)

    def tick(self, hour: int, minute: float) -> None:
        self._log.tick(hour * HOUR_MS + int(minute * 60_000))

    def write(self, batches: int = 1) -> None:
        self.tick(START - 2, 0)
        self.at(START - 1, 58, view("early"), view("both-ends"), order("t-early", "shop-1"))
        self.at(START - 1, 59, order("t-inside", "shop-x", imported=False))
        self.tick(START - 1, 59.9)
        # second copies of what came before the start
        self.at(START, 0, view("early"), view("both-ends", 2), order("t-early", "till-1"))
        self.at(START, 1, view("imported", imported=True), order("t-two-ways", "import-1", imported=True))
        self.at(START, 1, order("t-two-ways", "shop-2"))
        for hour in (START, START + 1):
            for minute in range(2, 58, 2):
                self.tick(hour, minute)
                for writer in range(8):
                    sequence = (hour - START) * 100 + minute
                    self.at(hour, minute, view(f"writer-{writer}", sequence, batches))
                    self.at(hour, minute, order(f"t-{hour - START}-{minute}-{writer % 4}", f"w-{sequence}-{writer}"))
        self.at(END - 1, 59.99, view("late"), order("t-late", "shop-3"))
        # second copies behind the end, and what is nobody's but live's
        self.tick(END, 0)
        self.at(END, 0, view("late"), view("both-ends", 3), view("behind"), order("t-late", "till-3"))
        self.at(END, 1, order("t-behind", "till-4"))
        self.tick(END, 10)
        # a worker that takes over waits for a record of each partition
        for seconds in range(10, -1, -1):
            self._log.tick(LATER_MS - seconds * 1000)
        self._log.flush()


@contextmanager
def live(kafka: KafkaSettings, folder: Path) -> Iterator[None]:
    """Have the live run process the log, and wait until it has."""
    with (
        consuming(kafka, folder / "events" / "state", "events") as events,
        consuming(kafka, folder / "imports" / "s", "imports") as imports,
    ):

        def is_processed() -> bool:
            assert (events.poll(), imports.poll()) == (None, None), "a consumer has ended"
            return passed_by_live(kafka) == 2 * kafka.raw_partitions

        until(is_processed, "the live run's last ticks", 240)
        yield


def passed_by_live(kafka: KafkaSettings) -> int:
    # asked again and again beside what it waits for: no more of it is taken apart than has to be
    ticks = (columns(EVENTS, line) for line in live_lines(kafka) if "~tick-purchases" in line)
    return sum(int(row["time_ms"]) == LATER_MS for row in ticks)


def live_rows(kafka: KafkaSettings) -> list[dict[str, str]]:
    """Return the rows of events that the live run has made."""
    return [columns(EVENTS, line) for line in live_lines(kafka)]


def live_lines(kafka: KafkaSettings) -> list[str]:
    return [line for topic in ("events.rows", "imports.events.rows") for line in read(kafka, topic).lines() if line]


def folders(folder: Path) -> None:
    for name in ("events", "imports", "one", "two"):
        (folder / name).mkdir()


def process(kafka: KafkaSettings, folder: Path, run: Run) -> None:
    ask_for(kafka, run, ASKED)
    with worker(kafka, folder / "state", run, FOOTFALL_RUN_STREAM_SHARE="1") as working:
        assert working.wait(180) == 0, (folder / f"{run.id}.log").read_text()[-5000:]
    assert stage_of(kafka, run) == "RUN_STAGE_PROCESSED", progress_of(kafka, run)


def events_of(rows: dict[str, dict[int, list[bytes]]]) -> list[dict[str, str]]:
    records = [
        record
        for name, partitions in rows.items()
        if "events" in name
        for values in partitions.values()
        for record in values
    ]
    return [columns(EVENTS, line) for record in records for line in record.decode().split("\n")]


def served(kafka: KafkaSettings, run: Run) -> Counter[str]:
    """Return how often each event counts when the run serves its hours, and the live run all others."""
    assert run.end_hour is not None
    outside = [row for row in live_rows(kafka) if not run.start_hour <= int(row["log_hour"]) < run.end_hour]
    inside = events_of(made_by(kafka, run))
    assert all(
        run.start_hour <= int(row["log_hour"]) < run.end_hour for row in inside if not row["property"].startswith("~")
    )
    return Counter(row["event_id"] for row in outside + inside if not row["property"].startswith("~"))


def test_what_counts_once_in_the_live_run_counts_once_when_a_run_serves_its_hours(
    kafka: KafkaSettings, tmp_path: Path
) -> None:
    folders(tmp_path)
    Shop(kafka).write()
    run = Run("r202611270000aaaa", "1", START, END)
    with live(kafka, tmp_path):
        process(kafka, tmp_path / "one", run)
    alive = Counter(row["event_id"] for row in live_rows(kafka) if not row["property"].startswith("~"))
    found = served(kafka, run)
    assert set(found.values()) == {1}
    # of two copies of an order another one may count, but no more and no fewer
    assert {name for name in found if "@" not in name} == {name for name in alive if "@" not in name}
    assert sorted(name.split("@")[0] for name in found) == sorted(name.split("@")[0] for name in alive)
    ends = [row for row in events_of(made_by(kafka, run)) if int(row["time_ms"]) == END * HOUR_MS]
    assert Counter(row["property"] for row in ends) == {
        "~tick": 2 * kafka.raw_partitions,
        "~tick-purchases": 2 * kafka.raw_partitions,
    }


def test_the_same_hours_give_the_same_rows_byte_for_byte_also_when_the_worker_is_killed_five_times(
    kafka: KafkaSettings, tmp_path: Path
) -> None:
    folders(tmp_path)
    Shop(kafka).write(batches=20)
    one, two = Run("r202611270000aaaa", "1", START, END), Run("r202611270000bbbb", "1", START, END)
    with live(kafka, tmp_path):
        process(kafka, tmp_path / "one", one)
        ask_for(kafka, two, ASKED)
        kills = 0
        while kills < 5:
            before = progress_of(kafka, two).records_done
            with worker(kafka, tmp_path / "two" / "state", two, FOOTFALL_RUN_STREAM_SHARE="0.02") as working:
                until(lambda before=before: progress_of(kafka, two).records_done > before, "more that is processed")
                assert working.poll() is None
                working.kill()
            kills += 1
            assert stage_of(kafka, two) == "RUN_STAGE_RUNNING"
        process(kafka, tmp_path / "two", two)
    first = made_by(kafka, one)
    assert sum(len(values) for partitions in first.values() for values in partitions.values()) > 200
    assert made_by(kafka, two) == first
