"""What becomes of events."""

from dataclasses import dataclass

from footfall.v1.event_pb2 import Event


@dataclass(frozen=True, slots=True)
class Rejected:
    """Why one event of a batch was not stored."""

    index: int
    """Its index in the batch, from 0."""
    event_id: str
    field: str
    """Path of the field, for example `events[3].name`."""
    code: str
    """Kind of mistake, for example `VALUE_INVALID`."""
    message: str
    """One sentence: what was wrong, and what is allowed."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a batch that was answered. Events that are not rejected are durable."""

    sequence: int
    """The batch's number among its writer's."""
    accepted: int
    rejected: tuple[Rejected, ...]
    committed_time_micros: int
    """Unix time in microseconds at which it was durable; a report whose `data_complete_until` is past it holds it."""
    attempts: int
    """How often it was sent; the server counts it once."""


@dataclass(frozen=True, slots=True)
class Loss:
    """Events that were not stored, as `on_error` gets them."""

    events: tuple[Event, ...]
    code: str
    """Kind of mistake (`VALUE_INVALID`), or the gRPC status of the batch (`UNAVAILABLE`), or `CLOSED`, `QUEUE_FULL`,
    `EXPIRED`."""
    message: str
    field: str = ""
    """Path of the field, if one event was rejected."""
    outcome_known: bool = True
    """False if the last answer is missing: the events may have been stored all the same."""
    sequence: int = 0
    """Number of the events' batch among those of `Client.writer_id`; 0 if they were in none."""
    error_id: str = ""
    """Of a loss that the error stream told of, after the batch was answered OK: `events` is empty, and
    `Client.get_error` brings what was sent."""
