"""What a client says that it dropped itself."""

from datetime import UTC, datetime

import pytest

from footfall.v1.errors_pb2 import EventError, Stage
from footfall.v1.ingest_pb2 import DiscardedEvents, DiscardReason, ErrorCode, ReportDiscardedEventsRequest
from footfall_core.clock import Micros
from footfall_core.errors.discards import discard_errors, discards_in
from footfall_core.problems import InvalidRequest

RECEIVED = Micros(1_790_000_000_000_000)
FULL, CLOSED = DiscardReason.DISCARD_REASON_QUEUE_FULL, DiscardReason.DISCARD_REASON_CLOSED


def report(**fields: object) -> ReportDiscardedEventsRequest:
    """Return a report that is right, but for some fields; None leaves one out."""
    start = datetime(2026, 3, 1, 12, tzinfo=UTC)
    right: dict[str, object] = {
        "property": "properties/shop",
        "writer_id": "w1",
        "report_number": 7,
        "start_time": start,
        "end_time": start.replace(second=5),
        "discarded": [DiscardedEvents(reason=FULL, count=1_234), DiscardedEvents(reason=CLOSED, count=1)],
    }
    return ReportDiscardedEventsRequest(
        **{name: value for name, value in (right | fields).items() if value is not None}
    )


def errors(of: ReportDiscardedEventsRequest, received: Micros = RECEIVED) -> list[EventError]:
    return discard_errors(discards_in(of.SerializeToString()), received)


def test_each_reason_is_an_error_that_says_how_many_and_why() -> None:
    full, closed = errors(report())
    assert (full.property, full.writer_id, full.sequence) == ("properties/shop", "w1", 0)
    assert (full.stage, full.code) == (Stage.STAGE_CLIENT, ErrorCode.ERROR_CODE_CLIENT_DISCARDED)
    assert full.message == (
        "The client dropped 1,234 events itself, from 2026-03-01T12:00:00Z to 2026-03-01T12:00:05Z by its clock: too "
        "much was waiting to be sent (QUEUE_FULL)."
    )
    assert full.discarded == DiscardedEvents(reason=FULL, count=1_234)
    assert full.time.ToMicroseconds() == RECEIVED
    assert "dropped 1 event itself" in closed.message
    assert not full.retryable


@pytest.mark.parametrize("reason", [reason for reason in DiscardReason.values() if reason])
def test_every_reason_of_the_contract_has_its_sentence(reason: int) -> None:
    (error,) = errors(report(discarded=[DiscardedEvents(reason=reason, count=2)]))  # type: ignore[arg-type]
    assert error.message.endswith(f"({DiscardReason.Name(reason).removeprefix('DISCARD_REASON_')}).")  # type: ignore[arg-type]


def test_a_report_sent_again_gives_the_same_ids_whenever_it_comes() -> None:
    again = errors(report(), Micros(RECEIVED + 3_600_000_000))
    assert [error.error_id for error in again] == [error.error_id for error in errors(report())]


def test_ids_differ_by_reason_number_writer_and_property() -> None:
    reports = (
        report(),
        report(report_number=8),
        report(writer_id="w2"),
        report(property="properties/shop2"),
    )
    ids = [error.error_id for one in reports for error in errors(one)]
    assert len(set(ids)) == len(ids) == 8


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"property": "shop"}, ["property"]),
        ({"writer_id": ""}, ["writer_id"]),
        ({"writer_id": "a b"}, ["writer_id"]),
        ({"report_number": 0}, ["report_number"]),
        ({"report_number": -1}, ["report_number"]),
        ({"start_time": None}, ["start_time"]),
        ({"end_time": None}, ["end_time"]),
        ({"end_time": datetime(2026, 2, 28, tzinfo=UTC)}, ["end_time"]),
        ({"start_time": datetime(1960, 1, 1, tzinfo=UTC)}, ["start_time"]),
        ({"discarded": []}, ["discarded"]),
        ({"discarded": [DiscardedEvents(reason=FULL)]}, ["discarded[0].count"]),
        ({"discarded": [DiscardedEvents(reason=FULL, count=-1)]}, ["discarded[0].count"]),
        ({"discarded": [DiscardedEvents(reason=FULL, count=1_000_000_001)]}, ["discarded[0].count"]),
        ({"discarded": [DiscardedEvents(count=1)]}, ["discarded[0].reason"]),
        ({"discarded": [DiscardedEvents(reason=FULL, count=1)] * 2}, ["discarded[1].reason"]),
        ({"discarded": [DiscardedEvents()] * 1_000}, ["discarded[0].count", "discarded[0].reason"]),
        ({"property": "", "report_number": 0, "discarded": []}, ["property", "report_number", "discarded"]),
    ],
)
def test_every_field_that_is_wrong_is_named(fields: dict[str, object], named: list[str]) -> None:
    with pytest.raises(InvalidRequest) as refused:
        discards_in(report(**fields).SerializeToString())
    assert [violation.field for violation in refused.value.violations] == named


def test_what_is_allowed_is_told_by_name_and_number() -> None:
    unknown = DiscardedEvents(reason=99, count=1)  # type: ignore[arg-type]
    with pytest.raises(InvalidRequest, match=r"99 is none of them; allowed are QUEUE_FULL \(1\), EXPIRED \(2\)"):
        discards_in(report(discarded=[unknown]).SerializeToString())


def test_what_is_no_report_at_all_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="ReportDiscardedEventsRequest"):
        discards_in(b"\xff\xff")
