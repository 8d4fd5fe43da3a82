"""`ReportDiscardedEvents`: what a client dropped itself, into the errors."""

from footfall.v1.ingest_pb2 import ReportDiscardedEventsResponse
from footfall_core.clock import Clock
from footfall_core.errors.discards import discard_errors, discards_in
from footfall_core.ports import EventLog
from footfall_core.problems import TryAgain
from footfall_core.properties import parse_property
from footfall_server.hosts.call import Call
from footfall_server.ingest.figures import count_discarded


class ReportDiscardedEvents:
    """The handler of `ReportDiscardedEvents`."""

    def __init__(self, log: EventLog, clock: Clock) -> None:
        self._log = log
        self._clock = clock

    async def __call__(self, request: bytes, call: Call) -> bytes:
        """Take a report; see `footfall.v1.IngestService`.

        Raises:
            InvalidRequest: nothing of it is taken.
            TryAgain: the log is away or too many errors wait; a part of it may have been taken.
        """
        report = discards_in(request)
        events = sum(discarded.count for discarded in report.discarded)
        call.log.update(property=parse_property(report.property), discarded=events)
        for error in discard_errors(report, self._clock.now()):
            if not self._log.report(error):
                raise TryAgain("No errors can be stored now; send the same report again.")
        count_discarded(report.discarded)
        return ReportDiscardedEventsResponse().SerializeToString()
