"""Events a second through `StreamEvents` and through `WriteEvents`, against a server that runs.

    python -m benchmarks.streaming ADDRESS [--events N] [--rounds N] [--in-flight N] [--streams N]

Both ways take turns in one run (A B A B), with as many batches under way; figures differ from run to run, so it is
the ratio that counts. It talks with plain gRPC stubs and ready-made bytes, so that the server is what is measured, as
far as a generator on the same machine allows. Every event is stored, under the property `benchmark`.
"""

import argparse
import asyncio
import statistics
import time
import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import grpc
import uvloop

from benchmarks.refusals import refusals_said
from footfall.aio.channel import open_channel
from footfall.v1.event_pb2 import Event
from footfall.v1.ingest_pb2 import StreamEventsRequest, StreamEventsResponse, WriteEventsRequest, WriteEventsResponse

BATCH_SIZES = (1, 10, 100, 500)
MOST_BATCHES = 4_000
"""Batches a round: with small ones the time a round takes, not the number of events, is what to bound."""
AGENT = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_9_1) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/32.0 Safari/537.36"
)


@dataclass(frozen=True)
class Load:
    """One round's batches."""

    batches: Sequence[bytes]
    """Serialized `WriteEventsRequest`s."""
    size: int
    """Events a batch."""
    in_flight: int
    """Batches that are sent and not answered, at most, over all streams."""
    streams: int


def made(count: int, size: int) -> list[bytes]:
    """Return serialized batches of one new writer."""
    writer = uuid.uuid4().hex
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
    return [
        WriteEventsRequest(
            property="properties/benchmark", writer_id=writer, sequence=sequence, events=events
        ).SerializeToString()
        for sequence in range(1, count + 1)
    ]


async def unary(channel: grpc.aio.Channel, load: Load) -> None:
    """Send each batch with a `WriteEvents` of its own, some at a time."""
    write: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(
        "/footfall.v1.IngestService/WriteEvents"
    )
    left = iter(load.batches)

    async def work() -> None:
        for batch in left:
            answer = WriteEventsResponse.FromString(await write(batch))
            assert answer.accepted == load.size, answer

    await asyncio.gather(*(work() for _ in range(load.in_flight)))


async def streamed(channel: grpc.aio.Channel, load: Load) -> None:
    """Send all batches over streams, each with its share of what may be in flight."""
    await asyncio.gather(*(_stream(channel, load, first) for first in range(load.streams)))


async def _stream(channel: grpc.aio.Channel, load: Load, first: int) -> None:
    start: grpc.aio.StreamStreamMultiCallable[bytes, bytes] = channel.stream_stream(
        "/footfall.v1.IngestService/StreamEvents"
    )
    call = start()
    batches = load.batches[first :: load.streams]
    room = asyncio.Semaphore(load.in_flight // load.streams)

    async def send() -> None:
        for batch in batches:
            await room.acquire()
            # field 1, length-delimited: what StreamEventsRequest(batch=…) would be, without parsing the batch
            await call.write(b"\x0a" + _varint(len(batch)) + batch)
        await call.done_writing()

    sending = asyncio.create_task(send())
    for _ in batches:
        answer = StreamEventsResponse.FromString(await call.read())  # type: ignore[arg-type]
        assert answer.answer.accepted == load.size, answer
        room.release()
    await sending
    assert await call.code() is grpc.StatusCode.OK


def _varint(number: int) -> bytes:
    return bytes([number]) if number < 128 else bytes([number & 127 | 128]) + _varint(number >> 7)


async def rate(
    way: Callable[[grpc.aio.Channel, Load], Awaitable[None]], channel: grpc.aio.Channel, load: Load
) -> float:
    """Return events a second."""
    started = time.perf_counter()
    await way(channel, load)
    return len(load.batches) * load.size / (time.perf_counter() - started)


async def compare(address: str, events: int, rounds: int, in_flight: int, streams: int) -> None:
    assert StreamEventsRequest(batch=WriteEventsRequest(sequence=1)).SerializeToString() == b"\x0a\x02\x18\x01"
    print(f"{address}: median events/s of {rounds} rounds (range), {in_flight} batches in flight, {streams} streams")
    async with open_channel(address) as channel:
        for size in BATCH_SIZES:
            count = min(MOST_BATCHES, max(events // size, 2 * in_flight))
            found: dict[str, list[float]] = {"unary": [], "stream": []}
            for number in range(rounds + 1):
                for name, way in (("unary", unary), ("stream", streamed)):
                    load = Load(made(count, size), size, in_flight, streams)
                    measured = await rate(way, channel, load)
                    if number:  # the first round warms up
                        found[name].append(measured)
            line = [f"{size:>4} a batch, {count:>5} batches"]
            line += [
                f"{name} {statistics.median(rates):>8,.0f} ({min(rates):,.0f} … {max(rates):,.0f})"
                for name, rates in found.items()
            ]
            ratios = [stream / single for single, stream in zip(*found.values(), strict=True)]
            line.append(f"ratio {statistics.median(ratios):.2f} ({min(ratios):.2f} … {max(ratios):.2f})")
            print("   ".join(line), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("address", help="host:port of a gateway or an ingest server")
    parser.add_argument("--events", type=int, default=50_000, help="events a round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--in-flight", type=int, default=64)
    parser.add_argument("--streams", type=int, default=1)
    given = parser.parse_args()
    with refusals_said():
        uvloop.run(compare(given.address, given.events, given.rounds, given.in_flight, given.streams))


if __name__ == "__main__":
    main()
