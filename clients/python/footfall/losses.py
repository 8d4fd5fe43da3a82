"""Says of every event that is not stored."""

import logging
from collections.abc import Callable, Iterator, Sequence

from footfall.failures import FootfallError, GivenUpError
from footfall.results import Loss, Outcome
from footfall.v1.event_pb2 import Event

log = logging.getLogger("footfall")

OnError = Callable[[Loss], None]

NEVER_SENT = GivenUpError("CLOSED", "The client was closed before they could be sent.", attempts=0)
"""The end of a batch that no writer took any more."""
EXPIRED = GivenUpError("EXPIRED", "They were kept in the spool for too long to be sent any more.")
"""The end of a batch that waited in a spool until its time was up; an earlier run may have sent it."""


def log_loss(loss: Loss) -> None:
    """Log what was lost: what happens unless the client is given an `on_error`."""
    what = f"{len(loss.events)} event(s)" if loss.events else f"events of batch {loss.sequence}"
    log.error("%s not stored: %s %s %s", what, loss.code, loss.field, loss.message)


def losses_of(events: Sequence[Event], end: Outcome | FootfallError, sequence: int = 0) -> Iterator[Loss]:
    """Yield what a batch lost: nothing, some of its events, or all of it. 0 is no batch's number."""
    if isinstance(end, Outcome):
        for rejected in end.rejected:
            lost = (events[rejected.index],)
            yield Loss(lost, rejected.code, rejected.message, field=rejected.field, sequence=end.sequence)
        return
    # INTERNAL may come from anywhere on the way, also after the batch was stored
    known = end.attempts == 0 or not (isinstance(end, GivenUpError) or end.code == "INTERNAL")
    yield Loss(tuple(events), end.code, end.message, outcome_known=known, sequence=sequence)


def tell(on_error: OnError, loss: Loss) -> None:
    """Hand a loss to the program."""
    try:
        on_error(loss)
    except BaseException:  # sending must outlive whatever the program's own code raises, SystemExit included
        log.exception("on_error failed")
        log_loss(loss)
