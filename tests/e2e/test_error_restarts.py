"""Error servers end, are killed and freeze, and the client library hands each error over once."""

import os
import signal
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from typing import Self

import pytest

from footfall import Client, Event
from footfall.channel import open_channel
from footfall.v1.ingest_pb2 import WriteEventsRequest
from footfall.v1.ingest_pb2_grpc import IngestServiceStub
from footfall_local.stack import Stack
from tests.again import again
from tests.e2e.processes import frozen, process_of, restarts_of, wait_for

SERVERS = ("errors-1", "errors-2")
FOLLOWERS = 6


class Follower:
    """A client of a property of its own, which follows its errors on a thread."""

    def __init__(self, endpoint: str) -> None:
        self.property_id = f"restart-{uuid.uuid4().hex[:12]}"
        self.seen: Counter[int] = Counter()
        """How often an error of each sequence was handed over."""
        self.reconnections: list[str] = []
        self.failure: Exception | None = None
        self._client = Client(endpoint, self.property_id, late_errors=False)
        self.stream = self._client.errors(
            # longer than the pause between two heartbeats
            silence_seconds=20,
            on_reconnect=lambda why: self.reconnections.append(why.code),
        )
        self._thread = threading.Thread(target=self._follow)
        self._thread.start()

    def _follow(self) -> None:
        try:
            for error in self.stream:
                self.seen[error.sequence] += 1
        except Exception as error:  # noqa: BLE001 - the test looks at it
            self.failure = error

    def close(self) -> None:
        self._client.close()
        self._thread.join(20)


class Trickle:
    """Sends a bad event for each follower by turns, and keeps a journal of what was answered."""

    def __init__(self, endpoint: str, followers: list[Follower]) -> None:
        self.answered: list[tuple[Follower, int]] = []
        self._channel = open_channel(endpoint)
        self._write = IngestServiceStub(self._channel).WriteEvents  # type: ignore[no-untyped-call]
        self._followers = followers
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        writer, sequence = uuid.uuid4().hex, 0
        while not self._stop.wait(0.02):
            sequence += 1
            follower = self._followers[sequence % len(self._followers)]
            batch = WriteEventsRequest(
                property=f"properties/{follower.property_id}",
                writer_id=writer,
                sequence=sequence,
                events=[Event(name="not a name", client_id="ann")],
            )
            answer = again(lambda batch=batch: self._write(batch, timeout=20))
            assert len(answer.rejected) == 1
            self.answered.append((follower, sequence))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(30)
        self._channel.close()


@pytest.fixture
def followers(endpoint: str) -> Iterator[list[Follower]]:
    followers = [Follower(endpoint) for _ in range(FOLLOWERS)]
    try:
        wait_for("all streams to be live", lambda: all(each.stream.resume_token for each in followers) or None)
        yield followers
    finally:
        for each in followers:
            each.close()


def has_each_error(followers: list[Follower], trickle: Trickle, told: int) -> bool:
    """Return whether the first `told` errors were handed over, each to whom it is."""
    assert [each.failure for each in followers] == [None] * FOLLOWERS
    return all(follower.seen[sequence] for follower, sequence in trickle.answered[:told])


def check_each_once(followers: list[Follower], trickle: Trickle) -> None:
    wait_for("every error to be handed over", lambda: has_each_error(followers, trickle, len(trickle.answered)) or None)
    time.sleep(1)  # in which a doubled one could still come; nothing tells that none does
    assert all(follower.seen[sequence] == 1 for follower, sequence in trickle.answered)
    reconnections = Counter(why for each in followers for why in each.reconnections)
    print(f"{len(trickle.answered)} errors, each once, over {reconnections}")


@pytest.mark.parametrize("ended", [signal.SIGTERM, signal.SIGKILL], ids=lambda ended: ended.name)
def test_each_error_is_handed_over_once_while_both_error_servers_are_ended(
    stack: Stack, endpoint: str, followers: list[Follower], ended: signal.Signals
) -> None:
    before = {server: restarts_of(stack, server) for server in SERVERS}
    with Trickle(endpoint, followers) as trickle:
        for server in SERVERS:
            told = len(trickle.answered)
            os.kill(process_of(stack, server), ended)
            wait_for("its restart", lambda name=server: restarts_of(stack, name) > before[name] or None)
            wait_for("it to be healthy", lambda name=server: _is_healthy(stack, name) or None)
            wait_for("some errors more", lambda since=told: len(trickle.answered) > since + 100 or None)
    check_each_once(followers, trickle)
    # each of them was on one of the two
    assert sum(len(each.reconnections) for each in followers) >= FOLLOWERS


@pytest.mark.timeout(300)
def test_an_error_server_that_says_nothing_any_more_is_left_for_the_other_one(
    stack: Stack, endpoint: str, followers: list[Follower]
) -> None:
    with Trickle(endpoint, followers) as trickle:
        with frozen(stack, SERVERS[0]):
            told = len(trickle.answered) + 100
            wait_for("some errors more", lambda: len(trickle.answered) > told or None)
            wait_for("them to come by the other one", lambda: has_each_error(followers, trickle, told) or None, 90)
            assert any(each.reconnections for each in followers)
        wait_for("it to be healthy", lambda: _is_healthy(stack, SERVERS[0]) or None)
    check_each_once(followers, trickle)


def _is_healthy(stack: Stack, name: str) -> bool:
    report = stack.report()
    return report is not None and report.part(name).state == "healthy"
