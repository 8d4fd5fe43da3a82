"""What a property feels of another one that sends many times its quota: acknowledgements and freshness.

    python -m benchmarks.flood ADDRESS [--rounds N] [--seconds N] [--quota N] [--times N] [--batch N]

ADDRESS is a gateway, or an embedded process, whose quota of events is `--quota` a second: for example
`FOOTFALL_QUOTA_EVENTS_PER_SECOND=1000 footfall up`. One property sends a batch of 20 events at a fixed rate, far below
the quota, and asks over and over how far its report is complete; alone, and beside one that sends `--times` the quota
and does not wait when it is told to. Both take turns in one run (A B A B). What counts is the ratio; the flood is made
on the same machine, in a process of its own.

An acknowledgement's time is from when the batch was due, so that one that is late makes those behind it late too. The
freshness is how old what a report is complete until is, when the report is there.
"""

import argparse
import asyncio
import multiprocessing
import statistics
import sys
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from multiprocessing.synchronize import Event as Stop

import grpc
import uvloop

from benchmarks.streaming import AGENT
from footfall.aio.channel import open_channel
from footfall.v1 import query_pb2
from footfall.v1.event_pb2 import Event
from footfall.v1.ingest_pb2 import WriteEventsRequest

WRITE = "/footfall.v1.IngestService/WriteEvents"
REPORT = "/footfall.v1.QueryService/RunReport"
POLITE_EVENTS = 20
POLITE_BATCHES_PER_SECOND = 20
MOST_WAITING = 32
"""Batches of the flood without an answer, at most; those beyond are not sent, and counted."""


@dataclass
class Felt:
    """What the polite property felt in one round."""

    acknowledged: list[float] = field(default_factory=list)
    """Seconds until a batch was answered."""
    fresh: list[float] = field(default_factory=list)
    """Seconds by which a report was behind."""
    refused: int = 0


def batch(property_id: str, size: int, writer: str = "", sequence: int = 0) -> bytes:
    """Return a serialized batch of page views of now."""
    now = time.time_ns() // 1000
    events = [
        Event(
            name="page_view",
            client_id=f"visitor-{i}",
            timestamp_micros=now - i,
            page_location=f"http://shop.example/products/{i % 200}",
            page_referrer="http://www.google.com/",
            user_agent=AGENT,
        )
        for i in range(size)
    ]
    return WriteEventsRequest(
        property=f"properties/{property_id}", writer_id=writer, sequence=sequence, events=events
    ).SerializeToString()


async def polite(address: str, seconds: float) -> Felt:
    """Send at a fixed rate and look at reports, for so long."""
    felt, property_id, writer = Felt(), f"polite-{uuid.uuid4().hex[:8]}", uuid.uuid4().hex
    async with open_channel(address) as channel:
        write: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(WRITE)

        async def send(sequence: int, due: float) -> None:
            try:
                await write(batch(property_id, POLITE_EVENTS, writer, sequence), timeout=30)
                felt.acknowledged.append(time.monotonic() - due)
            except grpc.aio.AioRpcError:
                felt.refused += 1

        looking = asyncio.create_task(look(channel, property_id, felt))
        began, sent = time.monotonic(), []
        for number in range(int(seconds * POLITE_BATCHES_PER_SECOND)):
            due = began + number / POLITE_BATCHES_PER_SECOND
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            sent.append(asyncio.create_task(send(number + 1, due)))
        await asyncio.gather(*sent)
        looking.cancel()
        await asyncio.wait({looking})
    return felt


async def look(channel: grpc.aio.Channel, property_id: str, felt: Felt) -> None:
    """Ask for the property's events again and again; each report is another one, so that no cache answers."""
    run: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(REPORT)
    today = datetime.now(UTC).date()
    days = query_pb2.DateRange(start_date=str(today - timedelta(days=1)), end_date=str(today + timedelta(days=1)))
    limit = 1_000
    while True:
        limit += 1
        asked = query_pb2.RunReportRequest(
            property=f"properties/{property_id}",
            dimensions=[query_pb2.Dimension(name="date")],
            metrics=[query_pb2.Metric(name="eventCount")],
            date_ranges=[days],
            limit=limit,
        )
        answer = query_pb2.RunReportResponse.FromString(await run(asked.SerializeToString(), timeout=30))
        if answer.metadata.HasField("data_complete_until"):
            until = answer.metadata.data_complete_until.ToNanoseconds()
            felt.fresh.append((time.time_ns() - until) / 1e9)
        await asyncio.sleep(0.2)


