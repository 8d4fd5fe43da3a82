"""JSON Lines as events."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.v1.event_pb2 import Event
from footfall_cli.replay.json_lines import event
from footfall_cli.replay.lines import Line, RefusedLineError


def _event(content):
    content = content if isinstance(content, bytes) else content.encode()
    return event(Line(1, content, len(content)))


def test_fields_have_the_contracts_names_and_params_are_plain_json():
    found = _event(
        '{"name": "purchase", "client_id": "c", "timestamp_micros": 1767225600000001, "value": 9.5, "currency": "EUR",'
        ' "user_id": null, "items": [{"item_id": "i", "quantity": 2}], "params": {"a": "x", "b": 1.5, "c": true}}'
    )

    assert found.timestamp_micros == 1767225600000001
    assert (found.value, found.items[0].quantity, found.user_id) == (9.5, 2, "")
    assert [found.params[n].WhichOneof("kind") for n in "abc"] == ["string_value", "number_value", "bool_value"]


def test_a_time_may_be_a_string_of_digits():
    assert _event('{"name": "a", "timestamp_micros": "1767225600000001"}').timestamp_micros == 1767225600000001


def test_a_blank_line_is_skipped():
    assert _event("") is None
    assert _event(" \t") is None


def test_what_only_the_server_can_judge_is_left_to_it():
    assert _event('{"name": "no such name"}') == Event(name="no such name")


DEEP = "[" * 100_000 + "]" * 100_000


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("{", "it is not JSON: expecting property name enclosed in double quotes at column 2"),
        ("name=a", "it is not JSON: expecting value at column 1"),
        (b'{"name": "\xff"}', "it is not UTF-8: byte 0xff at column 11"),
        ("[1]", "it is a list; an event is a JSON object"),
        ("1", "it is a number; an event"),
        ("null", "it is null; an event"),
        (DEEP, "it is nested too deep"),
        ('{"params": {"a": ' + DEEP + "}}", "it is nested too deep"),
        ('{"params": {"a": {"b": 1}}}', r"params\[a\]: it is an object; allowed are a string, a number, a boolean"),
        ('{"params": {"a": [1]}}', r"params\[a\]: it is a list"),
        ('{"params": {"a": null}}', r"params\[a\]: it is null"),
        ('{"params": {"a": 9007199254740993}}', r"params\[a\]: beyond 2\^53"),
        ('{"params": {"a": 1e999}}', r"params\[a\]: it is too large"),
        ('{"params": {"a": "\\ud800"}}', "params: .* half of a character"),
        ('{"params": [1]}', "params: it is a list; allowed is an object"),
        ('{"value": NaN}', "it is not JSON: NaN is no number"),
        ('{"colour": "red"}', "colour: no such field; allowed are name, event_id, .*; all else belongs in params"),
        ('{"clientId": "c"}', "clientId: no such field; write client_id"),
        ('{"[x.y]": 1}', "no such field"),
        ('{"name": "a", "name": "b"}', "name: given twice"),
        ('{"params": {"a": 1, "a": 2}}', "a: given twice"),
        ('{"name": 5}', r"name: it is a number \(5\); allowed is a string"),
        ('{"name": ["a"]}', "name: it is a list; allowed is a string"),
        ('{"name": "\\ud800"}', "name: it is a string .* allowed is a string of whole characters"),
        ('{"timestamp_micros": 1.5}', r"timestamp_micros: it is a number \(1.5\); allowed is an integer of 64 bits"),
        ('{"timestamp_micros": 9223372036854775808}', "timestamp_micros: .*; allowed is an integer of 64 bits"),
        ('{"timestamp_micros": "noon"}', r"timestamp_micros: it is a string \('noon'\); allowed is an integer"),
        ('{"timestamp_micros": true}', "timestamp_micros: it is a boolean; allowed is an integer"),
        ('{"value": "much"}', r"value: it is a string \('much'\); allowed is a number"),
        ('{"items": {"item_id": "i"}}', "items: it is an object; allowed is a list of objects"),
        ('{"items": [1]}', r"items\[0\]: it is a number; allowed is an object"),
        ('{"items": [{}, {"price": "x"}]}', r"items\[1\].price: it is a string \('x'\); allowed is a number"),
        ('{"items": [{"id": "i"}]}', r"items\[0\].id: no such field; allowed are item_id, "),
        ('{"timestamp_micros": ' + "1" * 5000 + "}", "it is not JSON that can be read"),
    ],
)
def test_a_line_that_is_no_event_is_refused_with_the_field_and_what_is_allowed(line, sentence):
    with pytest.raises(RefusedLineError, match=sentence) as refused:
        _event(line)

    assert len(str(refused.value)) < 500


def test_a_line_that_is_too_long_is_refused():
    with pytest.raises(RefusedLineError, match="longer than 1 MiB"):
        event(Line(1, b"{", 1, too_long=True))


def _sentence_or_event(content):
    try:
        found = _event(content)
    except RefusedLineError as refused:
        return str(refused)
    return "blank" if found is None else repr(found.SerializeToString())


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=[])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)
FIELDS = st.sampled_from([*(f.name for f in Event.DESCRIPTOR.fields), "other"])


@given(st.dictionaries(FIELDS, ANYTHING, max_size=4) | ANYTHING)
def test_whatever_json_a_line_holds_it_is_an_event_or_refused_in_a_sentence(value):
    assert _sentence_or_event(json.dumps(value).encode())


@given(st.binary(max_size=50))
def test_whatever_bytes_a_line_holds_it_is_an_event_or_refused_in_a_sentence(content):
    assert _sentence_or_event(content)
