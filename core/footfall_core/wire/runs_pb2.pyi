from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class RunStage(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RUN_STAGE_UNSPECIFIED: _ClassVar[RunStage]
    RUN_STAGE_PREPARING: _ClassVar[RunStage]
    RUN_STAGE_RUNNING: _ClassVar[RunStage]
    RUN_STAGE_PROCESSED: _ClassVar[RunStage]
    RUN_STAGE_FAILED: _ClassVar[RunStage]
    RUN_STAGE_REMOVED: _ClassVar[RunStage]
RUN_STAGE_UNSPECIFIED: RunStage
RUN_STAGE_PREPARING: RunStage
RUN_STAGE_RUNNING: RunStage
RUN_STAGE_PROCESSED: RunStage
RUN_STAGE_FAILED: RunStage
RUN_STAGE_REMOVED: RunStage

class RunDefinition(_message.Message):
    __slots__ = ("version", "start_hour", "end_hour", "dry_run", "request_id", "create_time_micros")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    START_HOUR_FIELD_NUMBER: _ClassVar[int]
    END_HOUR_FIELD_NUMBER: _ClassVar[int]
    DRY_RUN_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_MICROS_FIELD_NUMBER: _ClassVar[int]
    version: str
    start_hour: int
    end_hour: int
    dry_run: bool
    request_id: str
    create_time_micros: int
    def __init__(self, version: _Optional[str] = ..., start_hour: _Optional[int] = ..., end_hour: _Optional[int] = ..., dry_run: _Optional[bool] = ..., request_id: _Optional[str] = ..., create_time_micros: _Optional[int] = ...) -> None: ...

class RunCancelled(_message.Message):
    __slots__ = ("time_micros", "expired")
    TIME_MICROS_FIELD_NUMBER: _ClassVar[int]
    EXPIRED_FIELD_NUMBER: _ClassVar[int]
    time_micros: int
    expired: bool
    def __init__(self, time_micros: _Optional[int] = ..., expired: _Optional[bool] = ...) -> None: ...

class RunClosed(_message.Message):
    __slots__ = ("time_micros", "end_hour")
    TIME_MICROS_FIELD_NUMBER: _ClassVar[int]
    END_HOUR_FIELD_NUMBER: _ClassVar[int]
    time_micros: int
    end_hour: int
    def __init__(self, time_micros: _Optional[int] = ..., end_hour: _Optional[int] = ...) -> None: ...

class RunProgress(_message.Message):
    __slots__ = ("stage", "records_done", "records_total", "rows", "processed_until_micros", "imported_processed_until_micros", "estimated_end_micros", "start_time_micros", "end_time_micros", "update_time_micros", "failure", "caught_up_time_micros", "failed_batches", "serving_epoch", "problem")
    STAGE_FIELD_NUMBER: _ClassVar[int]
    RECORDS_DONE_FIELD_NUMBER: _ClassVar[int]
    RECORDS_TOTAL_FIELD_NUMBER: _ClassVar[int]
    ROWS_FIELD_NUMBER: _ClassVar[int]
    PROCESSED_UNTIL_MICROS_FIELD_NUMBER: _ClassVar[int]
    IMPORTED_PROCESSED_UNTIL_MICROS_FIELD_NUMBER: _ClassVar[int]
    ESTIMATED_END_MICROS_FIELD_NUMBER: _ClassVar[int]
    START_TIME_MICROS_FIELD_NUMBER: _ClassVar[int]
    END_TIME_MICROS_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_MICROS_FIELD_NUMBER: _ClassVar[int]
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    CAUGHT_UP_TIME_MICROS_FIELD_NUMBER: _ClassVar[int]
    FAILED_BATCHES_FIELD_NUMBER: _ClassVar[int]
    SERVING_EPOCH_FIELD_NUMBER: _ClassVar[int]
    PROBLEM_FIELD_NUMBER: _ClassVar[int]
    stage: RunStage
    records_done: int
    records_total: int
    rows: int
    processed_until_micros: int
    imported_processed_until_micros: int
    estimated_end_micros: int
    start_time_micros: int
    end_time_micros: int
    update_time_micros: int
    failure: str
    caught_up_time_micros: int
    failed_batches: int
    serving_epoch: int
    problem: str
    def __init__(self, stage: _Optional[_Union[RunStage, str]] = ..., records_done: _Optional[int] = ..., records_total: _Optional[int] = ..., rows: _Optional[int] = ..., processed_until_micros: _Optional[int] = ..., imported_processed_until_micros: _Optional[int] = ..., estimated_end_micros: _Optional[int] = ..., start_time_micros: _Optional[int] = ..., end_time_micros: _Optional[int] = ..., update_time_micros: _Optional[int] = ..., failure: _Optional[str] = ..., caught_up_time_micros: _Optional[int] = ..., failed_batches: _Optional[int] = ..., serving_epoch: _Optional[int] = ..., problem: _Optional[str] = ...) -> None: ...

class ServingRecord(_message.Message):
    __slots__ = ("epoch", "parts", "undone_by", "lead_micros")
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    PARTS_FIELD_NUMBER: _ClassVar[int]
    UNDONE_BY_FIELD_NUMBER: _ClassVar[int]
    LEAD_MICROS_FIELD_NUMBER: _ClassVar[int]
    epoch: int
    parts: _containers.RepeatedCompositeFieldContainer[ServedHours]
    undone_by: int
    lead_micros: int
    def __init__(self, epoch: _Optional[int] = ..., parts: _Optional[_Iterable[_Union[ServedHours, _Mapping]]] = ..., undone_by: _Optional[int] = ..., lead_micros: _Optional[int] = ...) -> None: ...

class ServedHours(_message.Message):
    __slots__ = ("run_id", "start_hour", "end_hour")
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    START_HOUR_FIELD_NUMBER: _ClassVar[int]
    END_HOUR_FIELD_NUMBER: _ClassVar[int]
    run_id: str
    start_hour: int
    end_hour: int
    def __init__(self, run_id: _Optional[str] = ..., start_hour: _Optional[int] = ..., end_hour: _Optional[int] = ...) -> None: ...
