"""The client for asyncio with a spool, against a server that answers as told."""

import asyncio
import errno

import pytest

from footfall import BatchPolicy, RetryPolicy, SpoolError, SpoolPolicy
from footfall.aio import Client
from footfall.spool import batch_file
from footfall_core.processing.fingerprint import fingerprint_of
from tests.unit.scripted_server import ScriptedServer, Silent

QUICK = RetryPolicy(first_delay_seconds=0.001, longest_delay_seconds=0.002)


@pytest.fixture
def server():
    with ScriptedServer() as server:
        yield server


@pytest.fixture
def losses():
    return []


@pytest.fixture
def open_client(server, tmp_path, losses):
    def open_client(**settings):
        given = {"spool": tmp_path / "spool", "retries": QUICK, "on_error": losses.append} | settings
        return Client(server.endpoint, "shop", **given)

    return open_client


async def _arrived(server):
    assert await asyncio.to_thread(server.arrived.wait, 10)


async def test_what_a_client_could_not_send_is_sent_by_the_next_one_under_the_same_number(server, open_client, losses):
    server.writes_script.append(Silent())
    first = open_client()
    await first.track("a", client_id="c")
    await _arrived(server)
    await first.close(timeout=0)

    async with open_client() as second:
        assert await second.flush(10)
        await second.track("b", client_id="c")

    lost, again, new = server.writes
    assert (again.writer_id, again.sequence) == (lost.writer_id, lost.sequence) == (second.writer_id, 1)
    assert fingerprint_of(again) == fingerprint_of(lost)
    assert (new.sequence, new.events[0].name) == (2, "b")
    assert losses == []


async def test_tasks_that_track_at_once_share_the_way_to_the_disk(server, open_client, monkeypatch):
    synced = []
    sync = batch_file.sync
    monkeypatch.setattr(batch_file, "sync", lambda descriptor: (synced.append(1), sync(descriptor)))
    async with open_client(batching=BatchPolicy(max_age_seconds=3600)) as client:
        await asyncio.gather(*(client.track("a", client_id="c", event_id=str(number)) for number in range(100)))
        assert len(synced) < 10
        assert await client.flush(10)

    assert sorted(int(e.event_id) for w in server.writes for e in w.events) == list(range(100))


async def test_a_full_disk_raises_and_loses_nothing(server, open_client, monkeypatch):
    def fails(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    async with open_client() as client:
        with monkeypatch.context() as full:
            full.setattr(batch_file, "write_all", fails)
            with pytest.raises(SpoolError, match="No space left on device"):
                await client.track("refused", client_id="c")
        await client.track("after", client_id="c")
        assert await client.flush(10)

    assert [e.name for w in server.writes for e in w.events] == ["after"]


async def test_a_full_spool_waits_for_room_without_blocking_the_loop(server, open_client):
    server.writes_script.append(Silent())
    async with open_client(batching=BatchPolicy(max_events=1), spooling=SpoolPolicy(max_bytes=60)) as client:
        await client.track("a", client_id="c")
        waiting = asyncio.create_task(client.track("b", client_id="c"))
        await _arrived(server)
        assert not waiting.done()
        server.release()
        await asyncio.wait_for(waiting, 10)

    assert [e.name for w in server.writes for e in w.events] == ["a", "b"]


async def test_events_that_wait_are_synced_in_time(open_client, monkeypatch):
    synced = asyncio.Event()
    loop = asyncio.get_running_loop()
    monkeypatch.setattr(batch_file, "sync", lambda _: loop.call_soon_threadsafe(synced.set))
    async with open_client(
        spooling=SpoolPolicy(sync_seconds=0.05), batching=BatchPolicy(max_age_seconds=3600)
    ) as client:
        await client.track("a", client_id="c")
        await asyncio.wait_for(synced.wait(), 10)


async def test_the_second_client_on_a_spool_is_refused_and_the_next_one_takes_it_over(open_client):
    async with open_client():
        with pytest.raises(SpoolError, match="used by another client"):
            open_client()
    async with open_client():
        pass
