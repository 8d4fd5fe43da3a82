"""Many writers of every kind, each of which goes on only when it was told OK: small calls, calls of 4 MiB, and streams.

They keep one journal, as those of `tests.faults.journals` do, and note how long whoever got no OK waited to be told.
"""

import os
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import grpc

from footfall.key import find_key, keyed
from footfall.retry_info import TRAILER, retry_delay
from footfall.v1.ingest_pb2 import StreamEventsRequest, StreamEventsResponse, WriteEventsRequest, WriteEventsResponse
from tests.faults.journals import CALL_SECONDS, PATIENCE_SECONDS, RETRIED, Journal, batch_of

LOOK_SECONDS = 0.01
LARGE_BYTES = 4 * 1024 * 1024 - 16 * 1024


@dataclass(frozen=True)
class Crowd:
    """How many writers there are of each kind."""

    small: int = 64
    large: int = 96
    streams: int = 8
    batches_a_stream: int = 32
    pause_seconds: float = 2.0
    """How long a writer rests behind what was acknowledged: it is the freeze that is to be hard."""


@dataclass
class Waits:
    """What callers that got no OK were told."""

    seconds: list[float] = field(default_factory=list)
    """How long each waited for UNAVAILABLE with the time after which to come again."""
    others: Counter[str] = field(default_factory=Counter)
    """All other endings, by the kind of writer, status and sentence."""

    def within(self, share: float) -> float:
        """Return the seconds within which a share of the callers was told; 0 if there were none."""
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


class Lateness:
    """How late a thread of this process runs that only sleeps.

    Above some tenths of a second it is the harness that is slow, and not what it measures.
    """

    def __init__(self) -> None:
        self.most = 0.0
        """Seconds, since it was last set to 0."""
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "Lateness":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while True:
            began = time.monotonic()
            if self._stop.wait(LOOK_SECONDS):
                return
            self.most = max(self.most, time.monotonic() - began - LOOK_SECONDS)


