"""The promise, broken on purpose: what `python -m tests.faults` must find.

A harness that never finds anything may only be blind. Each break is one that a careless change could bring.
"""

import asyncio
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Break:
    """A promise, and how it is broken in the processes of one kind."""

    words: str
    """Two words of the command line of the processes that it is for: `serve ingest`."""
    do: Callable[[], None]
    parts: tuple[str, ...]
    """The parts whose death shows it."""

    def apply(self, command_line: Sequence[str]) -> None:
        """Break the promise, if this process is one of those concerned."""
        if self.words in " ".join(command_line):
            self.do()


def _offsets_outside_the_transaction() -> None:
    """Commit by itself what is processed, as automatic commits do, while what was made of it waits in a transaction.

    Of a second, as is usual: with the ten a second of Footfall's own a kill seldom comes while there is one.
    """
    from confluent_kafka import TopicPartition  # noqa: PLC0415 - only in the process concerned
    from quixstreams.checkpointing.checkpoint import Checkpoint  # noqa: PLC0415
    from quixstreams.internal_producer import InternalProducer  # noqa: PLC0415

    store_offset, commit_transaction = Checkpoint.store_offset, InternalProducer.commit_transaction
    due = 0.0

    def store_and_commit(self: Checkpoint, topic: str, partition: int, offset: int) -> None:
        nonlocal due
        store_offset(self, topic, partition, offset)
        if time.monotonic() > due:  # with one for each record the broker falls behind, and nothing is broken any more
            due = time.monotonic() + 0.1
            processed = [TopicPartition(*place, last + 1) for place, last in self._tp_offsets.items()]
            self._consumer.commit(offsets=processed, asynchronous=True)

    def commit_without(self: InternalProducer, positions: Any, metadata: Any, timeout: float | None = None) -> None:
        del positions
        commit_transaction(self, [], metadata, timeout)

    os.environ["FOOTFALL_STREAM_COMMIT_INTERVAL_SECONDS"] = "1"
    Checkpoint.store_offset = store_and_commit  # type: ignore[method-assign]
    InternalProducer.commit_transaction = commit_without  # type: ignore[method-assign]


def _ok_before_the_commit() -> None:
    """Answer as soon as a batch waits for its commit."""
    from footfall_adapters.kafka.committer import KafkaEventLog  # noqa: PLC0415
    from footfall_core.clock import Micros, SystemClock  # noqa: PLC0415
    from footfall_core.kinds import EventKind  # noqa: PLC0415

    append = KafkaEventLog.append
    under_way: set[asyncio.Task[Micros]] = set()

    async def broken(
        self: KafkaEventLog, raw_batch: bytes, partition: int | None, kind: EventKind = EventKind.LIVE
    ) -> Micros:
        task = asyncio.create_task(append(self, raw_batch, partition, kind))
        under_way.add(task)
        task.add_done_callback(under_way.discard)
        await asyncio.sleep(0)
        return SystemClock().now()

    KafkaEventLog.append = broken  # type: ignore[method-assign]


def _orders_counted_apart() -> None:
    """Count an order once for each writer, as state by writer alone would."""
    from footfall_core.processing import second_stage  # noqa: PLC0415 - only in the process concerned
    from footfall_core.processing.purchases import Counted, Load, count_once  # noqa: PLC0415

    def count_apart(run: str, purchases: Any, load: Load, log: Any) -> Counted:
        counted = Counted(log=log)
        for purchase in purchases:
            one = count_once(run, [purchase], lambda key, writer=purchase.writer_id: load(f"{key}/{writer}"), log)  # type: ignore[misc]
            one.state = {f"{key}/{purchase.writer_id}": value for key, value in one.state.items()}
            counted.lines += one.lines
            counted.item_lines += one.item_lines
            counted.errors += one.errors
            counted.state |= one.state
        return counted

    second_stage.count_once = count_apart  # type: ignore[assignment]


BREAKS: Mapping[str, Break] = {
    "offsets-outside": Break("consume events", _offsets_outside_the_transaction, ("events-1",)),
    "orders-apart": Break("consume events", _orders_counted_apart, ("events-1",)),
    "early-ok": Break("serve ingest", _ok_before_the_commit, ("ingest-1",)),
}


@contextmanager
def broken(name: str | None) -> Iterator[None]:
    """Have every process that is started within the block break a promise; None breaks none."""
    if name is None:
        yield
        return
    paths = (str(ROOT / "tests" / "faults" / "broken"), str(ROOT))
    with mock.patch.dict(os.environ, {"TESTS_BREAK_PROMISE": name, "PYTHONPATH": os.pathsep.join(paths)}):
        yield
