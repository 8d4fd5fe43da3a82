from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class PurchasesRecord(_message.Message):
    __slots__ = ("group", "purchases", "tick", "imported")
    GROUP_FIELD_NUMBER: _ClassVar[int]
    PURCHASES_FIELD_NUMBER: _ClassVar[int]
    TICK_FIELD_NUMBER: _ClassVar[int]
    IMPORTED_FIELD_NUMBER: _ClassVar[int]
    group: str
    purchases: _containers.RepeatedCompositeFieldContainer[Purchase]
    tick: PassedTick
    imported: bool
    def __init__(self, group: _Optional[str] = ..., purchases: _Optional[_Iterable[_Union[Purchase, _Mapping]]] = ..., tick: _Optional[_Union[PassedTick, _Mapping]] = ..., imported: _Optional[bool] = ...) -> None: ...

class Purchase(_message.Message):
    __slots__ = ("property_id", "transaction_id", "row", "item_rows", "event_id", "event_index", "writer_id", "sequence", "raw_partition", "raw_offset", "batch_index", "log_time_ms", "imported")
    PROPERTY_ID_FIELD_NUMBER: _ClassVar[int]
    TRANSACTION_ID_FIELD_NUMBER: _ClassVar[int]
    ROW_FIELD_NUMBER: _ClassVar[int]
    ITEM_ROWS_FIELD_NUMBER: _ClassVar[int]
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    EVENT_INDEX_FIELD_NUMBER: _ClassVar[int]
    WRITER_ID_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    RAW_PARTITION_FIELD_NUMBER: _ClassVar[int]
    RAW_OFFSET_FIELD_NUMBER: _ClassVar[int]
    BATCH_INDEX_FIELD_NUMBER: _ClassVar[int]
    LOG_TIME_MS_FIELD_NUMBER: _ClassVar[int]
    IMPORTED_FIELD_NUMBER: _ClassVar[int]
    property_id: str
    transaction_id: str
    row: str
    item_rows: _containers.RepeatedScalarFieldContainer[str]
    event_id: str
    event_index: int
    writer_id: str
    sequence: int
    raw_partition: int
    raw_offset: int
    batch_index: int
    log_time_ms: int
    imported: bool
    def __init__(self, property_id: _Optional[str] = ..., transaction_id: _Optional[str] = ..., row: _Optional[str] = ..., item_rows: _Optional[_Iterable[str]] = ..., event_id: _Optional[str] = ..., event_index: _Optional[int] = ..., writer_id: _Optional[str] = ..., sequence: _Optional[int] = ..., raw_partition: _Optional[int] = ..., raw_offset: _Optional[int] = ..., batch_index: _Optional[int] = ..., log_time_ms: _Optional[int] = ..., imported: _Optional[bool] = ...) -> None: ...

class PassedTick(_message.Message):
    __slots__ = ("raw_partition", "time_micros")
    RAW_PARTITION_FIELD_NUMBER: _ClassVar[int]
    TIME_MICROS_FIELD_NUMBER: _ClassVar[int]
    raw_partition: int
    time_micros: int
    def __init__(self, raw_partition: _Optional[int] = ..., time_micros: _Optional[int] = ...) -> None: ...
