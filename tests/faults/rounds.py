"""One round: writers at load, one fault, and then the journals against what is found."""

import uuid
from dataclasses import dataclass

from footfall_local.stack import Stack
from tests.faults.faults import Fault
from tests.faults.found import Verdict, verdict
from tests.faults.journals import Writers

EVENTS_BEHIND = 1_000
"""How many events are acknowledged behind the fault, before the writers stop."""


@dataclass(frozen=True)
class Round:
    """What became of one."""

    fault: Fault
    acknowledged: int
    refused: int
    retries: int
    verdict: Verdict


def play(stack: Stack, fault: Fault) -> Round:
    """Play a round on a running stack, under a property of its own."""
    property_id = f"fault-{uuid.uuid4().hex[:10]}"
    address = stack.addresses["grpc"]
    with Writers(address, property_id) as writers:
        writers.await_acknowledged(fault.after_events)
        fault.do(stack)
        writers.await_acknowledged(EVENTS_BEHIND)
    journal = writers.journal
    return Round(
        fault,
        acknowledged=len(journal.acknowledged),
        refused=len(journal.refused),
        retries=journal.retries,
        verdict=verdict(address, property_id, journal),
    )
