"""`ListErrors`: check, ask a query consumer, cut the page."""

from google.protobuf.message import DecodeError

from footfall.v1.errors_pb2 import ListErrorsRequest, ListErrorsResponse
from footfall_core.clock import Clock
from footfall_core.errors.listing import listing_of
from footfall_core.problems import InvalidRequest
from footfall_core.report.answer import answer_from_bytes
from footfall_core.report.ports import QueryBus
from footfall_server.errors.settings import ErrorServerSettings
from footfall_server.hosts.call import Call
from footfall_server.hosts.deadlines import deadline_of
from footfall_server.quotas.quotas import ReportQuotas


class ListErrors:
    """The handler of `ListErrors`."""

    def __init__(self, bus: QueryBus, quotas: ReportQuotas, settings: ErrorServerSettings, clock: Clock) -> None:
        self._bus = bus
        self._quotas = quotas
        self._settings = settings
        self._clock = clock

    async def __call__(self, request: bytes, call: Call) -> bytes:
        """Return the bytes of a `ListErrorsResponse`."""
        now = self._clock.now()
        listing = listing_of(_parsed(request), now)
        call.log["property"] = listing.question.property_id
        deadline = deadline_of(call, now, self._settings.max_seconds, self._settings.margin_seconds)
        async with self._quotas.answering(listing.question.property_id, call):
            answer = answer_from_bytes(await self._bus.ask(listing.question, deadline))
        return listing.page(ListErrorsResponse.FromString(answer.response)).SerializeToString()


def _parsed(request: bytes) -> ListErrorsRequest:
    try:
        return ListErrorsRequest.FromString(request)
    except DecodeError:
        raise InvalidRequest.of("", "The request is not a footfall.v1.ListErrorsRequest in protobuf.") from None
