"""Repairs of refused events, as `Client.redrive_errors` takes them."""

from footfall.v1.errors_pb2 import ParameterType, Repair

_TYPES = {
    "string": ParameterType.PARAMETER_TYPE_STRING,
    "number": ParameterType.PARAMETER_TYPE_NUMBER,
    "boolean": ParameterType.PARAMETER_TYPE_BOOLEAN,
}


def rename(source: str, target: str) -> Repair:
    """Return the repair that gives a value another name.

    Args:
        source: a field, or `params.NAME`. An event without it stays as it is.
        target: where it goes; an event that has both is refused.
    """
    repair = Repair()
    setattr(repair.rename, "from", source)  # which is a word of Python's
    repair.rename.to = target
    return repair


def cast(path: str, kind: str) -> Repair:
    """Return the repair that gives a parameter another type.

    Args:
        path: `params.NAME`.
        kind: `string`, `number` or `boolean`.

    Raises:
        ValueError: there is no such type.
    """
    if kind not in _TYPES:
        raise ValueError(f"there is no type {kind!r}; allowed are {', '.join(_TYPES)}")
    repair = Repair()
    repair.cast.path, repair.cast.type = path, _TYPES[kind]
    return repair


def default(path: str, value: str | float | bool) -> Repair:
    """Return the repair that sets a field, or a parameter `params.NAME`, of the events that lack it.

    Raises:
        TypeError: the value is none of a string, a number and a boolean.
    """
    repair = Repair()
    repair.set_default.path = path
    match value:
        case bool():
            repair.set_default.value.bool_value = value
        case int() | float():
            repair.set_default.value.number_value = value
        case str():
            repair.set_default.value.string_value = value
        case _:
            raise TypeError(f"the default of {path} is of type {type(value).__name__}; allowed are str, float and bool")
    return repair
