from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class RunPurchasesRecord(_message.Message):
    __slots__ = ("handed_on", "counted_elsewhere")
    HANDED_ON_FIELD_NUMBER: _ClassVar[int]
    COUNTED_ELSEWHERE_FIELD_NUMBER: _ClassVar[int]
    handed_on: HandedOn
    counted_elsewhere: CountedElsewhere
    def __init__(self, handed_on: _Optional[_Union[HandedOn, _Mapping]] = ..., counted_elsewhere: _Optional[_Union[CountedElsewhere, _Mapping]] = ...) -> None: ...

class HandedOn(_message.Message):
    __slots__ = ("record", "imported", "raw_partition", "log_time_ms", "last")
    RECORD_FIELD_NUMBER: _ClassVar[int]
    IMPORTED_FIELD_NUMBER: _ClassVar[int]
    RAW_PARTITION_FIELD_NUMBER: _ClassVar[int]
    LOG_TIME_MS_FIELD_NUMBER: _ClassVar[int]
    LAST_FIELD_NUMBER: _ClassVar[int]
    record: bytes
    imported: bool
    raw_partition: int
    log_time_ms: int
    last: bool
    def __init__(self, record: _Optional[bytes] = ..., imported: _Optional[bool] = ..., raw_partition: _Optional[int] = ..., log_time_ms: _Optional[int] = ..., last: _Optional[bool] = ...) -> None: ...

class CountedElsewhere(_message.Message):
    __slots__ = ("keys", "log_hours")
    KEYS_FIELD_NUMBER: _ClassVar[int]
    LOG_HOURS_FIELD_NUMBER: _ClassVar[int]
    keys: _containers.RepeatedScalarFieldContainer[str]
    log_hours: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, keys: _Optional[_Iterable[str]] = ..., log_hours: _Optional[_Iterable[int]] = ...) -> None: ...

class Waiting(_message.Message):
    __slots__ = ("sources",)
    SOURCES_FIELD_NUMBER: _ClassVar[int]
    sources: _containers.RepeatedCompositeFieldContainer[WaitingSource]
    def __init__(self, sources: _Optional[_Iterable[_Union[WaitingSource, _Mapping]]] = ...) -> None: ...

class WaitingSource(_message.Message):
    __slots__ = ("first", "next", "newest_ms", "last")
    FIRST_FIELD_NUMBER: _ClassVar[int]
    NEXT_FIELD_NUMBER: _ClassVar[int]
    NEWEST_MS_FIELD_NUMBER: _ClassVar[int]
    LAST_FIELD_NUMBER: _ClassVar[int]
    first: int
    next: int
    newest_ms: int
    last: bool
    def __init__(self, first: _Optional[int] = ..., next: _Optional[int] = ..., newest_ms: _Optional[int] = ..., last: _Optional[bool] = ...) -> None: ...
