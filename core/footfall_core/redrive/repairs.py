"""Repairs: named changes of an event, made before it is checked anew. Pure.

Nothing is guessed about and nothing overwritten: what a repair cannot do to an event is that event's verdict.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from functools import partial

from google.protobuf.struct_pb2 import Value

from footfall.v1.errors_pb2 import ParameterType, Repair
from footfall.v1.event_pb2 import Event
from footfall.v1.ingest_pb2 import ErrorCode
from footfall_core.problems import FieldViolation, InvalidRequest
from footfall_core.redrive.paths import IDS, KINDS, Field, Parameter, Path, kind_name, path_of, target_of
from footfall_core.validation.mistakes import INVALID, Mistake

MAX_REPAIRS = 20
"""Repairs in one request."""

_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?")

Step = Callable[[Event], Mistake | None]
"""Changes an event, or returns why it cannot."""


def steps_of(repairs: Sequence[Repair]) -> tuple[Step, ...]:
    """Return what is to be done to each event, in order.

    Raises:
        InvalidRequest: names each repair that is wrong, by its first mistake.
    """
    if len(repairs) > MAX_REPAIRS:
        raise InvalidRequest.of("repairs", f"There are {len(repairs)} repairs; at most {MAX_REPAIRS} are allowed.")
    steps: list[Step] = []
    violations: list[FieldViolation] = []
    for index, repair in enumerate(repairs):
        try:
            steps.append(_step_of(repair, f"repairs[{index}]"))
        except InvalidRequest as problem:
            violations += problem.violations
    if violations:
        raise InvalidRequest(*violations)
    return tuple(steps)


def repair(event: Event, steps: Iterable[Step]) -> Mistake | None:
    """Change an event as all steps say; return why the first one that cannot cannot."""
    return next(filter(None, (step(event) for step in steps)), None)


def _step_of(given: Repair, where: str) -> Step:
    match given.WhichOneof("step"):
        case "rename":
            source = path_of(getattr(given.rename, "from"), f"{where}.rename.from")
            target = target_of(given.rename.to, f"{where}.rename.to")
            if source == target:
                raise InvalidRequest.of(f"{where}.rename.to", "It is the same path as from; name another one.")
            return partial(_rename, source, target)
        case "cast":
            parameter = path_of(given.cast.path, f"{where}.cast.path")
            if not isinstance(parameter, Parameter):
                sentence = (
                    f"{parameter.name!r} is a field, whose type is fixed; only parameters, params.NAME, are cast."
                )
                raise InvalidRequest.of(f"{where}.cast.path", sentence)
            if given.cast.type not in _CASTS:
                allowed = ", ".join(f"{ParameterType.Name(each)} ({int(each)})" for each in _CASTS)
                raise InvalidRequest.of(
                    f"{where}.cast.type", f"{given.cast.type} is none of them; allowed are {allowed}."
                )
            return partial(_cast, parameter, _CASTS[given.cast.type])
        case "set_default":
            return _default_of(given, f"{where}.set_default")
    raise InvalidRequest.of(where, "It says nothing; set one of rename, cast and set_default.")


def _default_of(given: Repair, where: str) -> Step:
    path, value = target_of(given.set_default.path, f"{where}.path"), given.set_default.value
    kind = value.WhichOneof("kind")
    if isinstance(path, Field) and path.name in IDS:
        sentence = f"{path.name!r} has no default: one id for all would make one visitor, or one order, of many."
        raise InvalidRequest.of(f"{where}.path", sentence)
    allowed = [path.kind] if isinstance(path, Field) else list(KINDS)
    if kind not in allowed:
        sentence = f"It holds {kind_name(kind)}; allowed is {' or '.join(KINDS[each] for each in allowed)}."
        raise InvalidRequest.of(f"{where}.value", sentence)
    return partial(_set_default, path, value)


def _rename(source: Path, target: Path, event: Event) -> Mistake | None:
    value = source.get(event)
    if value is None:
        return None
    if target.get(event) is not None:
        sentence = f"The repair cannot rename {source.path} to {target.path}: the event has both."
        return Mistake(target.path, ErrorCode.ERROR_CODE_NAME_DUPLICATED, sentence)
    if mistake := target.put(event, value):
        return mistake
    source.clear(event)
    return None


def _cast(parameter: Parameter, into: Callable[[Value], Value | None], event: Event) -> Mistake | None:
    value = parameter.get(event)
    if value is None:
        return None
    if (cast := into(value)) is None:
        held = repr(value.string_value[:80]) if value.HasField("string_value") else kind_name(value.WhichOneof("kind"))
        return Mistake(parameter.path, INVALID, f"The repair cannot cast it: {held} says nothing in that type.")
    return parameter.put(event, cast)


def _set_default(path: Path, value: Value, event: Event) -> Mistake | None:
    return path.put(event, value) if path.get(event) is None else None


def _string(value: Value) -> Value | None:
    match value.WhichOneof("kind"):
        case "string_value":
            return value
        case "number_value":
            number = value.number_value
            return Value(string_value=str(int(number)) if number.is_integer() else repr(number))
        case "bool_value":
            return Value(string_value="true" if value.bool_value else "false")
    return None


def _number(value: Value) -> Value | None:
    match value.WhichOneof("kind"):
        case "number_value":
            return value
        case "string_value" if _NUMBER.fullmatch(text := value.string_value.strip()):
            return Value(number_value=float(text))
    return None


def _boolean(value: Value) -> Value | None:
    match value.WhichOneof("kind"):
        case "bool_value":
            return value
        case "string_value" if (text := value.string_value.strip()) in ("true", "false"):
            return Value(bool_value=text == "true")
        case "number_value" if value.number_value in (0, 1):
            return Value(bool_value=value.number_value == 1)
    return None


_CASTS: dict[int, Callable[[Value], Value | None]] = {
    ParameterType.PARAMETER_TYPE_STRING: _string,
    ParameterType.PARAMETER_TYPE_NUMBER: _number,
    ParameterType.PARAMETER_TYPE_BOOLEAN: _boolean,
}
