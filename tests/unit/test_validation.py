"""Each rule of the contract of a write, by the field, code and sentence that it answers."""

import math

import pytest
from google.protobuf.struct_pb2 import ListValue, Struct, Value
from hypothesis import given
from hypothesis import strategies as st

from footfall.v1.event_pb2 import Event
from footfall.v1.ingest_pb2 import ErrorCode, WriteEventsRequest
from footfall_core.event_time import EventTimes
from footfall_core.validation.batch import batch_problem, verdicts
from footfall_core.validation.event import event_mistake

NOW = 1_790_000_000_000_000
HOUR = 3_600_000_000
LIVE = EventTimes(received=NOW, skew=0, historical=False)


def good(**fields: object) -> Event:
    return Event(**{"name": "page_view", "client_id": "c1"} | fields)  # type: ignore[arg-type]


def param(**kind: object) -> dict[str, Value]:
    return {"p": Value(**kind)}  # type: ignore[arg-type]


def test_a_full_event_is_good() -> None:
    event = good(
        event_id="e1",
        timestamp_micros=NOW - HOUR,
        user_id="u1",
        session_id="s1",
        page_location="https://shop.example/a?b=c#d",
        page_referrer="https://www.google.com/",
        page_title="Tab\tand\nbreaks are allowed",
        user_agent="Mozilla/5.0",
        ip_override="2001:db8::1",
        language="en-GB",
        currency="EUR",
        value=12.5,
        transaction_id="t1",
        items=[{"item_id": "i1", "price": 12.5, "quantity": 1}],
        params={"status": Value(number_value=200), "ok": Value(bool_value=True), "x": Value(string_value="y")},
    )
    assert event_mistake(event, LIVE) is None


