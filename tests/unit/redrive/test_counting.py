"""Redriven events in the event consumer: each counts once, by where it was sent first."""

from collections.abc import Sequence

import pytest

import footfall_core.processing.record as record_module
from footfall.v1.errors_pb2 import EventError, ParameterType, Stage
from footfall.v1.ingest_pb2 import ErrorCode, WriteEventsRequest
from footfall_core.columns import EVENT_COLUMNS
from footfall_core.enrichment.country import Country
from footfall_core.errors.payload import with_payload
from footfall_core.kinds import EventKind
from footfall_core.packing import raw_records
from footfall_core.processing.purchases import count_once
from footfall_core.processing.record import Outcome, Place, process_record
from footfall_core.processing.versions import Version
from footfall_core.processing.window import MAX_ABOVE, MAX_FINGERPRINTS, MAX_JUMP
from footfall_core.wire.raw_pb2 import RawBatch, RawRecord
from footfall_core.wire.state_pb2 import CountedOrigin
from tests.redrives import batch, cast, default, record_of, redriven, rename, revived

NOW = 1_790_000_000_000_000
DAY = 86_400_000_000
NAMES = [column.name for column in EVENT_COLUMNS]
# what makes an event good that is refused for its name
RENAMED = (rename("name", "params.sent_name"), default("name", "page_view"))


