"""Today's code reads what was written by every version so far; see `tests.samples`."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from footfall_core.columns import ERROR_COLUMNS, EVENT_COLUMNS, ITEM_COLUMNS, TABLES, Table
from footfall_core.wire import access_pb2, purchase_pb2, query_pb2, raw_pb2, run_purchases_pb2, runs_pb2, state_pb2
from tests.conftest import ROOT
from tests.samples.kinds import KINDS
from tests.samples.store import FOLDER, agrees, versions

SAMPLES = [file for version in versions() for file in sorted((FOLDER / str(version)).glob("*.bin"))]


def named(file: Path) -> str:
    return f"{file.parent.name}/{file.stem}"


@pytest.mark.parametrize("file", SAMPLES, ids=named)
def test_a_sample_means_what_it_meant(file: Path) -> None:
    expected = json.loads(file.with_suffix(".json").read_text())
    found = json.loads(json.dumps(KINDS[file.stem].read(file.read_bytes())))
    assert agrees(expected, found), json.dumps(found, indent=2, sort_keys=True)


def test_the_newest_version_has_a_sample_of_every_kind() -> None:
    newest = {file.stem for file in SAMPLES if file.parent.name == str(versions()[-1])}
    assert newest == set(KINDS), "run `make samples`"


def test_no_sample_is_left_without_its_meaning() -> None:
    means = {file.with_suffix(".bin") for file in FOLDER.glob("*/*.json")}
    assert means == set(SAMPLES)


def set_fields(message: Message) -> Iterator[str]:
    """Return the full names of a message's fields that are set, and of those of the messages in it."""
    for field, value in message.ListFields():
        yield field.full_name
        if field.type == FieldDescriptor.TYPE_MESSAGE:
            for one in value if field.is_repeated else [value]:
                yield from set_fields(one)


def test_every_field_of_every_internal_message_stands_in_a_sample() -> None:
    files = (access_pb2, purchase_pb2, query_pb2, raw_pb2, run_purchases_pb2, runs_pb2, state_pb2)
    protos = {path.stem for path in (ROOT / "protos/footfall/internal/v1").glob("*.proto")}
    assert {Path(file.DESCRIPTOR.name).stem for file in files} == protos
    kinds = [kind for file in files for kind in file.DESCRIPTOR.message_types_by_name.values()]
    declared = {field.full_name for kind in kinds for field in kind.fields}
    sampled = {
        name
        for file in SAMPLES
        for message in KINDS[file.stem].messages(file.read_bytes())
        for name in set_fields(message)
    }
    assert declared - sampled == set()


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_column_stands_in_the_newest_sample_of_its_rows(table: Table) -> None:
    kind = {EVENT_COLUMNS: "event_rows", ITEM_COLUMNS: "item_rows", ERROR_COLUMNS: "error_rows"}[table.columns]
    rows = KINDS[kind].read((FOLDER / str(versions()[-1]) / f"{kind}.bin").read_bytes())
    assert {name for row in rows for name in row} == {column.name for column in table.columns}


def test_a_meaning_may_gain_a_field_and_lose_none() -> None:
    assert agrees({"a": [{"b": 1}]}, {"a": [{"b": 1, "c": 2}], "d": 3})
    assert not agrees({"a": 1}, {"b": 1})
    assert not agrees({"a": [1]}, {"a": [1, 2]})
    assert not agrees({"a": 1}, {"a": 2})
