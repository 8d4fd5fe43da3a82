"""The two ways of sending: all batches over one stream, or each by a call of its own."""

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import grpc

from footfall.outbox import StreamPolicy
from footfall.results import Outcome
from footfall.retry import RetryPolicy
from footfall.stream_writer import StreamWriter
from footfall.v1.event_pb2 import Event
from footfall.writer import Writer
from footfall_cli.replay.sending import Send

STREAMED_AT_ONCE = StreamPolicy().under_way_batches
CALLS_AT_ONCE = 4


@contextmanager
def streamed(channel: grpc.Channel, property_id: str, writer_id: str, retries: RetryPolicy) -> Iterator[Send]:
    """Send over one stream. What is under way when the block ends early is given up."""
    with StreamWriter(channel, property_id, writer_id=writer_id, historical_import=True, retries=retries) as writer:
        yield writer.send


@contextmanager
def by_calls(channel: grpc.Channel, property_id: str, writer_id: str, retries: RetryPolicy) -> Iterator[Send]:
    """Send by calls, a few at a time. What is under way when the block ends early is given up."""
    stop = threading.Event()
    writer = Writer(channel, property_id, writer_id=writer_id, historical_import=True, retries=retries, pause=stop.wait)
    threads = ThreadPoolExecutor(CALLS_AT_ONCE, thread_name_prefix="replay")

    def send(events: Sequence[Event], *, sequence: int) -> Future[Outcome]:
        return threads.submit(writer.write, events, sequence=sequence)

    try:
        yield send
    finally:
        stop.set()
        threads.shutdown(wait=False, cancel_futures=True)
