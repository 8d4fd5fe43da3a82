from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class RawRecord(_message.Message):
    __slots__ = ("batches", "tick_time_micros")
    BATCHES_FIELD_NUMBER: _ClassVar[int]
    TICK_TIME_MICROS_FIELD_NUMBER: _ClassVar[int]
    batches: _containers.RepeatedScalarFieldContainer[bytes]
    tick_time_micros: int
    def __init__(self, batches: _Optional[_Iterable[bytes]] = ..., tick_time_micros: _Optional[int] = ...) -> None: ...

class RawBatch(_message.Message):
    __slots__ = ("request", "rejected", "received_time_micros", "peer_address", "user_agent", "rules_version", "trace_parent", "redriven")
    REQUEST_FIELD_NUMBER: _ClassVar[int]
    REJECTED_FIELD_NUMBER: _ClassVar[int]
    RECEIVED_TIME_MICROS_FIELD_NUMBER: _ClassVar[int]
    PEER_ADDRESS_FIELD_NUMBER: _ClassVar[int]
    USER_AGENT_FIELD_NUMBER: _ClassVar[int]
    RULES_VERSION_FIELD_NUMBER: _ClassVar[int]
    TRACE_PARENT_FIELD_NUMBER: _ClassVar[int]
    REDRIVEN_FIELD_NUMBER: _ClassVar[int]
    request: bytes
    rejected: _containers.RepeatedCompositeFieldContainer[Verdict]
    received_time_micros: int
    peer_address: str
    user_agent: str
    rules_version: str
    trace_parent: str
    redriven: Redriven
    def __init__(self, request: _Optional[bytes] = ..., rejected: _Optional[_Iterable[_Union[Verdict, _Mapping]]] = ..., received_time_micros: _Optional[int] = ..., peer_address: _Optional[str] = ..., user_agent: _Optional[str] = ..., rules_version: _Optional[str] = ..., trace_parent: _Optional[str] = ..., redriven: _Optional[_Union[Redriven, _Mapping]] = ...) -> None: ...

class Redriven(_message.Message):
    __slots__ = ("origin", "event_indexes", "sent")
    ORIGIN_FIELD_NUMBER: _ClassVar[int]
    EVENT_INDEXES_FIELD_NUMBER: _ClassVar[int]
    SENT_FIELD_NUMBER: _ClassVar[int]
    origin: BatchPlace
    event_indexes: _containers.RepeatedScalarFieldContainer[int]
    sent: SentBatch
    def __init__(self, origin: _Optional[_Union[BatchPlace, _Mapping]] = ..., event_indexes: _Optional[_Iterable[int]] = ..., sent: _Optional[_Union[SentBatch, _Mapping]] = ...) -> None: ...

class BatchPlace(_message.Message):
    __slots__ = ("partition", "offset", "batch_index", "log_time_ms")
    PARTITION_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    BATCH_INDEX_FIELD_NUMBER: _ClassVar[int]
    LOG_TIME_MS_FIELD_NUMBER: _ClassVar[int]
    partition: int
    offset: int
    batch_index: int
    log_time_ms: int
    def __init__(self, partition: _Optional[int] = ..., offset: _Optional[int] = ..., batch_index: _Optional[int] = ..., log_time_ms: _Optional[int] = ...) -> None: ...

class SentBatch(_message.Message):
    __slots__ = ("writer_id", "sequence", "fingerprint", "unsighted", "rejected_indexes")
    WRITER_ID_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    FINGERPRINT_FIELD_NUMBER: _ClassVar[int]
    UNSIGHTED_FIELD_NUMBER: _ClassVar[int]
    REJECTED_INDEXES_FIELD_NUMBER: _ClassVar[int]
    writer_id: str
    sequence: int
    fingerprint: int
    unsighted: bool
    rejected_indexes: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, writer_id: _Optional[str] = ..., sequence: _Optional[int] = ..., fingerprint: _Optional[int] = ..., unsighted: _Optional[bool] = ..., rejected_indexes: _Optional[_Iterable[int]] = ...) -> None: ...

class Verdict(_message.Message):
    __slots__ = ("index", "field", "code", "message")
    INDEX_FIELD_NUMBER: _ClassVar[int]
    FIELD_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    index: int
    field: str
    code: int
    message: str
    def __init__(self, index: _Optional[int] = ..., field: _Optional[str] = ..., code: _Optional[int] = ..., message: _Optional[str] = ...) -> None: ...

class StreamedBatch(_message.Message):
    __slots__ = ("batch",)
    BATCH_FIELD_NUMBER: _ClassVar[int]
    batch: bytes
    def __init__(self, batch: _Optional[bytes] = ...) -> None: ...

class BatchHead(_message.Message):
    __slots__ = ("property", "sequence", "events")
    PROPERTY_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    property: str
    sequence: int
    events: _containers.RepeatedScalarFieldContainer[bytes]
    def __init__(self, property: _Optional[str] = ..., sequence: _Optional[int] = ..., events: _Optional[_Iterable[bytes]] = ...) -> None: ...
