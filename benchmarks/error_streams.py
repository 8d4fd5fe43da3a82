"""Error streams at scale, on a local stack that runs: how soon an error comes, what it costs, what a restart loses.

    python -m benchmarks.error_streams [--streams N] [--straight] [--connections N] [--processes N] [--restart]
                                       [--rate N] [--storm N] [--home DIR] [--settle-seconds N]

Each stream is one of the client library's, of a property of its own. Followers are processes of their own; each has
some connections, since the gateway allows 1,000 streams on one. `--straight` opens all of them on `errors-1`; otherwise
the gateway shares them out. One batch with one bad event is sent for each property, `--rate` of them a second, and an
error's time is from the batch's answer, as its sender has it, to its being handed over.

`--restart` goes on with a trickle of such batches while both error servers are stopped with SIGTERM and started anew by
their supervisor, one after the other: each batch that was answered must have its error handed over once.

`--storm N` sends N bad events of one property in batches of 1,000 while a trickle goes on in others: what its stream
pushes and counts must add up to N, and `ListErrors` and a report must count N.

Everything runs on one machine, clients included: figures differ from run to run and from machine to machine.
"""

import argparse
import asyncio
import os
import random
import resource
import signal
import statistics
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import grpc
import uvloop

from benchmarks.error_followers import Followers, Told
from footfall.aio import Client
from footfall.aio.channel import open_channel
from footfall.failures import GivenUpError
from footfall.v1.event_pb2 import Event
from footfall.v1.ingest_pb2 import WriteEventsRequest, WriteEventsResponse
from footfall_local.stack import Stack

WRITE = "/footfall.v1.IngestService/WriteEvents"
SERVERS = ("errors-1", "errors-2")
STORM_BATCH = 1_000
PATIENCE_SECONDS = 120.0
"""How long anything is waited for."""


@dataclass
class Journal:
    """Which batches were answered, when, and what came of them."""

    answered: dict[tuple[str, int], float] = field(default_factory=dict)
    """By property and sequence, seconds of the monotonic clock."""
    told: dict[tuple[str, int], list[Told]] = field(default_factory=dict)

    def take(self, told: Sequence[Told]) -> None:
        """Note what was handed over."""
        for each in told:
            self.told.setdefault((each.property_id, each.sequence), []).append(each)

    def missing(self) -> int:
        """Return of how many answered batches nothing was handed over yet."""
        return len(self.answered.keys() - self.told.keys())

    def doubled(self) -> int:
        """Return how many were handed over more than once."""
        return sum(len(each) > 1 for each in self.told.values())

    def latencies(self, since: float = 0.0, until: float = float("inf")) -> list[float]:
        """Return seconds from answer to handing over, of the batches answered in a time."""
        return [
            self.told[key][0].at - at for key, at in self.answered.items() if since <= at < until and key in self.told
        ]


