from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class QueryRequest(_message.Message):
    __slots__ = ("query_id", "reply_partition", "deadline_micros", "plan", "begin_before_micros")
    QUERY_ID_FIELD_NUMBER: _ClassVar[int]
    REPLY_PARTITION_FIELD_NUMBER: _ClassVar[int]
    DEADLINE_MICROS_FIELD_NUMBER: _ClassVar[int]
    PLAN_FIELD_NUMBER: _ClassVar[int]
    BEGIN_BEFORE_MICROS_FIELD_NUMBER: _ClassVar[int]
    query_id: str
    reply_partition: int
    deadline_micros: int
    plan: bytes
    begin_before_micros: int
    def __init__(self, query_id: _Optional[str] = ..., reply_partition: _Optional[int] = ..., deadline_micros: _Optional[int] = ..., plan: _Optional[bytes] = ..., begin_before_micros: _Optional[int] = ...) -> None: ...

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
    __slots__ = ("response", "data_complete_until_micros")
    RESPONSE_FIELD_NUMBER: _ClassVar[int]
    DATA_COMPLETE_UNTIL_MICROS_FIELD_NUMBER: _ClassVar[int]
    response: bytes
    data_complete_until_micros: int
    def __init__(self, response: _Optional[bytes] = ..., data_complete_until_micros: _Optional[int] = ...) -> None: ...

class Failure(_message.Message):
    __slots__ = ("kind", "message")
    KIND_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    kind: str
    message: str
    def __init__(self, kind: _Optional[str] = ..., message: _Optional[str] = ...) -> None: ...
