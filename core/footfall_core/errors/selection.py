"""Which errors a caller wants: those of a property, all of them or the ones that match a filter."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import blake2b

from footfall.v1.errors_pb2 import ErrorFilter, EventError, Stage
from footfall.v1.ingest_pb2 import ErrorCode
from footfall_core.problems import FieldViolation, InvalidRequest
from footfall_core.properties import parse_property
from footfall_core.validation.batch import WRITER_ID, WRITER_ID_SENTENCE

_STAGES = {number: name.removeprefix("STAGE_") for name, number in Stage.items() if number}
_CODES = {number: name.removeprefix("ERROR_CODE_") for name, number in ErrorCode.items() if number}


@dataclass(frozen=True, slots=True)
class ErrorSelection:
    """Errors of one property; what is empty matches all."""

    property_id: str
    stages: frozenset[int] = frozenset()
    """Numbers of `footfall.v1.Stage`."""
    codes: frozenset[int] = frozenset()
    """Numbers of `footfall.v1.ErrorCode`."""
    writer_id: str = ""

    def matches(self, error: EventError) -> bool:
        """Return whether an error of the property is one of those wanted."""
        return (
            (not self.stages or error.stage in self.stages)
            and (not self.codes or error.code in self.codes)
            and (not self.writer_id or error.writer_id == self.writer_id)
        )

    def fingerprint(self) -> bytes:
        """Return 8 bytes that differ for whatever selects differently; they stand in tokens that clients keep."""
        parts = (self.property_id, _numbers(self.stages), _numbers(self.codes), self.writer_id)
        return blake2b("\0".join(parts).encode(), digest_size=8).digest()


def selection_of(property_name: str, wanted: ErrorFilter) -> ErrorSelection:
    """Return what a request selects.

    Args:
        property_name: `properties/{id}`, from the field `property`.
        wanted: from the field `filter`.

    Raises:
        InvalidRequest: names each field that is wrong, a list by its first wrong element.
    """
    violations: list[FieldViolation] = []
    property_id = ""
    try:
        property_id = parse_property(property_name)
    except InvalidRequest as problem:
        violations += problem.violations
    violations += _unknown("filter.stages", wanted.stages, _STAGES)
    violations += _unknown("filter.codes", wanted.codes, _CODES)
    if wanted.writer_id and WRITER_ID.fullmatch(wanted.writer_id) is None:
        violations.append(FieldViolation("filter.writer_id", WRITER_ID_SENTENCE))
    if violations:
        raise InvalidRequest(*violations)
    return ErrorSelection(property_id, frozenset(wanted.stages), frozenset(wanted.codes), wanted.writer_id)


def _unknown(field: str, numbers: Iterable[int], known: Mapping[int, str]) -> list[FieldViolation]:
    """Return what is wrong with the first number that is none of an enum's; 0 is never one."""
    for index, number in enumerate(numbers):
        if number not in known:
            allowed = ", ".join(f"{name} ({each})" for each, name in known.items())
            return [FieldViolation(f"{field}[{index}]", f"{number} is none of them; allowed are {allowed}.")]
    return []


def _numbers(values: frozenset[int]) -> str:
    return ",".join(map(str, sorted(values)))