@contextmanager
def flooding(address: str, events_per_second: float, size: int) -> Iterator[None]:
    """Have another process flood during the block, and say at its end what became of the flood."""
    context = multiprocessing.get_context("spawn")
    stop, counts = context.Event(), context.Queue()
    process = context.Process(target=_flood, args=(address, events_per_second, size, stop, counts), daemon=True)
    process.start()
    try:
        yield
    finally:
        stop.set()
        accepted, refused, unsent, seconds = counts.get(timeout=60)
        process.join(30)
    rate = (accepted + refused) * size / seconds
    print(
        f"    flood: {rate:,.0f} events/s sent, {accepted * size / seconds:,.0f} taken; batches: {accepted:,} taken, "
        f"{refused:,} refused, {unsent:,} not sent because {MOST_WAITING} had no answer",
        flush=True,
    )


def _flood(
    address: str, events_per_second: float, size: int, stop: Stop, counts: "multiprocessing.Queue[object]"
) -> None:
    counts.put(uvloop.run(_flood_until(address, events_per_second, size, stop)))


async def _flood_until(address: str, events_per_second: float, size: int, stop: Stop) -> tuple[int, int, int, float]:
    accepted = refused = unsent = 0
    waiting: set[asyncio.Task[None]] = set()
    made = batch(f"flood-{uuid.uuid4().hex[:8]}", size)
    async with open_channel(address) as channel:
        write: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(WRITE)

        async def send() -> None:
            nonlocal accepted, refused
            try:
                await write(made, timeout=30)
                accepted += 1
            except grpc.aio.AioRpcError:
                refused += 1

        began, number = time.monotonic(), 0
        while not stop.is_set():
            await asyncio.sleep(max(0.0, began + number * size / events_per_second - time.monotonic()))
            number += 1
            if len(waiting) >= MOST_WAITING:
                unsent += 1
                continue
            task = asyncio.create_task(send())
            waiting.add(task)
            task.add_done_callback(waiting.discard)
        seconds = time.monotonic() - began
        await asyncio.gather(*waiting)
    return accepted, refused, unsent, seconds


def quantile(values: Sequence[float], part: float) -> float:
    """Return a quantile in milliseconds; the largest value if there are too few for it."""
    return sorted(values)[min(len(values) - 1, int(part * len(values)))] * 1e3


def told(name: str, felt: Felt) -> tuple[float, float]:
    """Print a round, and return the p99 of acknowledgements and the median freshness, in milliseconds."""
    p50, p99 = quantile(felt.acknowledged, 0.5), quantile(felt.acknowledged, 0.99)
    fresh = statistics.median(felt.fresh) * 1e3 if felt.fresh else float("nan")
    worst = max(felt.fresh, default=float("nan")) * 1e3
    print(
        f"{name:<16} acknowledged p50 {p50:7.1f} ms  p99 {p99:7.1f} ms   fresh median {fresh:7.0f} ms  worst "
        f"{worst:7.0f} ms   ({len(felt.acknowledged)} batches, {felt.refused} refused, {len(felt.fresh)} reports)",
        flush=True,
    )
    return p99, fresh


def compare(address: str, given: argparse.Namespace) -> None:
    rate = given.quota * given.times
    print(f"{address}: {POLITE_BATCHES_PER_SECOND} batches of {POLITE_EVENTS} a second; flood of {rate:,.0f} events/s")
    if not uvloop.run(polite(address, 2)).acknowledged:  # warms up
        sys.exit(f"{address} acknowledges nothing: is that a gateway, and may the key of FOOTFALL_KEY write?")
    ratios, behind = [], []
    for _ in range(given.rounds):
        alone = told("alone", uvloop.run(polite(address, given.seconds)))
        with flooding(address, rate, given.batch):
            time.sleep(given.burst)  # what the quota lets in at once is over by then
            beside = told("beside a flood", uvloop.run(polite(address, given.seconds)))
        ratios.append(beside[0] / alone[0])
        behind.append((beside[1] - alone[1]) / 1e3)
        time.sleep(given.burst)
    print(f"p99 beside / alone: median {statistics.median(ratios):.2f} ({min(ratios):.2f} … {max(ratios):.2f})")
    print(f"less fresh by: median {statistics.median(behind):.2f} s ({min(behind):.2f} … {max(behind):.2f})")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("address", help="host:port of a gateway or an embedded process")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=15, help="how long each half of a round is")
    parser.add_argument("--quota", type=float, default=1_000, help="events a second that a property may send there")
    parser.add_argument("--times", type=float, default=50, help="how many times that the flood sends")
    parser.add_argument("--batch", type=int, default=500, help="events a batch of the flood")
    parser.add_argument("--burst", type=float, default=3, help="seconds between the flood's begin and the measurement")
    given = parser.parse_args()
    compare(given.address, given)


if __name__ == "__main__":
    main()
