"""Which parameters an event may have."""

import math
from collections.abc import Mapping
from functools import lru_cache

from google.protobuf.struct_pb2 import Value

from footfall.v1.ingest_pb2 import ErrorCode
from footfall_core.limits import MAX_EXACT_INTEGER, MAX_NAME_LENGTH, MAX_PARAMS, MAX_STRING_LENGTH
from footfall_core.validation.mistakes import INVALID, OUT_OF_BOUNDS, TOO_MANY, Mistake, text_mistake
from footfall_core.validation.names import param_name_mistake


def params_mistake(params: Mapping[str, Value]) -> Mistake | None:
    """Return the first mistake of an event's parameters, or None."""
    if len(params) > MAX_PARAMS:
        return Mistake("params", TOO_MANY, f"There are {len(params)} parameters; at most {MAX_PARAMS} are allowed.")
    # by name: protobuf's `items()` takes twice as long
    for name in params:
        # what is too long is not worth remembering
        wrong = param_name_mistake(name) if len(name) > MAX_NAME_LENGTH else _remembered_name_mistake(name)
        if wrong:
            return Mistake(f"params[{name[:80]}]", *wrong)
        value = params[name]
        kind = value.WhichOneof("kind")
        if kind == "string_value":
            wrong = text_mistake(value.string_value, MAX_STRING_LENGTH)
        elif kind == "number_value":
            wrong = _number_mistake(value.number_value)
        elif kind != "bool_value":
            given = _OTHER_KINDS[kind]
            wrong = INVALID, f"It holds {given}; allowed are a string, a number or a boolean."
        if wrong:
            return Mistake(f"params[{name}]", *wrong)
    return None


_OTHER_KINDS = {None: "nothing", "null_value": "null", "struct_value": "an object", "list_value": "a list"}


def _number_mistake(number: float) -> tuple[ErrorCode, str] | None:
    if not math.isfinite(number):
        return INVALID, f"{number} is not a finite number."
    if abs(number) > MAX_EXACT_INTEGER and number.is_integer():
        return OUT_OF_BOUNDS, "An integer beyond 2^53 is not exact as a double; send it as a string."
    return None


_remembered_name_mistake = lru_cache(65_536)(param_name_mistake)
