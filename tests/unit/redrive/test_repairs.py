"""What repairs do to an event, and which are refused."""

from typing import Any

import pytest
from google.protobuf.struct_pb2 import ListValue, Struct, Value

from footfall.v1.errors_pb2 import ParameterType, Repair
from footfall.v1.event_pb2 import Event
from footfall.v1.ingest_pb2 import ErrorCode
from footfall_core.problems import InvalidRequest
from footfall_core.redrive.repairs import MAX_REPAIRS, repair, steps_of
from tests.redrives import cast, default, rename

STRING = ParameterType.PARAMETER_TYPE_STRING
NUMBER = ParameterType.PARAMETER_TYPE_NUMBER
BOOLEAN = ParameterType.PARAMETER_TYPE_BOOLEAN
INVALID, DUPLICATED = ErrorCode.ERROR_CODE_VALUE_INVALID, ErrorCode.ERROR_CODE_NAME_DUPLICATED


def event(**fields: Any) -> Event:
    made = Event(name="purchase", client_id="c1")
    for name, value in fields.pop("params", {}).items():
        made.params[name].CopyFrom(as_value(value))
    made.MergeFrom(Event(**fields))
    return made


def as_value(value: Any) -> Value:
    match value:
        case bool():
            return Value(bool_value=value)
        case str():
            return Value(string_value=value)
        case None:
            return Value(null_value=0)  # type: ignore[arg-type]
        case dict():
            return Value(struct_value=Struct())
        case list():
            return Value(list_value=ListValue())
    return Value(number_value=value)


@pytest.mark.parametrize(
    ("before", "repairs", "after"),
    [
        # rename
        (event(params={"a": 1}), [rename("params.a", "params.b")], event(params={"b": 1})),
        (event(params={"a.b": None}), [rename("params.a.b", "params.b")], event(params={"b": None})),
        (event(params={"currency": "EUR"}), [rename("params.currency", "currency")], event(currency="EUR")),
        (event(params={"value": 9.5}), [rename("params.value", "value")], event(value=9.5)),
        (event(value=0), [rename("value", "params.amount")], event(params={"amount": 0})),
        (event(params={"order": "t"}), [rename("params.order", "transaction_id")], event(transaction_id="t")),
        (event(), [rename("params.a", "params.b")], event()),
        (event(page_title="x"), [rename("page_title", "params.title")], event(params={"title": "x"})),
        # one behind the other
        (
            event(currency="EURO"),
            [rename("currency", "params.sent_currency"), default("currency", "EUR")],
            event(currency="EUR", params={"sent_currency": "EURO"}),
        ),
        (event(params={"v": " 9.50 "}), [cast("params.v", NUMBER), rename("params.v", "value")], event(value=9.5)),
        # cast
        (event(params={"n": "-1.5e3"}), [cast("params.n", NUMBER)], event(params={"n": -1500})),
        (event(params={"n": 3}), [cast("params.n", NUMBER)], event(params={"n": 3})),
        (event(params={"n": 3}), [cast("params.n", STRING)], event(params={"n": "3"})),
        (event(params={"n": 0.25}), [cast("params.n", STRING)], event(params={"n": "0.25"})),
        (event(params={"n": True}), [cast("params.n", STRING)], event(params={"n": "true"})),
        (event(params={"n": "s"}), [cast("params.n", STRING)], event(params={"n": "s"})),
        (event(params={"n": "false"}), [cast("params.n", BOOLEAN)], event(params={"n": False})),
        (event(params={"n": 1}), [cast("params.n", BOOLEAN)], event(params={"n": True})),
        (event(params={"n": True}), [cast("params.n", BOOLEAN)], event(params={"n": True})),
        (event(), [cast("params.n", NUMBER)], event()),
        # default
        (event(), [default("currency", "EUR")], event(currency="EUR")),
        (event(currency="USD"), [default("currency", "EUR")], event(currency="USD")),
        (event(), [default("value", 1)], event(value=1)),
        (event(value=0), [default("value", 1)], event(value=0)),
        (event(), [default("params.tier", "none")], event(params={"tier": "none"})),
        (event(), [default("params.n", 0)], event(params={"n": 0})),
        (event(), [default("params.b", False)], event(params={"b": False})),
        (event(params={"b": "x"}), [default("params.b", False)], event(params={"b": "x"})),
    ],
)
def test_an_event_is_changed_as_the_repairs_say(before: Event, repairs: list[Repair], after: Event) -> None:
    assert repair(before, steps_of(repairs)) is None
    assert before == after


