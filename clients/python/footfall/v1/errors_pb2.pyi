import datetime

from footfall.v1 import event_pb2 as _event_pb2
from footfall.v1 import ingest_pb2 as _ingest_pb2
from google.protobuf import struct_pb2 as _struct_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ParameterType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PARAMETER_TYPE_UNSPECIFIED: _ClassVar[ParameterType]
    PARAMETER_TYPE_STRING: _ClassVar[ParameterType]
    PARAMETER_TYPE_NUMBER: _ClassVar[ParameterType]
    PARAMETER_TYPE_BOOLEAN: _ClassVar[ParameterType]

class NotRedrivableReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    NOT_REDRIVABLE_REASON_UNSPECIFIED: _ClassVar[NotRedrivableReason]
    NOT_REDRIVABLE_REASON_NEVER_STORED: _ClassVar[NotRedrivableReason]
    NOT_REDRIVABLE_REASON_NEVER_SENT: _ClassVar[NotRedrivableReason]
    NOT_REDRIVABLE_REASON_TRANSACTION_COUNTED: _ClassVar[NotRedrivableReason]
    NOT_REDRIVABLE_REASON_MAYBE_COUNTED: _ClassVar[NotRedrivableReason]
    NOT_REDRIVABLE_REASON_PAYLOAD_GONE: _ClassVar[NotRedrivableReason]
    NOT_REDRIVABLE_REASON_NOT_FOUND: _ClassVar[NotRedrivableReason]
    NOT_REDRIVABLE_REASON_IMPORT_NOT_ALLOWED: _ClassVar[NotRedrivableReason]