class Consumer:
    """Processes records one after the other; the state is kept for ever, and windows may be forgotten."""

    def __init__(self, log: EventKind = EventKind.LIVE) -> None:
        self.windows: dict[str, bytes] = {}
        self.for_ever: dict[str, bytes] = {}
        self.offset = 0
        self.log = log
        self.ids: list[str] = []
        self.errors: list[EventError] = []
        self.records: list[bytes] = []

    def process(self, record: bytes, *, later_micros: int = 0) -> Outcome:
        place = Place(2, self.offset, (NOW + later_micros) // 1000, self.log)
        outcome = process_record(Version("1"), record, place, self._load, country_of=country_of)
        counted = count_once("1", outcome.purchases, self.for_ever.get)
        self.windows |= outcome.windows
        self.for_ever |= outcome.origins | counted.state
        self.ids += [row(line)["event_id"] for line in outcome.lines + counted.lines]
        self.errors += outcome.errors + counted.errors
        self.offset += 1
        self.records.append(record)
        return outcome

    def kept_of_origins(self) -> list[CountedOrigin]:
        return [CountedOrigin.FromString(kept) for kept in self.for_ever.values()]

    def _load(self, key: str) -> bytes | None:
        return self.windows.get(key, self.for_ever.get(key))


def row(line: str) -> dict[str, str]:
    return dict(zip(NAMES, line.split("\t"), strict=True))


def country_of(address: str) -> Country | None:
    return Country("DE", "Germany") if address == "192.0.2.77" else None


def sent(*requests: WriteEventsRequest, **arrival: object) -> bytes:
    return record_of(*requests, received_micros=NOW, **arrival)  # type: ignore[arg-type]


def failing(monkeypatch: pytest.MonkeyPatch, *event_ids: str) -> None:
    """Have the processing of some events fail, or none."""
    event_row = record_module.__dict__.get("_event_row", record_module.event_row)
    monkeypatch.setitem(record_module.__dict__, "_event_row", event_row)

    def row_of(event: object, context: object) -> str:
        if event.event_id in event_ids:  # type: ignore[attr-defined]
            raise ZeroDivisionError
        return str(event_row(event, context))

    monkeypatch.setattr(record_module, "event_row", row_of)


def codes(errors: Sequence[EventError]) -> list[str]:
    return [ErrorCode.Name(error.code).removeprefix("ERROR_CODE_") for error in errors]


def test_a_redriven_event_counts_once_however_often_and_whenever_it_is_redriven() -> None:
    consumer = Consumer()
    record = sent(batch("page_view", "not a name", "page_view", "nor this"))
    consumer.process(record)
    assert (consumer.ids, codes(consumer.errors)) == (["e0", "e2"], ["NAME_INVALID"] * 2)
    again = redriven(record, consumer.errors, *RENAMED)
    outcome = consumer.process(again)
    assert (outcome.redriven, outcome.redriven_before) == (2, 0)
    assert consumer.ids == ["e0", "e2", "e1", "e3"]
    consumer.windows.clear()  # they expire
    outcome = consumer.process(again, later_micros=400 * DAY)
    assert (outcome.redriven, outcome.redriven_before, outcome.duplicates) == (0, 2, 1)
    assert (consumer.ids, len(consumer.errors)) == (["e0", "e2", "e1", "e3"], 2)


def test_two_copies_in_one_raw_record_count_once() -> None:
    consumer = Consumer()
    record = sent(batch("not a name"))
    consumer.process(record)
    (once,) = RawRecord.FromString(redriven(record, consumer.errors, *RENAMED)).batches
    (twice,) = raw_records([once, once])
    outcome = consumer.process(twice)
    assert (outcome.redriven, outcome.redriven_before, consumer.ids) == (1, 1, ["e0"])


def test_events_of_one_batch_may_come_back_one_by_one() -> None:
    consumer = Consumer()
    record = sent(batch("not a name", "nor this", "or that"))
    consumer.process(record)
    first, second, third = consumer.errors
    consumer.process(redriven(record, [second], *RENAMED))
    outcome = consumer.process(redriven(record, [first, second], *RENAMED))
    assert (outcome.redriven, outcome.redriven_before) == (1, 1)
    consumer.process(redriven(record, [third], *RENAMED))
    outcome = consumer.process(redriven(record, consumer.errors, *RENAMED))
    assert (outcome.redriven, outcome.redriven_before) == (0, 3)
    assert consumer.ids == ["e1", "e0", "e2"]


def test_the_same_event_index_of_another_batch_is_another_event() -> None:
    consumer = Consumer()
    record = sent(batch("not a name", sequence=1), batch("not a name", sequence=2))
    consumer.process(record)
    consumer.process(redriven(record, consumer.errors, *RENAMED))
    other = sent(batch("not a name", sequence=3))
    consumer.process(other)
    outcome = consumer.process(redriven(other, consumer.errors[-1:], *RENAMED))
    assert (outcome.redriven, len(consumer.ids)) == (1, 3)


def test_a_redriven_event_has_the_time_the_country_and_the_browser_of_its_receipt() -> None:
    consumer = Consumer()
    request = batch("not a name", "nor this", sent_time_micros=NOW - 10_000_000)  # its clock is 10 s behind
    request.events[0].timestamp_micros = NOW - 15_000_000
    agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    record = sent(request, peer_address="192.0.2.77", user_agent=agent)
    consumer.process(record)
    outcome = consumer.process(redriven(record, consumer.errors, *RENAMED), later_micros=20 * DAY)
    corrected, received = map(row, outcome.lines)
    assert corrected["time_ms"] == str((NOW - 5_000_000) // 1000)
    assert received["time_ms"] == str(NOW // 1000)
    assert (corrected["browser"], corrected["country"]) == ("Firefox", "Germany")
    assert corrected["params"] == '{"sent_name":"not a name"}'
    assert corrected["log_hour"] == str((NOW + 20 * DAY) // 3_600_000_000)  # where its raw record stands


def test_a_batch_that_could_not_be_processed_comes_back_whole_and_its_copies_do_not_count(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    consumer = Consumer()
    failing(monkeypatch, "e1")
    request = batch("page_view", "page_view", "not a name")
    record = sent(request)
    consumer.process(record)
    consumer.process(record)  # its writer had no answer
    assert codes(consumer.errors) == ["PROCESSING_FAILED"] * 2
    assert len({error.error_id for error in consumer.errors}) == 1
    places = [error.payload.offset for error in consumer.errors]
    assert places == [0, 1]
    failing(monkeypatch)
    consumer.process(redriven(record, consumer.errors[:1]))
    assert consumer.ids == ["e0", "e1"]
    # the event that was refused with the batch has an error of its own now
    (refused,) = [error for error in consumer.errors if error.stage == Stage.STAGE_VALIDATION]
    assert with_payload(refused, consumer.records[2]).event.name == "not a name"
    # and that one can be redriven from where it stands now, once
    again = redriven(consumer.records[2], [refused], *RENAMED)
    consumer.process(again)
    consumer.process(again)
    assert consumer.ids == ["e0", "e1", "e2"]
    # neither the other copy, nor the writer's next attempt, nor the same one again
    for again in (redriven(record, consumer.errors[1:2]), record, consumer.records[2]):
        assert consumer.process(again).duplicates == 1
    consumer.windows.clear()
    assert consumer.process(redriven(record, consumer.errors[1:2])).duplicates == 1
    assert consumer.ids == ["e0", "e1", "e2"]


def test_an_event_that_was_redriven_and_then_failed_leads_back_to_its_first_origin(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    consumer = Consumer()
    record = sent(batch("not a name", "page_view", "nor this"))
    consumer.process(record)
    first, third = consumer.errors
    failing(monkeypatch, "e2")
    again = redriven(record, [third], *RENAMED)
    consumer.process(again)
    failing(monkeypatch)
    consumer.process(redriven(again, consumer.errors[-1:]))
    assert consumer.ids == ["e1", "e2"]
    assert consumer.process(redriven(record, [third], *RENAMED)).duplicates == 1
    assert consumer.process(redriven(record, [first], *RENAMED)).redriven == 1
    assert consumer.ids == ["e1", "e2", "e0"]


def test_a_batch_whose_copy_was_processed_meanwhile_does_not_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    consumer = Consumer()
    failing(monkeypatch, "e0")
    record = sent(batch("page_view"))
    consumer.process(record)
    failing(monkeypatch)
    consumer.process(record)
    outcome = consumer.process(redriven(record, consumer.errors))
    assert (outcome.duplicates, outcome.redriven, outcome.redriven_before) == (1, 0, 1)
    assert consumer.ids == ["e0"]


def test_a_copy_that_was_processed_meanwhile_is_known_when_its_writer_is_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    consumer = Consumer()
    failing(monkeypatch, "e0")
    record = sent(batch("page_view", "not a name"))
    consumer.process(record)
    failing(monkeypatch)
    consumer.process(record, later_micros=DAY)
    failed = consumer.errors[:1]
    outcome = consumer.process(redriven(record, failed), later_micros=20 * DAY)
    assert (outcome.duplicates, outcome.redriven, consumer.ids) == (1, 0, ["e0"])


def test_what_the_rules_at_work_could_process_does_not_come_back_when_its_writer_is_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    live, anew = Consumer(), Consumer()
    failing(monkeypatch, "e0")
    record = sent(batch("page_view"))
    live.process(record)
    failing(monkeypatch)
    anew.process(record)  # the log is processed again, by rules that can
    for day in (1, 8, 29):
        outcome = anew.process(redriven(record, live.errors), later_micros=day * DAY)
        assert (outcome.duplicates, outcome.redriven) == (1, 0)
    assert anew.ids == ["e0"]


def test_what_a_redrive_leaves_out_comes_back_by_another_and_counts_once_where_the_original_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of three events, the first passes a redrive; the second only without its repair, the third never came good."""
    live, anew = Consumer(), Consumer()
    failing(monkeypatch, "e0")
    request = batch("page_view", "page_view", "not a name")
    request.events[1].params["n"].string_value = "12 EUR"
    record = sent(request)
    live.process(record)
    failing(monkeypatch)
    first = redriven(record, live.errors, cast("params.n", ParameterType.PARAMETER_TYPE_NUMBER))
    live.process(first)
    _, second_event, third_event = live.errors
    again = redriven(first, [second_event])
    assert live.process(again).redriven == 1
    at_last = redriven(first, [third_event], *RENAMED)
    assert live.process(at_last).redriven == 1
    assert live.ids == ["e0", "e1", "e2"]
    for raw in live.records:
        anew.process(raw)  # by rules that can process the original
    assert anew.ids == ["e0", "e1", "e2"]
    for consumer in (live, anew):
        outcomes = [consumer.process(raw, later_micros=DAY) for raw in (record, first, again, at_last)]
        assert [(outcome.redriven, len(outcome.lines)) for outcome in outcomes] == [(0, 0)] * 4


def test_a_bad_event_that_comes_back_with_its_whole_batch_counts_beside_the_original(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    live, anew = Consumer(), Consumer()
    failing(monkeypatch, "e0")
    record = sent(batch("page_view", "not a name"))
    live.process(record)
    failing(monkeypatch)
    live.process(redriven(record, live.errors, *RENAMED))
    for raw in live.records:
        anew.process(raw)
    assert live.ids == anew.ids == ["e0", "e1"]


def test_a_batch_that_failed_comes_back_although_its_number_was_used_again_and_both_are_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    consumer = Consumer()
    failing(monkeypatch, "e0")
    record = sent(batch("page_view"))
    consumer.process(record)
    failing(monkeypatch)
    failed = consumer.errors[:1]
    for sequence in range(1, MAX_FINGERPRINTS + 3):
        consumer.process(sent(batch("not a name", sequence=sequence)))
    assert consumer.process(record).duplicates == 1  # what its number says, as far as the window remembers
    assert consumer.process(redriven(record, failed)).redriven == 1
    assert consumer.process(redriven(record, failed)).duplicates == 1
    assert consumer.ids == ["e0"]


def test_what_could_not_be_processed_comes_back_when_its_writer_is_forgotten_and_its_copies_then_do_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    consumer = Consumer()
    failing(monkeypatch, "e0")
    record = sent(batch("page_view"))
    consumer.process(record)
    failing(monkeypatch)
    again = redriven(record, consumer.errors)
    assert consumer.process(again, later_micros=29 * DAY).redriven == 1
    for day in (29, 40):
        assert consumer.process(again, later_micros=day * DAY).duplicates == 1
        assert consumer.process(record, later_micros=day * DAY).duplicates == 1
    assert consumer.ids == ["e0"]


def test_a_failure_that_nobody_noted_comes_back_for_as_long_as_its_writer_is_known_for_certain(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for day, counted in ((6, ["e0"]), (8, [])):
        consumer = Consumer()
        failing(monkeypatch, "e0")
        record = sent(batch("page_view"))
        consumer.process(record)
        failing(monkeypatch)
        consumer.for_ever.clear()  # as consumers of before leave it
        consumer.process(redriven(record, consumer.errors), later_micros=day * DAY)
        assert consumer.ids == counted


def test_a_batch_that_was_too_far_ahead_counts_once_as_it_is_sent_again_and_redriven() -> None:
    far = 50 + MAX_JUMP
    early, late = batch("page_view", sequence=1), batch("page_view", sequence=far)
    late.events[0].event_id = "far"
    for redriven_first in (True, False):
        consumer = Consumer()
        consumer.process(sent(early))
        consumer.process(sent(late))
        assert codes(consumer.errors) == ["SEQUENCE_JUMP"]
        again, before = redriven(sent(late), consumer.errors), dict(consumer.windows)
        if redriven_first:
            assert consumer.process(again).redriven == 1
            assert consumer.windows == before  # a writer in order goes on as it was
        consumer.process(sent(batch("not a name", sequence=100)))
        assert consumer.process(sent(late)).duplicates == int(redriven_first)
        for day in (0, 1, 20):
            assert consumer.process(again, later_micros=day * DAY).duplicates == 1
        assert consumer.ids == ["e0", "far"]
    alone = Consumer()
    alone.process(sent(early))
    alone.process(sent(late))
    assert alone.process(redriven(sent(late), alone.errors), later_micros=29 * DAY).redriven == 1


def test_a_batch_comes_back_although_its_writer_is_far_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    consumer = Consumer()
    failing(monkeypatch, "e0")
    record = sent(batch("page_view", sequence=1))
    consumer.process(record)
    failing(monkeypatch)
    for sequence in range(2, MAX_ABOVE + 4):
        consumer.process(sent(batch("not a name", sequence=sequence)))
    (failed,) = [error for error in consumer.errors if error.stage == Stage.STAGE_PROCESSING]
    outcome = consumer.process(redriven(record, [failed]))
    assert (outcome.redriven, consumer.ids) == (1, ["e0"])


def test_what_fails_again_leaves_no_mark_and_can_be_redriven_from_both_places(monkeypatch: pytest.MonkeyPatch) -> None:
    consumer = Consumer()
    failing(monkeypatch, "e0", "e1")
    record = sent(batch("page_view", "not a name"))
    consumer.process(record)
    again = redriven(record, consumer.errors)
    consumer.process(again)
    first, second = consumer.errors
    assert codes(consumer.errors) == ["PROCESSING_FAILED"] * 2
    assert first.error_id != second.error_id
    assert consumer.kept_of_origins() == [CountedOrigin(refused=True)]
    failing(monkeypatch)
    third = redriven(again, [second])
    assert RawBatch.FromString(RawRecord.FromString(third).batches[0]).redriven.origin.offset == 0
    assert consumer.process(third).redriven == 1
    assert consumer.process(redriven(record, [first])).duplicates == 1
    assert consumer.process(record).duplicates == 1  # the writer's window knows of it as well
    assert consumer.ids == ["e0"]


def test_a_batch_under_a_used_number_comes_back_once_over_all_its_copies() -> None:
    consumer = Consumer()
    consumer.process(sent(batch("page_view")))
    other = sent(batch("page_view", "scroll", "page_view"))
    consumer.process(other)
    consumer.process(other)
    assert codes(consumer.errors) == ["SEQUENCE_REUSED"] * 2
    outcome = consumer.process(redriven(other, consumer.errors[:1]))
    assert outcome.redriven == 3
    outcome = consumer.process(redriven(other, consumer.errors[1:]))
    assert (outcome.redriven, outcome.redriven_before) == (0, 3)
    third = sent(batch("scroll"))
    consumer.process(third)
    assert consumer.process(redriven(third, consumer.errors[2:])).redriven == 1  # other events under the same number


def test_a_batch_without_a_writer_is_known_by_its_place() -> None:
    consumer = Consumer()
    record = sent(batch("not a name", writer=""))
    consumer.process(record)
    consumer.process(record)  # stored at least once, and two events
    for error in consumer.errors:
        again = redriven(record, [error], *RENAMED)
        consumer.process(again)
        consumer.process(again)
    assert consumer.ids == ["e0", "e0"]


def test_a_redriven_purchase_goes_through_the_second_stage() -> None:
    consumer = Consumer()
    request = batch("not a name", "nor this", "page_view")
    for event in request.events:
        event.transaction_id, event.value, event.currency = "t-1", 9.5, "EUR"
    record = sent(request)
    consumer.process(record)
    again = redriven(record, consumer.errors, rename("name", "params.sent_name"), default("name", "purchase"))
    consumer.process(again)
    assert consumer.ids == ["e2", "e0"]
    duplicate = consumer.errors[-1]
    assert codes([duplicate]) == ["DUPLICATE_TRANSACTION"]
    # its place is that of the redriven record, and so is its payload
    assert with_payload(duplicate, again).event.event_id == "e1"
    consumer.process(again)
    assert (consumer.ids, len(consumer.errors)) == (["e2", "e0"], 3)


def test_a_live_batch_and_an_import_of_one_number_are_two(monkeypatch: pytest.MonkeyPatch) -> None:
    # embedded, both stand in one log
    consumer = Consumer()
    failing(monkeypatch, "e0")
    live, imported = sent(batch("page_view")), sent(batch("page_view", historical_import=True))
    consumer.process(live)
    consumer.process(imported)
    failing(monkeypatch)
    for record, error in zip((live, imported), consumer.errors, strict=True):
        again = redriven(record, [error])
        assert consumer.process(again).redriven == 1
        assert consumer.process(again).redriven == 0
    assert consumer.ids == ["e0", "e0"]


def test_a_redriven_import_keeps_its_times_and_knows_no_call() -> None:
    consumer = Consumer(EventKind.IMPORT)
    request = batch("not a name", historical_import=True)
    request.events[0].timestamp_micros = NOW - 3_000 * DAY
    record = sent(request, peer_address="192.0.2.77")
    consumer.process(record)
    assert consumer.errors[0].payload.imported
    (revival,) = revived(record, consumer.errors, *RENAMED)
    assert revival.kind is EventKind.IMPORT
    outcome = consumer.process(redriven(record, consumer.errors, *RENAMED))
    (found,) = map(row, outcome.lines)
    assert (found["time_ms"], found["country"]) == (str((NOW - 3_000 * DAY) // 1000), "")


def test_the_same_log_gives_the_same_rows_again() -> None:
    consumer = Consumer()
    record = sent(batch("page_view", "not a name"))
    consumer.process(record)
    again = redriven(record, consumer.errors, *RENAMED)
    consumer.process(again)
    consumer.process(again)
    anew = Consumer()
    for each in consumer.records:
        anew.process(each)
    assert (anew.ids, anew.errors, anew.for_ever) == (consumer.ids, consumer.errors, consumer.for_ever)


def test_a_redriven_batch_without_an_origin_for_each_event_goes_to_the_errors() -> None:
    consumer = Consumer()
    record = sent(batch("not a name"))
    consumer.process(record)
    stored = RawBatch.FromString(RawRecord.FromString(redriven(record, consumer.errors, *RENAMED)).batches[0])
    stored.redriven.event_indexes.append(7)
    outcome = consumer.process(RawRecord(batches=[stored.SerializeToString()]).SerializeToString())
    assert (outcome.lines, codes(outcome.errors)) == ([], ["PROCESSING_FAILED"])
    assert outcome.errors[0].property == "properties/~unreadable"
