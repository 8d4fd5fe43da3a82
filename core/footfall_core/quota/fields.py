"""What is left of a quota, as two header fields say it: those of draft-ietf-httpapi-ratelimit-headers.

`q` of `RateLimit-Policy` is what may be used at once, `w` the seconds in which it fills again. `r` of `RateLimit` is
what is left, `t` the seconds until all of it is there again, if nothing more is used.
"""

from collections.abc import Sequence
from functools import lru_cache
from math import ceil, floor

from footfall_core.quota.quota import BYTES, REPORTS, Limit

POLICY, LEFT = "ratelimit-policy", "ratelimit"
"""Names of the fields, in lower case as gRPC wants them."""

_UNITS = {BYTES: ';qu="content-bytes"', REPORTS: ""}
"""The draft's units; requests are what it takes for granted."""


@lru_cache(1_000)
def policy_field(limits: tuple[Limit, ...]) -> str:
    """Return the value of `RateLimit-Policy`."""
    return ", ".join(
        f'"{limit.name}";q={floor(limit.burst)};w={ceil(limit.burst / limit.per_second)}'
        + _UNITS.get(limit.name, f';qu="{limit.name}"')
        for limit in limits
    )


def left_field(limits: Sequence[Limit], left: Sequence[float]) -> str:
    """Return the value of `RateLimit`."""
    return ", ".join(
        f'"{limit.name}";r={floor(tokens)};t={ceil((limit.burst - tokens) / limit.per_second)}'
        for limit, tokens in zip(limits, left, strict=True)
    )
