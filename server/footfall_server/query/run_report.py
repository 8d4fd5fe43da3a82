"""`RunReport`: parse, plan, look in the cache, else ask once for all who ask the same, keep, answer."""

from dataclasses import replace

from google.protobuf.message import DecodeError

from footfall.v1 import query_pb2
from footfall_core import telemetry
from footfall_core.clock import Clock, Micros
from footfall_core.columns import TICKED
from footfall_core.completeness import Completeness
from footfall_core.instants import instant_of
from footfall_core.problems import DeadlinePassed, InvalidRequest, TooLarge
from footfall_core.report.answer import Answer, answer_from_bytes, from_cache
from footfall_core.report.limits import MAX_PLAN_BYTES
from footfall_core.report.plan import Plan, plan_key, plan_to_bytes
from footfall_core.report.planner import plan_report
from footfall_core.report.ports import AnswerCache, QueryBus
from footfall_core.runs.current import ServingAt, all_live
from footfall_server.hosts.call import Call
from footfall_server.hosts.deadlines import deadline_of
from footfall_server.query.flights import Flights
from footfall_server.query.settings import QuerySettings
from footfall_server.quotas.quotas import ReportQuotas


class RunReport:
    """The handler of `RunReport`."""

    def __init__(
        self,
        bus: QueryBus,
        cache: AnswerCache,
        quotas: ReportQuotas,
        settings: QuerySettings,
        clock: Clock,
        *,
        serving: ServingAt = all_live,
    ) -> None:
        self._bus = bus
        self._cache = cache
        self._quotas = quotas
        self._settings = settings
        self._clock = clock
        self._serving = serving
        self._flights: Flights[Answer] = Flights()

    async def __call__(self, request: bytes, call: Call) -> bytes:
        """Return the bytes of a `RunReportResponse`."""
        asked = _parsed(request)
        asked.time_zone = asked.time_zone or call.permit.property.time_zone
        now = self._clock.now()
        plan = plan_report(asked, now)
        if plan.table in TICKED:  # errors are those of the live run, whatever is served
            # once a request: whatever is switched meanwhile, its answer is made of one serving
            plan = replace(plan, serving=self._serving(now))
        call.log["property"] = plan.property_id
        data = _carried(plan)
        key = plan_key(data)
        at_least = _at_least(asked)
        call.trailers.update(self._quotas.fields(plan.property_id))
        cached = await self._cache.get(plan.property_id, key)
        if cached is not None and not cached.completeness.reaches(at_least):
            cached = None
        call.log["from_cache"] = cached is not None
        if cached is not None:
            telemetry.REPORTS.labels("cache").inc()
            return from_cache(cached).response
        try:
            return (await self._asked(plan.property_id, key, data, at_least, self._deadline(call))).response
        finally:
            call.trailers.update(self._quotas.fields(plan.property_id))

    async def _asked(self, property_id: str, key: str, plan: bytes, at_least: Completeness, deadline: Micros) -> Answer:
        """Return the answer of the flight under way, or of one of our own.

        One that was under way may have seen too little, or have had an earlier deadline than we have.
        """

        async def ask() -> Answer:
            # what is in the cache, or under way already, costs no one anything
            async with self._quotas.admitted(property_id):
                answer = answer_from_bytes(await self._bus.ask(plan, deadline))
            await self._cache.put(property_id, key, answer)
            return answer

        while True:
            was_under_way = self._flights.under_way(key)
            telemetry.REPORTS.labels("flight" if was_under_way else "asked").inc()
            try:
                answer = await self._flights.join(key, ask)
            except DeadlinePassed:
                if was_under_way and self._clock.now() < deadline:
                    continue
                raise
            if not was_under_way or answer.completeness.reaches(at_least):
                return answer

    def _deadline(self, call: Call) -> Micros:
        return deadline_of(call, self._clock.now(), self._settings.max_seconds, self._settings.margin_seconds)


def _parsed(request: bytes) -> query_pb2.RunReportRequest:
    try:
        return query_pb2.RunReportRequest.FromString(request)
    except DecodeError:
        raise InvalidRequest.of("", "The request is not a footfall.v1.RunReportRequest.") from None


def _carried(plan: Plan) -> bytes:
    data = plan_to_bytes(plan)
    if len(data) > MAX_PLAN_BYTES:
        raise TooLarge(f"The filter has {len(data):,} bytes in all; at most {MAX_PLAN_BYTES:,} are allowed.")
    return data


def _at_least(request: query_pb2.RunReportRequest) -> Completeness:
    live, imported = (
        instant_of(getattr(request, field), field) if request.HasField(field) else None
        for field in ("min_data_complete_until", "min_imported_data_complete_until")
    )
    return Completeness(live, imported)
