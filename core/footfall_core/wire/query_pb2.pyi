from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class QueryRequest(_message.Message):
    __slots__ = ("query_id", "reply_partition", "deadline_micros", "plan", "errors", "begin_before_micros")
    QUERY_ID_FIELD_NUMBER: _ClassVar[int]
    REPLY_PARTITION_FIELD_NUMBER: _ClassVar[int]
    DEADLINE_MICROS_FIELD_NUMBER: _ClassVar[int]
    PLAN_FIELD_NUMBER: _ClassVar[int]
    ERRORS_FIELD_NUMBER: _ClassVar[int]
    BEGIN_BEFORE_MICROS_FIELD_NUMBER: _ClassVar[int]
    query_id: str
    reply_partition: int
    deadline_micros: int
    plan: bytes
    errors: ErrorsQuestion
    begin_before_micros: int
    def __init__(self, query_id: _Optional[str] = ..., reply_partition: _Optional[int] = ..., deadline_micros: _Optional[int] = ..., plan: _Optional[bytes] = ..., errors: _Optional[_Union[ErrorsQuestion, _Mapping]] = ..., begin_before_micros: _Optional[int] = ...) -> None: ...

class ErrorsQuestion(_message.Message):
    __slots__ = ("property_id", "stages", "codes", "writer_id", "start_micros", "end_micros", "limit", "after_time_ms", "after_error_id", "error_id")
    PROPERTY_ID_FIELD_NUMBER: _ClassVar[int]
    STAGES_FIELD_NUMBER: _ClassVar[int]
    CODES_FIELD_NUMBER: _ClassVar[int]
    WRITER_ID_FIELD_NUMBER: _ClassVar[int]
    START_MICROS_FIELD_NUMBER: _ClassVar[int]
    END_MICROS_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    AFTER_TIME_MS_FIELD_NUMBER: _ClassVar[int]
    AFTER_ERROR_ID_FIELD_NUMBER: _ClassVar[int]
    ERROR_ID_FIELD_NUMBER: _ClassVar[int]
    property_id: str
    stages: _containers.RepeatedScalarFieldContainer[int]
    codes: _containers.RepeatedScalarFieldContainer[int]
    writer_id: str
    start_micros: int
    end_micros: int
    limit: int
    after_time_ms: int
    after_error_id: str
    error_id: str
    def __init__(self, property_id: _Optional[str] = ..., stages: _Optional[_Iterable[int]] = ..., codes: _Optional[_Iterable[int]] = ..., writer_id: _Optional[str] = ..., start_micros: _Optional[int] = ..., end_micros: _Optional[int] = ..., limit: _Optional[int] = ..., after_time_ms: _Optional[int] = ..., after_error_id: _Optional[str] = ..., error_id: _Optional[str] = ...) -> None: ...

class QueryResult(_message.Message):
    __slots__ = ("query_id", "begun", "part", "failure")
    QUERY_ID_FIELD_NUMBER: _ClassVar[int]
    BEGUN_FIELD_NUMBER: _ClassVar[int]
    PART_FIELD_NUMBER: _ClassVar[int]
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    query_id: str
    begun: Begun
    part: AnswerPart
    failure: Failure
    def __init__(self, query_id: _Optional[str] = ..., begun: _Optional[_Union[Begun, _Mapping]] = ..., part: _Optional[_Union[AnswerPart, _Mapping]] = ..., failure: _Optional[_Union[Failure, _Mapping]] = ...) -> None: ...

class Begun(_message.Message):
    __slots__ = ("instance",)
    INSTANCE_FIELD_NUMBER: _ClassVar[int]
    instance: str
    def __init__(self, instance: _Optional[str] = ...) -> None: ...

class AnswerPart(_message.Message):
    __slots__ = ("attempt", "index", "count", "data")
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    INDEX_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    attempt: str
    index: int
    count: int
    data: bytes
    def __init__(self, attempt: _Optional[str] = ..., index: _Optional[int] = ..., count: _Optional[int] = ..., data: _Optional[bytes] = ...) -> None: ...

class Answer(_message.Message):
    __slots__ = ("response", "data_complete_until_micros", "imported_data_complete_until_micros")
    RESPONSE_FIELD_NUMBER: _ClassVar[int]
    DATA_COMPLETE_UNTIL_MICROS_FIELD_NUMBER: _ClassVar[int]
    IMPORTED_DATA_COMPLETE_UNTIL_MICROS_FIELD_NUMBER: _ClassVar[int]
    response: bytes
    data_complete_until_micros: int
    imported_data_complete_until_micros: int
    def __init__(self, response: _Optional[bytes] = ..., data_complete_until_micros: _Optional[int] = ..., imported_data_complete_until_micros: _Optional[int] = ...) -> None: ...

class Failure(_message.Message):
    __slots__ = ("kind", "message")
    KIND_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    kind: str
    message: str
    def __init__(self, kind: _Optional[str] = ..., message: _Optional[str] = ...) -> None: ...
