"""Which Python values make an event."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from footfall.events import make_event
from footfall.v1.event_pb2 import Item


def test_values_land_in_their_fields():
    event = make_event(
        "purchase",
        client_id="c1",
        timestamp=datetime(2026, 1, 1, 5, 30, 0, 7, tzinfo=timezone(timedelta(hours=5, minutes=30))),
        params={"plan": "pro", "seats": 3, "ratio": 0.5, "trial": False},
        user_id=None,
        value=9,
        currency="EUR",
        transaction_id="t1",
        items=[{"item_id": "i1", "quantity": 2, "price": 4.5, "coupon": None}, Item(item_name="x")],
    )

    assert event.timestamp_micros == 1767225600_000007
    assert event.value == 9.0
    assert not event.user_id
    assert [event.params[n].WhichOneof("kind") for n in ("plan", "seats", "trial")] == [
        "string_value",
        "number_value",
        "bool_value",
    ]
    assert (event.items[0].quantity, event.items[0].price, event.items[1].item_name) == (2, 4.5, "x")


def test_without_a_time_an_event_happened_now():
    before = datetime.now(UTC).timestamp() * 1e6

    assert before - 1 <= make_event("a", client_id="c").timestamp_micros <= datetime.now(UTC).timestamp() * 1e6 + 1


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"name": 1}, "name is of type int; allowed is a string"),
        ({"client_id": None}, "client_id is None; allowed is a string"),
        ({"page_location": b"x"}, "page_location is of type bytes"),
        ({"value": "9"}, "value is of type str; allowed is a number"),
        ({"value": True}, "value is of type bool"),
        ({"timestamp": 1.5}, "timestamp is of type float"),
        ({"timestamp": True}, "timestamp is of type bool"),
        ({"colour": "red"}, "an event has no field 'colour'; allowed are event_id, "),
        ({"timestamp_micros": 5}, "an event has no field 'timestamp_micros'"),
        ({"params": {"a": [1]}}, r"params\[a\] is of type list; allowed are"),
        ({"params": {"a": None}}, r"params\[a\] is None"),
        ({"params": {1: "a"}}, "the name is of type int"),
        ({"items": {"item_id": "a"}}, "items is of type dict"),
        ({"items": ["a"]}, r"items\[0\] is of type str"),
        ({"items": [{"id": "a"}]}, r"items\[0\] has no field 'id'; allowed are item_id"),
        ({"items": [{"quantity": 1.5}]}, r"items\[0\].quantity is of type float; allowed is an integer"),
    ],
)
def test_a_value_of_the_wrong_type_is_refused_with_its_field(wrong, sentence):
    with pytest.raises(TypeError, match=sentence):
        make_event(**{"name": "a", "client_id": "c"} | wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        {"timestamp": datetime(2026, 1, 1)},  # noqa: DTZ001 - that is the mistake
        {"value": float("nan")},
        {"params": {"a": float("inf")}},
        {"params": {"a": 2**53 + 1}},
        {"params": {"a": "\ud800"}},
        {"page_title": "\ud800"},
        {"items": [{"quantity": 2**63}]},
    ],
)
def test_a_value_that_nobody_could_send_is_refused(wrong):
    with pytest.raises(ValueError, match=r"allowed|cannot be sent|no time zone|beyond"):
        make_event(**{"name": "a", "client_id": "c"} | wrong)
