from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class Addressed(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class AddressedBatch(_message.Message):
    __slots__ = ("property", "historical_import", "sequence")
    PROPERTY_FIELD_NUMBER: _ClassVar[int]
    HISTORICAL_IMPORT_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    property: str
    historical_import: bool
    sequence: int
    def __init__(self, property: _Optional[str] = ..., historical_import: _Optional[bool] = ..., sequence: _Optional[int] = ...) -> None: ...
