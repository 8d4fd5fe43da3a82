"""The client with a spool, against a server that answers as told."""

import errno
import json
import os
import shutil
import subprocess
import sys
import threading
import time

import grpc
import pytest

from footfall import BatchPolicy, Client, RetryPolicy, SpoolError, SpoolPolicy
from footfall.spool import batch_file
from footfall.spool.batch_file import BatchFile
from footfall.v1.event_pb2 import Event
from footfall.v1.ingest_pb2 import DiscardReason
from footfall_core.processing.fingerprint import fingerprint_of
from tests.unit.scripted_server import Fails, Hangs, ScriptedServer, Silent, accept_all

C = grpc.StatusCode
QUICK = RetryPolicy(first_delay_seconds=0.001, longest_delay_seconds=0.002)
ONE_BY_ONE = BatchPolicy(max_events=1)
DAY_MICROS = 24 * 3600 * 1_000_000


@pytest.fixture
def server():
    with ScriptedServer() as server:
        yield server


@pytest.fixture
def losses():
    return []


@pytest.fixture
def spool(tmp_path):
    return tmp_path / "spool"


@pytest.fixture
def open_client(server, spool, losses):
    def open_client(**settings):
        return Client(
            server.endpoint, "shop", **{"spool": spool, "retries": QUICK, "on_error": losses.append} | settings
        )

    return open_client


def _batches(spool):
    return sorted(file.name for file in spool.glob("*.batch"))


def _names(server):
    return [event.name for write in server.writes for event in write.events]


def test_what_a_client_could_not_send_is_sent_by_the_next_one_under_the_same_number(server, open_client, losses):
    server.writes_script.append(Silent())
    first = open_client()
    first.track("a", client_id="c", params={"x": 1, "y": "2", "z": True})
    assert server.arrived.wait(10)
    first.close(timeout=0)

    with open_client() as second:
        second.track("b", client_id="c")
        assert second.flush(10)

    lost, again, new = server.writes
    assert (again.writer_id, again.sequence) == (lost.writer_id, lost.sequence) == (first.writer_id, 1)
    assert fingerprint_of(again) == fingerprint_of(lost)
    assert (new.writer_id, new.sequence, new.events[0].name) == (first.writer_id, 2, "b")
    assert losses == []


def test_what_was_left_is_sent_although_nothing_more_is_tracked(server, open_client):
    server.writes_script.append(Silent())
    first = open_client()
    first.track("a", client_id="c")
    assert server.arrived.wait(10)
    first.close(timeout=0)

    with open_client() as second:
        assert second.flush(10)
        assert second.statistics().taken_over == second.statistics().stored == 1


def test_a_number_is_never_used_again_although_its_batch_was_removed(server, open_client, spool):
    for _ in range(3):
        with open_client(batching=ONE_BY_ONE) as client:
            client.track("a", client_id="c")
            client.track("b", client_id="c")
        assert _batches(spool) == []

    assert [write.sequence for write in server.writes] == [1, 2, 3, 4, 5, 6]
    assert len({write.writer_id for write in server.writes}) == 1
    assert [file.name for file in spool.glob("*.done")] == ["0000000000000006.done"]


def test_nothing_is_added_to_a_batch_that_an_earlier_run_left(server, open_client, spool):
    _left_behind(open_client, spool, Event(name="a"))

    with open_client(batching=BatchPolicy(max_age_seconds=3600)) as client:
        client.track("b", client_id="c")
        assert client.flush(10)

    assert [(write.sequence, [e.name for e in write.events]) for write in server.writes] == [(1, ["a"]), (2, ["b"])]


def test_an_event_is_on_the_disk_when_track_returns(open_client, monkeypatch):
    synced = []
    monkeypatch.setattr(batch_file, "sync", lambda descriptor: synced.append(os.fstat(descriptor).st_size))
    with open_client(batching=BatchPolicy(max_age_seconds=3600)) as client:
        for size in range(1, 4):
            client.track("a", client_id="c")
            assert len(synced) == size
        assert synced == sorted(set(synced))


