"""`footfall bench`: how fast this machine is, measured, by a process of its own that is loaded and asked.

Events a second are counted twice: until all of them were answered OK, and until a report shows all of them. Both begin
with the first batch's sending. The generator sends ready-made bytes from another process, on the same machine.
"""

import asyncio
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
import grpc

from footfall.aio.channel import open_channel
from footfall.v1 import query_pb2
from footfall.v1.event_pb2 import Event
from footfall.v1.ingest_pb2 import WriteEventsRequest, WriteEventsResponse
from footfall_cli.options import json_option
from footfall_cli.terminal import EXIT_UNREACHABLE, Failure
from footfall_local.embedded.folder import DataFolder

AT_LEAST_ONE = click.IntRange(min=1)
START_SECONDS = 30.0
SHOWN_SECONDS = 120.0
_AGENT = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_9_{}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{}.0 Safari/537.36"
)
_REFERRERS = ("", "http://www.google.com/", "http://shop.example/", "https://t.co/x")


@dataclass(frozen=True)
class Measured:
    """One round."""

    acknowledged: float
    """Events a second until all were answered."""
    queryable: float
    """Events a second until a report showed all."""


@click.group()
def bench() -> None:
    """Measure how fast Footfall is on this machine."""


@bench.command("embedded")
@click.option(
    "--sizes", default="1,100,500", show_default=True, metavar="N,…", help="Events a batch, one after another."
)
@click.option(
    "--events", default=200_000, show_default=True, type=AT_LEAST_ONE, help="Events a round; with small batches fewer."
)
@click.option("--rounds", default=3, show_default=True, type=AT_LEAST_ONE, help="Rounds that count; one more warms up.")
@click.option(
    "--in-flight",
    default=32,
    show_default=True,
    type=AT_LEAST_ONE,
    help="Batches that are sent and not answered, at most.",
)
@json_option
def embedded(*, sizes: str, events: int, rounds: int, in_flight: int, as_json: bool) -> None:
    """Load an embedded process of its own, in a folder that is removed afterwards."""
    import uvloop

    try:
        counts = [int(size) for size in sizes.split(",")]
    except ValueError:
        raise click.UsageError(f"--sizes: {sizes!r} is no list of whole numbers.") from None
    if not all(1 <= size <= 1_000 for size in counts):
        raise click.UsageError("--sizes: a batch has 1 to 1,000 events.")
    uvloop.run(_measure(counts, events, rounds, in_flight, as_json=as_json))


async def _measure(sizes: Sequence[int], events: int, rounds: int, in_flight: int, *, as_json: bool) -> None:
    with tempfile.TemporaryDirectory(prefix="footfall-bench-") as folder:
        data = DataFolder(Path(folder) / "data")
        async with _served(data) as address, _opened(data, address) as channel:
            if not as_json:
                click.echo(f"{in_flight} batches in flight; events/s, median of {rounds} rounds (range)")
                click.echo(f"{'a batch':>8}  {'events':>8}  {'acknowledged':>28}  {'queryable':>28}")
            for size in sizes:
                number = max(in_flight, min(events, 4_000 * size) // size)
                found = [await _round(channel, size, number, in_flight) for _ in range(rounds + 1)][1:]
                _show(size, size * number, found, as_json=as_json)


def _show(size: int, events: int, found: Sequence[Measured], *, as_json: bool) -> None:
    rates = {"acknowledged": [m.acknowledged for m in found], "queryable": [m.queryable for m in found]}
    if as_json:
        click.echo(json.dumps({"batch_size": size, "events": events, "events_per_second": rates}))
        return
    cells = [f"{statistics.median(r):,.0f} ({min(r):,.0f} … {max(r):,.0f})" for r in rates.values()]
    click.echo(f"{size:>8}  {events:>8,}  {cells[0]:>28}  {cells[1]:>28}")


def _opened(data: DataFolder, address: str) -> grpc.aio.Channel:
    return open_channel(address, key=data.keys.read_development_key())


@asynccontextmanager
async def _served(data: DataFolder) -> AsyncIterator[str]:
    """Start an embedded process, yield its address, and end it."""
    command = [sys.executable, "-m", "footfall_cli.main", "serve", "--embedded", "--data", str(data.folder)]
    environment = {name: value for name, value in os.environ.items() if name != "FOOTFALL_HOST_ADDRESS"}
    process = await asyncio.create_subprocess_exec(
        *command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment
    )
    try:
        deadline = time.monotonic() + START_SECONDS
        while (address := data.last_address()) is None:
            if process.returncode is not None or time.monotonic() > deadline:
                raise Failure("the embedded process did not start.", EXIT_UNREACHABLE)
            await asyncio.sleep(0.05)
        yield address
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), 30)
        except TimeoutError:
            process.kill()
            await process.wait()


