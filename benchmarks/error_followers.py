"""Processes that follow errors as clients do, thousands of streams each, and say what came when."""

import asyncio
import multiprocessing
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection
from typing import Any

import grpc
import uvloop

from footfall.aio.error_stream import ErrorStream
from footfall.aio.key import keyed
from footfall.channel import parse_endpoint
from footfall.following import begin_following
from footfall.retry import RetryPolicy
from footfall.v1.errors_pb2_grpc import ErrorServiceStub

TOLD_EVERY_SECONDS = 0.1
OPENED_TOGETHER = 200
"""Streams of one process that are opened at a time."""


@dataclass(frozen=True)
class Told:
    """An error that was handed over."""

    property_id: str
    sequence: int
    error_id: str
    at: float
    """Seconds of this machine's monotonic clock, which all of its processes share."""


@dataclass
class News:
    """What a process says of its streams since it last did."""

    live: int = 0
    """Streams that have had their first message, in all."""
    told: list[Told] = field(default_factory=list)
    left_out: dict[str, int] = field(default_factory=dict)
    """How many errors of each property were counted and not pushed, in all."""
    reconnected: int = 0
    """How often a stream ended and another was opened, in all."""
    ended: list[str] = field(default_factory=list)
    """Why streams ended for good, which none should."""


class Followers:
    """One process."""

    def __init__(self, address: str, properties: Sequence[str], connections: int, key: str) -> None:
        self._theirs, there = multiprocessing.Pipe(duplex=True)
        context = multiprocessing.get_context("spawn")
        self.process = context.Process(target=_run, args=(there, address, properties, connections, key), daemon=True)
        self.news = News()
        self.process.start()

    def look(self) -> list[Told]:
        """Take what came, and return the errors of it."""
        told: list[Told] = []
        while self._theirs.poll():
            news: News = self._theirs.recv()
            told += news.told
            self.news = news
            if news.ended:
                raise RuntimeError(f"streams ended for good: {news.ended[:3]}")
        return told

    def end(self) -> None:
        """End the process, and its streams."""
        self._theirs.send(None)
        self.process.join(20)
        self.process.terminate()


def _run(pipe: Connection, address: str, properties: Sequence[str], connections: int, key: str) -> None:
    uvloop.run(_follow_all(pipe, address, properties, connections, key))


async def _follow_all(pipe: Connection, address: str, properties: Sequence[str], connections: int, key: str) -> None:
    news = News()
    endpoint = parse_endpoint(address)
    # channels to the same address would share one connection otherwise
    options = [*endpoint.options, ("grpc.use_local_subchannel_pool", 1)]
    channels = [keyed(grpc.aio.insecure_channel(endpoint.target, options), key) for _ in range(connections)]
    stubs = [ErrorServiceStub(channel) for channel in channels]  # type: ignore[no-untyped-call]
    closed = asyncio.Event()
    streams: list[ErrorStream] = []
    tasks: list[asyncio.Task[None]] = []

    async def follow(stream: ErrorStream, property_id: str) -> None:
        try:
            async for error in stream:
                news.told.append(Told(property_id, error.sequence, error.error_id, time.monotonic()))
        except Exception as error:  # noqa: BLE001 - whoever measures is told
            news.ended.append(f"{property_id}: {error!r}")

    def reconnected(_: object) -> None:
        news.reconnected += 1

    async def tell() -> None:
        news.live = sum(bool(stream.resume_token) for stream in streams)
        news.left_out = {
            property_id: sum(stream.left_out.values())
            for property_id, stream in zip(properties, streams, strict=False)
            if stream.left_out
        }
        told = replace(news)
        # what comes while it is sent is for the next time
        news.told = []
        await asyncio.to_thread(pipe.send, told)

    async def tell_again_and_again() -> None:
        while True:
            await tell()
            await asyncio.sleep(TOLD_EVERY_SECONDS)

    telling = asyncio.create_task(tell_again_and_again())
    for number, property_id in enumerate(properties):
        position, reconnecting, _ = begin_following(
            property_id, RetryPolicy(), None, time.monotonic(), on_reconnect=reconnected
        )
        stub: Any = stubs[number % connections]
        streams.append(ErrorStream(stub.StreamErrors, position, reconnecting, follow=True, closed=closed))
        tasks.append(asyncio.create_task(follow(streams[-1], property_id)))
        if len(streams) % OPENED_TOGETHER == 0:
            while not all(stream.resume_token for stream in streams):  # noqa: ASYNC110 - nothing tells of it
                await asyncio.sleep(0.01)
    await asyncio.to_thread(pipe.recv)
    closed.set()
    telling.cancel()
    for task in tasks:
        task.cancel()
    await asyncio.gather(telling, *tasks, return_exceptions=True)
    for channel in channels:
        await channel.close()
