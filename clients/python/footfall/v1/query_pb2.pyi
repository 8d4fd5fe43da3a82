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

class Scope(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SCOPE_UNSPECIFIED: _ClassVar[Scope]
    SCOPE_EVENT: _ClassVar[Scope]
    SCOPE_ITEM: _ClassVar[Scope]
    SCOPE_ANY: _ClassVar[Scope]
    SCOPE_ERROR: _ClassVar[Scope]
    SCOPE_ALL: _ClassVar[Scope]
METRIC_TYPE_UNSPECIFIED: MetricType
METRIC_TYPE_INTEGER: MetricType
METRIC_TYPE_CURRENCY: MetricType
METRIC_TYPE_FLOAT: MetricType
SCOPE_UNSPECIFIED: Scope
SCOPE_EVENT: Scope
SCOPE_ITEM: Scope
SCOPE_ANY: Scope
SCOPE_ERROR: Scope
SCOPE_ALL: Scope

class RunReportRequest(_message.Message):
    __slots__ = ("property", "dimensions", "metrics", "date_ranges", "dimension_filter", "order_bys", "offset", "limit", "time_zone", "include_bots", "currency_code", "min_data_complete_until", "metric_filter", "min_imported_data_complete_until")
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
    METRIC_FILTER_FIELD_NUMBER: _ClassVar[int]
    MIN_IMPORTED_DATA_COMPLETE_UNTIL_FIELD_NUMBER: _ClassVar[int]
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
    metric_filter: FilterExpression
    min_imported_data_complete_until: _timestamp_pb2.Timestamp
    def __init__(self, property: _Optional[str] = ..., dimensions: _Optional[_Iterable[_Union[Dimension, _Mapping]]] = ..., metrics: _Optional[_Iterable[_Union[Metric, _Mapping]]] = ..., date_ranges: _Optional[_Iterable[_Union[DateRange, _Mapping]]] = ..., dimension_filter: _Optional[_Union[FilterExpression, _Mapping]] = ..., order_bys: _Optional[_Iterable[_Union[OrderBy, _Mapping]]] = ..., offset: _Optional[int] = ..., limit: _Optional[int] = ..., time_zone: _Optional[str] = ..., include_bots: _Optional[bool] = ..., currency_code: _Optional[str] = ..., min_data_complete_until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., metric_filter: _Optional[_Union[FilterExpression, _Mapping]] = ..., min_imported_data_complete_until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

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
    __slots__ = ("start_date", "end_date", "name")
    START_DATE_FIELD_NUMBER: _ClassVar[int]
    END_DATE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    start_date: str
    end_date: str
    name: str
    def __init__(self, start_date: _Optional[str] = ..., end_date: _Optional[str] = ..., name: _Optional[str] = ...) -> None: ...

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
    __slots__ = ("field_name", "string_filter", "in_list_filter", "numeric_filter", "between_filter", "empty_filter")
    FIELD_NAME_FIELD_NUMBER: _ClassVar[int]
    STRING_FILTER_FIELD_NUMBER: _ClassVar[int]
    IN_LIST_FILTER_FIELD_NUMBER: _ClassVar[int]
    NUMERIC_FILTER_FIELD_NUMBER: _ClassVar[int]
    BETWEEN_FILTER_FIELD_NUMBER: _ClassVar[int]
    EMPTY_FILTER_FIELD_NUMBER: _ClassVar[int]
    field_name: str
    string_filter: StringFilter
    in_list_filter: InListFilter
    numeric_filter: NumericFilter
    between_filter: BetweenFilter
    empty_filter: EmptyFilter
    def __init__(self, field_name: _Optional[str] = ..., string_filter: _Optional[_Union[StringFilter, _Mapping]] = ..., in_list_filter: _Optional[_Union[InListFilter, _Mapping]] = ..., numeric_filter: _Optional[_Union[NumericFilter, _Mapping]] = ..., between_filter: _Optional[_Union[BetweenFilter, _Mapping]] = ..., empty_filter: _Optional[_Union[EmptyFilter, _Mapping]] = ...) -> None: ...

class StringFilter(_message.Message):
    __slots__ = ("match_type", "value", "case_sensitive")
    class MatchType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        MATCH_TYPE_UNSPECIFIED: _ClassVar[StringFilter.MatchType]
        MATCH_TYPE_EXACT: _ClassVar[StringFilter.MatchType]
        MATCH_TYPE_BEGINS_WITH: _ClassVar[StringFilter.MatchType]
        MATCH_TYPE_ENDS_WITH: _ClassVar[StringFilter.MatchType]
        MATCH_TYPE_CONTAINS: _ClassVar[StringFilter.MatchType]
        MATCH_TYPE_FULL_REGEXP: _ClassVar[StringFilter.MatchType]
        MATCH_TYPE_PARTIAL_REGEXP: _ClassVar[StringFilter.MatchType]
    MATCH_TYPE_UNSPECIFIED: StringFilter.MatchType
    MATCH_TYPE_EXACT: StringFilter.MatchType
    MATCH_TYPE_BEGINS_WITH: StringFilter.MatchType
    MATCH_TYPE_ENDS_WITH: StringFilter.MatchType
    MATCH_TYPE_CONTAINS: StringFilter.MatchType
    MATCH_TYPE_FULL_REGEXP: StringFilter.MatchType
    MATCH_TYPE_PARTIAL_REGEXP: StringFilter.MatchType
    MATCH_TYPE_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    CASE_SENSITIVE_FIELD_NUMBER: _ClassVar[int]
    match_type: StringFilter.MatchType
    value: str
    case_sensitive: bool
    def __init__(self, match_type: _Optional[_Union[StringFilter.MatchType, str]] = ..., value: _Optional[str] = ..., case_sensitive: _Optional[bool] = ...) -> None: ...

class NumericFilter(_message.Message):
    __slots__ = ("operation", "value")
    class Operation(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        OPERATION_UNSPECIFIED: _ClassVar[NumericFilter.Operation]
        OPERATION_EQUAL: _ClassVar[NumericFilter.Operation]
        OPERATION_LESS_THAN: _ClassVar[NumericFilter.Operation]
        OPERATION_LESS_THAN_OR_EQUAL: _ClassVar[NumericFilter.Operation]
        OPERATION_GREATER_THAN: _ClassVar[NumericFilter.Operation]
        OPERATION_GREATER_THAN_OR_EQUAL: _ClassVar[NumericFilter.Operation]
    OPERATION_UNSPECIFIED: NumericFilter.Operation
    OPERATION_EQUAL: NumericFilter.Operation
    OPERATION_LESS_THAN: NumericFilter.Operation
    OPERATION_LESS_THAN_OR_EQUAL: NumericFilter.Operation
    OPERATION_GREATER_THAN: NumericFilter.Operation
    OPERATION_GREATER_THAN_OR_EQUAL: NumericFilter.Operation
    OPERATION_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    operation: NumericFilter.Operation
    value: NumericValue
    def __init__(self, operation: _Optional[_Union[NumericFilter.Operation, str]] = ..., value: _Optional[_Union[NumericValue, _Mapping]] = ...) -> None: ...

class BetweenFilter(_message.Message):
    __slots__ = ("from_value", "to_value")
    FROM_VALUE_FIELD_NUMBER: _ClassVar[int]
    TO_VALUE_FIELD_NUMBER: _ClassVar[int]
    from_value: NumericValue
    to_value: NumericValue
    def __init__(self, from_value: _Optional[_Union[NumericValue, _Mapping]] = ..., to_value: _Optional[_Union[NumericValue, _Mapping]] = ...) -> None: ...

class NumericValue(_message.Message):
    __slots__ = ("int64_value", "double_value")
    INT64_VALUE_FIELD_NUMBER: _ClassVar[int]
    DOUBLE_VALUE_FIELD_NUMBER: _ClassVar[int]
    int64_value: int
    double_value: float
    def __init__(self, int64_value: _Optional[int] = ..., double_value: _Optional[float] = ...) -> None: ...

class EmptyFilter(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

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
    __slots__ = ("dimension_headers", "metric_headers", "rows", "totals", "row_count", "metadata", "range_totals")
    DIMENSION_HEADERS_FIELD_NUMBER: _ClassVar[int]
    METRIC_HEADERS_FIELD_NUMBER: _ClassVar[int]
    ROWS_FIELD_NUMBER: _ClassVar[int]
    TOTALS_FIELD_NUMBER: _ClassVar[int]
    ROW_COUNT_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    RANGE_TOTALS_FIELD_NUMBER: _ClassVar[int]
    dimension_headers: _containers.RepeatedScalarFieldContainer[str]
    metric_headers: _containers.RepeatedCompositeFieldContainer[MetricHeader]
    rows: _containers.RepeatedCompositeFieldContainer[Row]
    totals: _containers.RepeatedCompositeFieldContainer[MetricValue]
    row_count: int
    metadata: ReportMetadata
    range_totals: _containers.RepeatedCompositeFieldContainer[Row]
    def __init__(self, dimension_headers: _Optional[_Iterable[str]] = ..., metric_headers: _Optional[_Iterable[_Union[MetricHeader, _Mapping]]] = ..., rows: _Optional[_Iterable[_Union[Row, _Mapping]]] = ..., totals: _Optional[_Iterable[_Union[MetricValue, _Mapping]]] = ..., row_count: _Optional[int] = ..., metadata: _Optional[_Union[ReportMetadata, _Mapping]] = ..., range_totals: _Optional[_Iterable[_Union[Row, _Mapping]]] = ...) -> None: ...

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
    __slots__ = ("time_zone", "currency_code", "data_complete_until", "from_cache", "approximate_metrics", "bots_included", "date_ranges", "imported_data_complete_until")
    TIME_ZONE_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_CODE_FIELD_NUMBER: _ClassVar[int]
    DATA_COMPLETE_UNTIL_FIELD_NUMBER: _ClassVar[int]
    FROM_CACHE_FIELD_NUMBER: _ClassVar[int]
    APPROXIMATE_METRICS_FIELD_NUMBER: _ClassVar[int]
    BOTS_INCLUDED_FIELD_NUMBER: _ClassVar[int]
    DATE_RANGES_FIELD_NUMBER: _ClassVar[int]
    IMPORTED_DATA_COMPLETE_UNTIL_FIELD_NUMBER: _ClassVar[int]
    time_zone: str
    currency_code: str
    data_complete_until: _timestamp_pb2.Timestamp
    from_cache: bool
    approximate_metrics: _containers.RepeatedCompositeFieldContainer[ApproximateMetric]
    bots_included: bool
    date_ranges: _containers.RepeatedCompositeFieldContainer[DateRange]
    imported_data_complete_until: _timestamp_pb2.Timestamp
    def __init__(self, time_zone: _Optional[str] = ..., currency_code: _Optional[str] = ..., data_complete_until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., from_cache: _Optional[bool] = ..., approximate_metrics: _Optional[_Iterable[_Union[ApproximateMetric, _Mapping]]] = ..., bots_included: _Optional[bool] = ..., date_ranges: _Optional[_Iterable[_Union[DateRange, _Mapping]]] = ..., imported_data_complete_until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ApproximateMetric(_message.Message):
    __slots__ = ("name", "relative_standard_error", "exact_up_to")
    NAME_FIELD_NUMBER: _ClassVar[int]
    RELATIVE_STANDARD_ERROR_FIELD_NUMBER: _ClassVar[int]
    EXACT_UP_TO_FIELD_NUMBER: _ClassVar[int]
    name: str
    relative_standard_error: float
    exact_up_to: int
    def __init__(self, name: _Optional[str] = ..., relative_standard_error: _Optional[float] = ..., exact_up_to: _Optional[int] = ...) -> None: ...

class GetMetadataRequest(_message.Message):
    __slots__ = ("property",)
    PROPERTY_FIELD_NUMBER: _ClassVar[int]
    property: str
    def __init__(self, property: _Optional[str] = ...) -> None: ...

class GetMetadataResponse(_message.Message):
    __slots__ = ("dimensions", "metrics")
    DIMENSIONS_FIELD_NUMBER: _ClassVar[int]
    METRICS_FIELD_NUMBER: _ClassVar[int]
    dimensions: _containers.RepeatedCompositeFieldContainer[DimensionMetadata]
    metrics: _containers.RepeatedCompositeFieldContainer[MetricMetadata]
    def __init__(self, dimensions: _Optional[_Iterable[_Union[DimensionMetadata, _Mapping]]] = ..., metrics: _Optional[_Iterable[_Union[MetricMetadata, _Mapping]]] = ...) -> None: ...

class DimensionMetadata(_message.Message):
    __slots__ = ("api_name", "description", "scope")
    API_NAME_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    api_name: str
    description: str
    scope: Scope
    def __init__(self, api_name: _Optional[str] = ..., description: _Optional[str] = ..., scope: _Optional[_Union[Scope, str]] = ...) -> None: ...

class MetricMetadata(_message.Message):
    __slots__ = ("api_name", "description", "type", "scope", "may_be_approximate")
    API_NAME_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    MAY_BE_APPROXIMATE_FIELD_NUMBER: _ClassVar[int]
    api_name: str
    description: str
    type: MetricType
    scope: Scope
    may_be_approximate: bool
    def __init__(self, api_name: _Optional[str] = ..., description: _Optional[str] = ..., type: _Optional[_Union[MetricType, str]] = ..., scope: _Optional[_Union[Scope, str]] = ..., may_be_approximate: _Optional[bool] = ...) -> None: ...
