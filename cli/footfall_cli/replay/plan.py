"""Which events travel in which batch. The same file and options always give the same batches under the same numbers."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from footfall.gathering import MAX_BATCH_BYTES, BatchPolicy
from footfall.v1.event_pb2 import Event
from footfall_cli.replay.lines import Line, RefusedLineError, Source, read_lines


@dataclass(slots=True)
class Batch:
    """Events that travel together, and where they came from."""

    sequence: int
    events: list[Event] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    """The line of each event."""
    size: int = 0
    end: int = 0
    """Bytes of the file up to and with the last line."""


def batches(
    source: Source,
    event_of: Callable[[Line], Event | None],
    batch_size: int,
    refuse: Callable[[int, str], None],
) -> Iterator[Batch]:
    """Yield the file's events in batches, in order.

    Args:
        source: the file.
        event_of: makes an event of a line; None skips it.
        batch_size: events a batch, fewer if they are so large that a request would be refused.
        refuse: told the number of each line that is no event, and why.
    """
    policy = BatchPolicy(max_events=batch_size, max_bytes=MAX_BATCH_BYTES)
    batch = Batch(sequence=1)
    for line in read_lines(source):
        try:
            event = event_of(line)
        except RefusedLineError as error:
            refuse(line.number, str(error))
            continue
        if event is None:
            continue
        size = event.ByteSize()
        if not policy.takes(len(batch.events), batch.size, size):
            yield batch
            batch = Batch(sequence=batch.sequence + 1)
        batch.events.append(event)
        batch.lines.append(line.number)
        batch.size += size
        batch.end = line.end
    if batch.events:
        yield batch


def writer_id_of(source: Source, *choices: object) -> str:
    """Return the writer that a replay of this file has with these choices, so that a second replay changes nothing.

    The choices are whatever decides on the events and their batches: under one writer, one number must always mean
    the same events. The file's name isn't among them: a copy of a file is no second import. Its events have other ids,
    though, so that its batches are refused with an error, not passed over.
    """
    digest = hashlib.sha256(repr((source.fingerprint, *choices)).encode()).hexdigest()
    return f"replay-{digest[:16]}"
