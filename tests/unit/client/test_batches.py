"""When a batch is complete, and how much is held."""

import threading

import pytest

from footfall.batches import Batches
from footfall.gathering import BatchPolicy
from footfall.v1.event_pb2 import Event

AGELESS = {"max_age_seconds": 3600}


def _event(name="a"):
    return Event(name=name, client_id="c")


def _in_thread(call):
    """Run a call that may block; return its thread and where its result lands."""
    results = []
    thread = threading.Thread(target=lambda: results.append(call()), daemon=True)
    thread.start()
    return thread, results


def test_a_batch_is_complete_by_count():
    batches = Batches(BatchPolicy(max_events=2, **AGELESS))
    for name in "abc":
        batches.put(_event(name))

    assert [e.name for e in batches.take().events] == ["a", "b"]


def test_a_batch_is_complete_by_bytes_and_never_larger():
    size = _event().ByteSize()
    batches = Batches(BatchPolicy(max_bytes=2 * size, **AGELESS))
    for _ in range(3):
        batches.put(_event())

    assert len(batches.take().events) == 2


def test_an_event_larger_than_a_batch_travels_alone():
    batches = Batches(BatchPolicy(max_bytes=50, held_bytes=60, **AGELESS))
    batches.put(_event("x" * 500))

    assert len(batches.take().events) == 1


def test_a_batch_is_complete_by_age():
    now = [100.0]
    batches = Batches(BatchPolicy(max_age_seconds=5), clock=lambda: now[0])
    batches.put(_event())
    now[0] += 5

    assert len(batches.take().events) == 1


def test_flush_sends_at_once_and_returns_when_all_is_settled():
    batches = Batches(BatchPolicy(**AGELESS))
    batches.put(_event())
    thread, flushed = _in_thread(lambda: batches.flush(10))

    batch = batches.take()
    assert len(batch.events) == 1
    assert flushed == []
    batches.settle(batch)
    thread.join(10)
    assert flushed == [True]


def test_flush_waits_for_what_was_put_before_it_however_much_later_was_settled():
    batches = Batches(BatchPolicy(max_events=1, **AGELESS))
    batches.put(_event("a"))
    first = batches.take()
    thread, flushed = _in_thread(lambda: batches.flush(10))
    for name in "bc":
        batches.put(_event(name))
        batches.settle(batches.take())

    assert flushed == []
    batches.settle(first)
    thread.join(10)
    assert flushed == [True]


def test_flush_says_if_it_was_not_in_time():
    batches = Batches(BatchPolicy(**AGELESS))
    batches.put(_event())

    assert batches.flush(0.01) is False


def test_what_is_under_way_counts_as_held_and_a_full_queue_refuses_if_told_to():
    batches = Batches(BatchPolicy(max_events=1, held_events=1, when_full="refuse"))

    assert batches.put(_event())
    batch = batches.take()
    assert not batches.put(_event())
    batches.settle(batch)
    assert batches.put(_event())


def test_a_full_queue_blocks_until_there_is_room():
    batches = Batches(BatchPolicy(max_events=1, held_events=1))
    batches.put(_event())
    thread, put = _in_thread(lambda: batches.put(_event("b")))

    first = batches.take()
    assert first.events[0].name == "a"
    assert thread.is_alive()
    batches.settle(first)
    thread.join(10)
    assert put == [True]
    assert batches.take().events[0].name == "b"


def test_closing_ends_who_waits_and_still_gives_out_what_is_held():
    batches = Batches(BatchPolicy(max_events=1, held_events=1))
    batches.put(_event())
    raised = []

    def put():
        try:
            batches.put(_event())
        except RuntimeError as error:
            raised.append(str(error))

    thread, _ = _in_thread(put)
    batches.close()
    thread.join(10)

    assert raised == ["the client is closed"]
    assert len(batches.take().events) == 1
    assert batches.take() is None


@pytest.mark.parametrize(
    "wrong", [{"max_events": 0}, {"max_events": 1001}, {"max_bytes": 5_000_000}, {"held_events": 10, "max_events": 11}]
)
def test_limits_that_no_server_would_take_are_refused(wrong):
    with pytest.raises(ValueError, match=r"max_|held_"):
        BatchPolicy(**wrong)
