"""The time at which an event happened, as far as the clocks allow to know it."""

from dataclasses import dataclass

from footfall.v1.ingest_pb2 import WriteEventsRequest


@dataclass(frozen=True, slots=True)
class EventTimes:
    """What a batch says about the times of its events. All times are Unix time in microseconds."""

    received: int
    """When the ingest server received the batch, by its clock."""
    skew: int
    """What to add to the events' times: the server's clock minus the client's, as sending and receipt show it."""
    historical: bool
    """Whether the batch imports history."""

    @classmethod
    def of_request(cls, request: WriteEventsRequest, received: int) -> "EventTimes":
        """Return the times of a request.

        The correction is Segment's and Snowplow's: `received - (sent - created)`, with `sent` stamped anew at each
        attempt, so that a batch that waited for hours in a client's queue is not shifted by them.
        """
        trusted = request.trust_client_clock or request.historical_import or not request.sent_time_micros
        return cls(received, 0 if trusted else received - request.sent_time_micros, request.historical_import)

    def of(self, timestamp_micros: int) -> int:
        """Return the corrected time of an event; the time of receipt if the event states none (0)."""
        return timestamp_micros + self.skew if timestamp_micros else self.received