class CrowdAtWork:
    """Threads that write until they are told to stop. A batch that is not acknowledged goes out again as it was."""

    def __init__(self, address: str, property_id: str, crowd: Crowd) -> None:
        self._address = address
        self._property_id = property_id
        self._crowd = crowd
        self._stop = threading.Event()
        self._told = threading.Condition()
        self._waited_for: set[int] = set()
        self._failure: BaseException | None = None
        self._padding = _padding(LARGE_BYTES)
        self.journal = Journal()
        self.waits = Waits()
        kinds = [self._small] * crowd.small + [self._large] * crowd.large + [self._stream] * crowd.streams
        self._threads = [
            threading.Thread(target=self._run, args=(number, kind), daemon=True) for number, kind in enumerate(kinds)
        ]

    def __enter__(self) -> "CrowdAtWork":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(PATIENCE_SECONDS)
            assert not thread.is_alive(), "a writer was never answered"
        if self._failure is not None:
            raise self._failure

    def await_everyone(self) -> None:
        """Wait until each of them was acknowledged something from now on."""
        with self._told:
            self._waited_for = set(range(len(self._threads)))
            self._told.wait_for(lambda: not self._waited_for or self._failure is not None, PATIENCE_SECONDS)
        assert not self._waited_for, f"{len(self._waited_for)} writers do not get on"

    # ---- from here on: the writers' threads ----

    def _run(self, number: int, kind: Callable[[int, grpc.Channel], Iterator[list[WriteEventsRequest]]]) -> None:
        # a connection each, as writers on as many machines have it
        options = [("grpc.use_local_subchannel_pool", 1), ("grpc.max_reconnect_backoff_ms", 500)]
        try:
            with keyed(grpc.insecure_channel(self._address, options=options), find_key(None)) as channel:
                for acknowledged in kind(number, channel):
                    self._note(number, acknowledged)
                    if self._stop.wait(self._crowd.pause_seconds):
                        return
        except BaseException as failure:  # noqa: BLE001 - whoever waits for the writers is to raise it
            with self._told:
                self._failure = failure
                self._told.notify_all()

    def _note(self, number: int, acknowledged: list[WriteEventsRequest]) -> None:
        with self._told:
            for request in acknowledged:
                self.journal.note(request)
            self._waited_for.discard(number)
            self._told.notify_all()

    def _small(self, number: int, channel: grpc.Channel) -> Iterator[list[WriteEventsRequest]]:
        return self._calls(number, channel, padding=b"")

    def _large(self, number: int, channel: grpc.Channel) -> Iterator[list[WriteEventsRequest]]:
        return self._calls(number, channel, padding=self._padding)

    def _calls(self, number: int, channel: grpc.Channel, padding: bytes) -> Iterator[list[WriteEventsRequest]]:
        write = channel.unary_unary(
            "/footfall.v1.IngestService/WriteEvents", response_deserializer=WriteEventsResponse.FromString
        )
        for request in self._batches(number):
            content = request.SerializeToString() + padding
            while True:
                began = time.monotonic()
                try:
                    write(content, timeout=CALL_SECONDS, wait_for_ready=True)
                except grpc.RpcError as error:
                    self._rest("small" if not padding else "large", _delay_of(error), began, error)
                else:
                    break
            yield [request]

    def _stream(self, number: int, channel: grpc.Channel) -> Iterator[list[WriteEventsRequest]]:
        stream = channel.stream_stream(
            "/footfall.v1.IngestService/StreamEvents",
            request_serializer=StreamEventsRequest.SerializeToString,
            response_deserializer=StreamEventsResponse.FromString,
        )
        batches = self._batches(number)
        while True:
            left = {each.sequence: each for each, _ in zip(batches, range(self._crowd.batches_a_stream), strict=False)}
            stored: list[WriteEventsRequest] = []
            while left:
                began, delay, ending = time.monotonic(), None, None
                try:
                    messages = [StreamEventsRequest(batch=each) for each in left.values()]
                    for answer in stream(iter(messages), timeout=CALL_SECONDS, wait_for_ready=True):
                        if answer.HasField("answer"):
                            stored.append(left.pop(answer.sequence))
                        elif answer.refusal.HasField("retry_delay"):
                            delay = answer.refusal.retry_delay.ToTimedelta().total_seconds()
                except grpc.RpcError as error:
                    delay, ending = _delay_of(error), error
                if left:
                    self._rest("stream", delay, began, ending)
            yield stored

    def _rest(self, kind: str, delay: float | None, began: float, error: grpc.RpcError | None) -> None:
        """Note what somebody was told who got no OK, and wait as long as was asked for."""
        self.journal.retries += 1
        if delay is not None:
            self.waits.seconds.append(time.monotonic() - began)
        else:
            code = None if error is None else error.code()  # type: ignore[attr-defined]
            if code not in RETRIED:
                raise AssertionError(f"neither OK nor to be tried again: {error}")
            sentence = error.details() if error is not None else ""  # type: ignore[attr-defined]
            self.waits.others[f"{kind}: {code.name}: {sentence}"] += 1
        time.sleep(delay or 0.0)  # what a client is told to do

    def _batches(self, number: int) -> Iterator[WriteEventsRequest]:
        writer_id = uuid.uuid4().hex
        sequence = 0
        while True:
            sequence += 1
            yield batch_of(self._property_id, number, writer_id, sequence)


def _delay_of(error: grpc.RpcError) -> float | None:
    """Return the seconds after which UNAVAILABLE asks to be tried again; None if it says nothing of it."""
    if error.code() is not grpc.StatusCode.UNAVAILABLE:  # type: ignore[attr-defined]
        return None
    details = dict(error.trailing_metadata() or ()).get(TRAILER)  # type: ignore[attr-defined]
    return None if details is None else retry_delay(details)


def _padding(size: int) -> bytes:
    """Return a field of a later version, which servers keep as it is.

    So batches of 4 MiB make few rows, and it is the ingest servers that are measured, and not Druid.
    """
    return _varint(1_000 << 3 | 2) + _varint(size) + os.urandom(size)


def _varint(number: int) -> bytes:
    low, rest = number & 0x7F, number >> 7
    return bytes([low | 0x80]) + _varint(rest) if rest else bytes([low])