BAD = [
    (dict(name=""), "name", "VALUE_REQUIRED"),
    (dict(name="9lives"), "name", "NAME_INVALID"),
    (dict(name="page view"), "name", "NAME_INVALID"),
    (dict(name="a" * 41), "name", "NAME_INVALID"),
    (dict(name="naïve"), "name", "NAME_INVALID"),
    (dict(name="ga_x"), "name", "NAME_RESERVED"),
    (dict(name="footfall_x"), "name", "NAME_RESERVED"),
    (dict(name="session_start"), "name", "NAME_RESERVED"),
    (dict(client_id=""), "client_id", "VALUE_REQUIRED"),
    (dict(client_id="NULL"), "client_id", "VALUE_INVALID"),
    (dict(client_id="0"), "client_id", "VALUE_INVALID"),
    (dict(client_id="   "), "client_id", "VALUE_INVALID"),
    (dict(client_id="00000000-0000-0000-0000-000000000000"), "client_id", "VALUE_INVALID"),
    (dict(user_id="undefined"), "user_id", "VALUE_INVALID"),
    (dict(page_title="x" * 1025), "page_title", "VALUE_OUT_OF_BOUNDS"),
    (dict(page_title="nul\0"), "page_title", "VALUE_INVALID"),
    (dict(event_id="esc\x1b"), "event_id", "VALUE_INVALID"),
    (dict(page_location="https://a/" + "x" * 8192), "page_location", "VALUE_OUT_OF_BOUNDS"),
    (dict(page_location="/path/only"), "page_location", "VALUE_INVALID"),
    (dict(page_location="https:///no-host"), "page_location", "VALUE_INVALID"),
    (dict(page_referrer="bell\x07"), "page_referrer", "VALUE_INVALID"),
    (dict(ip_override="300.1.1.1"), "ip_override", "VALUE_INVALID"),
    (dict(ip_override="2001:4860:4860::8888%eth0"), "ip_override", "VALUE_INVALID"),
    (dict(ip_override="::1%" + "x" * 60_000), "ip_override", "VALUE_INVALID"),
    (dict(timestamp_micros=-1), "timestamp_micros", "VALUE_OUT_OF_BOUNDS"),
    (dict(timestamp_micros=NOW + HOUR + 1), "timestamp_micros", "VALUE_OUT_OF_BOUNDS"),
    (dict(timestamp_micros=NOW - 72 * HOUR - 1), "timestamp_micros", "VALUE_OUT_OF_BOUNDS"),
    (dict(timestamp_micros=NOW // 1000), "timestamp_micros", "VALUE_OUT_OF_BOUNDS"),
    (dict(transaction_id=""), "transaction_id", "VALUE_REQUIRED"),
    (dict(transaction_id=" "), "transaction_id", "VALUE_REQUIRED"),
    (dict(currency="eur"), "currency", "VALUE_INVALID"),
    (dict(value=math.nan), "value", "VALUE_INVALID"),
    (dict(value=math.inf), "value", "VALUE_INVALID"),
    (dict(value=1.1e15), "value", "VALUE_OUT_OF_BOUNDS"),
    (dict(value=-1.1e15), "value", "VALUE_OUT_OF_BOUNDS"),
    (dict(name="purchase", value=1.0), "currency", "VALUE_REQUIRED"),
    (dict(params={f"p{i}": Value(bool_value=True) for i in range(101)}), "params", "EXCEEDED_MAX_ENTITIES"),
    (dict(params={"bad name": Value(bool_value=True)}), "params[bad name]", "NAME_INVALID"),
    (dict(params={"firebase_x": Value(bool_value=True)}), "params[firebase_x]", "NAME_RESERVED"),
    (dict(params={"page_location": Value(string_value="x")}), "params[page_location]", "NAME_DUPLICATED"),
    (dict(params=param(null_value=0)), "params[p]", "VALUE_INVALID"),
    (dict(params=param()), "params[p]", "VALUE_INVALID"),
    (dict(params=param(struct_value=Struct())), "params[p]", "VALUE_INVALID"),
    (dict(params=param(list_value=ListValue())), "params[p]", "VALUE_INVALID"),
    (dict(params=param(number_value=math.nan)), "params[p]", "VALUE_INVALID"),
    (dict(params=param(number_value=2.0**53 + 2)), "params[p]", "VALUE_OUT_OF_BOUNDS"),
    (dict(params=param(string_value="x" * 1025)), "params[p]", "VALUE_OUT_OF_BOUNDS"),
    (dict(params=param(string_value="\0")), "params[p]", "VALUE_INVALID"),
    (dict(items=[{"item_id": "i"}] * 201), "items", "EXCEEDED_MAX_ENTITIES"),
    (dict(items=[{"price": 1.0}]), "items[0].item_id", "VALUE_REQUIRED"),
    (dict(items=[{"item_id": "i"}, {"item_id": "j", "price": math.inf}]), "items[1].price", "VALUE_INVALID"),
    (dict(items=[{"item_id": "i", "quantity": -1}]), "items[0].quantity", "VALUE_OUT_OF_BOUNDS"),
    (dict(items=[{"item_id": "i", "quantity": 2**31}]), "items[0].quantity", "VALUE_OUT_OF_BOUNDS"),
    (dict(items=[{"item_id": "i", "price": 1.1e15}]), "items[0].price", "VALUE_OUT_OF_BOUNDS"),
    (dict(items=[{"item_id": "i\0"}]), "items[0].item_id", "VALUE_INVALID"),
]


@pytest.mark.parametrize(("fields", "field", "code"), BAD, ids=[f"{field}-{i}" for i, (_, field, _) in enumerate(BAD)])
def test_a_bad_event_is_named_by_field_code_and_sentence(fields: dict[str, object], field: str, code: str) -> None:
    mistake = event_mistake(good(**fields), LIVE)
    assert mistake is not None
    assert (mistake.field, ErrorCode.Name(mistake.code)) == (field, f"ERROR_CODE_{code}")
    assert mistake.message.endswith((".", "?"))


def test_limits_themselves_are_allowed() -> None:
    for fields in (
        dict(name="a" * 40),
        dict(page_title="x" * 1024),
        dict(page_location="https://a/" + "x" * 8182),
        dict(timestamp_micros=NOW + HOUR),
        dict(timestamp_micros=NOW - 72 * HOUR),
        dict(params={f"p{i}": Value(bool_value=True) for i in range(100)}),
        dict(items=[{"item_name": "n"}] * 200),
        dict(event_id="x" * 1000, page_title="y" * 1000),
    ):
        assert event_mistake(good(**fields), LIVE) is None, fields


def test_history_may_be_arbitrarily_old_but_not_of_the_future() -> None:
    history = EventTimes(received=NOW, skew=0, historical=True)
    assert event_mistake(good(timestamp_micros=1), history) is None
    assert event_mistake(good(timestamp_micros=NOW + 2 * HOUR), history) is not None


def test_the_clients_clock_is_corrected_before_its_times_are_judged() -> None:
    a_day_ahead = NOW + 24 * HOUR
    request = WriteEventsRequest(sent_time_micros=a_day_ahead)
    times = EventTimes.of_request(request, NOW)
    assert times.of(a_day_ahead - 5) == NOW - 5
    assert event_mistake(good(timestamp_micros=a_day_ahead - 5), times) is None
    request.trust_client_clock = True
    assert event_mistake(good(timestamp_micros=a_day_ahead - 5), EventTimes.of_request(request, NOW)) is not None


def batch(**fields: object) -> WriteEventsRequest:
    request = {"property": "properties/p", "events": [good()]} | fields
    return WriteEventsRequest(**request)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        (dict(property="p"), "property"),
        (dict(property="properties/Bad"), "property"),
        (dict(property="properties/" + "a" * 64), "property"),
        (dict(property="properties/~tick"), "property"),
        (dict(events=[]), "events"),
        (dict(events=[good()] * 1001), "events"),
        (dict(writer_id="w"), "sequence"),
        (dict(writer_id="w", sequence=-1), "sequence"),
        (dict(writer_id="w w", sequence=1), "writer_id"),
        (dict(writer_id="w" * 65, sequence=1), "writer_id"),
        (dict(sequence=1), "sequence"),
    ],
)
def test_a_batch_that_cannot_be_taken_names_the_field(fields: dict[str, object], field: str) -> None:
    problem = batch_problem(batch(**fields))
    assert problem is not None
    assert [violation.field for violation in problem.violations] == [field]  # type: ignore[attr-defined]


def test_good_events_stand_beside_bad_ones() -> None:
    request = batch(events=[good(), good(name=""), good(), good(items=[{}])])
    assert batch_problem(request) is None
    found = verdicts(request, NOW, 100)
    assert [(v.index, v.field) for v in found] == [(1, "events[1].name"), (3, "events[3].items[0].item_id")]


def test_an_event_over_64_kib_is_refused_alone() -> None:
    fat = good(params={f"p{i}": Value(string_value="x" * 1000) for i in range(80)})
    request = batch(events=[good(), fat])
    (verdict,) = verdicts(request, NOW, request.ByteSize())
    assert (verdict.index, verdict.field) == (1, "events[1]")
    assert "65,536" in verdict.message


def test_items_beyond_5000_a_batch_are_refused_by_event() -> None:
    request = batch(events=[good(items=[{"item_id": "i"}] * 200) for _ in range(26)])
    assert [v.index for v in verdicts(request, NOW, 100)] == [25]


@given(st.text(), st.text(), st.text(), st.text())
def test_no_text_makes_the_rules_raise(name: str, client: str, url: str, address: str) -> None:
    event_mistake(good(name=name, client_id=client, page_location=url, ip_override=address), LIVE)
