"""`GetError`: find the error, then read what was sent at its place in its raw topic."""

from google.protobuf.message import DecodeError

from footfall.v1.errors_pb2 import GetErrorRequest, ListErrorsResponse
from footfall_core.clock import Clock
from footfall_core.errors.listing import question_of_one
from footfall_core.errors.payload import log_of, with_payload, without_payload
from footfall_core.errors.ports import RawRecords
from footfall_core.problems import InvalidRequest, NotFound
from footfall_core.report.answer import answer_from_bytes
from footfall_core.report.ports import QueryBus
from footfall_server.errors.settings import ErrorServerSettings
from footfall_server.hosts.call import Call
from footfall_server.hosts.deadlines import deadline_of
from footfall_server.quotas.at_once import AtOnce
from footfall_server.quotas.quotas import ReportQuotas

SECONDS_OF_A_READ = 1.0
"""After how long to ask again when too many payloads are being read: most take far less."""


class GetError:
    """The handler of `GetError`."""

    def __init__(
        self, bus: QueryBus, raw: RawRecords, quotas: ReportQuotas, settings: ErrorServerSettings, clock: Clock
    ) -> None:
        self._bus = bus
        self._quotas = quotas
        self._raw = raw
        self._settings = settings
        self._clock = clock
        self._reads = AtOnce(settings.payloads_at_once, "payloads", retry_after_seconds=SECONDS_OF_A_READ)

    async def __call__(self, request: bytes, call: Call) -> bytes:
        """Return the bytes of a `GetErrorResponse`."""
        now = self._clock.now()
        question = question_of_one(_parsed(request), now)
        call.log["property"] = question.property_id
        deadline = deadline_of(call, now, self._settings.max_seconds, self._settings.margin_seconds)
        async with self._quotas.answering(question.property_id, call):
            answer = answer_from_bytes(await self._bus.ask(question, deadline))
        found = ListErrorsResponse.FromString(answer.response).errors
        if not found:
            raise NotFound("The property has no error of this id, or none that is at most 30 days old.")
        error = found[0]
        if not error.HasField("payload"):
            return without_payload(error).SerializeToString()
        place = error.payload
        with self._reads.one(question.property_id):
            record = await self._raw.read(log_of(place), place.partition, place.offset)
        return with_payload(error, record).SerializeToString()


def _parsed(request: bytes) -> GetErrorRequest:
    try:
        return GetErrorRequest.FromString(request)
    except DecodeError:
        raise InvalidRequest.of("", "The request is not a footfall.v1.GetErrorRequest in protobuf.") from None
