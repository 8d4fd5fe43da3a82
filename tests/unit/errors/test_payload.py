import pytest

from footfall.v1.errors_pb2 import EventError, PayloadPlace, Stage
from footfall.v1.event_pb2 import Event
from footfall.v1.ingest_pb2 import WriteEventsRequest
from footfall_core.errors.payload import ANOTHER, EXPIRED, NEVER_SENT, NEVER_STORED, with_payload, without_payload
from footfall_core.wire.raw_pb2 import RawBatch, RawRecord

MINE = WriteEventsRequest(property="properties/shop", events=[Event(name="a"), Event(name="1")])
THEIRS = WriteEventsRequest(property="properties/shop2", events=[Event(name="secret")])
RECORD = RawRecord(
    batches=[RawBatch(request=each.SerializeToString()).SerializeToString() for each in (THEIRS, MINE)]
).SerializeToString()


def error(batch_index: int = 1, event_index: int | None = None) -> EventError:
    return EventError(
        property="properties/shop",
        event_index=event_index,
        payload=PayloadPlace(partition=1, offset=2, batch_index=batch_index),
    )


def test_an_error_about_an_event_brings_the_event() -> None:
    answer = with_payload(error(event_index=1), RECORD)
    assert answer.event == MINE.events[1]
    assert answer.payload_missing == ""


def test_an_error_about_the_first_event_brings_it_and_not_the_batch() -> None:
    assert with_payload(error(event_index=0), RECORD).event == MINE.events[0]


def test_an_error_about_a_batch_brings_the_batch() -> None:
    answer = with_payload(error(), RECORD)
    assert answer.batch == MINE
    assert answer.error == error()


@pytest.mark.parametrize(
    ("about", "record"),
    [
        (error(batch_index=0), RECORD),  # another property's batch
        (error(batch_index=2), RECORD),
        (error(batch_index=-1), RECORD),
        (error(event_index=2), RECORD),
        (error(event_index=-1), RECORD),
        (error(), b"\xff\xff"),
        (error(), RawRecord(tick_time_micros=5).SerializeToString()),
        (error(), RawRecord(batches=[b"\xff"]).SerializeToString()),
    ],
)
def test_what_is_not_the_errors_own_is_never_shown(about: EventError, record: bytes) -> None:
    answer = with_payload(about, record)
    assert answer.WhichOneof("payload") is None
    assert answer.payload_missing == ANOTHER


def test_why_there_is_no_payload_is_said() -> None:
    assert with_payload(error(), None).payload_missing == EXPIRED
    assert without_payload(EventError(error_id="e")).payload_missing == NEVER_STORED
    assert without_payload(EventError(error_id="e", stage=Stage.STAGE_CLIENT)).payload_missing == NEVER_SENT
