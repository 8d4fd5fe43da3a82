"""A writer is forgotten seven days after its last batch, to the millisecond and by the times of raw records alone.

The same log gives the same rows on both sets of adapters, whenever they process it.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import pytest

from footfall.v1.event_pb2 import Event
from footfall.v1.ingest_pb2 import WriteEventsRequest
from footfall_core.clock import Micros
from footfall_local.stack import Stack
from tests.integration.event_consumer import consumer, event_ids, own_topics, record_of
from tests.integration.record_times import put_stamped
from tests.unit.embedded.stream_files import Files

pytestmark = pytest.mark.timeout(400)

DAY_MS = 24 * 3_600_000
WEEK_MS = 7 * DAY_MS
BEGAN_MS = int(time.time() * 1000) - 60 * DAY_MS
PARTITION = 2


@dataclass(frozen=True)
class Sent:
    """A batch of one event on its way into the log."""

    at_ms: int
    """Time of its raw record, in milliseconds since the log began."""
    writer: str
    sequence: int
    event_id: str

    @property
    def request(self) -> WriteEventsRequest:
        event = Event(name="page_view", client_id="c1", event_id=self.event_id)
        return WriteEventsRequest(
            property="properties/shop", writer_id=self.writer, sequence=self.sequence, events=[event]
        )


LOG = [
    *(Sent(0, writer, 1, f"{writer} 1") for writer in ("on-time", "late", "patient", "refused", "goes-on")),
    Sent(1, "goes-on", 2, "goes-on 2"),
    # the same number with another event is refused, and keeps nobody in mind
    Sent(6 * DAY_MS, "refused", 1, "refused: another"),
    Sent(6 * DAY_MS, "patient", 1, "patient 1"),
    Sent(WEEK_MS, "on-time", 1, "on-time 1"),
    Sent(WEEK_MS + 1, "late", 1, "late 1"),
    Sent(WEEK_MS + 1, "refused", 1, "refused 1"),
    # six days after its last retry: each retry counts from the one before
    Sent(12 * DAY_MS, "patient", 1, "patient 1"),
    Sent(12 * DAY_MS, "on-time", 1, "on-time 1"),
    # one who comes back goes on with its numbers; those of before are as good as new, and known from then on
    Sent(12 * DAY_MS, "goes-on", 3, "goes-on 3"),
    Sent(12 * DAY_MS, "goes-on", 3, "goes-on 3"),
    Sent(12 * DAY_MS, "goes-on", 2, "goes-on 2"),
    Sent(12 * DAY_MS, "goes-on", 2, "goes-on 2"),
    # long after what keeps windows has cleared them away
    Sent(40 * DAY_MS, "patient", 1, "patient 1"),
]

COUNTED = {
    "on-time 1": 1,
    "late 1": 2,
    "patient 1": 2,
    "refused 1": 2,
    "goes-on 1": 1,
    "goes-on 2": 2,
    "goes-on 3": 1,
}
"""How often each event is in the rows."""

Process = Callable[[Sequence[Sent]], dict[str, int]]
"""Writes to the log, has all of it processed, and returns how often each event is in the rows so far."""


@pytest.fixture(params=["embedded", pytest.param("real", marks=pytest.mark.stack)])
def process(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Process]:
    if request.param == "embedded":
        yield embedded(tmp_path)
    else:
        yield real(request.getfixturevalue("stack"), tmp_path)


def embedded(folder: Path) -> Process:
    files = Files(folder)

    def process(batches: Sequence[Sent]) -> dict[str, int]:
        for sent in batches:
            files.clock.micros = Micros((BEGAN_MS + sent.at_ms) * 1000)
            files.append(sent.request)
        files.process()
        return {event: files.events.count(event) for event in files.events}

    return process


def real(stack: Stack, folder: Path) -> Process:
    kafka = own_topics(stack, stamped_by_hand=True)
    ends = 0

    def process(batches: Sequence[Sent]) -> dict[str, int]:
        nonlocal ends
        ends += 1
        last = Sent(batches[-1].at_ms, "the-end", ends, f"the-end {ends}")
        records = [(BEGAN_MS + sent.at_ms, record_of(sent.request)) for sent in [*batches, last]]
        put_stamped(kafka, PARTITION, records)
        with consumer(kafka, folder / "state") as running:
            running.until(lambda: last.event_id in event_ids(kafka), "the last row")
            running.stop()
        return {event: count for event, count in event_ids(kafka).items() if not event.startswith("the-end")}

    return process


def test_a_writer_is_forgotten_when_it_was_not_seen_for_more_than_seven_days(process: Process) -> None:
    assert process(LOG) == COUNTED


def test_it_is_the_same_when_the_log_is_processed_as_it_comes(process: Process) -> None:
    found: dict[str, int] = {}
    for _, day in groupby(LOG, lambda sent: sent.at_ms // DAY_MS):
        found = process(list(day))
    assert found == COUNTED
