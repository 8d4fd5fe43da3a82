"""Which parameters an event may have."""

import math
from functools import lru_cache

from footfall.v1.event_pb2 import Event
from footfall_core.limits import MAX_EXACT_INTEGER, MAX_NAME_LENGTH, MAX_PARAMS, MAX_STRING_LENGTH
from footfall_core.validation.mistakes import INVALID, OUT_OF_BOUNDS, TOO_MANY, Mistake, string_mistake
from footfall_core.validation.names import param_name_mistake


def params_mistake(event: Event) -> Mistake | None:
    """Return the first mistake of an event's parameters, or None."""
    if len(event.params) > MAX_PARAMS:
        return Mistake(
            "params", TOO_MANY, f"There are {len(event.params)} parameters; at most {MAX_PARAMS} are allowed."
        )
    for name, value in event.params.items():
        # what is too long is not worth remembering
        wrong = param_name_mistake(name) if len(name) > MAX_NAME_LENGTH else _remembered_name_mistake(name)
        if wrong:
            return Mistake(f"params[{name[:80]}]", *wrong)
        kind = value.WhichOneof("kind")
        field = f"params[{name}]"
        if kind == "string_value":
            if found := string_mistake(field, value.string_value, MAX_STRING_LENGTH):
                return found
        elif kind == "number_value":
            if not math.isfinite(value.number_value):
                return Mistake(field, INVALID, f"{value.number_value} is not a finite number.")
            if abs(value.number_value) > MAX_EXACT_INTEGER and value.number_value.is_integer():
                return Mistake(
                    field,
                    OUT_OF_BOUNDS,
                    "An integer beyond 2^53 is not exact as a double; send it as a string.",
                )
        elif kind != "bool_value":
            given = {
                None: "nothing",
                "null_value": "null",
                "struct_value": "an object",
                "list_value": "a list",
            }[kind]
            return Mistake(field, INVALID, f"It holds {given}; allowed are a string, a number or a boolean.")
    return None


_remembered_name_mistake = lru_cache(65_536)(param_name_mistake)
