"""What becomes of events is counted, told to `on_error` and reported to the server: for threads and asyncio alike."""

import threading

from footfall.discards import Discards, reason_of
from footfall.failures import FootfallError
from footfall.gathering import Batch
from footfall.losses import OnError, losses_of, tell
from footfall.names import code_name
from footfall.results import Loss, Outcome
from footfall.statistics import Tally
from footfall.v1.errors_pb2 import EventError
from footfall.v1.event_pb2 import Event
from footfall.v1.ingest_pb2 import DiscardReason


class Settlement:
    """Told of each event when it is taken, and when its end is known. Safe to use from several threads."""

    def __init__(self, on_error: OnError, tally: Tally, discards: Discards) -> None:
        self._on_error = on_error
        self._tally = tally
        self._discards = discards
        self._here = threading.local()

    @property
    def is_telling(self) -> bool:
        """Whether `on_error` runs on this thread: what waits there for events to be sent may wait for itself."""
        return getattr(self._here, "telling", False)

    def took(self) -> None:
        """Say that an event was taken."""
        self._tally.tracked()

    def found_no_room(self, event: Event) -> None:
        """Say that there was no room for an event."""
        self._tally.found_no_room("QUEUE_FULL")
        self._discards.add(DiscardReason.DISCARD_REASON_QUEUE_FULL)
        self._tell(Loss((event,), "QUEUE_FULL", "Too many events wait to be sent."))

    def could_not_make(self) -> None:
        """Say that nobody could send what was tracked; whoever tracked it is told by an exception."""
        self._discards.add(DiscardReason.DISCARD_REASON_INVALID)

    def spool_failed(self) -> None:
        """Say that the spool did not take an event; whoever tracked it is told by an exception."""
        self._discards.add(DiscardReason.DISCARD_REASON_SPOOL_FAILED)

    def took_over(self, batch: Batch) -> None:
        """Say that a batch is an earlier run's."""
        self._tally.taken_over(len(batch.events))

    def found_damage(self, batch: Batch, *, taken_over: bool) -> None:
        """Say that some events of a spool's batch could not be read any more."""
        self._tally.damaged("SPOOL_DAMAGED", batch.damaged, taken_over=taken_over)
        self._discards.add(DiscardReason.DISCARD_REASON_SPOOL_DAMAGED, batch.damaged)
        sentence = f"At least {batch.damaged} event(s) of this batch could not be read from the spool any more."
        self._tell(Loss((), "SPOOL_DAMAGED", sentence, outcome_known=False, sequence=batch.sequence or 0))

    def ended(self, batch: Batch, end: Outcome | FootfallError) -> None:
        """Say what became of a batch. Whatever `on_error` raises ends here."""
        self._tally.ended(batch, end)
        if (reason := reason_of(end)) is not None:
            self._discards.add(reason, len(batch.events))
        for loss in losses_of(batch.events, end, batch.sequence or 0):
            self._tell(loss)

    def found_late(self, error: EventError) -> None:
        """Say what the error stream told of, after its batch was answered OK."""
        code = code_name(error.code)
        self._tally.late(code)
        self._tell(Loss((), code, error.message, field=error.field, sequence=error.sequence, error_id=error.error_id))

    def _tell(self, loss: Loss) -> None:
        self._here.telling = True
        try:
            tell(self._on_error, loss)
        finally:
            self._here.telling = False
