"""From a request to the plan of its report. Every mistake is found in one go, and named by the field's path."""

import re
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from footfall.v1 import query_pb2
from footfall_core.clock import Micros
from footfall_core.problems import FieldViolation, InvalidRequest
from footfall_core.properties import parse_property
from footfall_core.report.days import day_of, zone_names
from footfall_core.report.fields import (
    DATE,
    DATE_RANGE,
    METRICS,
    Scope,
    dimension_named,
)
from footfall_core.report.filters import read_filter, read_metric_filter
from footfall_core.report.limits import DEFAULT_LIMIT, MAX_DIMENSIONS, MAX_LIMIT, MAX_METRICS, MAX_OFFSET
from footfall_core.report.plan import Condition, OrderTerm, Plan, leaves
from footfall_core.report.ranges import read_ranges
from footfall_core.report.suggestions import unknown, unknown_dimension

_CURRENCY = re.compile(r"[A-Z]{3}")


def plan_report(request: query_pb2.RunReportRequest, now: Micros) -> Plan:
    """Return the plan of the report that is asked for.

    Args:
        request: what is asked for.
        now: the current time; `today` is the day that it is in.

    Raises:
        InvalidRequest: names every field that is wrong.
    """
    return _Planner(request, now).plan()


class _Planner:
    def __init__(self, request: query_pb2.RunReportRequest, now: Micros) -> None:
        self._request = request
        self._now = now
        self._mistakes: list[FieldViolation] = []

    def plan(self) -> Plan:
        request = self._request
        property_id = self._property()
        dimensions = self._dimensions()
        metrics = self._metrics()
        zone = self._zone()
        ranges = read_ranges(request.date_ranges, day_of(self._now, zone), zone, self._complain)
        if len(ranges) > 1 and DATE_RANGE not in dimensions:
            dimensions = (*dimensions, DATE_RANGE)
        condition = read_filter(request.dimension_filter, "dimension_filter", self._complain)
        metric_condition = read_metric_filter(request.metric_filter, "metric_filter", metrics, self._complain)
        order = self._order(dimensions, metrics)
        offset = self._bounded("offset", request.offset, 0, MAX_OFFSET)
        limit = self._bounded("limit", request.limit or DEFAULT_LIMIT, 1, MAX_LIMIT)
        currency = self._currency()
        table = self._table(dimensions, metrics, condition)
        if self._mistakes:
            raise InvalidRequest(*self._mistakes)
        return Plan(
            property_id=property_id,
            table=table,
            ranges=ranges,
            time_zone=zone.key,
            dimensions=dimensions,
            metrics=metrics,
            condition=condition,
            metric_condition=metric_condition,
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

    def _dimensions(self) -> tuple[str, ...]:
        names = [dimension.name for dimension in self._request.dimensions]
        self._check_list("dimensions", names, least=0, most=MAX_DIMENSIONS)
        for index, name in enumerate(names[:MAX_DIMENSIONS]):
            if dimension_named(name) is None:
                self._complain(f"dimensions[{index}].name", unknown_dimension(name))
        return tuple(names)

    def _metrics(self) -> tuple[str, ...]:
        names = [metric.name for metric in self._request.metrics]
        self._check_list("metrics", names, least=1, most=MAX_METRICS)
        for index, name in enumerate(names[:MAX_METRICS]):
            if name not in METRICS:
                self._complain(f"metrics[{index}].name", unknown("metric", name, METRICS))
        return tuple(names)

    def _check_list(self, path: str, names: Sequence[str], *, least: int, most: int) -> None:
        if not least <= len(names) <= most:
            self._complain(path, f"{len(names)} were asked for; {least} to {most} are allowed.")
        for index, name in enumerate(names[:most]):
            if name in names[:index]:
                self._complain(f"{path}[{index}].name", f"{name[:80]!r} is asked for twice; once is enough.")

    def _table(self, dimensions: Sequence[str], metrics: Sequence[str], condition: Condition | None) -> str:
        """Return the name of the table that has all fields; there is one as long as they are of one scope."""
        asked = [
            (f"metrics[{index}].name", name, METRICS[name].scope)
            for index, name in enumerate(metrics)
            if name in METRICS
        ]
        named = [(f"dimensions[{index}].name", name) for index, name in enumerate(dimensions)]
        named += [("dimension_filter", leaf.dimension) for leaf in leaves(condition)]
        asked += [(path, name, found.scope) for path, name in named if (found := dimension_named(name)) is not None]
        # what is about items or errors alone says which; without it the report is one of events
        deciding, scope = next(
            ((name, scope) for _, name, scope in asked if scope in {Scope.ITEM, Scope.ERROR}), ("", Scope.EVENT)
        )
        (table,) = scope.tables
        for path, name, other in asked:
            if table not in other.tables:
                self._complain(path, _apart(name, other, deciding, scope))
                break
        return table.name

    def _zone(self) -> ZoneInfo:
        name = self._request.time_zone or "UTC"
        if name in zone_names():
            return ZoneInfo(name)
        sentence = unknown("time zone", name, sorted(zone_names()), list_allowed=False)
        self._complain("time_zone", f"{sentence} Allowed are names of the IANA data base, for example Europe/Berlin.")
        return ZoneInfo("UTC")

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


def _apart(name: str, scope: Scope, other: str, others: Scope) -> str:
    """Return why two fields cannot be in one report."""
    if others is Scope.ITEM:
        if scope is Scope.ERROR:
            return _apart(other, others, name, scope)
        return (
            f"{name} is about events and {other} about their items, of which an event has any number: ask for them in "
            "two reports."
        )
    about = "items of events" if scope is Scope.ITEM else "events"
    return (
        f"{name} is about {about} that were stored and {other} about errors, which are of what was not: ask for them "
        "in two reports."
    )


def _settled(terms: Sequence[OrderTerm], dimensions: Sequence[str]) -> tuple[OrderTerm, ...]:
    """Return the terms with ties settled by the dimensions; a field's second mention changes nothing and goes."""
    settled: dict[str, OrderTerm] = {}
    for term in (*terms, *(OrderTerm(name, descending=False) for name in dimensions)):
        settled.setdefault(term.field, term)
    return tuple(settled.values())
