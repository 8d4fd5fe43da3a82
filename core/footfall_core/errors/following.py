"""What a `StreamErrorsRequest` asks for. Pure."""

from dataclasses import dataclass

from footfall.v1.errors_pb2 import StreamErrorsRequest
from footfall_core.clock import Micros
from footfall_core.errors.feed import Position
from footfall_core.errors.resume_token import position_of
from footfall_core.errors.selection import ErrorSelection, selection_of
from footfall_core.instants import instant_of
from footfall_core.problems import InvalidRequest


@dataclass(frozen=True, slots=True)
class Following:
    """Which errors are to be pushed, and from where on."""

    selection: ErrorSelection
    start: Micros | Position | None
    """A time, a position, or now."""
    every_error: bool
    """Whether none is left out in a storm."""


def following_of(request: StreamErrorsRequest) -> Following:
    """Return what is to be pushed.

    Raises:
        InvalidRequest: names the fields that are wrong.
    """
    selection = selection_of(request.property, request.filter)
    return Following(selection, _start_of(request, selection), request.every_error)


def _start_of(request: StreamErrorsRequest, selection: ErrorSelection) -> Micros | Position | None:
    if request.HasField("start_time"):
        if request.resume_token:
            raise InvalidRequest.of("resume_token", "It takes the place of start_time; set one of them.")
        return instant_of(request.start_time, "start_time")
    if request.resume_token:
        return position_of(request.resume_token, selection)
    return None