async def _round(channel: grpc.aio.Channel, size: int, number: int, in_flight: int) -> Measured:
    """Send batches of one new property, and ask for it until all are there."""
    property_id = f"bench-{uuid.uuid4().hex[:8]}"
    batches = iter(_batches(property_id, size, number))
    write: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(
        "/footfall.v1.IngestService/WriteEvents"
    )

    async def work() -> None:
        for batch in batches:
            answer = WriteEventsResponse.FromString(await write(batch))
            if answer.accepted != size:
                raise Failure(f"of a batch of {size} events {answer.accepted} were accepted.", EXIT_UNREACHABLE)

    began = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(in_flight)))
    acknowledged = time.perf_counter() - began
    await _until_shown(channel, property_id, size * number)
    shown = time.perf_counter() - began
    return Measured(size * number / acknowledged, size * number / shown)


async def _until_shown(channel: grpc.aio.Channel, property_id: str, events: int) -> None:
    today = datetime.now(UTC).date()
    days = query_pb2.DateRange(start_date=str(today - timedelta(days=2)), end_date=str(today + timedelta(days=1)))
    request = query_pb2.RunReportRequest(
        property=f"properties/{property_id}", metrics=[query_pb2.Metric(name="eventCount")], date_ranges=[days]
    )
    run: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary("/footfall.v1.QueryService/RunReport")
    deadline = time.monotonic() + SHOWN_SECONDS
    while time.monotonic() < deadline:
        # an answer of a moment ago would do for a reader, but not for a measurement
        request.min_data_complete_until.FromNanoseconds(time.time_ns())
        answer = query_pb2.RunReportResponse.FromString(await run(request.SerializeToString()))
        if answer.totals[0].integer_value == events:
            return
        await asyncio.sleep(0.01)
    raise Failure(f"after {SHOWN_SECONDS:.0f} s not all of {events:,} events are in the report.", EXIT_UNREACHABLE)


def _batches(property_id: str, size: int, number: int) -> list[bytes]:
    """Return serialized batches of one new writer: page views with the shape of a real log's."""
    chance = random.Random(size)  # noqa: S311 - the same events in every run
    now = time.time_ns() // 1000
    writer_id = uuid.uuid4().hex
    events = [
        Event(
            name="page_view",
            client_id=f"{chance.getrandbits(64):016x}",
            timestamp_micros=now - chance.randrange(3_600_000_000),
            page_location=f"http://shop.example/products/{int(chance.paretovariate(0.8)) % 2000}",
            page_referrer=chance.choice(_REFERRERS),
            user_agent=_AGENT.format(chance.randrange(10), chance.randrange(30, 60)),
            ip_override=f"83.149.{chance.randrange(256)}.{chance.randrange(8)}",
        )
        for _ in range(2_000)
    ]
    for event in events:
        event.params["http_status"].number_value = 200
    return [
        WriteEventsRequest(
            property=f"properties/{property_id}",
            writer_id=writer_id,
            sequence=sequence,
            events=[events[(sequence * size + i) % len(events)] for i in range(size)],
        ).SerializeToString()
        for sequence in range(1, number + 1)
    ]