def test_events_are_synced_later_if_the_policy_says_so_and_always_before_they_are_sent(
    server, open_client, monkeypatch
):
    synced = threading.Event()
    at_first_attempt = []
    monkeypatch.setattr(batch_file, "sync", lambda _: synced.set())

    def note(request):
        at_first_attempt.append(synced.is_set())
        return accept_all(request)

    server.writes_script.append(note)
    policy = SpoolPolicy(sync_seconds=3600)
    with open_client(spooling=policy, batching=BatchPolicy(max_age_seconds=3600)) as client:
        client.track("a", client_id="c")
        assert not synced.is_set()
        assert client.flush(10)
    assert at_first_attempt == [True]


def test_events_that_wait_are_synced_in_time(open_client, monkeypatch):
    synced = threading.Event()
    monkeypatch.setattr(batch_file, "sync", lambda _: synced.set())
    policy = SpoolPolicy(sync_seconds=0.05)
    with open_client(spooling=policy, batching=BatchPolicy(max_age_seconds=3600)) as client:
        client.track("a", client_id="c")
        assert synced.wait(10)


def test_the_second_client_on_a_spool_is_refused_and_the_first_goes_on(server, open_client, spool):
    with open_client() as client:
        with pytest.raises(
            SpoolError, match="is used by another client; each process needs a spool of its own"
        ) as refused:
            open_client()
        client.track("a", client_id="c")
        assert client.flush(10)
    assert refused.value.code == "SPOOL_IN_USE"
    open_client().close()


def test_another_process_is_refused_too(server, open_client, spool):
    program = f"import footfall; footfall.Client({server.endpoint!r}, 'shop', spool={str(spool)!r})"
    with open_client():
        second = subprocess.run(
            [sys.executable, "-c", program], check=False, capture_output=True, text=True, timeout=60
        )

    assert "SPOOL_IN_USE: The spool" in second.stderr.splitlines()[-1]


def test_a_spool_of_another_property_or_a_newer_release_is_left_as_it_is(server, open_client, spool):
    _left_behind(open_client, spool, Event(name="a"))
    with pytest.raises(SpoolError, match="belongs to the property 'shop', not to 'other'"):
        Client(server.endpoint, "other", spool=spool)
    written = json.loads((spool / "writer.json").read_text())
    (spool / "writer.json").write_text(json.dumps(written | {"format": 2}))
    before = {file.name: file.read_bytes() for file in spool.iterdir()}

    with pytest.raises(SpoolError, match=r"newer release .*\(format 2; this one knows 1\); it was left as it is"):
        open_client()
    assert {file.name: file.read_bytes() for file in spool.iterdir()} == before


def test_a_folder_that_holds_something_else_is_no_spool(open_client, spool):
    spool.mkdir()
    (spool / "thesis.txt").write_text("mine")

    with pytest.raises(SpoolError, match="not empty and no spool"):
        open_client()


