"""The errors of a storm that a stream counted and did not push."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from footfall.names import code_name, stage_name
from footfall.v1.errors_pb2 import StreamErrorsResponse

log = logging.getLogger("footfall")


@dataclass(frozen=True, slots=True)
class LeftOut:
    """How many errors of a kind were not told one by one, because there are too many."""

    stage: str
    """Which stage found them, for example `VALIDATION`."""
    code: str
    """Kind of mistake, for example `NAME_INVALID`."""
    count: int


OnLeftOut = Callable[[LeftOut], None]


class LeftOutTally:
    """Adds up what was left out, and tells of it."""

    def __init__(self, on_left_out: OnLeftOut | None) -> None:
        """Count nothing yet; None has the log say once that something was left out."""
        self._on_left_out = on_left_out
        self._logged = False
        self.totals: dict[tuple[str, str], int] = {}
        """How many of each stage and code so far."""

    def take(self, message: StreamErrorsResponse) -> None:
        """Count what a message says was left out in front of it."""
        for each in message.left_out:
            found = LeftOut(stage_name(each.stage), code_name(each.code), each.count)
            kind = (found.stage, found.code)
            self.totals[kind] = self.totals.get(kind, 0) + found.count
            if self._on_left_out is not None:
                self._on_left_out(found)
            elif not self._logged:
                self._logged = True
                log.warning(
                    "there are so many errors (%s %s) that some are counted and not told one by one: see left_out; "
                    "list_errors has them all, and so has errors(every_error=True)",
                    *kind,
                )
