"""An event on its way: when it is sent, and whether it is to be refused."""

from dataclasses import dataclass

from footfall.v1.event_pb2 import Event


@dataclass(frozen=True, slots=True)
class Arrival:
    """An event as it is sent."""

    event: Event
    at_micros: int
    """Unix time at which it is sent in microseconds; that of the event itself, or later."""
    code: str = ""
    """The code with which the server is to refuse it, for example `NAME_INVALID`; empty for a good event."""


def on_time(events: list[Event]) -> list[Arrival]:
    """Return events that are sent when they happen."""
    return [Arrival(event, event.timestamp_micros) for event in events]
