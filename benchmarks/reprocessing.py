"""What processing history again costs, on a stack that runs: its speed beside live processing's, and live freshness.

    python -m benchmarks.reprocessing ADDRESS [--events N] [--seconds S] [--in-flight N]

Live events are sent as fast as they are taken, and counted into reports: the speed of live processing. Then the hours
in which they came are processed again, while one live event after the other is sent and a report asked for until it
has it (`benchmarks.backfill`). The speed of the reprocessing is that of all its hours, from when it is seen to have
begun until it has caught up; it has at most the share of one processor that `FOOTFALL_RUN_STREAM_SHARE` says. In the
end it is cancelled. The key, from `FOOTFALL_KEY`, must be an operator's.

Load generator, stack and readers share the machine, so that figures are good as ratios within one run.
"""

import argparse
import asyncio
import time
import uuid
from collections.abc import Sequence

import uvloop

from benchmarks.backfill import PHASES, Freshness, Stub, backfill, probing
from benchmarks.refusals import refusals_said
from footfall.aio.channel import open_channel
from footfall.v1 import admin_pb2
from footfall.v1.admin_pb2_grpc import AdminServiceStub

HOUR = 3_600_000_000
LONGEST_SECONDS = 900.0
"""How long a reprocessing is waited for."""


async def reprocess(admin: AdminServiceStub, since_micros: int) -> tuple[str, Sequence[str]]:
    """Process the log again from an instant's hour on; return its name, and what there is to say when it caught up."""
    request = admin_pb2.StartReprocessingRequest(request_id=uuid.uuid4().hex)
    request.start_hour.FromMicroseconds(since_micros // HOUR * HOUR)
    asked = time.perf_counter()
    begun: float | None = None
    operation = await admin.StartReprocessing(request, timeout=30)
    while operation.metadata.state != admin_pb2.REPROCESSING_STATE_CAUGHT_UP:
        if operation.done or time.perf_counter() > asked + LONGEST_SECONDS:
            raise SystemExit(f"the reprocessing did not catch up: {operation}")
        if begun is None and operation.metadata.records_done:
            begun = time.perf_counter()
        await asyncio.sleep(0.2)
        operation = await admin.GetReprocessing(admin_pb2.GetReprocessingRequest(name=operation.name), timeout=30)
    found, took = operation.metadata, time.perf_counter() - (begun or asked)
    return operation.name, (
        f"reprocessing: {found.records_done:,} records, {found.rows:,} rows; {found.failed_batches} batches failed",
        f"  begun {(begun or asked) - asked:.1f} s after it was asked for",
        f"  caught up {took:.1f} s later, {found.rows / took:,.0f} rows a second",
    )


async def run(arguments: argparse.Namespace) -> None:
    freshness = Freshness()
    async with open_channel(arguments.address) as channel:
        stub, admin = Stub(channel), AdminServiceStub(channel)  # type: ignore[no-untyped-call]
        began = time.time_ns() // 1000
        said = await backfill(
            stub, f"again-{uuid.uuid4().hex[:8]}", arguments.events, arguments.in_flight, as_live=True
        )
        async with probing(stub, freshness):
            await asyncio.sleep(arguments.seconds)
            freshness.phase = PHASES[1]
            name, again = await reprocess(admin, began)
            freshness.phase = PHASES[2]
            await admin.CancelReprocessing(admin_pb2.CancelReprocessingRequest(name=name), timeout=30)
            await asyncio.sleep(arguments.seconds)
    print(*said, *again, *freshness.lines(), sep="\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("address", help="HOST:PORT of the gateway, as `footfall status` names it")
    parser.add_argument("--events", type=int, default=300_000)
    parser.add_argument("--seconds", type=float, default=20.0, help="how long to look before and after")
    parser.add_argument("--in-flight", type=int, default=8, help="batches on their way at a time")
    with refusals_said():
        uvloop.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