class Bench:
    """A run."""

    def __init__(self, stack: Stack, address: str, followers: Sequence[Followers], channel: grpc.aio.Channel) -> None:
        self.stack = stack
        self.address = address
        self.followers = followers
        self.journal = Journal()
        self._write: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(WRITE)
        self._writer = uuid.uuid4().hex
        self._sequences: dict[str, int] = {}

    async def until(self, what: str, holds: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> None:
        """Look at what followers say until something holds."""
        give_up = time.monotonic() + seconds
        while True:
            for each in self.followers:
                self.journal.take(each.look())
            if holds():
                return
            if time.monotonic() > give_up:
                raise RuntimeError(f"{what}: not within {seconds:g} s; {self.journal.missing()} are missing")
            await asyncio.sleep(0.05)

    async def settle(self, seconds: float) -> None:
        """Look for a time at what followers say, whatever it is."""
        end = time.monotonic() + seconds
        await self.until("it settled", lambda: time.monotonic() > end)

    async def send_bad(self, property_id: str, events: int = 1) -> None:
        """Send a batch of bad events, and note when it was answered."""
        sequence = self._sequences[property_id] = self._sequences.get(property_id, 0) + 1
        request = WriteEventsRequest(property=f"properties/{property_id}", writer_id=self._writer, sequence=sequence)
        request.events.extend([Event(name="not a name", client_id="ann")] * events)
        message = request.SerializeToString()
        while True:
            try:
                answer = WriteEventsResponse.FromString(await self._write(message))
                break
            except grpc.aio.AioRpcError as error:
                if error.code() not in {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED}:
                    raise
                await asyncio.sleep(0.1)
        at = time.monotonic()
        assert len(answer.rejected) == events, answer
        if events == 1:
            self.journal.answered[property_id, sequence] = at

    async def trickle(self, properties: Sequence[str], a_second: float, stop: asyncio.Event) -> None:
        """Send batches of any of the properties at a steady rate until it is to stop, and wait for their answers."""

        def until_stop() -> Iterator[str]:
            while not stop.is_set():
                yield random.choice(properties)  # noqa: S311

        await self.send_each(until_stop(), a_second)

    async def send_each(self, properties: Iterable[str], a_second: float) -> None:
        """Send a batch of each property at a steady rate, and wait for their answers."""
        sending: set[asyncio.Task[None]] = set()
        due = time.monotonic()
        for property_id in properties:
            task = asyncio.create_task(self.send_bad(property_id))
            sending.add(task)
            task.add_done_callback(sending.discard)
            due += 1 / a_second
            await asyncio.sleep(max(0.0, due - time.monotonic()))
        await asyncio.gather(*sending)

    def pid(self, server: str) -> int:
        """Return the process of a server."""
        report = self.stack.report()
        assert report is not None
        process = report.part(server).process
        assert process is not None
        return process.pid

    def rss(self, server: str) -> str:
        """Return a server's resident memory and the most that it had."""
        found = {}
        for line in Path(f"/proc/{self.pid(server)}/status").read_text().splitlines():
            name, _, value = line.partition(":")
            found[name] = value
        return f"{server} {_mib(found['VmRSS'])} MiB (most {_mib(found['VmHWM'])})"

    def memory(self) -> str:
        """Return that of both."""
        return ", ".join(self.rss(server) for server in SERVERS)

    async def restart(self, server: str) -> float:
        """Stop a server as an orchestrator does, wait until it runs anew, and return how long it took."""

        def restarts() -> int:
            report = self.stack.report()
            assert report is not None
            return report.part(server).restarts

        def is_back() -> bool:
            report = self.stack.report()
            return report is not None and report.part(server).state == "healthy" and restarts() > before

        before, began = restarts(), time.monotonic()
        os.kill(self.pid(server), signal.SIGTERM)
        await self.until(f"{server} is back", is_back)
        return time.monotonic() - began


async def one_error_each(bench: Bench, properties: Sequence[str], a_second: float) -> None:
    began = time.monotonic()
    sending = asyncio.create_task(bench.send_each(properties, a_second))
    await bench.until("all sent", sending.done, seconds=600)
    await sending
    took = time.monotonic() - began
    await bench.until("all told", lambda: bench.journal.missing() == 0)
    say(
        f"an error for each of {len(properties):,} ({len(properties) / took:,.0f} batches/s): "
        f"{_percentiles(bench.journal.latencies())}; doubled {bench.journal.doubled()}; {bench.memory()}"
    )


async def rolling_restart(bench: Bench, properties: Sequence[str], seconds: float) -> None:
    before = len(bench.journal.answered)
    stop = asyncio.Event()
    began = time.monotonic()
    trickling = asyncio.create_task(bench.trickle(properties, 50, stop))
    await bench.until("a beginning", lambda: len(bench.journal.answered) > before + 50)
    for server in SERVERS:
        say(f"  {server} was back after {await bench.restart(server):.1f} s")
        # the health check of the gateway, and the streams that come back to it
        await bench.settle(seconds)
    stop.set()
    await bench.until("the trickle's end", trickling.done)
    await trickling
    await bench.until("all told", lambda: bench.journal.missing() == 0)
    answered = len(bench.journal.answered) - before
    say(
        f"rolling restart of both under {answered:,} errors: lost {bench.journal.missing()}, handed over more than "
        f"once {bench.journal.doubled()}, reconnections {sum(each.news.reconnected for each in bench.followers):,}; "
        f"{_percentiles(bench.journal.latencies(since=began))}; {bench.memory()}"
    )


async def storm(bench: Bench, stormy: str, others: Sequence[str], events: int, key: str) -> None:
    stop = asyncio.Event()
    trickling = asyncio.create_task(bench.trickle(others, 20, stop))
    began = time.monotonic()
    await bench.until("a time without a storm", lambda: time.monotonic() > began + 15)
    storm_began, count = time.monotonic(), events // STORM_BATCH
    left = iter(range(count))

    async def work() -> None:
        for _ in left:
            await bench.send_bad(stormy, STORM_BATCH)

    sending = asyncio.gather(*(work() for _ in range(8)))
    await bench.until("the storm was sent", sending.done, seconds=600)
    sent = time.monotonic() - storm_began

    def counted() -> tuple[int, int]:
        pushed = sum(len(told) for (property_id, _), told in bench.journal.told.items() if property_id == stormy)
        return pushed, sum(each.news.left_out.get(stormy, 0) for each in bench.followers)

    await bench.until("the storm was told", lambda: sum(counted()) >= count * STORM_BATCH, seconds=600)
    storm_end = time.monotonic()
    stop.set()
    await bench.until("the trickle's end", trickling.done)
    await bench.until("all told", lambda: bench.journal.missing() == 0)
    pushed, left_out = counted()
    say(
        f"storm of {count * STORM_BATCH:,} errors of one property, sent in {sent:.0f} s, told after "
        f"{storm_end - storm_began:.0f} s: pushed {pushed:,} + left out {left_out:,} = {pushed + left_out:,}; "
        f"{bench.memory()}"
    )
    say(f"  other properties before: {_percentiles(bench.journal.latencies(began, storm_began))}")
    say(f"  other properties during: {_percentiles(bench.journal.latencies(storm_began, storm_end))}")
    async with Client(bench.stack.addresses["grpc"], stormy, key=key, late_errors=False) as client:
        total, asked = 0, 0.0
        give_up = time.monotonic() + 600
        while total < count * STORM_BATCH and time.monotonic() < give_up:
            asked = time.monotonic()
            with suppress(GivenUpError):  # the store is behind; asked again
                listed = await client.list_errors(datetime.now(UTC) - timedelta(hours=2), timeout=60)
                total = listed.total_count
            asked = time.monotonic() - asked
        report = await client.report(["errorCode"], ["errorCount"], start="yesterday", end="today")
        rows = [tuple(row.values()) for row in report.rows]
        say(f"  ListErrors counts {total:,} in {asked:.1f} s; the report: {rows}")


def say(line: str) -> None:
    print(line, flush=True)


def _mib(kib: str) -> int:
    return int(kib.split(maxsplit=1)[0]) // 1024


def _percentiles(seconds: Sequence[float]) -> str:
    if len(seconds) < 2:
        return "nothing to measure"
    cuts = statistics.quantiles(seconds, n=100)
    return (
        f"p50 {cuts[49] * 1e3:.0f} ms, p99 {cuts[98] * 1e3:.0f} ms, most {max(seconds) * 1e3:.0f} ms ({len(seconds):,})"
    )


async def run(given: argparse.Namespace) -> None:
    stack = Stack(given.home)
    key = os.environ["FOOTFALL_KEY"] = stack.home.keys.read_development_key()
    gateway = stack.addresses["grpc"]
    address = stack.addresses["errors-1"] if given.straight else gateway
    run_id = uuid.uuid4().hex[:6]
    properties = [f"stream-{run_id}-{number}" for number in range(given.streams)]
    stormy = f"storm-{run_id}"
    followed = [*properties, stormy]
    say(
        f"{given.streams:,} streams through {'errors-1 itself' if given.straight else 'the gateway'}, "
        f"{given.processes} processes of {given.connections} connections; ulimit -n "
        f"{resource.getrlimit(resource.RLIMIT_NOFILE)[0]:,}; load average {os.getloadavg()[0]:.1f}"
    )
    with ExitStack() as around:
        began = time.monotonic()
        followers = []
        for number in range(given.processes):
            each = Followers(address, followed[number :: given.processes], given.connections, key)
            around.callback(each.end)
            followers.append(each)
        async with open_channel(gateway) as channel:
            bench = Bench(stack, address, followers, channel)
            say(f"before: {bench.memory()}")
            await bench.until(
                "all live", lambda: sum(each.news.live for each in followers) == len(followed), seconds=300
            )
            say(f"all live after {time.monotonic() - began:.1f} s: {bench.memory()}")
            await bench.settle(given.settle_seconds)
            await one_error_each(bench, properties, given.rate)
            if given.restart:
                await rolling_restart(bench, properties, given.settle_seconds)
            if given.storm:
                await storm(bench, stormy, properties, given.storm, key)
            say(f"at the end: {bench.memory()}; load average {os.getloadavg()[0]:.1f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, default=Path(os.environ.get("FOOTFALL_HOME", ".footfall")))
    parser.add_argument("--streams", type=int, default=5_000)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--connections", type=int, default=5, help="of each process")
    parser.add_argument("--straight", action="store_true", help="all on one server, past the gateway")
    parser.add_argument("--rate", type=float, default=50, metavar="N", help="batches a second of the errors for each")
    parser.add_argument("--restart", action="store_true")
    parser.add_argument("--settle-seconds", type=float, default=10, help="after all are live, and each restart")
    parser.add_argument("--storm", type=int, default=0, metavar="N")
    uvloop.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
