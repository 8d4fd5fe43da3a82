"""Which events of a day travel in which batch, and under which writer. Pure.

A batch holds events that arrived in one clock hour. So all hours that are over have the same batches whenever they are
sent, and a demo that is sent again an hour later sends the same ones under the same numbers, and new ones behind them.
"""

import hashlib
from collections.abc import Iterator, Sequence
from datetime import date

from footfall.gathering import BatchPolicy
from footfall_cli.demo.arrivals import Arrival
from footfall_cli.demo.settings import Demo
from footfall_cli.replay.plan import Batch

HOUR = 3_600_000_000
"""Microseconds."""
_MOST_ITEMS = 4_000
"""Items a batch; the server takes 5,000."""


def writer_id_of(demo: Demo, day: date) -> str:
    """Return the writer under which a day of a demo is sent, by whichever run."""
    return f"demo-{hashlib.sha256(demo.key.encode()).hexdigest()[:12]}-{day:%Y%m%d}"


def batches_of(arrivals: Sequence[Arrival], until_micros: int) -> Iterator[Batch]:
    """Yield the events that arrived before an instant, in batches, in order.

    Args:
        arrivals: what a day brought, in the order in which it arrived.
        until_micros: a full hour, Unix time in microseconds.
    """
    policy = BatchPolicy()
    batch, hour, items = Batch(sequence=1), 0, 0
    for place, arrival in enumerate(arrivals):
        if arrival.at_micros >= until_micros:
            break
        event, size = arrival.event, arrival.event.ByteSize()
        if batch.events and (
            arrival.at_micros // HOUR != hour
            or items + len(event.items) > _MOST_ITEMS
            or not policy.takes(len(batch.events), batch.size, size)
        ):
            yield batch
            batch, items = Batch(sequence=batch.sequence + 1), 0
        hour = arrival.at_micros // HOUR
        batch.events.append(event)
        batch.lines.append(place)
        batch.size += size
        items += len(event.items)
    if batch.events:
        yield batch
