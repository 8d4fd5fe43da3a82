import datetime

from footfall.v1 import event_pb2 as _event_pb2
from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class DiscardReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DISCARD_REASON_UNSPECIFIED: _ClassVar[DiscardReason]
    DISCARD_REASON_QUEUE_FULL: _ClassVar[DiscardReason]
    DISCARD_REASON_EXPIRED: _ClassVar[DiscardReason]
    DISCARD_REASON_GIVEN_UP: _ClassVar[DiscardReason]
    DISCARD_REASON_CLOSED: _ClassVar[DiscardReason]
    DISCARD_REASON_INVALID: _ClassVar[DiscardReason]
    DISCARD_REASON_SPOOL_FAILED: _ClassVar[DiscardReason]
    DISCARD_REASON_SPOOL_DAMAGED: _ClassVar[DiscardReason]
    DISCARD_REASON_REFUSED: _ClassVar[DiscardReason]

class ErrorCode(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ERROR_CODE_UNSPECIFIED: _ClassVar[ErrorCode]
    ERROR_CODE_VALUE_INVALID: _ClassVar[ErrorCode]
    ERROR_CODE_VALUE_REQUIRED: _ClassVar[ErrorCode]
    ERROR_CODE_NAME_INVALID: _ClassVar[ErrorCode]
    ERROR_CODE_NAME_RESERVED: _ClassVar[ErrorCode]
    ERROR_CODE_VALUE_OUT_OF_BOUNDS: _ClassVar[ErrorCode]
    ERROR_CODE_EXCEEDED_MAX_ENTITIES: _ClassVar[ErrorCode]
    ERROR_CODE_NAME_DUPLICATED: _ClassVar[ErrorCode]
    ERROR_CODE_SEQUENCE_REUSED: _ClassVar[ErrorCode]
    ERROR_CODE_SEQUENCE_TOO_OLD: _ClassVar[ErrorCode]
    ERROR_CODE_SEQUENCE_JUMP: _ClassVar[ErrorCode]
    ERROR_CODE_PROCESSING_FAILED: _ClassVar[ErrorCode]
    ERROR_CODE_DUPLICATE_TRANSACTION: _ClassVar[ErrorCode]
    ERROR_CODE_CLIENT_DISCARDED: _ClassVar[ErrorCode]
DISCARD_REASON_UNSPECIFIED: DiscardReason
DISCARD_REASON_QUEUE_FULL: DiscardReason
DISCARD_REASON_EXPIRED: DiscardReason
DISCARD_REASON_GIVEN_UP: DiscardReason
DISCARD_REASON_CLOSED: DiscardReason
DISCARD_REASON_INVALID: DiscardReason
DISCARD_REASON_SPOOL_FAILED: DiscardReason
DISCARD_REASON_SPOOL_DAMAGED: DiscardReason
DISCARD_REASON_REFUSED: DiscardReason
ERROR_CODE_UNSPECIFIED: ErrorCode
ERROR_CODE_VALUE_INVALID: ErrorCode
ERROR_CODE_VALUE_REQUIRED: ErrorCode
ERROR_CODE_NAME_INVALID: ErrorCode
ERROR_CODE_NAME_RESERVED: ErrorCode
ERROR_CODE_VALUE_OUT_OF_BOUNDS: ErrorCode
ERROR_CODE_EXCEEDED_MAX_ENTITIES: ErrorCode
ERROR_CODE_NAME_DUPLICATED: ErrorCode
ERROR_CODE_SEQUENCE_REUSED: ErrorCode
ERROR_CODE_SEQUENCE_TOO_OLD: ErrorCode
ERROR_CODE_SEQUENCE_JUMP: ErrorCode
ERROR_CODE_PROCESSING_FAILED: ErrorCode
ERROR_CODE_DUPLICATE_TRANSACTION: ErrorCode
ERROR_CODE_CLIENT_DISCARDED: ErrorCode

class WriteEventsRequest(_message.Message):
    __slots__ = ("property", "writer_id", "sequence", "events", "sent_time_micros", "trust_client_clock", "historical_import", "validate_only")
    PROPERTY_FIELD_NUMBER: _ClassVar[int]
    WRITER_ID_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    SENT_TIME_MICROS_FIELD_NUMBER: _ClassVar[int]
    TRUST_CLIENT_CLOCK_FIELD_NUMBER: _ClassVar[int]
    HISTORICAL_IMPORT_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    property: str
    writer_id: str
    sequence: int
    events: _containers.RepeatedCompositeFieldContainer[_event_pb2.Event]
    sent_time_micros: int
    trust_client_clock: bool
    historical_import: bool
    validate_only: bool
    def __init__(self, property: _Optional[str] = ..., writer_id: _Optional[str] = ..., sequence: _Optional[int] = ..., events: _Optional[_Iterable[_Union[_event_pb2.Event, _Mapping]]] = ..., sent_time_micros: _Optional[int] = ..., trust_client_clock: _Optional[bool] = ..., historical_import: _Optional[bool] = ..., validate_only: _Optional[bool] = ...) -> None: ...

class WriteEventsResponse(_message.Message):
    __slots__ = ("accepted", "rejected", "committed_time_micros")
    ACCEPTED_FIELD_NUMBER: _ClassVar[int]
    REJECTED_FIELD_NUMBER: _ClassVar[int]
    COMMITTED_TIME_MICROS_FIELD_NUMBER: _ClassVar[int]
    accepted: int
    rejected: _containers.RepeatedCompositeFieldContainer[RejectedEvent]
    committed_time_micros: int
    def __init__(self, accepted: _Optional[int] = ..., rejected: _Optional[_Iterable[_Union[RejectedEvent, _Mapping]]] = ..., committed_time_micros: _Optional[int] = ...) -> None: ...

class StreamEventsRequest(_message.Message):
    __slots__ = ("batch",)
    BATCH_FIELD_NUMBER: _ClassVar[int]
    batch: WriteEventsRequest
    def __init__(self, batch: _Optional[_Union[WriteEventsRequest, _Mapping]] = ...) -> None: ...

class StreamEventsResponse(_message.Message):
    __slots__ = ("answer", "refusal", "sequence")
    ANSWER_FIELD_NUMBER: _ClassVar[int]
    REFUSAL_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    answer: WriteEventsResponse
    refusal: BatchRefusal
    sequence: int
    def __init__(self, answer: _Optional[_Union[WriteEventsResponse, _Mapping]] = ..., refusal: _Optional[_Union[BatchRefusal, _Mapping]] = ..., sequence: _Optional[int] = ...) -> None: ...

class BatchRefusal(_message.Message):
    __slots__ = ("code", "message", "retry_delay", "violations")
    CODE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    RETRY_DELAY_FIELD_NUMBER: _ClassVar[int]
    VIOLATIONS_FIELD_NUMBER: _ClassVar[int]
    code: int
    message: str
    retry_delay: _duration_pb2.Duration
    violations: _containers.RepeatedCompositeFieldContainer[FieldViolation]
    def __init__(self, code: _Optional[int] = ..., message: _Optional[str] = ..., retry_delay: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., violations: _Optional[_Iterable[_Union[FieldViolation, _Mapping]]] = ...) -> None: ...

class FieldViolation(_message.Message):
    __slots__ = ("field", "description")
    FIELD_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    field: str
    description: str
    def __init__(self, field: _Optional[str] = ..., description: _Optional[str] = ...) -> None: ...

class ReportDiscardedEventsRequest(_message.Message):
    __slots__ = ("property", "writer_id", "report_number", "start_time", "end_time", "discarded")
    PROPERTY_FIELD_NUMBER: _ClassVar[int]
    WRITER_ID_FIELD_NUMBER: _ClassVar[int]
    REPORT_NUMBER_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    DISCARDED_FIELD_NUMBER: _ClassVar[int]
    property: str
    writer_id: str
    report_number: int
    start_time: _timestamp_pb2.Timestamp
    end_time: _timestamp_pb2.Timestamp
    discarded: _containers.RepeatedCompositeFieldContainer[DiscardedEvents]
    def __init__(self, property: _Optional[str] = ..., writer_id: _Optional[str] = ..., report_number: _Optional[int] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., discarded: _Optional[_Iterable[_Union[DiscardedEvents, _Mapping]]] = ...) -> None: ...

class ReportDiscardedEventsResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class DiscardedEvents(_message.Message):
    __slots__ = ("reason", "count")
    REASON_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    reason: DiscardReason
    count: int
    def __init__(self, reason: _Optional[_Union[DiscardReason, str]] = ..., count: _Optional[int] = ...) -> None: ...

class RejectedEvent(_message.Message):
    __slots__ = ("index", "event_id", "field", "code", "message")
    INDEX_FIELD_NUMBER: _ClassVar[int]
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    FIELD_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    index: int
    event_id: str
    field: str
    code: ErrorCode
    message: str
    def __init__(self, index: _Optional[int] = ..., event_id: _Optional[str] = ..., field: _Optional[str] = ..., code: _Optional[_Union[ErrorCode, str]] = ..., message: _Optional[str] = ...) -> None: ...
