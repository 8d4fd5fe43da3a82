"""What a report may ask for, as the message of the contract."""

from footfall.v1 import query_pb2
from footfall_core.report.fields import DIMENSIONS, METRICS, MetricType, Scope

METRIC_TYPES = {
    MetricType.INTEGER: query_pb2.METRIC_TYPE_INTEGER,
    MetricType.CURRENCY: query_pb2.METRIC_TYPE_CURRENCY,
    MetricType.FLOAT: query_pb2.METRIC_TYPE_FLOAT,
}
"""The contract's names of the types of metrics."""

_SCOPES = {
    Scope.EVENT: query_pb2.SCOPE_EVENT,
    Scope.ITEM: query_pb2.SCOPE_ITEM,
    Scope.EVENT_OR_ITEM: query_pb2.SCOPE_ANY,
    Scope.ERROR: query_pb2.SCOPE_ERROR,
    Scope.ANY: query_pb2.SCOPE_ALL,
}


def metadata() -> query_pb2.GetMetadataResponse:
    """Return all dimensions and metrics with their definitions, in the order of the documentation."""
    return query_pb2.GetMetadataResponse(
        dimensions=[
            query_pb2.DimensionMetadata(api_name=one.name, description=one.meaning, scope=_SCOPES[one.scope])
            for one in DIMENSIONS.values()
        ],
        metrics=[
            query_pb2.MetricMetadata(
                api_name=one.name,
                description=one.meaning,
                type=METRIC_TYPES[one.type],
                scope=_SCOPES[one.scope],
                may_be_approximate=one.may_be_approximate,
            )
            for one in METRICS.values()
        ],
    )
