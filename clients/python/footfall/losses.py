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


def log_loss(loss: Loss) -> None:
    """Log what was lost: what happens unless the client is given an `on_error`."""
    log.error("%d event(s) not stored: %s %s %s", len(loss.events), loss.code, loss.field, loss.message)


def losses_of(events: Sequence[Event], end: Outcome | FootfallError) -> Iterator[Loss]:
    """Yield what a batch lost: nothing, some of its events, or all of it."""
    if isinstance(end, Outcome):
        for rejected in end.rejected:
            yield Loss((events[rejected.index],), rejected.code, rejected.message, field=rejected.field)
        return
    # INTERNAL may come from anywhere on the way, also after the batch was stored
    known = end.attempts == 0 or not (isinstance(end, GivenUpError) or end.code == "INTERNAL")
    yield Loss(tuple(events), end.code, end.message, outcome_known=known)


def tell(on_error: OnError, loss: Loss) -> None:
    """Hand a loss to the program."""
    try:
        on_error(loss)
    except BaseException:  # sending must outlive whatever the program's own code raises, SystemExit included
        log.exception("on_error failed")
        log_loss(loss)
