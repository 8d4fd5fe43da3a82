"""Whatever happens to a batch, and in whatever order: each of its events counts once, live and processed anew."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from footfall.v1.errors_pb2 import ParameterType
from footfall.v1.ingest_pb2 import WriteEventsRequest
from footfall_core.wire.raw_pb2 import RawBatch, RawRecord
from tests.redrives import batch, cast, redriven
from tests.unit.redrive.test_counting import RENAMED, Consumer, failing, sent

HOUR = 3_600_000_000
NUMBER = (cast("params.n", ParameterType.PARAMETER_TYPE_NUMBER),)
STEP = st.tuples(
    st.sampled_from([0, 1_000_000, HOUR, 20 * HOUR]),
    st.sampled_from([(), ("e0",), ("e1",), ("e0", "e1", "e2")]),
    st.one_of(st.none(), st.tuples(st.integers(0, 99), st.sampled_from([(), NUMBER, RENAMED, NUMBER + RENAMED]))),
)
"""How much later it comes, which events cannot be processed then, and which error is redriven with which repairs; None:
the batch is sent once more."""


def passed(record: bytes) -> set[str]:
    """Return the ids of the events in a raw record that are not refused."""
    found = set()
    for data in RawRecord.FromString(record).batches:
        raw = RawBatch.FromString(data)
        rejected = {verdict.index for verdict in raw.rejected}
        events = WriteEventsRequest.FromString(raw.request).events
        found |= {event.event_id for index, event in enumerate(events) if index not in rejected}
    return found


@settings(max_examples=400, deadline=None)
@given(steps=st.lists(STEP, min_size=1, max_size=7))
def test_each_event_of_a_batch_counts_at_most_once_and_no_less_when_it_is_processed_anew(steps: list) -> None:
    request = batch("page_view", "page_view", "not a name")
    request.events[1].params["n"].string_value = "12 EUR"
    live, anew, times = Consumer(), Consumer(), []
    later = 0
    for pause, wrong, redrive in steps:
        record = sent(request)
        if redrive is not None:
            number, repairs = redrive
            if not live.errors:
                continue
            error = live.errors[number % len(live.errors)]
            try:
                record = redriven(live.records[error.payload.offset], [error], *repairs)
            except ValueError:
                continue  # all of it is refused again
        later += pause
        times.append(later)
        with pytest.MonkeyPatch.context() as patch:
            failing(patch, *wrong)
            live.process(record, later_micros=later)
        if redrive is not None and not wrong:
            assert passed(record) <= set(live.ids)
    for record, later in zip(live.records, times, strict=True):
        anew.process(record, later_micros=later)
    assert max(Counter(live.ids).values(), default=0) <= 1
    assert max(Counter(anew.ids).values(), default=0) <= 1
    assert set(live.ids) <= set(anew.ids)
