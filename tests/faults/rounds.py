"""One round: writers at load, one fault, and then the journals against what is found."""

import uuid
from dataclasses import dataclass

from footfall_local.stack import Stack
from tests.faults.faults import Fault
from tests.faults.found import Verdict, verdict
from tests.faults.journals import Journal, Writers

EVENTS_BEHIND = 1_000
"""How many events are acknowledged behind the fault, before the writers stop."""


@dataclass(frozen=True)
class Played:
    """What was done, and what the writers were told; under a property of its own."""

    fault: Fault
    property_id: str
    journal: Journal


@dataclass(frozen=True)
class Round:
    """What became of one."""

    fault: Fault
    acknowledged: int
    refused: int
    retries: int
    verdict: Verdict


def play(stack: Stack, fault: Fault) -> Played:
    """Play a round on a running stack."""
    property_id = f"fault-{uuid.uuid4().hex[:10]}"
    with Writers(stack.addresses["grpc"], property_id) as writers:
        writers.await_acknowledged(fault.after_events)
        fault.do(stack)
        writers.await_acknowledged(EVENTS_BEHIND)
    return Played(fault, property_id, writers.journal)


def judge(stack: Stack, played: Played) -> Round:
    """Hold what is found against the journal."""
    journal = played.journal
    return Round(
        played.fault,
        acknowledged=len(journal.acknowledged) + sum(map(len, journal.orders.values())),
        refused=len(journal.refused),
        retries=journal.retries,
        verdict=verdict(stack.addresses["grpc"], played.property_id, journal),
    )
