"""What the client drops itself is counted, and the server is told of it."""

import grpc
import pytest

from footfall.discards import GATHER_SECONDS, REFUSED_SECONDS, Discards, Schedule, reason_of
from footfall.failures import GivenUpError, RefusedError
from footfall.results import Outcome
from footfall.retry import RetryPolicy, Setback
from footfall.v1.ingest_pb2 import DiscardReason

C = grpc.StatusCode
FULL, CLOSED = DiscardReason.DISCARD_REASON_QUEUE_FULL, DiscardReason.DISCARD_REASON_CLOSED


class Clock:
    """Unix time in microseconds, as a test says."""

    now = 1_790_000_000_000_000

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def discards(clock):
    return Discards("shop", "w1", clock)


def _counts(report):
    return {DiscardReason.Name(d.reason).removeprefix("DISCARD_REASON_"): d.count for d in report.discarded}


def test_nothing_dropped_is_nothing_to_report(discards):
    assert discards.is_empty
    assert discards.report() is None


def test_a_report_has_what_was_dropped_and_when(discards, clock):
    discards.add(FULL)
    clock.now += 2_000_000
    discards.add(FULL, 2)
    discards.add(CLOSED, 5)

    report = discards.report()

    assert (report.property, report.writer_id) == ("properties/shop", "w1")
    assert _counts(report) == {"QUEUE_FULL": 3, "CLOSED": 5}
    assert report.end_time.ToMicroseconds() - report.start_time.ToMicroseconds() == 2_000_000


def test_a_report_stays_as_it_is_until_it_is_acknowledged_and_what_comes_meanwhile_is_the_next(discards):
    discards.add(FULL)
    first = discards.report().SerializeToString()
    discards.add(FULL, 7)
    assert discards.report().SerializeToString() == first

    discards.acknowledge()
    second = discards.report()
    assert _counts(second) == {"QUEUE_FULL": 7}
    discards.acknowledge()
    assert discards.is_empty


def test_numbers_of_reports_grow_although_the_clock_stands_or_goes_back(discards, clock):
    numbers = []
    for step in (0, 0, -5_000_000, 3):
        clock.now += step
        discards.add(FULL)
        numbers.append(discards.report().report_number)
        discards.acknowledge()
    assert numbers == sorted(set(numbers))


def test_a_later_run_with_the_same_spool_has_other_numbers(discards, clock):
    discards.add(FULL)
    earlier = discards.report()
    clock.now += 1
    later = Discards("shop", "w1", clock)
    later.add(FULL)
    assert later.report().report_number > earlier.report_number


def test_a_clock_that_was_set_back_makes_no_span_that_ends_before_it_begins(discards, clock):
    discards.add(FULL)
    clock.now -= 60_000_000
    discards.add(FULL)
    report = discards.report()
    assert report.start_time.ToMicroseconds() < report.end_time.ToMicroseconds()


def test_a_count_beyond_the_servers_limit_goes_into_two_reports(discards):
    discards.add(FULL, 1_500_000_000)
    assert _counts(discards.report()) == {"QUEUE_FULL": 1_000_000_000}
    discards.acknowledge()
    assert _counts(discards.report()) == {"QUEUE_FULL": 500_000_000}


@pytest.mark.parametrize(
    ("end", "reason"),
    [
        (Outcome(1, 3, (), 5, 1), None),
        (GivenUpError("CLOSED", "", attempts=0), "CLOSED"),
        (GivenUpError("EXPIRED", ""), "EXPIRED"),
        (GivenUpError("CANCELLED", ""), "GIVEN_UP"),
        (GivenUpError("UNAVAILABLE", ""), "GIVEN_UP"),
        (RefusedError("INVALID_ARGUMENT", ""), "REFUSED"),
        (RefusedError("INTERNAL", "no protobuf", attempts=0), "INVALID"),
    ],
)
def test_each_end_of_a_batch_has_its_reason(end, reason):
    found = reason_of(end)
    assert (None if found is None else DiscardReason.Name(found)) == (reason and f"DISCARD_REASON_{reason}")


@pytest.mark.parametrize(
    ("setback", "pause", "kept"),
    [
        (Setback(C.UNAVAILABLE), GATHER_SECONDS, True),
        (Setback(C.UNAVAILABLE, "", 60.0), 60.0, True),
        (Setback(C.RESOURCE_EXHAUSTED, "", 20.0), 20.0, True),
        (Setback(C.UNIMPLEMENTED), REFUSED_SECONDS, True),
        (Setback(C.PERMISSION_DENIED), REFUSED_SECONDS, True),
        (Setback(C.INVALID_ARGUMENT), REFUSED_SECONDS, False),
    ],
)
def test_what_a_server_does_not_take_is_kept_for_later(discards, setback, pause, kept):
    schedule = Schedule(discards, RetryPolicy(), draw=lambda low, _: low)
    discards.add(FULL)
    discards.report()
    schedule.failed(setback)
    assert schedule.pause == pause
    assert discards.is_empty is not kept

    schedule.taken()
    assert schedule.pause == GATHER_SECONDS
