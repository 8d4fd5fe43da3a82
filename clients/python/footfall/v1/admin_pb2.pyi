import datetime

from google.protobuf import field_mask_pb2 as _field_mask_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class PropertyState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PROPERTY_STATE_UNSPECIFIED: _ClassVar[PropertyState]
    PROPERTY_STATE_ACTIVE: _ClassVar[PropertyState]
    PROPERTY_STATE_SUSPENDED: _ClassVar[PropertyState]

class KeyScope(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    KEY_SCOPE_UNSPECIFIED: _ClassVar[KeyScope]
    KEY_SCOPE_WRITE: _ClassVar[KeyScope]
    KEY_SCOPE_IMPORT: _ClassVar[KeyScope]
    KEY_SCOPE_READ: _ClassVar[KeyScope]
    KEY_SCOPE_ERRORS: _ClassVar[KeyScope]
    KEY_SCOPE_ADMIN: _ClassVar[KeyScope]

class KeyState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    KEY_STATE_UNSPECIFIED: _ClassVar[KeyState]
    KEY_STATE_ACTIVE: _ClassVar[KeyState]
    KEY_STATE_REVOKED: _ClassVar[KeyState]
    KEY_STATE_EXPIRED: _ClassVar[KeyState]

class ReprocessingState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    REPROCESSING_STATE_UNSPECIFIED: _ClassVar[ReprocessingState]
    REPROCESSING_STATE_QUEUED: _ClassVar[ReprocessingState]
    REPROCESSING_STATE_PREPARING: _ClassVar[ReprocessingState]
    REPROCESSING_STATE_RUNNING: _ClassVar[ReprocessingState]
    REPROCESSING_STATE_CAUGHT_UP: _ClassVar[ReprocessingState]
    REPROCESSING_STATE_DONE: _ClassVar[ReprocessingState]
    REPROCESSING_STATE_CANCELLING: _ClassVar[ReprocessingState]
    REPROCESSING_STATE_CANCELLED: _ClassVar[ReprocessingState]
    REPROCESSING_STATE_FAILED: _ClassVar[ReprocessingState]
    REPROCESSING_STATE_REMOVED: _ClassVar[ReprocessingState]
PROPERTY_STATE_UNSPECIFIED: PropertyState
PROPERTY_STATE_ACTIVE: PropertyState
PROPERTY_STATE_SUSPENDED: PropertyState
KEY_SCOPE_UNSPECIFIED: KeyScope
KEY_SCOPE_WRITE: KeyScope
KEY_SCOPE_IMPORT: KeyScope
KEY_SCOPE_READ: KeyScope
KEY_SCOPE_ERRORS: KeyScope
KEY_SCOPE_ADMIN: KeyScope
KEY_STATE_UNSPECIFIED: KeyState
KEY_STATE_ACTIVE: KeyState
KEY_STATE_REVOKED: KeyState
KEY_STATE_EXPIRED: KeyState
REPROCESSING_STATE_UNSPECIFIED: ReprocessingState
REPROCESSING_STATE_QUEUED: ReprocessingState
REPROCESSING_STATE_PREPARING: ReprocessingState
REPROCESSING_STATE_RUNNING: ReprocessingState
REPROCESSING_STATE_CAUGHT_UP: ReprocessingState
REPROCESSING_STATE_DONE: ReprocessingState
REPROCESSING_STATE_CANCELLING: ReprocessingState
REPROCESSING_STATE_CANCELLED: ReprocessingState
REPROCESSING_STATE_FAILED: ReprocessingState
REPROCESSING_STATE_REMOVED: ReprocessingState

class Property(_message.Message):
    __slots__ = ("name", "display_name", "time_zone", "currency_code", "allowed_hosts", "state", "create_time", "update_time", "quota")
    NAME_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    TIME_ZONE_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_CODE_FIELD_NUMBER: _ClassVar[int]
    ALLOWED_HOSTS_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    QUOTA_FIELD_NUMBER: _ClassVar[int]
    name: str
    display_name: str
    time_zone: str
    currency_code: str
    allowed_hosts: _containers.RepeatedScalarFieldContainer[str]
    state: PropertyState
    create_time: _timestamp_pb2.Timestamp
    update_time: _timestamp_pb2.Timestamp
    quota: PropertyQuota
    def __init__(self, name: _Optional[str] = ..., display_name: _Optional[str] = ..., time_zone: _Optional[str] = ..., currency_code: _Optional[str] = ..., allowed_hosts: _Optional[_Iterable[str]] = ..., state: _Optional[_Union[PropertyState, str]] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., update_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., quota: _Optional[_Union[PropertyQuota, _Mapping]] = ...) -> None: ...

class PropertyQuota(_message.Message):
    __slots__ = ("events_per_second", "bytes_per_second", "reports_per_second", "concurrent_reports", "burst_seconds")
    EVENTS_PER_SECOND_FIELD_NUMBER: _ClassVar[int]
    BYTES_PER_SECOND_FIELD_NUMBER: _ClassVar[int]
    REPORTS_PER_SECOND_FIELD_NUMBER: _ClassVar[int]
    CONCURRENT_REPORTS_FIELD_NUMBER: _ClassVar[int]
    BURST_SECONDS_FIELD_NUMBER: _ClassVar[int]
    events_per_second: float
    bytes_per_second: float
    reports_per_second: float
    concurrent_reports: int
    burst_seconds: float
    def __init__(self, events_per_second: _Optional[float] = ..., bytes_per_second: _Optional[float] = ..., reports_per_second: _Optional[float] = ..., concurrent_reports: _Optional[int] = ..., burst_seconds: _Optional[float] = ...) -> None: ...

class CreatePropertyRequest(_message.Message):
    __slots__ = ("property_id", "property")
    PROPERTY_ID_FIELD_NUMBER: _ClassVar[int]
    PROPERTY_FIELD_NUMBER: _ClassVar[int]
    property_id: str
    property: Property
    def __init__(self, property_id: _Optional[str] = ..., property: _Optional[_Union[Property, _Mapping]] = ...) -> None: ...

class GetPropertyRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class ListPropertiesRequest(_message.Message):
    __slots__ = ("page_size", "page_token")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListPropertiesResponse(_message.Message):
    __slots__ = ("properties", "next_page_token")
    PROPERTIES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    properties: _containers.RepeatedCompositeFieldContainer[Property]
    next_page_token: str
    def __init__(self, properties: _Optional[_Iterable[_Union[Property, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class UpdatePropertyRequest(_message.Message):
    __slots__ = ("property", "update_mask")
    PROPERTY_FIELD_NUMBER: _ClassVar[int]
    UPDATE_MASK_FIELD_NUMBER: _ClassVar[int]
    property: Property
    update_mask: _field_mask_pb2.FieldMask
    def __init__(self, property: _Optional[_Union[Property, _Mapping]] = ..., update_mask: _Optional[_Union[_field_mask_pb2.FieldMask, _Mapping]] = ...) -> None: ...

class Key(_message.Message):
    __slots__ = ("name", "display_name", "scopes", "expire_time", "state", "create_time", "revoke_time")
    NAME_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    SCOPES_FIELD_NUMBER: _ClassVar[int]
    EXPIRE_TIME_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    REVOKE_TIME_FIELD_NUMBER: _ClassVar[int]
    name: str
    display_name: str
    scopes: _containers.RepeatedScalarFieldContainer[KeyScope]
    expire_time: _timestamp_pb2.Timestamp
    state: KeyState
    create_time: _timestamp_pb2.Timestamp
    revoke_time: _timestamp_pb2.Timestamp
    def __init__(self, name: _Optional[str] = ..., display_name: _Optional[str] = ..., scopes: _Optional[_Iterable[_Union[KeyScope, str]]] = ..., expire_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., state: _Optional[_Union[KeyState, str]] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., revoke_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class CreateKeyRequest(_message.Message):
    __slots__ = ("parent", "key")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    parent: str
    key: Key
    def __init__(self, parent: _Optional[str] = ..., key: _Optional[_Union[Key, _Mapping]] = ...) -> None: ...

class CreateKeyResponse(_message.Message):
    __slots__ = ("key", "token")
    KEY_FIELD_NUMBER: _ClassVar[int]
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    key: Key
    token: str
    def __init__(self, key: _Optional[_Union[Key, _Mapping]] = ..., token: _Optional[str] = ...) -> None: ...

class ListKeysRequest(_message.Message):
    __slots__ = ("parent", "page_size", "page_token")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    parent: str
    page_size: int
    page_token: str
    def __init__(self, parent: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListKeysResponse(_message.Message):
    __slots__ = ("keys", "next_page_token")
    KEYS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    keys: _containers.RepeatedCompositeFieldContainer[Key]
    next_page_token: str
    def __init__(self, keys: _Optional[_Iterable[_Union[Key, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class RevokeKeyRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class StartReprocessingRequest(_message.Message):
    __slots__ = ("start_hour", "end_hour", "version", "dry_run", "request_id")
    START_HOUR_FIELD_NUMBER: _ClassVar[int]
    END_HOUR_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    DRY_RUN_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    start_hour: _timestamp_pb2.Timestamp
    end_hour: _timestamp_pb2.Timestamp
    version: str
    dry_run: bool
    request_id: str
    def __init__(self, start_hour: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_hour: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., version: _Optional[str] = ..., dry_run: _Optional[bool] = ..., request_id: _Optional[str] = ...) -> None: ...

class ReprocessingOperation(_message.Message):
    __slots__ = ("name", "metadata", "done", "error", "response")
    NAME_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    DONE_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    RESPONSE_FIELD_NUMBER: _ClassVar[int]
    name: str
    metadata: ReprocessingMetadata
    done: bool
    error: ReprocessingFailure
    response: ReprocessingResult
    def __init__(self, name: _Optional[str] = ..., metadata: _Optional[_Union[ReprocessingMetadata, _Mapping]] = ..., done: _Optional[bool] = ..., error: _Optional[_Union[ReprocessingFailure, _Mapping]] = ..., response: _Optional[_Union[ReprocessingResult, _Mapping]] = ...) -> None: ...

class ReprocessingMetadata(_message.Message):
    __slots__ = ("version", "start_hour", "end_hour", "dry_run", "state", "create_time", "start_time", "end_time", "fraction", "records_done", "records_total", "rows", "estimated_end_time", "processed_until", "imported_processed_until", "update_time", "serving", "failed_batches", "problem")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    START_HOUR_FIELD_NUMBER: _ClassVar[int]
    END_HOUR_FIELD_NUMBER: _ClassVar[int]
    DRY_RUN_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    FRACTION_FIELD_NUMBER: _ClassVar[int]
    RECORDS_DONE_FIELD_NUMBER: _ClassVar[int]
    RECORDS_TOTAL_FIELD_NUMBER: _ClassVar[int]
    ROWS_FIELD_NUMBER: _ClassVar[int]
    ESTIMATED_END_TIME_FIELD_NUMBER: _ClassVar[int]
    PROCESSED_UNTIL_FIELD_NUMBER: _ClassVar[int]
    IMPORTED_PROCESSED_UNTIL_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    SERVING_FIELD_NUMBER: _ClassVar[int]
    FAILED_BATCHES_FIELD_NUMBER: _ClassVar[int]
    PROBLEM_FIELD_NUMBER: _ClassVar[int]
    version: str
    start_hour: _timestamp_pb2.Timestamp
    end_hour: _timestamp_pb2.Timestamp
    dry_run: bool
    state: ReprocessingState
    create_time: _timestamp_pb2.Timestamp
    start_time: _timestamp_pb2.Timestamp
    end_time: _timestamp_pb2.Timestamp
    fraction: float
    records_done: int
    records_total: int
    rows: int
    estimated_end_time: _timestamp_pb2.Timestamp
    processed_until: _timestamp_pb2.Timestamp
    imported_processed_until: _timestamp_pb2.Timestamp
    update_time: _timestamp_pb2.Timestamp
    serving: bool
    failed_batches: int
    problem: str
    def __init__(self, version: _Optional[str] = ..., start_hour: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_hour: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., dry_run: _Optional[bool] = ..., state: _Optional[_Union[ReprocessingState, str]] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., fraction: _Optional[float] = ..., records_done: _Optional[int] = ..., records_total: _Optional[int] = ..., rows: _Optional[int] = ..., estimated_end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., processed_until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., imported_processed_until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., update_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., serving: _Optional[bool] = ..., failed_batches: _Optional[int] = ..., problem: _Optional[str] = ...) -> None: ...

class ReprocessingFailure(_message.Message):
    __slots__ = ("reason", "message")
    REASON_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    reason: str
    message: str
    def __init__(self, reason: _Optional[str] = ..., message: _Optional[str] = ...) -> None: ...

class ReprocessingResult(_message.Message):
    __slots__ = ("records", "rows")
    RECORDS_FIELD_NUMBER: _ClassVar[int]
    ROWS_FIELD_NUMBER: _ClassVar[int]
    records: int
    rows: int
    def __init__(self, records: _Optional[int] = ..., rows: _Optional[int] = ...) -> None: ...

class GetReprocessingRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class ListReprocessingsRequest(_message.Message):
    __slots__ = ("page_size", "page_token")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListReprocessingsResponse(_message.Message):
    __slots__ = ("operations", "next_page_token", "serving", "next_serving")
    OPERATIONS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    SERVING_FIELD_NUMBER: _ClassVar[int]
    NEXT_SERVING_FIELD_NUMBER: _ClassVar[int]
    operations: _containers.RepeatedCompositeFieldContainer[ReprocessingOperation]
    next_page_token: str
    serving: Serving
    next_serving: Serving
    def __init__(self, operations: _Optional[_Iterable[_Union[ReprocessingOperation, _Mapping]]] = ..., next_page_token: _Optional[str] = ..., serving: _Optional[_Union[Serving, _Mapping]] = ..., next_serving: _Optional[_Union[Serving, _Mapping]] = ...) -> None: ...

class CancelReprocessingRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class SwitchReprocessingRequest(_message.Message):
    __slots__ = ("name", "epoch", "allow_failed_batches")
    NAME_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    ALLOW_FAILED_BATCHES_FIELD_NUMBER: _ClassVar[int]
    name: str
    epoch: int
    allow_failed_batches: bool
    def __init__(self, name: _Optional[str] = ..., epoch: _Optional[int] = ..., allow_failed_batches: _Optional[bool] = ...) -> None: ...

class RollBackReprocessingRequest(_message.Message):
    __slots__ = ("epoch",)
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    epoch: int
    def __init__(self, epoch: _Optional[int] = ...) -> None: ...

class Serving(_message.Message):
    __slots__ = ("epoch", "effective_time", "hours")
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_TIME_FIELD_NUMBER: _ClassVar[int]
    HOURS_FIELD_NUMBER: _ClassVar[int]
    epoch: int
    effective_time: _timestamp_pb2.Timestamp
    hours: _containers.RepeatedCompositeFieldContainer[ServingHours]
    def __init__(self, epoch: _Optional[int] = ..., effective_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., hours: _Optional[_Iterable[_Union[ServingHours, _Mapping]]] = ...) -> None: ...

class ServingHours(_message.Message):
    __slots__ = ("run", "start_hour", "end_hour")
    RUN_FIELD_NUMBER: _ClassVar[int]
    START_HOUR_FIELD_NUMBER: _ClassVar[int]
    END_HOUR_FIELD_NUMBER: _ClassVar[int]
    run: str
    start_hour: _timestamp_pb2.Timestamp
    end_hour: _timestamp_pb2.Timestamp
    def __init__(self, run: _Optional[str] = ..., start_hour: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_hour: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class GetReprocessingDifferencesRequest(_message.Message):
    __slots__ = ("name", "include_open_hour")
    NAME_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_OPEN_HOUR_FIELD_NUMBER: _ClassVar[int]
    name: str
    include_open_hour: bool
    def __init__(self, name: _Optional[str] = ..., include_open_hour: _Optional[bool] = ...) -> None: ...

class GetReprocessingDifferencesResponse(_message.Message):
    __slots__ = ("start_hour", "end_hour", "differences", "cut_dimensions", "approximate_metrics", "compared_count")
    START_HOUR_FIELD_NUMBER: _ClassVar[int]
    END_HOUR_FIELD_NUMBER: _ClassVar[int]
    DIFFERENCES_FIELD_NUMBER: _ClassVar[int]
    CUT_DIMENSIONS_FIELD_NUMBER: _ClassVar[int]
    APPROXIMATE_METRICS_FIELD_NUMBER: _ClassVar[int]
    COMPARED_COUNT_FIELD_NUMBER: _ClassVar[int]
    start_hour: _timestamp_pb2.Timestamp
    end_hour: _timestamp_pb2.Timestamp
    differences: _containers.RepeatedCompositeFieldContainer[ReprocessingDifference]
    cut_dimensions: _containers.RepeatedScalarFieldContainer[str]
    approximate_metrics: _containers.RepeatedScalarFieldContainer[str]
    compared_count: int
    def __init__(self, start_hour: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_hour: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., differences: _Optional[_Iterable[_Union[ReprocessingDifference, _Mapping]]] = ..., cut_dimensions: _Optional[_Iterable[str]] = ..., approximate_metrics: _Optional[_Iterable[str]] = ..., compared_count: _Optional[int] = ...) -> None: ...

class ReprocessingDifference(_message.Message):
    __slots__ = ("date", "dimension", "value", "metric", "currency_code", "served", "reprocessed")
    DATE_FIELD_NUMBER: _ClassVar[int]
    DIMENSION_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    METRIC_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_CODE_FIELD_NUMBER: _ClassVar[int]
    SERVED_FIELD_NUMBER: _ClassVar[int]
    REPROCESSED_FIELD_NUMBER: _ClassVar[int]
    date: str
    dimension: str
    value: str
    metric: str
    currency_code: str
    served: float
    reprocessed: float
    def __init__(self, date: _Optional[str] = ..., dimension: _Optional[str] = ..., value: _Optional[str] = ..., metric: _Optional[str] = ..., currency_code: _Optional[str] = ..., served: _Optional[float] = ..., reprocessed: _Optional[float] = ...) -> None: ...

class GetLagRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetLagResponse(_message.Message):
    __slots__ = ("time", "runs", "serving")
    TIME_FIELD_NUMBER: _ClassVar[int]
    RUNS_FIELD_NUMBER: _ClassVar[int]
    SERVING_FIELD_NUMBER: _ClassVar[int]
    time: _timestamp_pb2.Timestamp
    runs: _containers.RepeatedCompositeFieldContainer[RunLag]
    serving: Serving
    def __init__(self, time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., runs: _Optional[_Iterable[_Union[RunLag, _Mapping]]] = ..., serving: _Optional[_Union[Serving, _Mapping]] = ...) -> None: ...

class RunLag(_message.Message):
    __slots__ = ("run", "data_complete_until", "imported_data_complete_until", "stages", "problem")
    RUN_FIELD_NUMBER: _ClassVar[int]
    DATA_COMPLETE_UNTIL_FIELD_NUMBER: _ClassVar[int]
    IMPORTED_DATA_COMPLETE_UNTIL_FIELD_NUMBER: _ClassVar[int]
    STAGES_FIELD_NUMBER: _ClassVar[int]
    PROBLEM_FIELD_NUMBER: _ClassVar[int]
    run: str
    data_complete_until: _timestamp_pb2.Timestamp
    imported_data_complete_until: _timestamp_pb2.Timestamp
    stages: _containers.RepeatedCompositeFieldContainer[StageLag]
    problem: str
    def __init__(self, run: _Optional[str] = ..., data_complete_until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., imported_data_complete_until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., stages: _Optional[_Iterable[_Union[StageLag, _Mapping]]] = ..., problem: _Optional[str] = ...) -> None: ...

class StageLag(_message.Message):
    __slots__ = ("stage", "until", "records_behind")
    STAGE_FIELD_NUMBER: _ClassVar[int]
    UNTIL_FIELD_NUMBER: _ClassVar[int]
    RECORDS_BEHIND_FIELD_NUMBER: _ClassVar[int]
    stage: str
    until: _timestamp_pb2.Timestamp
    records_behind: int
    def __init__(self, stage: _Optional[str] = ..., until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., records_behind: _Optional[int] = ...) -> None: ...