class Stage(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    STAGE_UNSPECIFIED: _ClassVar[Stage]
    STAGE_INGEST: _ClassVar[Stage]
    STAGE_VALIDATION: _ClassVar[Stage]
    STAGE_DEDUPE: _ClassVar[Stage]
    STAGE_PROCESSING: _ClassVar[Stage]
    STAGE_CLIENT: _ClassVar[Stage]
PARAMETER_TYPE_UNSPECIFIED: ParameterType
PARAMETER_TYPE_STRING: ParameterType
PARAMETER_TYPE_NUMBER: ParameterType
PARAMETER_TYPE_BOOLEAN: ParameterType
NOT_REDRIVABLE_REASON_UNSPECIFIED: NotRedrivableReason
NOT_REDRIVABLE_REASON_NEVER_STORED: NotRedrivableReason
NOT_REDRIVABLE_REASON_NEVER_SENT: NotRedrivableReason
NOT_REDRIVABLE_REASON_TRANSACTION_COUNTED: NotRedrivableReason
NOT_REDRIVABLE_REASON_MAYBE_COUNTED: NotRedrivableReason
NOT_REDRIVABLE_REASON_PAYLOAD_GONE: NotRedrivableReason
NOT_REDRIVABLE_REASON_NOT_FOUND: NotRedrivableReason
NOT_REDRIVABLE_REASON_IMPORT_NOT_ALLOWED: NotRedrivableReason
STAGE_UNSPECIFIED: Stage
STAGE_INGEST: Stage
STAGE_VALIDATION: Stage
STAGE_DEDUPE: Stage
STAGE_PROCESSING: Stage
STAGE_CLIENT: Stage

class StreamErrorsRequest(_message.Message):
    __slots__ = ("property", "start_time", "resume_token", "filter", "every_error")
    PROPERTY_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    RESUME_TOKEN_FIELD_NUMBER: _ClassVar[int]
    FILTER_FIELD_NUMBER: _ClassVar[int]
    EVERY_ERROR_FIELD_NUMBER: _ClassVar[int]
    property: str
    start_time: _timestamp_pb2.Timestamp
    resume_token: str
    filter: ErrorFilter
    every_error: bool
    def __init__(self, property: _Optional[str] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., resume_token: _Optional[str] = ..., filter: _Optional[_Union[ErrorFilter, _Mapping]] = ..., every_error: _Optional[bool] = ...) -> None: ...

class ErrorFilter(_message.Message):
    __slots__ = ("stages", "codes", "writer_id")
    STAGES_FIELD_NUMBER: _ClassVar[int]
    CODES_FIELD_NUMBER: _ClassVar[int]
    WRITER_ID_FIELD_NUMBER: _ClassVar[int]
    stages: _containers.RepeatedScalarFieldContainer[Stage]
    codes: _containers.RepeatedScalarFieldContainer[_ingest_pb2.ErrorCode]
    writer_id: str
    def __init__(self, stages: _Optional[_Iterable[_Union[Stage, str]]] = ..., codes: _Optional[_Iterable[_Union[_ingest_pb2.ErrorCode, str]]] = ..., writer_id: _Optional[str] = ...) -> None: ...

class ListErrorsRequest(_message.Message):
    __slots__ = ("property", "filter", "start_time", "end_time", "page_size", "page_token")
    PROPERTY_FIELD_NUMBER: _ClassVar[int]
    FILTER_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    property: str
    filter: ErrorFilter
    start_time: _timestamp_pb2.Timestamp
    end_time: _timestamp_pb2.Timestamp
    page_size: int
    page_token: str
    def __init__(self, property: _Optional[str] = ..., filter: _Optional[_Union[ErrorFilter, _Mapping]] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListErrorsResponse(_message.Message):
    __slots__ = ("errors", "next_page_token", "counts", "total_count")
    ERRORS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    COUNTS_FIELD_NUMBER: _ClassVar[int]
    TOTAL_COUNT_FIELD_NUMBER: _ClassVar[int]
    errors: _containers.RepeatedCompositeFieldContainer[EventError]
    next_page_token: str
    counts: _containers.RepeatedCompositeFieldContainer[ErrorCount]
    total_count: int
    def __init__(self, errors: _Optional[_Iterable[_Union[EventError, _Mapping]]] = ..., next_page_token: _Optional[str] = ..., counts: _Optional[_Iterable[_Union[ErrorCount, _Mapping]]] = ..., total_count: _Optional[int] = ...) -> None: ...

class ErrorCount(_message.Message):
    __slots__ = ("hour", "stage", "code", "count")
    HOUR_FIELD_NUMBER: _ClassVar[int]
    STAGE_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    hour: _timestamp_pb2.Timestamp
    stage: Stage
    code: _ingest_pb2.ErrorCode
    count: int
    def __init__(self, hour: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., stage: _Optional[_Union[Stage, str]] = ..., code: _Optional[_Union[_ingest_pb2.ErrorCode, str]] = ..., count: _Optional[int] = ...) -> None: ...

class GetErrorRequest(_message.Message):
    __slots__ = ("property", "error_id")
    PROPERTY_FIELD_NUMBER: _ClassVar[int]
    ERROR_ID_FIELD_NUMBER: _ClassVar[int]
    property: str
    error_id: str
    def __init__(self, property: _Optional[str] = ..., error_id: _Optional[str] = ...) -> None: ...

class GetErrorResponse(_message.Message):
    __slots__ = ("error", "event", "batch", "payload_missing")
    ERROR_FIELD_NUMBER: _ClassVar[int]
    EVENT_FIELD_NUMBER: _ClassVar[int]
    BATCH_FIELD_NUMBER: _ClassVar[int]
    PAYLOAD_MISSING_FIELD_NUMBER: _ClassVar[int]
    error: EventError
    event: _event_pb2.Event
    batch: _ingest_pb2.WriteEventsRequest
    payload_missing: str
    def __init__(self, error: _Optional[_Union[EventError, _Mapping]] = ..., event: _Optional[_Union[_event_pb2.Event, _Mapping]] = ..., batch: _Optional[_Union[_ingest_pb2.WriteEventsRequest, _Mapping]] = ..., payload_missing: _Optional[str] = ...) -> None: ...

class RedriveErrorsRequest(_message.Message):
    __slots__ = ("property", "filter", "start_time", "end_time", "error_ids", "repairs", "validate_only", "resume_token")
    PROPERTY_FIELD_NUMBER: _ClassVar[int]
    FILTER_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    ERROR_IDS_FIELD_NUMBER: _ClassVar[int]
    REPAIRS_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    RESUME_TOKEN_FIELD_NUMBER: _ClassVar[int]
    property: str
    filter: ErrorFilter
    start_time: _timestamp_pb2.Timestamp
    end_time: _timestamp_pb2.Timestamp
    error_ids: _containers.RepeatedScalarFieldContainer[str]
    repairs: _containers.RepeatedCompositeFieldContainer[Repair]
    validate_only: bool
    resume_token: str
    def __init__(self, property: _Optional[str] = ..., filter: _Optional[_Union[ErrorFilter, _Mapping]] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., error_ids: _Optional[_Iterable[str]] = ..., repairs: _Optional[_Iterable[_Union[Repair, _Mapping]]] = ..., validate_only: _Optional[bool] = ..., resume_token: _Optional[str] = ...) -> None: ...

class Repair(_message.Message):
    __slots__ = ("rename", "cast", "set_default")
    RENAME_FIELD_NUMBER: _ClassVar[int]
    CAST_FIELD_NUMBER: _ClassVar[int]
    SET_DEFAULT_FIELD_NUMBER: _ClassVar[int]
    rename: RenameField
    cast: CastParameter
    set_default: SetDefault
    def __init__(self, rename: _Optional[_Union[RenameField, _Mapping]] = ..., cast: _Optional[_Union[CastParameter, _Mapping]] = ..., set_default: _Optional[_Union[SetDefault, _Mapping]] = ...) -> None: ...

class RenameField(_message.Message):
    __slots__ = ("to",)
    FROM_FIELD_NUMBER: _ClassVar[int]
    TO_FIELD_NUMBER: _ClassVar[int]
    to: str
    def __init__(self, to: _Optional[str] = ..., **kwargs) -> None: ...

class CastParameter(_message.Message):
    __slots__ = ("path", "type")
    PATH_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    path: str
    type: ParameterType
    def __init__(self, path: _Optional[str] = ..., type: _Optional[_Union[ParameterType, str]] = ...) -> None: ...

class SetDefault(_message.Message):
    __slots__ = ("path", "value")
    PATH_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    path: str
    value: _struct_pb2.Value
    def __init__(self, path: _Optional[str] = ..., value: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ...) -> None: ...

class RedriveErrorsResponse(_message.Message):
    __slots__ = ("total_count", "examined_count", "redriven_count", "redriven_before_count", "refused_count", "not_redrivable_count", "redriven_event_count", "refused_event_count", "refused", "not_redrivable", "resume_token", "done")
    TOTAL_COUNT_FIELD_NUMBER: _ClassVar[int]
    EXAMINED_COUNT_FIELD_NUMBER: _ClassVar[int]
    REDRIVEN_COUNT_FIELD_NUMBER: _ClassVar[int]
    REDRIVEN_BEFORE_COUNT_FIELD_NUMBER: _ClassVar[int]
    REFUSED_COUNT_FIELD_NUMBER: _ClassVar[int]
    NOT_REDRIVABLE_COUNT_FIELD_NUMBER: _ClassVar[int]
    REDRIVEN_EVENT_COUNT_FIELD_NUMBER: _ClassVar[int]
    REFUSED_EVENT_COUNT_FIELD_NUMBER: _ClassVar[int]
    REFUSED_FIELD_NUMBER: _ClassVar[int]
    NOT_REDRIVABLE_FIELD_NUMBER: _ClassVar[int]
    RESUME_TOKEN_FIELD_NUMBER: _ClassVar[int]
    DONE_FIELD_NUMBER: _ClassVar[int]
    total_count: int
    examined_count: int
    redriven_count: int
    redriven_before_count: int
    refused_count: int
    not_redrivable_count: int
    redriven_event_count: int
    refused_event_count: int
    refused: _containers.RepeatedCompositeFieldContainer[StillRefused]
    not_redrivable: _containers.RepeatedCompositeFieldContainer[NotRedrivable]
    resume_token: str
    done: bool
    def __init__(self, total_count: _Optional[int] = ..., examined_count: _Optional[int] = ..., redriven_count: _Optional[int] = ..., redriven_before_count: _Optional[int] = ..., refused_count: _Optional[int] = ..., not_redrivable_count: _Optional[int] = ..., redriven_event_count: _Optional[int] = ..., refused_event_count: _Optional[int] = ..., refused: _Optional[_Iterable[_Union[StillRefused, _Mapping]]] = ..., not_redrivable: _Optional[_Iterable[_Union[NotRedrivable, _Mapping]]] = ..., resume_token: _Optional[str] = ..., done: _Optional[bool] = ...) -> None: ...

class StillRefused(_message.Message):
    __slots__ = ("code", "event_count", "examples")
    CODE_FIELD_NUMBER: _ClassVar[int]
    EVENT_COUNT_FIELD_NUMBER: _ClassVar[int]
    EXAMPLES_FIELD_NUMBER: _ClassVar[int]
    code: _ingest_pb2.ErrorCode
    event_count: int
    examples: _containers.RepeatedCompositeFieldContainer[StillRefusedEvent]
    def __init__(self, code: _Optional[_Union[_ingest_pb2.ErrorCode, str]] = ..., event_count: _Optional[int] = ..., examples: _Optional[_Iterable[_Union[StillRefusedEvent, _Mapping]]] = ...) -> None: ...

class StillRefusedEvent(_message.Message):
    __slots__ = ("error_id", "field", "message")
    ERROR_ID_FIELD_NUMBER: _ClassVar[int]
    FIELD_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    error_id: str
    field: str
    message: str
    def __init__(self, error_id: _Optional[str] = ..., field: _Optional[str] = ..., message: _Optional[str] = ...) -> None: ...

class NotRedrivable(_message.Message):
    __slots__ = ("reason", "message", "error_count", "error_ids")
    REASON_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    ERROR_COUNT_FIELD_NUMBER: _ClassVar[int]
    ERROR_IDS_FIELD_NUMBER: _ClassVar[int]
    reason: NotRedrivableReason
    message: str
    error_count: int
    error_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, reason: _Optional[_Union[NotRedrivableReason, str]] = ..., message: _Optional[str] = ..., error_count: _Optional[int] = ..., error_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class StreamErrorsResponse(_message.Message):
    __slots__ = ("error", "heartbeat", "resume_token", "left_out")
    ERROR_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_FIELD_NUMBER: _ClassVar[int]
    RESUME_TOKEN_FIELD_NUMBER: _ClassVar[int]
    LEFT_OUT_FIELD_NUMBER: _ClassVar[int]
    error: EventError
    heartbeat: Heartbeat
    resume_token: str
    left_out: _containers.RepeatedCompositeFieldContainer[LeftOutErrors]
    def __init__(self, error: _Optional[_Union[EventError, _Mapping]] = ..., heartbeat: _Optional[_Union[Heartbeat, _Mapping]] = ..., resume_token: _Optional[str] = ..., left_out: _Optional[_Iterable[_Union[LeftOutErrors, _Mapping]]] = ...) -> None: ...

class LeftOutErrors(_message.Message):
    __slots__ = ("stage", "code", "count")
    STAGE_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    stage: Stage
    code: _ingest_pb2.ErrorCode
    count: int
    def __init__(self, stage: _Optional[_Union[Stage, str]] = ..., code: _Optional[_Union[_ingest_pb2.ErrorCode, str]] = ..., count: _Optional[int] = ...) -> None: ...

class Heartbeat(_message.Message):
    __slots__ = ("time", "live")
    TIME_FIELD_NUMBER: _ClassVar[int]
    LIVE_FIELD_NUMBER: _ClassVar[int]
    time: _timestamp_pb2.Timestamp
    live: bool
    def __init__(self, time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., live: _Optional[bool] = ...) -> None: ...

class EventError(_message.Message):
    __slots__ = ("error_id", "property", "stage", "code", "field", "message", "retryable", "writer_id", "sequence", "event_index", "event_id", "payload", "processing_version", "time", "discarded")
    ERROR_ID_FIELD_NUMBER: _ClassVar[int]
    PROPERTY_FIELD_NUMBER: _ClassVar[int]
    STAGE_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    FIELD_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    RETRYABLE_FIELD_NUMBER: _ClassVar[int]
    WRITER_ID_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    EVENT_INDEX_FIELD_NUMBER: _ClassVar[int]
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    PAYLOAD_FIELD_NUMBER: _ClassVar[int]
    PROCESSING_VERSION_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    DISCARDED_FIELD_NUMBER: _ClassVar[int]
    error_id: str
    property: str
    stage: Stage
    code: _ingest_pb2.ErrorCode
    field: str
    message: str
    retryable: bool
    writer_id: str
    sequence: int
    event_index: int
    event_id: str
    payload: PayloadPlace
    processing_version: str
    time: _timestamp_pb2.Timestamp
    discarded: _ingest_pb2.DiscardedEvents
    def __init__(self, error_id: _Optional[str] = ..., property: _Optional[str] = ..., stage: _Optional[_Union[Stage, str]] = ..., code: _Optional[_Union[_ingest_pb2.ErrorCode, str]] = ..., field: _Optional[str] = ..., message: _Optional[str] = ..., retryable: _Optional[bool] = ..., writer_id: _Optional[str] = ..., sequence: _Optional[int] = ..., event_index: _Optional[int] = ..., event_id: _Optional[str] = ..., payload: _Optional[_Union[PayloadPlace, _Mapping]] = ..., processing_version: _Optional[str] = ..., time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., discarded: _Optional[_Union[_ingest_pb2.DiscardedEvents, _Mapping]] = ...) -> None: ...

class PayloadPlace(_message.Message):
    __slots__ = ("partition", "offset", "batch_index", "imported")
    PARTITION_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    BATCH_INDEX_FIELD_NUMBER: _ClassVar[int]
    IMPORTED_FIELD_NUMBER: _ClassVar[int]
    partition: int
    offset: int
    batch_index: int
    imported: bool
    def __init__(self, partition: _Optional[int] = ..., offset: _Optional[int] = ..., batch_index: _Optional[int] = ..., imported: _Optional[bool] = ...) -> None: ...
