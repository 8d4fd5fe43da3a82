from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class WriterWindow(_message.Message):
    __slots__ = ("low", "floor", "above_gaps", "above_lengths", "recent_sequences", "recent_fingerprints", "last_seen_ms")
    LOW_FIELD_NUMBER: _ClassVar[int]
    FLOOR_FIELD_NUMBER: _ClassVar[int]
    ABOVE_GAPS_FIELD_NUMBER: _ClassVar[int]
    ABOVE_LENGTHS_FIELD_NUMBER: _ClassVar[int]
    RECENT_SEQUENCES_FIELD_NUMBER: _ClassVar[int]
    RECENT_FINGERPRINTS_FIELD_NUMBER: _ClassVar[int]
    LAST_SEEN_MS_FIELD_NUMBER: _ClassVar[int]
    low: int
    floor: int
    above_gaps: _containers.RepeatedScalarFieldContainer[int]
    above_lengths: _containers.RepeatedScalarFieldContainer[int]
    recent_sequences: _containers.RepeatedScalarFieldContainer[int]
    recent_fingerprints: _containers.RepeatedScalarFieldContainer[int]
    last_seen_ms: int
    def __init__(self, low: _Optional[int] = ..., floor: _Optional[int] = ..., above_gaps: _Optional[_Iterable[int]] = ..., above_lengths: _Optional[_Iterable[int]] = ..., recent_sequences: _Optional[_Iterable[int]] = ..., recent_fingerprints: _Optional[_Iterable[int]] = ..., last_seen_ms: _Optional[int] = ...) -> None: ...

class CountedTransaction(_message.Message):
    __slots__ = ("log_hour",)
    LOG_HOUR_FIELD_NUMBER: _ClassVar[int]
    log_hour: int
    def __init__(self, log_hour: _Optional[int] = ...) -> None: ...

class CountedOrigin(_message.Message):
    __slots__ = ("event_indexes", "refused")
    EVENT_INDEXES_FIELD_NUMBER: _ClassVar[int]
    REFUSED_FIELD_NUMBER: _ClassVar[int]
    event_indexes: _containers.RepeatedScalarFieldContainer[int]
    refused: bool
    def __init__(self, event_indexes: _Optional[_Iterable[int]] = ..., refused: _Optional[bool] = ...) -> None: ...

class PassedTicks(_message.Message):
    __slots__ = ("newest_micros",)
    NEWEST_MICROS_FIELD_NUMBER: _ClassVar[int]
    newest_micros: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, newest_micros: _Optional[_Iterable[int]] = ...) -> None: ...
