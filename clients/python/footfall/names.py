"""Names of stages and codes as people write them: those of the contract, without the prefix."""

from collections.abc import Iterable
from typing import Any

from footfall.v1.errors_pb2 import Stage
from footfall.v1.ingest_pb2 import DiscardReason, ErrorCode


def code_name(code: int) -> str:
    """Return the name of an `ErrorCode`, for example `NAME_INVALID`; of one newer than this library, its number."""
    return _name(ErrorCode, "ERROR_CODE_", code)


def stage_name(stage: int) -> str:
    """Return the name of a `Stage`, for example `VALIDATION`; of one newer than this library, its number."""
    return _name(Stage, "STAGE_", stage)


def reason_name(reason: int) -> str:
    """Return the name of a `DiscardReason`, for example `QUEUE_FULL`; of one newer than this library, its number."""
    return _name(DiscardReason, "DISCARD_REASON_", reason)


def codes_of(names: Iterable[str]) -> list[ErrorCode]:
    """Return codes by their names.

    Raises:
        TypeError: one string where a list belongs.
        ValueError: there is no such code.
    """
    return _numbers("codes", ErrorCode, "ERROR_CODE_", names)


def stages_of(names: Iterable[str]) -> list[Stage]:
    """Return stages by their names.

    Raises:
        TypeError: one string where a list belongs.
        ValueError: there is no such stage.
    """
    return _numbers("stages", Stage, "STAGE_", names)


def all_codes() -> list[str]:
    """Return the names of all codes that a server may send."""
    return _known(ErrorCode, "ERROR_CODE_")


def all_stages() -> list[str]:
    """Return the names of all stages that a server may send."""
    return _known(Stage, "STAGE_")


# the generated enums are objects that no type describes in full
def _name(enum: Any, prefix: str, number: int) -> str:
    known = enum.DESCRIPTOR.values_by_number.get(number)
    return known.name.removeprefix(prefix) if known else str(number)


def _known(enum: Any, prefix: str) -> list[str]:
    return [value.name.removeprefix(prefix) for value in enum.DESCRIPTOR.values if value.number != 0]


def _numbers(argument: str, enum: Any, prefix: str, names: Iterable[str]) -> list[Any]:
    if isinstance(names, str):
        raise TypeError(f"{argument} is a string; allowed is a list of names")
    known = _known(enum, prefix)
    given = list(names)
    for name in given:
        if name not in known:
            raise ValueError(f"{argument}: there is no {name!r}; allowed are {', '.join(known)}")
    return [enum.Value(prefix + name) for name in given]
