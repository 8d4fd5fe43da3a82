"""A purchase counts once by property and transaction id, whatever order its copies come in."""

from collections.abc import Iterable
from functools import partial
from itertools import permutations

import pytest

from footfall.v1.errors_pb2 import EventError, Stage
from footfall.v1.event_pb2 import Event, Item
from footfall.v1.ingest_pb2 import ErrorCode, WriteEventsRequest
from footfall_core.clock import Micros
from footfall_core.columns import EVENT_COLUMNS, ITEM_COLUMNS, Column
from footfall_core.errors.payload import with_payload
from footfall_core.intake import Arrival, Taken, take
from footfall_core.kinds import EventKind
from footfall_core.packing import raw_records, tick_record
from footfall_core.partitioning import partition_of
from footfall_core.processing.purchase_records import passed_tick, purchase_records
from footfall_core.processing.purchases import Counted, count_once
from footfall_core.processing.record import MAX_ROW_RECORD_BYTES, Outcome, Place, process_record
from footfall_core.processing.second_stage import process_purchases
from footfall_core.processing.versions import Version
from footfall_core.wire.purchase_pb2 import Purchase, PurchasesRecord

NOW = 1_790_000_000_000_000
DAY_MS = 24 * 3_600_000
GROUP = "test"
PARTITIONS = 3


def bought(order: str, writer: str = "w", sequence: int = 1, **fields: object) -> WriteEventsRequest:
    """Return a batch of a page view and a purchase of one item."""
    purchase = {"name": "purchase", "client_id": "c", "currency": "EUR", "value": 5.0, "transaction_id": order}
    request = WriteEventsRequest(property="properties/shop", writer_id=writer, sequence=sequence)
    request.events.add(name="page_view", client_id="c")
    request.events.append(Event(**purchase | {"items": [Item(item_id="hat")]} | fields))  # type: ignore[arg-type]
    return request


def first_stage(place: Place, *requests: WriteEventsRequest) -> tuple[bytes, Outcome]:
    """Return the raw record of batches, and what it gives."""
    taken = [take(each.SerializeToString(), Arrival(NOW, "192.0.2.1", "", "")) for each in requests]
    (record,) = raw_records([each.raw_batch for each in taken if isinstance(each, Taken)])
    return record, process_record(Version("1"), record, place, lambda _: None)


class SecondStage:
    """All partitions of the second stage, each with its state."""

    def __init__(self) -> None:
        self.states: list[dict[str, bytes]] = [{} for _ in range(PARTITIONS)]
        self.lines: list[str] = []
        self.item_lines: list[str] = []
        self.errors: list[EventError] = []

    def take(self, partition: int, record: bytes, group: str = GROUP) -> Counted:
        state = self.states[partition]
        counted = process_purchases("1", record, partition, state.get, group=group, raw_partitions=PARTITIONS)
        state.update(counted.state)
        self.lines += counted.lines
        self.item_lines += counted.item_lines
        self.errors += counted.errors
        return counted

    def take_all(self, purchases: Iterable[Purchase]) -> None:
        for partition, record in purchase_records(GROUP, purchases, PARTITIONS):
            self.take(partition, record)


def fields(line: str, columns: tuple[Column, ...] = EVENT_COLUMNS) -> dict[str, str]:
    return dict(zip([column.name for column in columns], line.split("\t"), strict=True))