@pytest.mark.parametrize(
    ("before", "repairs", "field", "code", "says"),
    [
        (event(params={"a": 1, "b": 2}), [rename("params.a", "params.b")], "params[b]", DUPLICATED, "has both"),
        (
            event(currency="EUR", params={"currency": "USD"}),
            [rename("params.currency", "currency")],
            "currency",
            DUPLICATED,
            "cannot rename params[currency] to currency: the event has both",
        ),
        (
            event(params={"v": "9.5"}),
            [rename("params.v", "value")],
            "value",
            INVALID,
            "a string here; allowed is a num",
        ),
        (
            event(params={"v": 3}),
            [rename("params.v", "user_id")],
            "user_id",
            INVALID,
            "a number here; allowed is a str",
        ),
        (event(params={"v": None}), [rename("params.v", "user_id")], "user_id", INVALID, "would put null here"),
        (event(params={"n": "12 EUR"}), [cast("params.n", NUMBER)], "params[n]", INVALID, "'12 EUR' says nothing"),
        (event(params={"n": "0x10"}), [cast("params.n", NUMBER)], "params[n]", INVALID, "'0x10' says nothing"),
        (event(params={"n": "nan"}), [cast("params.n", NUMBER)], "params[n]", INVALID, "'nan' says nothing"),
        (event(params={"n": True}), [cast("params.n", NUMBER)], "params[n]", INVALID, "a boolean says nothing"),
        (event(params={"n": 2}), [cast("params.n", BOOLEAN)], "params[n]", INVALID, "a number says nothing"),
        (event(params={"n": "yes"}), [cast("params.n", BOOLEAN)], "params[n]", INVALID, "'yes' says nothing"),
        (event(params={"n": None}), [cast("params.n", STRING)], "params[n]", INVALID, "null says nothing"),
        (event(params={"n": {}}), [cast("params.n", STRING)], "params[n]", INVALID, "an object says nothing"),
        (event(params={"n": []}), [cast("params.n", NUMBER)], "params[n]", INVALID, "a list says nothing"),
    ],
)
def test_what_a_repair_cannot_do_to_an_event_is_its_verdict(
    before: Event, repairs: list[Repair], field: str, code: int, says: str
) -> None:
    mistake = repair(before, steps_of(repairs))
    assert mistake is not None
    assert (mistake.field, mistake.code) == (field, code)
    assert says in mistake.message


@pytest.mark.parametrize(
    ("wrong", "field", "says"),
    [
        (Repair(), "repairs[0]", "It says nothing; set one of rename, cast and set_default."),
        (rename("", "currency"), "repairs[0].rename.from", "'' is no path in an event; allowed are params.NAME and"),
        (rename("params.", "currency"), "repairs[0].rename.from", "'params.' is no path in an event"),
        (rename("curency", "currency"), "repairs[0].rename.from", "'curency' is no path in an event"),
        (rename("timestamp_micros", "params.t"), "repairs[0].rename.from", "'timestamp_micros' stays as it was sent"),
        (rename("params.a", "items"), "repairs[0].rename.to", "'items' stays as it was sent"),
        (rename("params.a", "ip_override"), "repairs[0].rename.to", "'ip_override' stays as it was sent"),
        (rename("params.a", "params.a"), "repairs[0].rename.to", "It is the same path as from"),
        (rename("params.a", "params.not a name"), "repairs[0].rename.to", "'not a name' is not a name"),
        (rename("params.a", "params.currency"), "repairs[0].rename.to", "'currency' is a field of the event itself"),
        (rename("params.a", "params.ga_x"), "repairs[0].rename.to", "'ga_x' is reserved"),
        (cast("value", STRING), "repairs[0].cast.path", "'value' is a field, whose type is fixed"),
        (cast("params.n", 0), "repairs[0].cast.type", "0 is none of them; allowed are PARAMETER_TYPE_STRING (1)"),
        (cast("params.n", 9), "repairs[0].cast.type", "9 is none of them"),
        (default("currency", 1), "repairs[0].set_default.value", "It holds a number; allowed is a string."),
        (default("value", "1"), "repairs[0].set_default.value", "It holds a string; allowed is a number."),
        (default("params.x y", 1), "repairs[0].set_default.path", "'x y' is not a name"),
        (default("client_id", "c"), "repairs[0].set_default.path", "'client_id' has no default: one id for all"),
        (default("transaction_id", "t"), "repairs[0].set_default.path", "'transaction_id' has no default"),
    ],
)
def test_a_bad_repair_is_refused_with_its_field_and_what_is_allowed(wrong: Repair, field: str, says: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        steps_of([wrong])
    (violation,) = refused.value.violations
    assert violation.field == field
    assert says in violation.description


def test_a_default_says_a_value() -> None:
    wrong = Repair()
    wrong.set_default.path = "params.x"
    for value, held in ((Value(), "nothing"), (as_value(None), "null"), (as_value([]), "a list")):
        wrong.set_default.value.CopyFrom(value)
        with pytest.raises(InvalidRequest, match=f"It holds {held}; allowed is a string or a number or a boolean"):
            steps_of([wrong])


def test_all_bad_repairs_are_named_at_once() -> None:
    with pytest.raises(InvalidRequest) as refused:
        steps_of([rename("x", "y"), rename("params.a", "params.b"), cast("value", STRING)])
    assert [each.field for each in refused.value.violations] == ["repairs[0].rename.from", "repairs[2].cast.path"]


def test_there_are_at_most_so_many_repairs() -> None:
    assert len(steps_of([default("currency", "EUR")] * MAX_REPAIRS)) == MAX_REPAIRS
    with pytest.raises(InvalidRequest, match="There are 21 repairs; at most 20 are allowed"):
        steps_of([default("currency", "EUR")] * (MAX_REPAIRS + 1))
