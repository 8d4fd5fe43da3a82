"""`ReportDiscardedEvents`: what a client dropped itself, into the errors."""

from footfall.v1.ingest_pb2 import ReportDiscardedEventsResponse
from footfall_core.clock import Clock
from footfall_core.errors.discards import discard_errors, discards_in
from footfall_core.ports import EventLog
from footfall_core.problems import TryAgain
from footfall_core.properties import parse_property
from footfall_server.hosts.call import Call
from footfall_server.ingest.figures import count_discarded
from footfall_server.quotas.quotas import WriteQuotas


class ReportDiscardedEvents:
    """The handler of `ReportDiscardedEvents`."""

    def __init__(self, log: EventLog, quotas: WriteQuotas, clock: Clock) -> None:
        self._log = log
        self._quotas = quotas
        self._clock = clock

    async def __call__(self, request: bytes, call: Call) -> bytes:
        """Take a report; see `footfall.v1.IngestService`.

        Raises:
            InvalidRequest: nothing of it is taken.
            OverQuota: the property has used up its quota; a write key may be public, and must not fill the errors.
            TryAgain: the log is away or too many errors wait; a part of it may have been taken.
        """
        report = discards_in(request)
        events = sum(discarded.count for discarded in report.discarded)
        property_id = parse_property(report.property)
        call.log.update(property=property_id, discarded=events)
        # as many errors as there are reasons: each is the work of an event
        await self._quotas.admit(property_id, len(report.discarded), len(request))
        for error in discard_errors(report, self._clock.now()):
            if not self._log.report(error):
                raise TryAgain("No errors can be stored now; send the same report again.")
        count_discarded(report.discarded)
        return ReportDiscardedEventsResponse().SerializeToString()
