"""Which text is a number: the same for every store, so that a filter finds the same wherever the rows are."""

import re

NUMBER = r"-?[0-9]{1,100}(\.[0-9]{1,100})?([eE][-+]?[0-9]{1,2})?"
"""A plain decimal number, as a regular expression that all dialects read alike: `7`, `07`, `-0.5`, `1e-7`; not `+7`,
`.5`, `1,000` or `0x7`. So many digits never exceed a double."""

_NUMBER = re.compile(NUMBER)


def number_of(text: str) -> float | None:
    """Return the double that is nearest to the number of a text, or None if it is no plain decimal number."""
    if _NUMBER.fullmatch(text) is None:
        return None
    return float(text) + 0.0  # there is one zero
