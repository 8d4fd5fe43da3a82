import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class MetricType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    METRIC_TYPE_UNSPECIFIED: _ClassVar[MetricType]
    METRIC_TYPE_INTEGER: _ClassVar[MetricType]
    METRIC_TYPE_CURRENCY: _ClassVar[MetricType]
    METRIC_TYPE_FLOAT: _ClassVar[MetricType]
METRIC_TYPE_UNSPECIFIED: MetricType
METRIC_TYPE_INTEGER: MetricType
METRIC_TYPE_CURRENCY: MetricType
METRIC_TYPE_FLOAT: MetricType

class RunReportRequest(_message.Message):
    __slots__ = ("property", "dimensions", "metrics", "date_ranges", "dimension_filter", "order_bys", "offset", "limit", "time_zone", "include_bots", "currency_code", "min_data_complete_until")
    PROPERTY_FIELD_NUMBER: _ClassVar[int]
    DIMENSIONS_FIELD_NUMBER: _ClassVar[int]
    METRICS_FIELD_NUMBER: _ClassVar[int]
    DATE_RANGES_FIELD_NUMBER: _ClassVar[int]
    DIMENSION_FILTER_FIELD_NUMBER: _ClassVar[int]
    ORDER_BYS_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    TIME_ZONE_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_BOTS_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_CODE_FIELD_NUMBER: _ClassVar[int]
    MIN_DATA_COMPLETE_UNTIL_FIELD_NUMBER: _ClassVar[int]
    property: str
    dimensions: _containers.RepeatedCompositeFieldContainer[Dimension]
    metrics: _containers.RepeatedCompositeFieldContainer[Metric]
    date_ranges: _containers.RepeatedCompositeFieldContainer[DateRange]
    dimension_filter: FilterExpression
    order_bys: _containers.RepeatedCompositeFieldContainer[OrderBy]
    offset: int
    limit: int
    time_zone: str
    include_bots: bool
    currency_code: str
    min_data_complete_until: _timestamp_pb2.Timestamp
    def __init__(self, property: _Optional[str] = ..., dimensions: _Optional[_Iterable[_Union[Dimension, _Mapping]]] = ..., metrics: _Optional[_Iterable[_Union[Metric, _Mapping]]] = ..., date_ranges: _Optional[_Iterable[_Union[DateRange, _Mapping]]] = ..., dimension_filter: _Optional[_Union[FilterExpression, _Mapping]] = ..., order_bys: _Optional[_Iterable[_Union[OrderBy, _Mapping]]] = ..., offset: _Optional[int] = ..., limit: _Optional[int] = ..., time_zone: _Optional[str] = ..., include_bots: _Optional[bool] = ..., currency_code: _Optional[str] = ..., min_data_complete_until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class Dimension(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class Metric(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class DateRange(_message.Message):
    __slots__ = ("start_date", "end_date")
    START_DATE_FIELD_NUMBER: _ClassVar[int]
    END_DATE_FIELD_NUMBER: _ClassVar[int]
    start_date: str
    end_date: str
    def __init__(self, start_date: _Optional[str] = ..., end_date: _Optional[str] = ...) -> None: ...

class FilterExpression(_message.Message):
    __slots__ = ("and_group", "or_group", "not_expression", "filter")
    AND_GROUP_FIELD_NUMBER: _ClassVar[int]
    OR_GROUP_FIELD_NUMBER: _ClassVar[int]
    NOT_EXPRESSION_FIELD_NUMBER: _ClassVar[int]
    FILTER_FIELD_NUMBER: _ClassVar[int]
    and_group: FilterExpressionList
    or_group: FilterExpressionList
    not_expression: FilterExpression
    filter: Filter
    def __init__(self, and_group: _Optional[_Union[FilterExpressionList, _Mapping]] = ..., or_group: _Optional[_Union[FilterExpressionList, _Mapping]] = ..., not_expression: _Optional[_Union[FilterExpression, _Mapping]] = ..., filter: _Optional[_Union[Filter, _Mapping]] = ...) -> None: ...

class FilterExpressionList(_message.Message):
    __slots__ = ("expressions",)
    EXPRESSIONS_FIELD_NUMBER: _ClassVar[int]
    expressions: _containers.RepeatedCompositeFieldContainer[FilterExpression]
    def __init__(self, expressions: _Optional[_Iterable[_Union[FilterExpression, _Mapping]]] = ...) -> None: ...

class Filter(_message.Message):
    __slots__ = ("field_name", "string_filter", "in_list_filter")
    FIELD_NAME_FIELD_NUMBER: _ClassVar[int]
    STRING_FILTER_FIELD_NUMBER: _ClassVar[int]
    IN_LIST_FILTER_FIELD_NUMBER: _ClassVar[int]
    field_name: str
    string_filter: StringFilter
    in_list_filter: InListFilter
    def __init__(self, field_name: _Optional[str] = ..., string_filter: _Optional[_Union[StringFilter, _Mapping]] = ..., in_list_filter: _Optional[_Union[InListFilter, _Mapping]] = ...) -> None: ...

class StringFilter(_message.Message):
    __slots__ = ("match_type", "value", "case_sensitive")
    class MatchType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        MATCH_TYPE_UNSPECIFIED: _ClassVar[StringFilter.MatchType]
        MATCH_TYPE_EXACT: _ClassVar[StringFilter.MatchType]
        MATCH_TYPE_BEGINS_WITH: _ClassVar[StringFilter.MatchType]
        MATCH_TYPE_ENDS_WITH: _ClassVar[StringFilter.MatchType]
        MATCH_TYPE_CONTAINS: _ClassVar[StringFilter.MatchType]
    MATCH_TYPE_UNSPECIFIED: StringFilter.MatchType
    MATCH_TYPE_EXACT: StringFilter.MatchType
    MATCH_TYPE_BEGINS_WITH: StringFilter.MatchType
    MATCH_TYPE_ENDS_WITH: StringFilter.MatchType
    MATCH_TYPE_CONTAINS: StringFilter.MatchType
    MATCH_TYPE_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    CASE_SENSITIVE_FIELD_NUMBER: _ClassVar[int]
    match_type: StringFilter.MatchType
    value: str
    case_sensitive: bool
    def __init__(self, match_type: _Optional[_Union[StringFilter.MatchType, str]] = ..., value: _Optional[str] = ..., case_sensitive: _Optional[bool] = ...) -> None: ...

class InListFilter(_message.Message):
    __slots__ = ("values", "case_sensitive")
    VALUES_FIELD_NUMBER: _ClassVar[int]
    CASE_SENSITIVE_FIELD_NUMBER: _ClassVar[int]
    values: _containers.RepeatedScalarFieldContainer[str]
    case_sensitive: bool
    def __init__(self, values: _Optional[_Iterable[str]] = ..., case_sensitive: _Optional[bool] = ...) -> None: ...

class OrderBy(_message.Message):
    __slots__ = ("metric", "dimension", "desc")
    METRIC_FIELD_NUMBER: _ClassVar[int]
    DIMENSION_FIELD_NUMBER: _ClassVar[int]
    DESC_FIELD_NUMBER: _ClassVar[int]
    metric: str
    dimension: str
    desc: bool
    def __init__(self, metric: _Optional[str] = ..., dimension: _Optional[str] = ..., desc: _Optional[bool] = ...) -> None: ...

class RunReportResponse(_message.Message):
    __slots__ = ("dimension_headers", "metric_headers", "rows", "totals", "row_count", "metadata")
    DIMENSION_HEADERS_FIELD_NUMBER: _ClassVar[int]
    METRIC_HEADERS_FIELD_NUMBER: _ClassVar[int]
    ROWS_FIELD_NUMBER: _ClassVar[int]
    TOTALS_FIELD_NUMBER: _ClassVar[int]
    ROW_COUNT_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    dimension_headers: _containers.RepeatedScalarFieldContainer[str]
    metric_headers: _containers.RepeatedCompositeFieldContainer[MetricHeader]
    rows: _containers.RepeatedCompositeFieldContainer[Row]
    totals: _containers.RepeatedCompositeFieldContainer[MetricValue]
    row_count: int
    metadata: ReportMetadata
    def __init__(self, dimension_headers: _Optional[_Iterable[str]] = ..., metric_headers: _Optional[_Iterable[_Union[MetricHeader, _Mapping]]] = ..., rows: _Optional[_Iterable[_Union[Row, _Mapping]]] = ..., totals: _Optional[_Iterable[_Union[MetricValue, _Mapping]]] = ..., row_count: _Optional[int] = ..., metadata: _Optional[_Union[ReportMetadata, _Mapping]] = ...) -> None: ...

class MetricHeader(_message.Message):
    __slots__ = ("name", "type")
    NAME_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    name: str
    type: MetricType
    def __init__(self, name: _Optional[str] = ..., type: _Optional[_Union[MetricType, str]] = ...) -> None: ...

class Row(_message.Message):
    __slots__ = ("dimension_values", "metric_values")
    DIMENSION_VALUES_FIELD_NUMBER: _ClassVar[int]
    METRIC_VALUES_FIELD_NUMBER: _ClassVar[int]
    dimension_values: _containers.RepeatedScalarFieldContainer[str]
    metric_values: _containers.RepeatedCompositeFieldContainer[MetricValue]
    def __init__(self, dimension_values: _Optional[_Iterable[str]] = ..., metric_values: _Optional[_Iterable[_Union[MetricValue, _Mapping]]] = ...) -> None: ...

class MetricValue(_message.Message):
    __slots__ = ("integer_value", "double_value")
    INTEGER_VALUE_FIELD_NUMBER: _ClassVar[int]
    DOUBLE_VALUE_FIELD_NUMBER: _ClassVar[int]
    integer_value: int
    double_value: float
    def __init__(self, integer_value: _Optional[int] = ..., double_value: _Optional[float] = ...) -> None: ...

class ReportMetadata(_message.Message):
    __slots__ = ("time_zone", "currency_code", "data_complete_until", "from_cache", "approximate_metrics", "bots_included")
    TIME_ZONE_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_CODE_FIELD_NUMBER: _ClassVar[int]
    DATA_COMPLETE_UNTIL_FIELD_NUMBER: _ClassVar[int]
    FROM_CACHE_FIELD_NUMBER: _ClassVar[int]
    APPROXIMATE_METRICS_FIELD_NUMBER: _ClassVar[int]
    BOTS_INCLUDED_FIELD_NUMBER: _ClassVar[int]
    time_zone: str
    currency_code: str
    data_complete_until: _timestamp_pb2.Timestamp
    from_cache: bool
    approximate_metrics: _containers.RepeatedCompositeFieldContainer[ApproximateMetric]
    bots_included: bool
    def __init__(self, time_zone: _Optional[str] = ..., currency_code: _Optional[str] = ..., data_complete_until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., from_cache: _Optional[bool] = ..., approximate_metrics: _Optional[_Iterable[_Union[ApproximateMetric, _Mapping]]] = ..., bots_included: _Optional[bool] = ...) -> None: ...

class ApproximateMetric(_message.Message):
    __slots__ = ("name", "relative_standard_error", "exact_up_to")
    NAME_FIELD_NUMBER: _ClassVar[int]
    RELATIVE_STANDARD_ERROR_FIELD_NUMBER: _ClassVar[int]
    EXACT_UP_TO_FIELD_NUMBER: _ClassVar[int]
    name: str
    relative_standard_error: float
    exact_up_to: int
    def __init__(self, name: _Optional[str] = ..., relative_standard_error: _Optional[float] = ..., exact_up_to: _Optional[int] = ...) -> None: ...
