"""What a report may ask for."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from footfall.report import MetricTypeName
from footfall.reports import type_name
from footfall.v1.query_pb2 import (
    SCOPE_ANY,
    SCOPE_ERROR,
    SCOPE_EVENT,
    SCOPE_ITEM,
    GetMetadataRequest,
    GetMetadataResponse,
    Scope,
)

ScopeName: TypeAlias = Literal["event", "item", "event or item", "error", "any"]


@dataclass(frozen=True, slots=True)
class DimensionInfo:
    """A dimension."""

    name: str
    """What to ask for; `event.<param>` stands for every parameter of events."""
    description: str
    """Its definition."""
    scope: ScopeName
    """What it is about. A report has fields of one scope; `any` goes with each."""


@dataclass(frozen=True, slots=True)
class MetricInfo:
    """A metric."""

    name: str
    description: str
    """Its definition."""
    type: MetricTypeName
    scope: ScopeName
    """What it is about. A report has fields of one scope; `any` goes with each."""
    may_be_approximate: bool
    """Whether large values are estimates."""


@dataclass(frozen=True, slots=True)
class Metadata:
    """The dimensions and metrics of a property, in the order of the documentation."""

    dimensions: tuple[DimensionInfo, ...]
    metrics: tuple[MetricInfo, ...]


def metadata_request(property_id: str) -> GetMetadataRequest:
    """Return the request."""
    return GetMetadataRequest(property=f"properties/{property_id}")


def read_metadata(answer: GetMetadataResponse) -> Metadata:
    """Return the answer as values."""
    return Metadata(
        dimensions=tuple(DimensionInfo(d.api_name, d.description, _scope(d.scope)) for d in answer.dimensions),
        metrics=tuple(
            MetricInfo(m.api_name, m.description, type_name(m.type), _scope(m.scope), m.may_be_approximate)
            for m in answer.metrics
        ),
    )


_NAMES: dict[int, ScopeName] = {
    SCOPE_EVENT: "event",
    SCOPE_ITEM: "item",
    SCOPE_ANY: "event or item",
    SCOPE_ERROR: "error",
}


def _scope(scope: Scope) -> ScopeName:
    return _NAMES.get(scope, "any")
