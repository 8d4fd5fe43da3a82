"""How fresh live events are in reports before, during and after a backfill, against a stack that runs.

    python -m benchmarks.backfill ADDRESS [--events N] [--as-live] [--seconds S] [--in-flight N]

One live event after the other is sent, and a report asked for until it says that it has it: the time between the
acknowledgement and that is the event's freshness. Meanwhile a backfill of page views goes through as fast as it is
taken, and its phase ends when reports say that they have all of it. `--as-live` sends the same events as live ones
instead: what the backfill costs where it is not apart. Every event is stored, under properties of the run's own.

Load generator, stack and readers share the machine, so that figures are good as ratios within one run.
"""

import argparse
import asyncio
import statistics
import time
import uuid
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import grpc
import uvloop

from benchmarks.refusals import refusals_said
from footfall.aio.channel import open_channel
from footfall.v1 import query_pb2, query_pb2_grpc
from footfall.v1.event_pb2 import Event
from footfall.v1.ingest_pb2 import WriteEventsRequest, WriteEventsResponse
from footfall.v1.ingest_pb2_grpc import IngestServiceStub

BATCH = 500
WRITERS = 16
"""Enough that each of the log's partitions has some."""
AGENT = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_9_1) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/32.0 Safari/537.36"
)
POLL_SECONDS = 0.05
PHASES = ("before", "during", "after")


@dataclass
class Freshness:
    """Seconds from acknowledgement to report, by phase."""

    phase: str = PHASES[0]
    seconds: dict[str, list[float]] = field(default_factory=lambda: {phase: [] for phase in PHASES})

    def lines(self) -> Iterator[str]:
        """Return a table, a phase a line; an event counts for the phase in which it was acknowledged."""
        yield f"{'live freshness, s':<20}{'events':>8}{'median':>8}{'p95':>8}{'max':>8}"
        for phase, found in self.seconds.items():
            ordered = sorted(found) or [float("nan")]
            p95 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
            yield f"{phase:<20}{len(found):>8}{statistics.median(ordered):>8.2f}{p95:>8.2f}{ordered[-1]:>8.2f}"


class Stub:
    """Both services of one running Footfall."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._write = IngestServiceStub(channel).WriteEvents  # type: ignore[no-untyped-call]
        self._report = query_pb2_grpc.QueryServiceStub(channel).RunReport  # type: ignore[no-untyped-call]

    async def write(self, request: WriteEventsRequest) -> int:
        """Store a batch, however often it must be sent; return when it was durable, Unix microseconds."""
        while True:
            try:
                answer: WriteEventsResponse = await self._write(request, timeout=30)
            except grpc.aio.AioRpcError as error:
                if error.code() not in {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED}:
                    raise
                await asyncio.sleep(0.2)  # the same sequence again counts once
                continue
            if len(request.events) != answer.accepted:
                raise SystemExit(f"of {len(request.events)} events {answer.accepted} were accepted")
            return answer.committed_time_micros

    async def until_reported(self, property_id: str, committed: int, *, imported: bool) -> int:
        """Ask until reports have all that was durable at an instant; return how many events they count."""
        asked = query_pb2.RunReportRequest(
            property=f"properties/{property_id}",
            metrics=[query_pb2.Metric(name="eventCount")],
            date_ranges=[query_pb2.DateRange(start_date="2daysAgo", end_date="today")],
        )
        name = "imported_data_complete_until" if imported else "data_complete_until"
        getattr(asked, f"min_{name}").FromMicroseconds(committed)
        while True:
            try:
                answer = await self._report(asked, timeout=30)
                if getattr(answer.metadata, name).ToMicroseconds() >= committed:
                    return int(answer.totals[0].integer_value)
            except grpc.aio.AioRpcError as error:
                if error.code() not in {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED}:
                    raise
            await asyncio.sleep(POLL_SECONDS)


async def probe(stub: Stub, property_id: str, freshness: Freshness) -> None:
    """Send one live event after the other, and note how long each takes into a report."""
    writer, sequence = uuid.uuid4().hex, 0
    while True:
        sequence += 1
        event = Event(name="page_view", client_id="probe", timestamp_micros=time.time_ns() // 1000)
        request = WriteEventsRequest(
            property=f"properties/{property_id}", writer_id=writer, sequence=sequence, events=[event]
        )
        committed = await stub.write(request)
        phase, acknowledged = freshness.phase, time.perf_counter()
        await stub.until_reported(property_id, committed, imported=False)
        freshness.seconds[phase].append(time.perf_counter() - acknowledged)


def batches(property_id: str, events: int, *, as_live: bool) -> Iterator[WriteEventsRequest]:
    """Return the backfill, writers by turns."""
    writers, now = [uuid.uuid4().hex for _ in range(WRITERS)], time.time_ns() // 1000
    for number in range(events // BATCH):
        yield WriteEventsRequest(
            property=f"properties/{property_id}",
            writer_id=writers[number % WRITERS],
            sequence=number // WRITERS + 1,
            historical_import=not as_live,
            events=[
                Event(
                    name="page_view",
                    client_id=f"visitor-{(number * BATCH + i) % 50_000}",
                    timestamp_micros=now - (number * BATCH + i) * 1_000 % 86_400_000_000,
                    page_location=f"http://shop.example/products/{i % 200}",
                    page_referrer="http://www.google.com/",
                    user_agent=AGENT,
                )
                for i in range(BATCH)
            ],
        )


async def backfill(stub: Stub, property_id: str, events: int, in_flight: int, *, as_live: bool) -> Sequence[str]:
    """Send all of it, wait until reports have it, and return what there is to say."""
    source, newest = batches(property_id, events, as_live=as_live), 0

    async def work() -> None:
        nonlocal newest
        for request in source:
            newest = max(newest, await stub.write(request))

    began = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(in_flight)))
    acknowledged = time.perf_counter() - began
    counted = await stub.until_reported(property_id, newest, imported=not as_live)
    reported = time.perf_counter() - began
    return (
        f"backfill as {'live events' if as_live else 'an import'}: {events:,} events",
        f"  acknowledged in {acknowledged:.1f} s, {events / acknowledged:,.0f} a second",
        f"  in reports after {reported:.1f} s, {events / reported:,.0f} a second; counted {counted:,}",
    )


@asynccontextmanager
async def probing(stub: Stub, freshness: Freshness) -> AsyncIterator[None]:
    """Send live events beside the block; whatever ends them ends it."""
    task = asyncio.create_task(probe(stub, f"backfill-live-{uuid.uuid4().hex[:8]}", freshness))
    try:
        yield
        if task.done():
            task.result()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def run(arguments: argparse.Namespace) -> None:
    freshness = Freshness()
    async with open_channel(arguments.address) as channel:
        stub = Stub(channel)
        async with probing(stub, freshness):
            await asyncio.sleep(arguments.seconds)
            freshness.phase = PHASES[1]
            property_id = f"backfill-{uuid.uuid4().hex[:8]}"
            said = await backfill(stub, property_id, arguments.events, arguments.in_flight, as_live=arguments.as_live)
            freshness.phase = PHASES[2]
            await asyncio.sleep(arguments.seconds)
    print(*said, *freshness.lines(), sep="\n")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("address", help="HOST:PORT of the gateway, as `footfall status` names it")
    parser.add_argument("--events", type=int, default=300_000)
    parser.add_argument("--as-live", action="store_true", help="send the backfill as live events, to compare")
    parser.add_argument("--seconds", type=float, default=20.0, help="how long to look before and after")
    parser.add_argument("--in-flight", type=int, default=8, help="batches on their way at a time")
    with refusals_said():
        uvloop.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