def test_a_purchase_makes_no_row_in_the_first_stage_and_all_others_do() -> None:
    refund = bought("t1", name="refund", sequence=2)
    without = bought("t1", sequence=3)
    without.events[1].ClearField("transaction_id")
    _, outcome = first_stage(Place(1, 7, NOW // 1000), bought("t1"), refund, without)
    assert [fields(line)["event_name"] for line in outcome.lines] == [
        *("page_view", "page_view", "refund", "page_view", "purchase")
    ]
    (purchase,) = outcome.purchases
    assert (fields(purchase.row)["transaction_id"], len(purchase.item_rows)) == ("t1", 1)
    assert len(outcome.item_lines) == 2


def test_its_row_keeps_the_raw_records_hour_and_partition() -> None:
    _, outcome = first_stage(Place(2, 7, 5 * 3_600_000), bought("t1"))
    stage = SecondStage()
    stage.take_all(outcome.purchases)
    row, item_row = fields(stage.lines[0]), fields(stage.item_lines[0], ITEM_COLUMNS)
    for one in (row, item_row):
        assert (one["run"], one["log_hour"], one["raw_partition"]) == ("1", "5", "2")


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_of_three_writers_copies_one_counts_whatever_their_order(order: tuple[int, ...]) -> None:
    copies = [
        first_stage(Place(n, 10 + n, NOW // 1000 + n), bought("t1", writer=f"w{n}"), bought("mine", f"v{n}", value=n))
        for n in range(3)
    ]
    stage = SecondStage()
    for n in order:
        stage.take_all(copies[n][1].purchases)
    counted = [fields(line) for line in stage.lines]
    assert sorted(row["transaction_id"] for row in counted) == ["mine", "t1"]
    assert {row["raw_partition"] for row in counted} == {str(order[0])}
    assert len(stage.item_lines) == 2
    of_t1 = [error for error in stage.errors if "'t1'" in error.message]
    assert [error.writer_id for error in of_t1] == [f"w{n}" for n in order[1:]]


def test_of_two_copies_in_one_batch_or_one_record_the_second_is_a_duplicate() -> None:
    twice = bought("t1")
    twice.events.append(twice.events[1])
    _, outcome = first_stage(Place(0, 0, NOW // 1000), twice, bought("t1", writer="v"))
    stage = SecondStage()
    stage.take_all(outcome.purchases)
    assert len(stage.lines) == 1
    assert [(error.writer_id, error.event_index) for error in stage.errors] == [("w", 2), ("v", 1)]


@pytest.mark.parametrize("days", [0, 10, 3650])
def test_a_transaction_is_remembered_for_ever(days: int) -> None:
    stage = SecondStage()
    for n in (0, 1):
        _, outcome = first_stage(Place(0, n, NOW // 1000 + n * days * DAY_MS), bought("t1", writer=f"w{n}"))
        stage.take_all(outcome.purchases)
    assert (len(stage.lines), len(stage.errors)) == (1, 1)
    assert "2026-09-21 14:00 UTC" in stage.errors[0].message  # when the one came that counts


def test_another_property_or_id_is_another_transaction() -> None:
    batches = [bought("t1"), bought("T1", "v"), bought("t1/", "u"), bought("x/t1", "t")]
    other = bought("t1")
    other.property = "properties/shop2"
    _, outcome = first_stage(Place(0, 0, NOW // 1000), *batches, other)
    stage = SecondStage()
    stage.take_all(outcome.purchases)
    assert (len(stage.lines), stage.errors) == (5, [])


def test_the_error_names_the_later_copy_and_leads_to_its_payload() -> None:
    stage = SecondStage()
    _, first = first_stage(Place(0, 4, NOW // 1000), bought("t1", event_id="e1"))
    raw, second = first_stage(Place(1, 5, NOW // 1000 + 9), bought("other", "u"), bought("t1", "v", 7, event_id="e2"))
    stage.take_all(first.purchases)
    stage.take_all(second.purchases)
    (error,) = stage.errors
    assert (error.stage, error.code) == (Stage.STAGE_PROCESSING, ErrorCode.ERROR_CODE_DUPLICATE_TRANSACTION)
    assert (error.writer_id, error.sequence, error.event_index, error.event_id) == ("v", 7, 1, "e2")
    assert (error.field, error.processing_version) == ("events[1].transaction_id", "1")
    assert (error.payload.partition, error.payload.offset, error.payload.batch_index) == (1, 5, 1)
    assert error.time.ToMilliseconds() == NOW // 1000 + 9
    assert with_payload(error, raw).event.event_id == "e2"


@pytest.mark.parametrize("writer", ["v", ""])
def test_the_error_keeps_its_id_when_it_is_recorded_again(writer: str) -> None:
    def recorded(run: str) -> EventError:
        _, outcome = first_stage(Place(0, 4, NOW // 1000), bought("t1"), bought("t1", writer, 1 if writer else 0))
        return count_once(run, outcome.purchases, lambda _: None).errors[0]

    assert recorded("1").error_id == recorded("2").error_id


def test_purchases_go_to_the_partition_of_their_transaction_in_records_of_a_bounded_size() -> None:
    rows = ["x" * 100_000] * 40
    purchases = [
        Purchase(property_id="shop", transaction_id=f"t{n}", row=row, event_index=n) for n, row in enumerate(rows)
    ]
    huge = Purchase(property_id="shop", transaction_id="huge", row="x" * 2 * MAX_ROW_RECORD_BYTES)
    found: dict[int, list[Purchase]] = {partition: [] for partition in range(4)}
    for partition, record in purchase_records(GROUP, [*purchases, huge], 4):
        packed = PurchasesRecord.FromString(record).purchases
        assert len(record) <= MAX_ROW_RECORD_BYTES + 100 or len(packed) == 1
        found[partition] += packed
    for partition, packed in found.items():
        expected = [p for p in [*purchases, huge] if partition_of("shop", p.transaction_id, 4) == partition]
        assert packed == expected


def test_what_another_groups_first_stage_wrote_gives_nothing() -> None:
    _, outcome = first_stage(Place(0, 0, NOW // 1000), bought("t1"))
    stage = SecondStage()
    ((partition, record),) = purchase_records(GROUP, outcome.purchases, PARTITIONS)
    assert stage.take(partition, record, group="anew") == Counted()
    assert stage.take(0, passed_tick(GROUP, 0, Micros(NOW)), group="anew") == Counted()
    stage.take(partition, record)
    assert len(stage.lines) == 1


def tick_of(lines: list[str], columns: tuple[Column, ...] = EVENT_COLUMNS) -> tuple[str, str, int] | None:
    """Return the property, partition and time of the one row, which is a tick's; None if there is no row."""
    if not lines:
        return None
    (line,) = lines
    row = fields(line, columns)
    return row["property"], row["raw_partition"], int(row["tick_time_micros"])


def test_the_tick_of_all_raw_partitions_follows_when_the_oldest_of_theirs_moves_on() -> None:
    stage = SecondStage()
    seen = []
    times = ((0, 10), (1, 12), (0, 20), (2, 11), (1, 22), (2, 21), (0, 19), (0, 30))
    for raw_partition, time in times:
        counted = stage.take(1, passed_tick(GROUP, raw_partition, Micros(NOW + time)))
        assert tick_of(counted.lines) == tick_of(counted.item_lines, ITEM_COLUMNS)
        seen.append(tick_of(counted.lines))
    (name,) = {tick[0] for tick in seen if tick}
    assert name == "~tick-purchases"
    assert [tick and tick[1:] for tick in seen] == [
        *(None, None, None, ("1", NOW + 11), None, ("1", NOW + 20), None, ("1", NOW + 21))
    ]


def test_a_purchase_is_before_the_tick_that_says_so_in_whatever_order_the_raw_partitions_are_read() -> None:
    """Each raw partition has a purchase and a tick behind it; their orders are kept, and mixed in every way."""
    for mixed in set(permutations((0, 0, 1, 1, 2, 2))):
        stage, progress = SecondStage(), [0, 0, 0]
        for raw_partition in mixed:
            if progress[raw_partition] == 0:
                purchase = Purchase(property_id="shop", transaction_id=f"t{raw_partition}", row=f"row{raw_partition}")
                stage.take_all([purchase])
            else:
                for partition in range(PARTITIONS):
                    stage.take(partition, passed_tick(GROUP, raw_partition, Micros(NOW)))
            progress[raw_partition] += 1
            if any("~tick-purchases" in line for line in stage.lines):
                assert sum(line.startswith("row") for line in stage.lines) == 3
        assert sum("~tick-purchases" in line for line in stage.lines) == PARTITIONS


def test_a_tick_is_handed_on_and_is_a_row_at_once() -> None:
    outcome = process_record(Version("1"), tick_record(Micros(NOW)), Place(2, 0, NOW // 1000), lambda _: None)
    assert outcome.tick_micros == NOW
    assert tick_of(outcome.lines) == ("~tick", "2", NOW)


def test_the_rule_is_the_same_without_a_topic_between() -> None:
    state: dict[str, bytes] = {}
    count = partial(count_once, "1")
    for n in range(3):
        _, outcome = first_stage(Place(0, n, NOW // 1000), bought("t1", writer=f"w{n}"))
        counted = count(outcome.purchases, state.get)
        state.update(counted.state)
        assert (len(counted.lines), len(counted.errors)) == ((1, 0) if n == 0 else (0, 1))


LIVE, IMPORT = EventKind.LIVE, EventKind.IMPORT


@pytest.mark.parametrize("kinds", [(LIVE, IMPORT), (IMPORT, LIVE)])
def test_a_transaction_counts_once_over_live_events_and_imports(kinds: tuple[EventKind, EventKind]) -> None:
    stage, counted = SecondStage(), []
    for kind in kinds:
        request = bought("t1")  # the same writer and number: each kind has its own
        request.historical_import = kind is IMPORT
        _, outcome = first_stage(Place(1, 7, NOW // 1000, kind), request)
        ((partition, record),) = purchase_records(GROUP, outcome.purchases, PARTITIONS, kind)
        counted.append(stage.take(partition, record))
    first, second = counted
    assert (first.log, len(first.lines), len(first.item_lines)) == (kinds[0], 1, 1)
    assert (second.log, second.lines, second.item_lines) == (kinds[1], [], [])
    (error,) = stage.errors
    assert error.payload.imported is (kinds[1] is IMPORT)


def test_errors_of_copies_differ_by_the_kind_of_their_batch() -> None:
    def error_of(kind: EventKind) -> EventError:
        request = bought("t1")
        request.historical_import = kind is IMPORT
        _, outcome = first_stage(Place(1, 7, NOW // 1000, kind), request)
        before = count_once("1", outcome.purchases, lambda _: None).state
        (error,) = count_once("1", outcome.purchases, before.get, kind).errors
        return error

    assert error_of(LIVE).error_id == error_of(LIVE).error_id != error_of(IMPORT).error_id


def test_ticks_of_imports_follow_apart_and_say_nothing_of_live_purchases() -> None:
    stage = SecondStage()
    seen = []
    for kind, time in ((LIVE, 10), (IMPORT, 5), (LIVE, 20), (IMPORT, 6)):
        for raw_partition in range(PARTITIONS):
            counted = stage.take(1, passed_tick(GROUP, raw_partition, Micros(NOW + time), kind))
            if (tick := tick_of(counted.lines)) is not None:
                seen.append((counted.log, tick[2] - NOW))
    assert seen == [(LIVE, 10), (IMPORT, 5), (LIVE, 20), (IMPORT, 6)]
