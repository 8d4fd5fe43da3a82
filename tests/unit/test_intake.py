"""Whatever comes is taken or refused, and what is taken can be processed."""

from contextlib import suppress
from random import Random

from google.protobuf.message import DecodeError
from hypothesis import given, settings
from hypothesis import strategies as st

from footfall.v1.event_pb2 import Event
from footfall_core.columns import EVENT_COLUMNS, ITEM_COLUMNS
from footfall_core.intake import Arrival, Refused, head_of, take
from footfall_core.packing import raw_records
from footfall_core.problems import InvalidRequest, TooLarge
from footfall_core.processing.purchases import count_once
from footfall_core.processing.record import Place, process_record
from footfall_core.processing.versions import Version
from tests.fuzz.mutations import almost_right
from tests.fuzz.samples import write_events

NOW = 1_790_000_000_000_000
EXAMPLES = 500


@st.composite
def almost_right_batches(draw: st.DrawFn) -> bytes:
    """Draw a valid request and events that are almost right, beside good ones; in every third more is wrong."""
    chance = Random(draw(st.integers(0, 2**32)))
    batch = write_events()
    for _ in range(chance.randrange(8)):
        event = batch.events[0]
        with suppress(DecodeError):
            for _ in range(chance.randrange(4)):
                event = Event.FromString(almost_right(event, chance))
        batch.events.append(event)
    return almost_right(batch, chance) if chance.randrange(3) == 0 else batch.SerializeToString()


@settings(max_examples=EXAMPLES)
@given(
    st.binary(max_size=1_000) | almost_right_batches(),
    st.builds(Arrival, st.just(NOW), st.text(max_size=50), st.text(max_size=200), st.text(max_size=60)),
)
def test_whatever_comes_is_refused_or_can_be_processed(request: bytes, arrival: Arrival) -> None:
    head, decision = head_of(request), take(request, arrival)
    if isinstance(decision, Refused):
        assert isinstance(decision.problem, InvalidRequest | TooLarge)
        return
    assert head is not None
    assert (head.property_id, head.sequence) == (decision.property_id, decision.sequence)
    assert head.events == decision.answer.accepted + len(decision.answer.rejected)
    (record,) = raw_records([decision.raw_batch])
    outcome = process_record(Version("test"), record, Place(0, 0, NOW // 1000), {}.get)
    assert outcome.failures == []
    assert len(outcome.lines) + len(outcome.purchases) == decision.answer.accepted
    assert len(outcome.errors) == len(decision.answer.rejected)
    counted = count_once("test", outcome.purchases, {}.get)
    assert all(line.count("\t") == len(EVENT_COLUMNS) - 1 for line in [*outcome.lines, *counted.lines])
    assert all(line.count("\t") == len(ITEM_COLUMNS) - 1 for line in [*outcome.item_lines, *counted.item_lines])
