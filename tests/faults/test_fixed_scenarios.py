"""Three faults that come in every run of the tests; `make faults` plays random ones, and what it finds comes here."""

import pytest

from footfall_local.stack import Stack
from tests.faults.faults import Fault
from tests.faults.rounds import judge, play

pytestmark = [pytest.mark.stack, pytest.mark.timeout(400)]


@pytest.mark.parametrize(
    "fault",
    [
        Fault("events-1", "killed", after_events=700, seconds=0),
        Fault("ingest-1", "killed", after_events=1_100, seconds=0),
        Fault("kafka", "frozen", after_events=900, seconds=5),
    ],
    ids=lambda fault: f"{fault.part} {fault.how}",
)
def test_nothing_is_lost_or_doubled_or_unexplained(stack: Stack, fault: Fault) -> None:
    played = judge(stack, play(stack, fault))
    print(played)  # for `pytest -s`
    assert played.acknowledged > fault.after_events
    assert played.verdict.is_good, played
