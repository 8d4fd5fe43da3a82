"""From a request's bytes to rows, errors and state, without a service."""

from datetime import timedelta

import orjson
import pytest
from google.protobuf.struct_pb2 import Value
from hypothesis import example, given
from hypothesis import strategies as st

import footfall_core.processing.record as record_module
from footfall.v1.event_pb2 import Event, Item
from footfall.v1.ingest_pb2 import ErrorCode, WriteEventsRequest
from footfall_core.columns import EVENT_COLUMNS, ITEM_COLUMNS
from footfall_core.enrichment.country import Country
from footfall_core.errors.records import error_record
from footfall_core.errors.rows import error_row
from footfall_core.intake import Arrival, Refused, Taken, take
from footfall_core.kinds import EventKind
from footfall_core.packing import MAX_RAW_BATCH_BYTES, MAX_RAW_RECORD_BYTES, raw_records, tick_record
from footfall_core.partitioning import partition_of
from footfall_core.problems import InvalidRequest, TooLarge
from footfall_core.processing.purchases import count_once
from footfall_core.processing.record import MAX_ROW_RECORD_BYTES, Outcome, Place, process_record, row_records
from footfall_core.processing.versions import Version
from footfall_core.processing.window import WINDOW_KEPT
from footfall_core.validation.batch import WRITER_ID
from footfall_core.wire.raw_pb2 import RawBatch, RawRecord

NOW = 1_790_000_000_000_000
WINDOW_KEPT_MS = WINDOW_KEPT // timedelta(milliseconds=1)
ARRIVAL = Arrival(received_micros=NOW, peer_address="192.0.2.1", user_agent="", trace_parent="")
NAMES = [column.name for column in EVENT_COLUMNS]
ITEM_NAMES = [column.name for column in ITEM_COLUMNS]


def request(*events: Event, **fields: object) -> WriteEventsRequest:
    base = {"property": "properties/shop", "events": events or [event()]}
    return WriteEventsRequest(**base | fields)  # type: ignore[arg-type]


def event(**fields: object) -> Event:
    return Event(**{"name": "page_view", "client_id": "c1"} | fields)  # type: ignore[arg-type]


def taken(message: WriteEventsRequest) -> Taken:
    result = take(message.SerializeToString(), ARRIVAL)
    assert isinstance(result, Taken)
    return result


class State(dict[str, bytes]):
    """Processes records one after the other, as the consumer does."""

    offset = 0
    log_time_ms = NOW // 1000

    def process(self, *messages: WriteEventsRequest) -> Outcome:
        (record,) = raw_records([taken(message).raw_batch for message in messages])
        place = Place(2, self.offset, self.log_time_ms)
        outcome = process_record(Version("test"), record, place, self.get, country_of=country_of)
        self.offset += 1
        self.update(outcome.windows)
        counted = count_once("test", outcome.purchases, self.get)
        self.update(counted.state)
        # none of these tests is about the order of rows
        outcome.lines += counted.lines
        outcome.item_lines += counted.item_lines
        return outcome


def rows(outcome: Outcome) -> list[dict[str, str]]:
    return [dict(zip(NAMES, line.split("\t"), strict=True)) for line in outcome.lines]


def item_rows(outcome: Outcome) -> list[dict[str, str]]:
    return [dict(zip(ITEM_NAMES, line.split("\t"), strict=True)) for line in outcome.item_lines]


def country_of(address: str) -> Country | None:
    """Know the country of three addresses."""
    places = {"83.149.9.216": ("RU", "Russia"), "2a00::1": ("DE", "Germany"), ARRIVAL.peer_address: ("FR", "France")}
    return Country(*places[address]) if address in places else None


