"""How far a redrive has come, in numbers and examples. Pure."""

from collections.abc import Mapping

from footfall.v1.errors_pb2 import (
    EventError,
    NotRedrivable,
    NotRedrivableReason,
    RedriveErrorsResponse,
    StillRefused,
    StillRefusedEvent,
)
from footfall_core.errors.payload import NEVER_SENT, NEVER_STORED
from footfall_core.redrive.revival import IMPORT_NOT_ALLOWED, PAYLOAD_GONE, Revival

MAX_EXAMPLES = 5
"""Examples of each code and reason."""

_SENTENCES: Mapping[int, str] = {
    NotRedrivableReason.NOT_REDRIVABLE_REASON_NEVER_STORED: NEVER_STORED,
    NotRedrivableReason.NOT_REDRIVABLE_REASON_NEVER_SENT: NEVER_SENT,
    NotRedrivableReason.NOT_REDRIVABLE_REASON_TRANSACTION_COUNTED: (
        "A purchase of the same transaction was counted, and an order counts once."
    ),
    NotRedrivableReason.NOT_REDRIVABLE_REASON_MAYBE_COUNTED: (
        "Whether the batch was counted under its number is not remembered: bringing it back might count it twice."
    ),
    NotRedrivableReason.NOT_REDRIVABLE_REASON_PAYLOAD_GONE: (
        "Its raw record is not kept any more, or something else stands at its place; GetError says which."
    ),
    NotRedrivableReason.NOT_REDRIVABLE_REASON_NOT_FOUND: (
        "The property has no error of this id, or none that is at most 30 days old."
    ),
    NotRedrivableReason.NOT_REDRIVABLE_REASON_IMPORT_NOT_ALLOWED: (
        "It was sent as a historical import: bringing it back takes a key with the scope import as well."
    ),
}


class Tally:
    """Counts what becomes of errors."""

    def __init__(self, total: int = 0) -> None:
        self.total = total
        """How many errors match."""
        self._so_far = RedriveErrorsResponse()
        self._refused: dict[int, StillRefused] = {}
        self._not_redrivable: dict[int, NotRedrivable] = {}

    def passed_over(self, errors: int) -> None:
        """Count errors that were redriven before."""
        self._so_far.redriven_before_count += errors

    def not_redrivable(self, error_id: str, reason: int) -> None:
        """Count an error that cannot be redriven."""
        self._so_far.not_redrivable_count += 1
        kind = self._not_redrivable.setdefault(
            reason,
            NotRedrivable(reason=reason, message=_SENTENCES[reason]),  # type: ignore[arg-type]  # a number of it
        )
        kind.error_count += 1
        if len(kind.error_ids) < MAX_EXAMPLES:
            kind.error_ids.append(error_id)

    def tried(self, revival: Revival) -> None:
        """Count what came of the errors at one place."""
        self._so_far.redriven_count += len(revival.redriven)
        self._so_far.refused_count += len(revival.refused)
        self._so_far.redriven_event_count += revival.events
        self._so_far.refused_event_count += len(revival.verdicts)
        for error in revival.gone:
            self.not_redrivable(error.error_id, PAYLOAD_GONE)
        for error in revival.not_allowed:
            self.not_redrivable(error.error_id, IMPORT_NOT_ALLOWED)
        for error, verdict in revival.verdicts:
            kind = self._refused.setdefault(verdict.code, StillRefused(code=verdict.code))  # type: ignore[arg-type]
            kind.event_count += 1
            if len(kind.examples) < MAX_EXAMPLES:
                kind.examples.append(_example(error, verdict.field, verdict.message))

    def message(self, resume_token: str) -> RedriveErrorsResponse:
        """Return what is known by now; without a token it is the last message."""
        message = RedriveErrorsResponse()
        message.CopyFrom(self._so_far)
        message.total_count = self.total
        message.examined_count = (
            message.redriven_count
            + message.redriven_before_count
            + message.refused_count
            + message.not_redrivable_count
        )
        message.refused.extend(self._refused[code] for code in sorted(self._refused))
        message.not_redrivable.extend(self._not_redrivable[reason] for reason in sorted(self._not_redrivable))
        message.resume_token, message.done = resume_token, not resume_token
        return message


def _example(error: EventError, field: str, message: str) -> StillRefusedEvent:
    return StillRefusedEvent(error_id=error.error_id, field=field, message=message)
