"""Sentences about names that do not exist."""

import difflib
from collections.abc import Collection

from footfall_core.report.fields import DIMENSIONS, PARAM_PREFIX
from footfall_core.validation.names import NAME_RULE


def unknown(what: str, name: str, allowed: Collection[str], *, list_allowed: bool = True) -> str:
    """Return a sentence that says that there is no such name, which one may have been meant, and which there are."""
    lower = {candidate.lower(): candidate for candidate in allowed}
    near = difflib.get_close_matches(name.lower()[:80], lower, n=1)
    sentence = f"{name[:80]!r} is not a {what}" if name else f"the name of a {what} is missing"
    if near:
        sentence += f"; did you mean {lower[near[0]]!r}?"
    else:
        sentence += "."
    return f"{sentence} Allowed: {', '.join(allowed)}." if list_allowed else sentence


def unknown_dimension(name: str) -> str:
    """Return the sentence about a dimension that does not exist."""
    if name.startswith(PARAM_PREFIX):
        param = name.removeprefix(PARAM_PREFIX)
        return f"{param[:80]!r} is not the name of a parameter of events; allowed are {NAME_RULE}."
    return unknown("dimension", name, DIMENSIONS)