def test_an_event_becomes_a_row_with_every_column() -> None:
    (row,) = rows(
        State().process(
            request(
                event(
                    event_id="e1",
                    timestamp_micros=NOW - 5_000,
                    page_location="https://Shop.example:8443/a/b?utm_source=news&utm_medium=email#x",
                    page_referrer="https://www.google.com/",
                    page_title="Line\nbreak\tand tab",
                    user_agent="Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
                    language="en-GB",
                    ip_override="83.149.9.216",
                    currency="EUR",
                    value=0.1,
                    transaction_id="t1",
                    params={"n": Value(number_value=3), "f": Value(number_value=0.5), "s": Value(string_value="a\tb")},
                )
            )
        )
    )
    assert row["time_ms"] == str((NOW - 5_000) // 1000)
    assert (row["property"], row["event_name"], row["event_id"], row["client_id"]) == ("shop", "page_view", "e1", "c1")
    assert (row["host_name"], row["page_path"]) == ("shop.example", "/a/b")
    assert (row["source"], row["medium"], row["channel_group"]) == ("news", "email", "Email")
    assert row["page_title"] == "Line break and tab"
    assert row["is_bot"] == "1"
    assert (row["currency"], row["value"], row["transaction_id"]) == ("EUR", "0.1", "t1")
    assert orjson.loads(row["params"]) == {"n": 3, "f": 0.5, "s": "a\tb"}
    assert (row["run"], row["log_hour"], row["raw_partition"]) == ("test", str(NOW // 3_600_000_000), "2")
    assert row["tick_time_micros"] == ""
    assert (row["country"], row["country_id"]) == ("Russia", "RU")
    assert (row["language"], row["language_name"]) == ("en-gb", "English")
    assert row["is_active_user"] == "0"


@pytest.mark.parametrize("gap", ["\t", "\n", "\r", "\r\n"])
def test_a_tab_or_line_break_in_a_field_is_one_space(gap: str) -> None:
    (row,) = rows(State().process(request(event(page_title=f"a{gap}b", user_id=f"u{gap}v"))))
    assert (row["page_title"], row["user_id"]) == ("a b", "u v")


def test_an_event_without_a_time_has_that_of_its_receipt() -> None:
    (row,) = rows(State().process(request()))
    assert row["time_ms"] == str(NOW // 1000)
    assert row["value"] == ""


def test_the_calls_user_agent_stands_in_only_for_live_events() -> None:
    browser = Arrival(NOW, "", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/120.0 Safari/537.36", "")
    for historical, expected in ((False, "Chrome"), (True, "")):
        result = take(request(historical_import=historical).SerializeToString(), browser)
        assert isinstance(result, Taken)
        (record,) = raw_records([result.raw_batch])
        (row,) = rows(process_record(Version("test"), record, Place(0, 0, NOW // 1000), {}.get))
        assert row["browser"] == expected


def test_a_batch_sent_twice_counts_once_whatever_its_time_of_sending() -> None:
    state = State()
    first = state.process(request(writer_id="w", sequence=1, sent_time_micros=NOW))
    again = state.process(request(writer_id="w", sequence=1, sent_time_micros=NOW + 9))
    assert (len(first.lines), len(again.lines), again.duplicates, again.errors) == (1, 0, 1, [])


DAY_MS = 24 * 3_600_000


def test_a_writer_is_remembered_for_seven_days_after_its_last_batch_new_or_again() -> None:
    state = State()
    state.process(request(writer_id="w", sequence=1), request(writer_id="w", sequence=2))
    for sequence in (1, 2, 1):
        state.log_time_ms += 7 * DAY_MS
        assert state.process(request(writer_id="w", sequence=sequence)).duplicates == 1
    state.log_time_ms += 7 * DAY_MS + 1
    assert len(state.process(request(writer_id="w", sequence=1)).lines) == 1


def test_a_batch_that_is_refused_keeps_no_writer_in_mind() -> None:
    state = State()
    state.process(request(writer_id="w", sequence=1))
    state.log_time_ms += 6 * DAY_MS
    refused = state.process(request(event(name="other"), writer_id="w", sequence=1))
    assert (len(refused.errors), refused.windows) == (1, {})
    state.log_time_ms += DAY_MS + 1
    assert len(state.process(request(event(name="other"), writer_id="w", sequence=1)).lines) == 1


def test_a_duplicate_in_the_record_of_its_batch_changes_nothing() -> None:
    state = State()
    state.process(request(writer_id="w", sequence=1))
    assert state.process(request(writer_id="w", sequence=1)).windows == {}  # in the same millisecond


HOURS = [-11, 1, 89, 178]
"""From the newest record to the next. Times may step back, by almost half a day here; the sums come close to what a
window is kept for at most, seven days and two such steps."""


@given(
    st.lists(st.tuples(st.sampled_from(HOURS), st.sampled_from("vw"), st.integers(1, 2), st.booleans()), max_size=20)
)
@example([(1, "v", 1, False), (-11, "v", 2, False), (178, "w", 1, True), (-11, "v", 1, False)])
def test_a_log_gives_the_same_rows_whenever_what_keeps_windows_clears_up(
    steps: list[tuple[int, str, int, bool]],
) -> None:
    kept, cleared = State(), State()
    written_ms: dict[str, int] = {}
    newest_ms = NOW // 1000
    for hours, writer, sequence, clears_up in steps:
        now_ms = newest_ms + hours * 3_600_000
        newest_ms = max(newest_ms, now_ms)
        kept.log_time_ms = cleared.log_time_ms = now_ms
        outcome = cleared.process(request(writer_id=writer, sequence=sequence))
        assert kept.process(request(writer_id=writer, sequence=sequence)).lines == outcome.lines
        written_ms |= dict.fromkeys(outcome.windows, now_ms)
        # as Quix does: by the newest time of all, and what it was told of the record that wrote the window
        for key in [key for key in cleared if clears_up and written_ms[key] + WINDOW_KEPT_MS <= newest_ms]:
            del cleared[key]


def test_a_batch_sent_twice_in_one_record_counts_once() -> None:
    batch = request(writer_id="w", sequence=1)
    assert len(State().process(batch, batch).lines) == 1


def test_a_number_used_again_with_other_events_goes_to_the_errors_whole() -> None:
    state = State()
    state.process(request(writer_id="w", sequence=1))
    outcome = state.process(request(event(name="other"), writer_id="w", sequence=1))
    (error,) = outcome.errors
    assert outcome.lines == []
    assert error.code == ErrorCode.ERROR_CODE_SEQUENCE_REUSED
    assert not error.HasField("event_index")


def test_writers_of_two_properties_do_not_share_a_window() -> None:
    state = State()
    state.process(request(writer_id="w", sequence=1))
    assert len(state.process(request(property="properties/other", writer_id="w", sequence=1)).lines) == 1


def test_a_batch_without_a_writer_is_never_taken_for_another() -> None:
    state = State()
    assert [len(state.process(request()).lines) for _ in range(2)] == [1, 1]


def test_rejected_events_become_errors_once_and_no_rows() -> None:
    state = State()
    batch = request(event(), event(name="not allowed", event_id="e2"), writer_id="w", sequence=1)
    first, again = state.process(batch), state.process(batch)
    (error,) = first.errors
    assert len(first.lines) == 1
    assert (error.event_index, error.field, error.event_id) == (1, "events[1].name", "e2")
    assert (error.payload.partition, error.payload.offset, error.payload.batch_index) == (2, 0, 0)
    assert again.errors == []


def test_a_batch_that_cannot_be_processed_is_kept_in_the_errors_and_can_come_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    state = State()
    bad, good = request(writer_id="w", sequence=1), request(writer_id="v", sequence=1)

    def broken(*args: object) -> str:
        raise RuntimeError("a bug")

    with monkeypatch.context() as patch:
        patch.setattr(record_module, "event_row", broken)
        outcome = state.process(bad, good)
    assert [error.code for error in outcome.errors] == [ErrorCode.ERROR_CODE_PROCESSING_FAILED] * 2
    assert "a bug" not in outcome.errors[0].message
    assert [str(failure) for failure in outcome.failures] == ["a bug"] * 2
    assert len(state.process(bad).lines) == 1


def test_a_record_that_is_none_is_an_error_that_keeps_its_place() -> None:
    outcome = process_record(Version("test"), b"no protobuf", Place(3, 9, NOW // 1000), {}.get)
    (error,) = outcome.errors
    assert (error.property, error.code) == ("properties/~unreadable", ErrorCode.ERROR_CODE_PROCESSING_FAILED)
    assert (error.payload.partition, error.payload.offset, error.payload.batch_index) == (3, 9, -1)
    assert "raw record at offset 9 of partition 3" in error.message
    assert (outcome.batches, len(outcome.failures), outcome.lines, outcome.windows) == (1, 1, [], {})
    # nothing that is written of it may fail
    assert error_record(error)[0] == b"~unreadable"
    assert error_row(error).split("\t")[1] == "~unreadable"


@pytest.mark.parametrize(
    "unreadable",
    [
        b"no protobuf",
        RawBatch(request=b"no protobuf").SerializeToString(),
        RawBatch(request=request(event()).SerializeToString())
        .SerializeToString()
        .replace(b"properties/", b"properties\t"),
    ],
    ids=["a batch", "a request", "a property"],
)
def test_a_batch_that_is_none_is_put_aside_and_its_neighbours_count(unreadable: bytes) -> None:
    good = [taken(request(event(), writer_id="w", sequence=number)).raw_batch for number in (1, 2)]
    record = RawRecord(batches=[good[0], unreadable, good[1]]).SerializeToString()
    outcome = process_record(Version("test"), record, Place(3, 9, NOW // 1000), {}.get)
    (error,) = outcome.errors
    assert (error.property, error.payload.offset, error.payload.batch_index) == ("properties/~unreadable", 9, 1)
    assert (outcome.batches, len(outcome.lines), len(outcome.failures)) == (3, 2, 1)
    again = process_record(Version("test"), record, Place(3, 9, NOW // 1000), {}.get)
    assert again.errors == outcome.errors


def test_a_tick_becomes_a_row_of_the_reserved_property() -> None:
    outcome = process_record(Version("test"), tick_record(NOW), Place(3, 9, NOW // 1000), {}.get)
    (row,) = rows(outcome)
    assert (row["property"], row["raw_partition"], row["tick_time_micros"]) == ("~tick", "3", str(NOW))
    assert row["time_ms"] == str(NOW // 1000)
    # reports on items ask the items how complete they are
    (item_row,) = item_rows(outcome)
    assert item_row == {name: row.get(name, "") for name in ITEM_NAMES}


def purchase(*items: Item, **fields: object) -> Event:
    base = {"name": "purchase", "currency": "EUR", "transaction_id": "t1", "page_title": "not theirs", "items": items}
    return event(**base | fields)


SHOE = {"item_id": "s1", "item_name": "Shoe", "item_brand": "Run", "item_category": "Shoes", "item_variant": "red"}


def test_each_item_becomes_a_row_that_begins_with_its_event() -> None:
    outcome = State().process(
        request(
            event(),
            purchase(
                Item(**SHOE, price=49.5, quantity=2),  # type: ignore[arg-type]
                Item(item_id="s2"),
                user_id="u1",
                session_id="7",
                ip_override="2a00::1",
                language="de",
                page_location="https://Shop.example/a?utm_source=news&utm_medium=email",
                params={"session_engaged": Value(string_value="1")},
            ),
            event(name="add_to_cart", items=[Item(item_name="Hat")]),
        )
    )
    third, first, second = item_rows(outcome)
    _, carted, bought = rows(outcome)
    item = SHOE | {"price": "49.5", "quantity": "2", "amount": "99.0"}
    assert first == {name: bought[name] for name in ITEM_NAMES if name in NAMES} | item
    assert (first["event_name"], first["transaction_id"], first["user_id"]) == ("purchase", "t1", "u1")
    assert (first["country_id"], first["language_name"], first["channel_group"]) == ("DE", "German", "Email")
    assert (first["is_active_user"], first["raw_partition"], first["run"]) == ("1", "2", "test")
    assert (second["item_id"], second["item_name"], second["time_ms"]) == ("s2", "", first["time_ms"])
    assert (third["event_name"], third["item_name"]) == ("add_to_cart", "Hat")
    assert third["time_ms"] == carted["time_ms"]


@pytest.mark.parametrize(
    ("amounts", "price", "quantity", "amount"),
    [
        ({}, "", "1", ""),
        ({"price": 9.99}, "9.99", "1", "9.99"),
        ({"price": 0.1, "quantity": 3}, "0.1", "3", "0.30000000000000004"),
        ({"price": 0.0}, "0.0", "1", "0.0"),
        ({"price": 5.0, "quantity": 0}, "5.0", "0", "0.0"),
        ({"quantity": 4}, "", "4", ""),
        ({"price": -2.5, "quantity": 2}, "-2.5", "2", "-5.0"),
        # the largest that there may be: the store could not read an infinite number, and would take in no further row
        ({"price": 1e15, "quantity": 2**31 - 1}, "1000000000000000.0", "2147483647", "2.147483647e+24"),
    ],
)
def test_an_amount_is_price_times_quantity_which_is_1_if_unset(
    amounts: dict[str, float], price: str, quantity: str, amount: str
) -> None:
    item = Item(item_id="s1", **amounts)  # type: ignore[arg-type]
    (row,) = item_rows(State().process(request(purchase(item))))
    assert (row["price"], row["quantity"], row["amount"]) == (price, quantity, amount)


@pytest.mark.parametrize("gap", ["\t", "\n", "\r", "\r\n"])
def test_a_tab_or_line_break_in_an_item_is_one_space(gap: str) -> None:
    fields = dict.fromkeys(SHOE, f"a{gap}b")
    (row,) = item_rows(State().process(request(purchase(Item(**fields), user_id=f"u{gap}v"))))  # type: ignore[arg-type]
    assert {row[name] for name in SHOE} == {"a b"}
    assert row["user_id"] == "u v"


def test_of_its_events_texts_an_item_has_the_first_256_characters() -> None:
    # 200 items would repeat them 200 times
    long = event(
        items=[Item(item_id="i" * 1_000)],
        client_id="c" * 1_000,
        page_location="https://shop.example/?utm_source=" + "s" * 300,
    )
    (row,) = item_rows(outcome := State().process(request(long)))
    assert (row["client_id"], row["source"]) == ("c" * 256, "s" * 256)
    assert row["item_id"] == "i" * 1_000
    assert rows(outcome)[0]["client_id"] == "c" * 1_000


def test_items_count_once_and_never_without_their_event() -> None:
    state = State()
    bad = purchase(Item(item_id="s1"), name="not allowed")
    batch = request(purchase(Item(item_id="s2")), bad, writer_id="w", sequence=1)
    first, again = state.process(batch), state.process(batch)
    assert [row["item_id"] for row in item_rows(first)] == ["s2"]
    assert again.item_lines == []


def test_an_item_that_cannot_become_a_row_takes_its_event_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: object) -> str:
        raise RuntimeError("a bug")

    with monkeypatch.context() as patch:
        patch.setattr(record_module, "item_rows", broken)
        outcome = State().process(request(event(), purchase(Item(item_id="s1"))), request(event()))
    assert (len(outcome.lines), outcome.item_lines, len(outcome.errors)) == (1, [], 1)


@pytest.mark.parametrize(
    ("historical", "address", "expected"),
    [
        (False, "83.149.9.216", "RU"),
        (False, "", "FR"),  # the call's own
        (True, "83.149.9.216", "RU"),
        (True, "", ""),  # whoever imports history is not where it happened
        (False, "198.51.100.7", ""),
    ],
)
def test_the_country_is_that_of_the_events_address_or_of_the_calls(
    historical: bool, address: str, expected: str
) -> None:
    (row,) = rows(State().process(request(event(ip_override=address), historical_import=historical)))
    assert row["country_id"] == expected


@pytest.mark.parametrize("address", ["83.149.9.216", "2a00::1", ""])
def test_no_row_holds_an_address(address: str) -> None:
    outcome = State().process(request(purchase(Item(item_id="s1"), ip_override=address)))
    assert len(outcome.lines) == len(outcome.item_lines) == 1
    for line in outcome.lines + outcome.item_lines:
        assert (address or ARRIVAL.peer_address) not in line


def test_an_engaged_users_event_says_so() -> None:
    engaged = event(params={"engagement_time_msec": Value(number_value=12)})
    outcome = State().process(request(engaged, event()))
    assert [row["is_active_user"] for row in rows(outcome)] == ["1", "0"]


def test_the_same_record_gives_the_same_rows() -> None:
    batch = request(purchase(Item(**SHOE, price=1.5), ip_override="2a00::1", language="fr"))  # type: ignore[arg-type]
    assert State().process(batch) == State().process(batch)


def test_validate_only_answers_alike() -> None:
    batch = request(event(), event(name=""))
    plain = taken(batch)
    batch.validate_only = True
    checked = taken(batch)
    assert checked.validate_only
    assert checked.answer == plain.answer


def test_what_is_no_request_is_refused() -> None:
    refused = take(b"\xff\xff", ARRIVAL)
    assert isinstance(refused, Refused)
    assert isinstance(refused.problem, InvalidRequest)
    refused = take(b"x" * (4 * 1024 * 1024 + 1), ARRIVAL)
    assert isinstance(refused, Refused)
    assert isinstance(refused.problem, TooLarge)


def test_a_batch_that_is_too_large_is_refused_under_its_own_property_and_number() -> None:
    # a stream's answers are told apart by the number
    large = request(event(page_title="x" * 4 * 1024 * 1024), writer_id="w", sequence=7)
    refused = take(large.SerializeToString(), ARRIVAL)
    assert isinstance(refused, Refused)
    assert (type(refused.problem), refused.property_id, refused.sequence) == (TooLarge, "shop", 7)


@given(st.lists(st.integers(1, 400_000), max_size=30))
def test_packing_keeps_every_batch_in_order_and_only_one_alone_is_larger(sizes: list[int]) -> None:
    batches = [bytes([i]) * size for i, size in enumerate(sizes)]
    records = [RawRecord.FromString(record) for record in raw_records(batches)]
    assert [batch for record in records for batch in record.batches] == batches
    assert all(len(r.batches) == 1 or sum(map(len, r.batches)) <= MAX_RAW_RECORD_BYTES for r in records)


def test_row_records_are_bounded_and_lose_nothing() -> None:
    lines = ["x" * 50_000, "y" * 600_000, *("z" * 100_000 for _ in range(12))]
    records = list(row_records(lines))
    assert b"\n".join(records).decode().split("\n") == lines
    assert all(len(r) <= MAX_ROW_RECORD_BYTES or b"\n" not in r for r in records)


def test_the_partitioner_is_part_of_the_stored_format() -> None:
    assert [partition_of("semicomplete", f"w{i}", 4) for i in range(8)] == PARTITIONS
    assert partition_of("a", "bc", 1000) != partition_of("ab", "c", 1000)


PARTITIONS = [1, 0, 1, 2, 2, 1, 3, 0]


def test_the_raw_batch_keeps_the_bytes_as_they_came() -> None:
    message = request(event(), event(name=""))
    stored = RawBatch.FromString(taken(message).raw_batch)
    assert stored.request == message.SerializeToString()
    assert [v.index for v in stored.rejected] == [1]


def test_state_that_cannot_be_read_stops_everything_instead_of_blaming_the_batch() -> None:
    def broken(key: str) -> bytes | None:
        raise OSError("the disk is gone")

    (record,) = raw_records([taken(request(writer_id="w", sequence=1)).raw_batch])
    with pytest.raises(OSError, match="the disk is gone"):
        process_record(Version("test"), record, Place(0, 0, NOW // 1000), broken)


def test_a_batch_of_nothing_but_mistakes_stays_within_a_record() -> None:
    worst = [event(client_id="\u2003" * 1024) for _ in range(1000)]
    result = taken(request(*worst))
    assert len(result.answer.rejected) == 1000
    assert len(result.raw_batch) <= MAX_RAW_BATCH_BYTES


def test_a_writers_batch_of_history_is_another_one_than_its_live_batch_of_the_same_number() -> None:
    state = State()
    live = request(writer_id="w", sequence=1)
    imported = request(writer_id="w", sequence=1, historical_import=True)
    assert [len(state.process(each).lines) for each in (live, imported, live, imported)] == [1, 1, 0, 0]


def test_a_live_writers_window_keeps_the_key_that_it_had_before_there_were_kinds() -> None:
    state = State()
    state.process(request(writer_id="w", sequence=1))
    assert list(state) == ["shop/w"]


def test_no_writers_name_makes_it_the_import_of_another_one() -> None:
    state = State()
    state.process(request(writer_id="w", sequence=1, historical_import=True))
    (key,) = state
    assert key.startswith("shop/")
    assert WRITER_ID.fullmatch(key.removeprefix("shop/")) is None


def test_what_is_taken_says_its_kind() -> None:
    assert taken(request()).kind is EventKind.LIVE
    assert taken(request(historical_import=True)).kind is EventKind.IMPORT
