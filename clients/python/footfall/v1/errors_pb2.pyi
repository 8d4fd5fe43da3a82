import datetime

from footfall.v1 import event_pb2 as _event_pb2
from footfall.v1 import ingest_pb2 as _ingest_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Stage(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    STAGE_UNSPECIFIED: _ClassVar[Stage]
    STAGE_INGEST: _ClassVar[Stage]
    STAGE_VALIDATION: _ClassVar[Stage]
    STAGE_DEDUPE: _ClassVar[Stage]
    STAGE_PROCESSING: _ClassVar[Stage]
    STAGE_CLIENT: _ClassVar[Stage]
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
