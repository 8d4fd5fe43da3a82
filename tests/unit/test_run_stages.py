"""The two stages of a run, without a service."""

import random

import pytest

import footfall_core.processing.record as record_module
from footfall.v1.event_pb2 import Event
from footfall.v1.ingest_pb2 import WriteEventsRequest
from footfall_core.clock import Micros
from footfall_core.columns import EVENT_COLUMNS
from footfall_core.enrichment.traffic import Attribution
from footfall_core.intake import Arrival, Taken, take
from footfall_core.kinds import EventKind
from footfall_core.packing import raw_records, tick_record
from footfall_core.processing.in_order import handed_on
from footfall_core.processing.purchase_records import passed_tick, purchase_records
from footfall_core.processing.record import Place, process_record
from footfall_core.processing.run_stages import HOUR_MS, RunOutcome, RunStage, failed_batches, run_purchases, run_record
from footfall_core.processing.versions import VERSIONS, UnknownVersionError, Version, newest, version_of
from footfall_core.runs.run import Run, hour_begins
from footfall_core.wire.raw_pb2 import RawBatch, RawRecord
from footfall_core.wire.run_purchases_pb2 import CountedElsewhere, RunPurchasesRecord
from tests import redrives

START, END = 490_000, 490_002
RUN = Run("r202611270000aaaa", "1", START, END)
PARTITIONS = 2
STAGE = RunStage(RUN, Version("1"), Micros(hour_begins(END) + 1), "group", PARTITIONS)
NAMES = [column.name for column in EVENT_COLUMNS]


def record_of(*requests: WriteEventsRequest) -> bytes:
    taken = [take(request.SerializeToString(), Arrival(hour_begins(START), "", "", "")) for request in requests]
    (record,) = raw_records([each.raw_batch for each in taken if isinstance(each, Taken)])
    return record


def view(writer: str, sequence: int = 1, **fields: object) -> WriteEventsRequest:
    event = Event(**{"name": "page_view", "client_id": "c1", "event_id": f"{writer}-{sequence}"} | fields)  # type: ignore[arg-type]
    return WriteEventsRequest(property="properties/shop", writer_id=writer, sequence=sequence, events=[event])


def order(transaction: str, writer: str) -> WriteEventsRequest:
    return view(writer, name="purchase", transaction_id=transaction, event_id=f"{transaction}@{writer}")


class First(dict[str, bytes]):
    """The first stage of one raw partition."""

    def __init__(self, partition: int = 0, kind: EventKind = EventKind.LIVE, stage: RunStage = STAGE) -> None:
        self.partition, self.kind, self.stage, self.offset = partition, kind, stage, 0

    def take(self, hour: float, record: bytes, end_offset: int | None = None) -> RunOutcome:
        place = Place(self.partition, self.offset, int(hour * HOUR_MS), self.kind)
        self.offset += 1
        found = run_record(self.stage, record, place, self.get, end_offset)
        self.update(found.outcome.windows | found.outcome.origins | found.marks | found.kept)
        return found


def event_ids(found: RunOutcome) -> list[str]:
    return [dict(zip(NAMES, line.split("\t"), strict=True))["event_id"] for line in found.outcome.lines]


def test_a_batch_whose_first_copy_came_before_the_start_makes_no_row_and_neither_does_its_second() -> None:
    first = First()
    assert event_ids(first.take(START - 0.5, record_of(view("a")))) == []
    assert event_ids(first.take(START, record_of(view("a"), view("b")))) == ["b-1"]


def test_what_was_redriven_before_the_start_and_is_redriven_within_the_hours_counts_there_alone() -> None:
    refused = redrives.record_of(redrives.batch("not a name", "nor this"), received_micros=hour_begins(START - 1))
    found = process_record(Version("1"), refused, Place(0, 0, int((START - 0.7) * HOUR_MS)), lambda _: None).errors
    repairs = redrives.rename("name", "params.sent_name"), redrives.default("name", "page_view")
    first = First()
    first.take(START - 0.7, refused)
    first.take(START - 0.5, redrives.redriven(refused, found[:1], *repairs))
    assert event_ids(first.take(START, redrives.redriven(refused, found, *repairs))) == ["e1"]


