"""Regular expressions of tenants: RE2, whose time grows with the text alone, whatever the expression is."""

from functools import lru_cache
from typing import Any

import re2

MAX_PATTERN_MEMORY = 1 << 20
"""Bytes that a compiled expression may take: RE2 refuses what needs more."""


@lru_cache(maxsize=256)
def compiled(pattern: str, *, ignore_case: bool) -> Any:
    """Return a compiled regular expression.

    Raises:
        ValueError: one sentence on what RE2 does not take.
    """
    options = re2.Options()
    options.case_sensitive = not ignore_case
    options.max_mem = MAX_PATTERN_MEMORY
    options.log_errors = False
    options.never_capture = True
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        said = error.args[0]
        reason = said.decode(errors="replace") if isinstance(said, bytes) else str(said)
        raise ValueError(f"{reason[:200]!r} says RE2, whose regular expressions are allowed") from None


def matches(pattern: str, value: str, *, whole: bool, ignore_case: bool) -> bool:
    """Return whether the whole value, or a part of it, matches the expression."""
    expression = compiled(pattern, ignore_case=ignore_case)
    # bytes: for text re2 would also work out the place of the match in characters
    data = value.encode()
    return (expression.fullmatch(data) if whole else expression.search(data)) is not None
