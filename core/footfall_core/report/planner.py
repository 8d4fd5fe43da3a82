"""From a request to the plan of its report. Every mistake is found in one go, and named by the field's path."""

import re
from collections.abc import Iterable, Sequence
from datetime import date
from zoneinfo import ZoneInfo

from footfall.v1 import query_pb2
from footfall_core.clock import Micros
from footfall_core.problems import FieldViolation, InvalidRequest
from footfall_core.properties import parse_property
from footfall_core.report.days import instants, parse_day, zone_names
from footfall_core.report.fields import DATE, DIMENSIONS, METRICS
from footfall_core.report.filters import read_filter
from footfall_core.report.limits import (
    DEFAULT_LIMIT,
    MAX_DAYS,
    MAX_DIMENSIONS,
    MAX_LIMIT,
    MAX_METRICS,
    MAX_OFFSET,
)
from footfall_core.report.plan import OrderTerm, Plan
from footfall_core.report.suggestions import unknown

_CURRENCY = re.compile(r"[A-Z]{3}")


def plan_report(request: query_pb2.RunReportRequest) -> Plan:
    """Return the plan of the report that is asked for.

    Raises:
        InvalidRequest: names every field that is wrong.
    """
    return _Planner(request).plan()


class _Planner:
    def __init__(self, request: query_pb2.RunReportRequest) -> None:
        self._request = request
        self._mistakes: list[FieldViolation] = []

    def plan(self) -> Plan:
        request = self._request
        property_id = self._property()
        dimensions = self._names(
            "dimension", [d.name for d in request.dimensions], DIMENSIONS, least=0, most=MAX_DIMENSIONS
        )
        metrics = self._names("metric", [m.name for m in request.metrics], METRICS, least=1, most=MAX_METRICS)
        zone = self._zone()
        start, end = self._range(zone)
        condition = read_filter(request.dimension_filter, "dimension_filter", self._complain)
        order = self._order(dimensions, metrics)
        offset = self._bounded("offset", request.offset, 0, MAX_OFFSET)
        limit = self._bounded("limit", request.limit or DEFAULT_LIMIT, 1, MAX_LIMIT)
        currency = self._currency()
        if self._mistakes:
            raise InvalidRequest(*self._mistakes)
        return Plan(
            property_id=property_id,
            start=start,
            end=end,
            time_zone=zone.key,
            dimensions=dimensions,
            metrics=metrics,
            condition=condition,
            order=order,
            offset=offset,
            limit=limit,
            include_bots=request.include_bots,
            currency_code=currency,
        )

    def _complain(self, path: str, sentence: str) -> None:
        self._mistakes.append(FieldViolation(path, sentence))

    def _property(self) -> str:
        try:
            return parse_property(self._request.property)
        except InvalidRequest as problem:
            self._mistakes += problem.violations
            return ""

    def _names(
        self, what: str, names: Sequence[str], allowed: Iterable[str], *, least: int, most: int
    ) -> tuple[str, ...]:
        allowed = tuple(allowed)
        if not least <= len(names) <= most:
            self._complain(f"{what}s", f"{len(names)} were asked for; {least} to {most} are allowed.")
        for index, name in enumerate(names[:most]):
            if name not in allowed:
                self._complain(f"{what}s[{index}].name", unknown(what, name, allowed))
            elif name in names[:index]:
                self._complain(f"{what}s[{index}].name", f"{name!r} is asked for twice; once is enough.")
        return tuple(names)

    def _zone(self) -> ZoneInfo:
        name = self._request.time_zone or "UTC"
        if name in zone_names():
            return ZoneInfo(name)
        sentence = unknown("time zone", name, sorted(zone_names()), list_allowed=False)
        self._complain("time_zone", f"{sentence} Allowed are names of the IANA data base, for example Europe/Berlin.")
        return ZoneInfo("UTC")

    def _range(self, zone: ZoneInfo) -> tuple[Micros, Micros]:
        ranges = self._request.date_ranges
        if len(ranges) != 1:
            self._complain("date_ranges", f"{len(ranges)} were asked for; exactly one is allowed.")
            return Micros(0), Micros(0)
        first = self._day("date_ranges[0].start_date", ranges[0].start_date)
        last = self._day("date_ranges[0].end_date", ranges[0].end_date)
        if first is None or last is None:
            return Micros(0), Micros(0)
        if last < first:
            self._complain("date_ranges[0].end_date", f"{last} is before the start date, {first}.")
        elif (days := (last - first).days + 1) > MAX_DAYS:
            self._complain("date_ranges[0]", f"{days} days were asked for; at most {MAX_DAYS} are allowed.")
        return instants(first, last, zone)

    def _day(self, path: str, text: str) -> date | None:
        try:
            return parse_day(text)
        except ValueError as error:
            self._complain(path, str(error))
            return None

    def _order(self, dimensions: Sequence[str], metrics: Sequence[str]) -> tuple[OrderTerm, ...]:
        terms = []
        for index, asked in enumerate(self._request.order_bys):
            path = f"order_bys[{index}]"
            kind = asked.WhichOneof("one_order_by")
            if kind is None:
                self._complain(path, "orders by nothing; set metric or dimension.")
                continue
            name = getattr(asked, kind)
            of_the_report = metrics if kind == "metric" else dimensions
            if name not in of_the_report:
                self._complain(f"{path}.{kind}", unknown(f"{kind} of this report", name, of_the_report))
            terms.append(OrderTerm(name, asked.desc))
        if not terms and DATE in dimensions:
            terms = [OrderTerm(DATE, descending=False)]
        elif not terms:
            terms = [OrderTerm(name, descending=True) for name in metrics[:1]]
        return _settled(terms, dimensions)

    def _bounded(self, path: str, value: int, least: int, most: int) -> int:
        if not least <= value <= most:
            self._complain(path, f"{value} is out of range; {least} to {most} are allowed.")
        return value

    def _currency(self) -> str:
        code = self._request.currency_code
        if code and not _CURRENCY.fullmatch(code):
            self._complain("currency_code", f"{code[:20]!r} is not a currency; write three capital letters, as EUR.")
        return code


def _settled(terms: Sequence[OrderTerm], dimensions: Sequence[str]) -> tuple[OrderTerm, ...]:
    """Return the terms with ties settled by the dimensions; a field's second mention changes nothing and goes."""
    settled: dict[str, OrderTerm] = {}
    for term in (*terms, *(OrderTerm(name, descending=False) for name in dimensions)):
        settled.setdefault(term.field, term)
    return tuple(settled.values())