def test_what_live_could_not_process_before_the_start_and_was_redriven_since_counts_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    failed = redrives.record_of(redrives.batch("page_view"), received_micros=hour_begins(START - 1))
    with monkeypatch.context() as patch:
        patch.setattr(record_module, "event_row", lambda *_: 1 // 0)
        errors = process_record(Version("1"), failed, Place(0, 0, int((START - 0.7) * HOUR_MS)), lambda _: None).errors
    again = redrives.redriven(failed, errors)
    first = First()
    first.take(START - 0.7, failed)
    assert event_ids(first.take(START, again)) == ["e0"]
    assert event_ids(first.take(START + 0.1, again)) == []

    before = First()
    before.take(START - 0.7, failed)
    before.take(START - 0.5, again)
    assert event_ids(before.take(START, again)) == []

    # and one of its own hours, which its version can process, is not counted again
    within = First()
    (of_then,) = RawRecord.FromString(again).batches
    batch = RawBatch.FromString(of_then)
    batch.redriven.origin.log_time_ms = int((START + 0.1) * HOUR_MS)
    assert event_ids(within.take(START + 0.1, failed)) == ["e0"]
    (record,) = raw_records([batch.SerializeToString()])
    assert event_ids(within.take(START + 0.2, record)) == []


def test_a_record_of_the_end_makes_no_row_be_it_before_one_of_the_hours() -> None:
    first = First()
    assert event_ids(first.take(END, record_of(view("a")))) == []
    assert event_ids(first.take(END - 0.001, record_of(view("b")))) == ["b-1"]


def test_the_first_record_behind_the_end_is_the_last_tick_and_nothing_comes_behind_it() -> None:
    first = First()
    first.take(START, record_of(view("a")))
    last = first.take(END + 0.1, record_of(view("b")), end_offset=1)
    assert last.last
    assert last.outcome.tick_micros == hour_begins(END)
    (row,) = (dict(zip(NAMES, line.split("\t"), strict=True)) for line in last.outcome.lines)
    assert (row["property"], row["log_hour"], row["run"]) == ("~tick", str(END), RUN.mark)
    behind = first.take(END + 0.1, record_of(view("c")), end_offset=1)
    assert (behind.outcome.lines, behind.outcome.windows, behind.last) == ([], {}, False)


def test_rows_carry_the_run_and_errors_stay_the_live_runs() -> None:
    bad = view("a")
    bad.events.append(Event(name="not a name", client_id="c1"))
    found = First().take(START, record_of(bad))
    (row,) = (dict(zip(NAMES, line.split("\t"), strict=True)) for line in found.outcome.lines)
    assert row["run"] == "1-r202611270000aaaa"
    assert found.outcome.errors == []


def test_of_ticks_before_the_run_was_asked_for_one_a_minute_is_passed_on_and_later_ones_all() -> None:
    first = First(stage=RunStage(Run(RUN.id, "1", START, None), Version("1"), Micros(hour_begins(START + 1)), "g", 1))
    seconds = [0, 1, 59, 60, 61, 3600, 3600.5]
    ticks = [Micros(round(hour_begins(START) + second * 1_000_000)) for second in seconds]
    passed = [first.take(tick / 3.6e9, tick_record(tick)).outcome.tick_micros for tick in ticks]
    assert [tick is not None for tick in passed] == [True, False, False, True, False, True, True]


def test_what_could_not_be_processed_is_counted_in_the_partitions_state(monkeypatch: pytest.MonkeyPatch) -> None:
    first = First()
    assert failed_batches(first.get) == 0
    with monkeypatch.context() as patch:
        patch.setattr(record_module, "event_row", lambda *_: 1 // 0)
        first.take(START - 0.1, record_of(view("before")))
        first.take(START, record_of(view("a"), view("b")))
        first.take(START + 0.1, record_of(view("c")))
    first.take(START + 0.2, record_of(view("d")))
    assert failed_batches(first.get) == 3


# ---- versions ----


def test_two_versions_make_other_channels_of_the_same_record_side_by_side() -> None:
    wrong = Version("0", Attribution(lambda *_: "Direct"))
    record = record_of(view("a", page_location="https://shop.example/?utm_source=news&utm_medium=email"))
    channels = []
    for version in (wrong, Version("1"), wrong):
        found = First(stage=RunStage(RUN, version, Micros(0), "group", 1)).take(START, record)
        channels.append(dict(zip(NAMES, found.outcome.lines[0].split("\t"), strict=True))["channel_group"])
    assert channels == ["Direct", "Email", "Direct"]


def test_the_newest_version_is_at_work_unless_another_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(VERSIONS, "99", Version("99"))
    assert (newest().name, version_of("").name, version_of("1").name) == ("99", "99", "1")
    with pytest.raises(UnknownVersionError, match=r"'7' is not a processing version of this code: 1, 99\."):
        version_of("7")


# ---- purchases ----


def handed(found: RunOutcome, first: First, hour: float) -> list[bytes]:
    """Return what one partition of purchases is told: all of these transactions are its own."""
    if found.outcome.tick_micros is not None:
        told = [passed_tick("group", first.partition, found.outcome.tick_micros, first.kind)]
    else:
        told = [record for _, record in purchase_records("group", found.outcome.purchases, 1, first.kind)]
    place = Place(first.partition, first.offset, int(hour * HOUR_MS), first.kind)
    return [handed_on(record, place, last=found.last) for record in told]


def sources() -> list[list[bytes]]:
    """Return what each raw partition hands on: the same orders, from everywhere, at almost the same time."""
    found = []
    for kind in EventKind:
        for partition in range(PARTITIONS):
            first, told = First(partition, kind), []
            for number in range(20):
                hour = START + number / 60
                told += handed(first.take(hour, tick_record(Micros(round(hour * 3.6e9)))), first, hour)
                later = hour + (partition + 2 * (kind is EventKind.LIVE)) / 3600
                orders = record_of(order(f"t{number}", f"w{kind.value}{partition}{number}"))
                told += handed(first.take(later, orders), first, later)
            told += handed(first.take(END + 1, b"", end_offset=first.offset), first, END)
            found.append(told)
    return found


def counted(records: list[bytes], *before: bytes) -> list[list[str]]:
    """Return the rows that the second stage makes, by record."""
    state: dict[str, bytes] = {}
    rows = []
    for record in (*before, *records):
        found = run_purchases(STAGE, record, 1, state.get)
        for key, content in found.state.items():
            if content is None:
                state.pop(key, None)
            else:
                state[key] = content
        rows += [each.lines for each in found.counted]
    assert not [key for key in state if key.startswith("~waiting/")], "something waits for ever"
    return rows


def mixed(seed: int) -> list[bytes]:
    """Return what all sources hand on, each in its order, as chance has them come."""
    chance, left = random.Random(seed), sources()
    found = []
    while any(left):
        found.append(chance.choice([told for told in left if told]).pop(0))
    return found


@pytest.mark.parametrize("seed", range(10))
def test_whatever_order_purchases_come_in_the_rows_are_the_same_and_so_is_their_order(seed: int) -> None:
    expected = counted([record for told in sources() for record in told])
    assert counted(mixed(seed)) == expected
    rows = [dict(zip(NAMES, line.split("\t"), strict=True)) for lines in expected for line in lines]
    # imports stand first in the log, by a second
    assert [row["event_id"] for row in rows if row["transaction_id"]] == [f"t{n}@wimport0{n}" for n in range(20)]
    ticks = [int(row["tick_time_micros"]) for row in rows if row["property"] == "~tick-purchases"]
    assert ticks[-2:] == [hour_begins(END)] * 2


def test_a_transaction_that_counts_in_hours_of_another_run_counts_in_none_of_this_one() -> None:
    elsewhere = CountedElsewhere(keys=["shop/t0", "shop/t7"], log_hours=[START - 5, END + 3])
    told = RunPurchasesRecord(counted_elsewhere=elsewhere).SerializeToString()
    rows = [line for lines in counted(mixed(1), told, told) for line in lines]
    orders = {fields["transaction_id"] for fields in (dict(zip(NAMES, row.split("\t"), strict=True)) for row in rows)}
    assert orders - {""} == {f"t{number}" for number in range(20)} - {"t0", "t7"}