def test_a_full_disk_raises_and_loses_nothing(server, open_client, losses, monkeypatch):
    write_all = batch_file.write_all

    def takes_half(descriptor, data):
        write_all(descriptor, data[: len(data) // 2])
        raise OSError(errno.ENOSPC, "No space left on device")

    with open_client(batching=BatchPolicy(max_age_seconds=3600)) as client:
        client.track("before", client_id="c")
        for _ in range(2):
            with monkeypatch.context() as full:
                full.setattr(batch_file, "write_all", takes_half)
                with pytest.raises(SpoolError, match=r"SPOOL_UNWRITABLE: The spool .* No space left on device\."):
                    client.track("refused", client_id="c")
        client.track("after", client_id="c")
        assert client.flush(10)
        assert client.statistics().tracked == 2

    assert _names(server) == ["before", "after"]
    assert losses == []
    (report,) = server.discards
    assert [(d.reason, d.count) for d in report.discarded] == [(DiscardReason.DISCARD_REASON_SPOOL_FAILED, 2)]


def test_a_disk_that_is_full_from_the_first_event_on_takes_those_that_come_later(server, open_client, monkeypatch):
    def fails(descriptor):
        raise OSError(errno.EIO, "Input/output error")

    with open_client() as client:
        with monkeypatch.context() as broken:
            broken.setattr(batch_file, "sync", fails)
            with pytest.raises(SpoolError):
                client.track("refused", client_id="c")
        client.track("after", client_id="c")
        assert client.flush(10)

    assert _names(server) == ["after"]
    assert server.writes[0].sequence == 1


def test_an_event_that_track_raised_for_is_not_sent_after_a_crash_either(server, open_client, spool, monkeypatch):
    client = open_client(batching=BatchPolicy(max_age_seconds=3600))
    client.track("before", client_id="c")

    def fails(descriptor):
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as broken:
        broken.setattr(batch_file, "sync", fails)
        with pytest.raises(SpoolError):
            client.track("refused", client_id="c")
    crashed = spool.with_name("as the crash leaves it")
    shutil.copytree(spool, crashed)
    client.close(timeout=0)
    server.writes.clear()

    with open_client(spool=crashed) as client:
        assert client.flush(10)
    assert _names(server) == ["before"]


@pytest.mark.parametrize("torn", [b"\x07", b"\x05\0\0\0\0\0\0\0abc", b"\x03\0\0\0\0\0\0\0abc", bytes(100)])
def test_half_an_event_of_a_process_that_died_is_cut_off(server, open_client, spool, torn):
    _left_behind(open_client, spool, Event(name="whole"), Event(name="whole too"))
    with (spool / "0000000000000001.batch").open("ab") as file:
        file.write(torn)

    with open_client() as client:
        assert client.flush(10)
    assert _names(server) == ["whole", "whole too"]


@pytest.mark.parametrize(("position", "sent"), [(68, ["a"]), (3, [])], ids=["second event", "head of the file"])
def test_what_the_disk_did_not_keep_is_told_counted_and_reported(server, open_client, spool, losses, position, sent):
    _left_behind(open_client, spool, *(Event(name=name, client_id="c" * 30) for name in "abc"))
    file = spool / "0000000000000001.batch"
    content = bytearray(file.read_bytes())
    content[position] ^= 0xFF
    file.write_bytes(content)
    lost = 2 if sent else 1  # whose head is gone, of that nobody knows how many there were

    with open_client() as client:
        assert client.flush(10)
        numbers = client.statistics()
    assert _names(server) == sent
    assert [(loss.code, loss.sequence, loss.events, loss.outcome_known) for loss in losses] == [
        ("SPOOL_DAMAGED", 1, (), False)
    ]
    assert str(lost) in losses[0].message
    assert numbers.dropped == {"SPOOL_DAMAGED": lost}
    assert numbers.taken_over == numbers.stored + lost
    (report,) = server.discards
    assert [(d.reason, d.count) for d in report.discarded] == [(DiscardReason.DISCARD_REASON_SPOOL_DAMAGED, lost)]
    assert _batches(spool) == []


def test_a_process_that_died_before_its_first_event_leaves_nothing(server, open_client, spool):
    open_client().close()
    (spool / "0000000000000001.batch").write_bytes(b"FOOT")

    with open_client() as client:
        assert client.flush(10)
        client.track("a", client_id="c")
    assert [write.sequence for write in server.writes] == [2]
    assert _batches(spool) == []


def test_what_waited_for_72_hours_goes_to_on_error_and_is_removed(server, open_client, spool, losses):
    _left_behind(open_client, spool, Event(name="old"), tracked_micros=_now() - 3 * DAY_MICROS)

    with open_client() as client:
        assert client.flush(10)
        assert client.statistics().dropped == {"EXPIRED": 1}
    assert [([e.name for e in loss.events], loss.code, loss.outcome_known) for loss in losses] == [
        (["old"], "EXPIRED", False)
    ]
    assert server.writes == []
    assert _batches(spool) == []


def test_72_hours_count_from_when_the_event_was_tracked_and_not_from_the_restart(server, open_client, spool, losses):
    server.writes_script.append(Fails(C.UNAVAILABLE, pushback_ms="3600000"))
    _left_behind(open_client, spool, Event(name="old"), tracked_micros=_now() - 3 * DAY_MICROS + 1_800_000_000)

    with open_client() as client:
        assert client.flush(10)
    assert [loss.code for loss in losses] == ["UNAVAILABLE"]


def test_what_the_server_refuses_for_good_goes_to_on_error_and_is_removed(server, open_client, spool, losses):
    server.writes_script.append(Fails(C.INVALID_ARGUMENT, "bad property"))
    with open_client() as client:
        client.track("a", client_id="c")
        assert client.flush(10)

    assert [(loss.code, loss.sequence) for loss in losses] == [("INVALID_ARGUMENT", 1)]
    assert _batches(spool) == []


def test_closing_leaves_the_rest_in_the_spool_and_loses_nothing(server, open_client, spool, losses):
    server.writes_script.append(Hangs())
    client = open_client(batching=ONE_BY_ONE)
    for name in "abc":
        client.track(name, client_id="c")
    assert server.arrived.wait(10)
    client.close(timeout=0)
    assert (losses, len(_batches(spool))) == ([], 3)

    with open_client() as client:
        assert client.flush(10)
    assert sorted(set(_names(server))) == ["a", "b", "c"]


def test_a_full_spool_tells_on_error_if_it_may_not_block(server, open_client, losses):
    server.writes_script.append(Silent())
    policy = BatchPolicy(max_events=1, when_full="refuse")
    with open_client(batching=policy, spooling=SpoolPolicy(max_bytes=60)) as client:
        client.track("a", client_id="c")
        client.track("b", client_id="c")
        assert server.arrived.wait(10)
        assert client.statistics().dropped == {"QUEUE_FULL": 1}
        server.release()
        assert client.flush(10)
        client.track("c", client_id="c")

    assert [(loss.events[0].name, loss.code) for loss in losses] == [("b", "QUEUE_FULL")]
    assert _names(server) == ["a", "c"]


def test_a_full_spool_blocks_until_there_is_room(server, open_client, losses):
    server.writes_script.append(Silent())
    with open_client(batching=ONE_BY_ONE, spooling=SpoolPolicy(max_bytes=60)) as client:
        client.track("a", client_id="c")
        waiting = threading.Thread(target=client.track, args=("b",), kwargs={"client_id": "c"})
        waiting.start()
        assert server.arrived.wait(10)
        assert waiting.is_alive()
        server.release()
        waiting.join(10)
        assert not waiting.is_alive()

    assert _names(server) == ["a", "b"]


def test_threads_may_track_at_once(server, open_client, losses):
    def track(number):
        for index in range(50):
            client.track("a", client_id="c", event_id=f"{number}-{index}")

    with open_client(batching=BatchPolicy(max_events=7)) as client:
        threads = [threading.Thread(target=track, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert client.flush(30)
        numbers = client.statistics()

    assert (
        len({e.event_id for w in server.writes for e in w.events}) == sum(len(w.events) for w in server.writes) == 400
    )
    assert (numbers.tracked, numbers.stored, numbers.held_events, numbers.held_bytes) == (400, 400, 0, 0)


def _now():
    return time.time_ns() // 1000


def _left_behind(open_client, spool, *events, tracked_micros=None):
    """Have a spool whose process died when it had taken these events."""
    open_client().close()
    file = BatchFile(spool / "0000000000000001.batch")
    file.append([event.SerializeToString() for event in events], tracked_micros or _now(), to_disk=True)
    file.close()
