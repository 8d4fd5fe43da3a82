"""Sums of amounts, made of integers: exact, and the same in whatever order events are added up.

Each store computes what stands here in its own language, by the same operations on the same doubles.
"""

import math

from footfall_core.limits import MAX_AMOUNT

AMOUNT_DIGITS = 6
"""Digits behind the point up to which an amount counts."""

MILLIONTHS: int = 10**AMOUNT_DIGITS
"""How many of the units that are added up are one of the currency."""

DIVIDED_AS_ONE = 2**33
"""Below so many whole units a sum is divided as one number: all of its millionths are a double without loss."""


def added(amount: float) -> int:
    """Return what an event adds to a sum, in millionths: its amount, rounded; halves go up.

    The price of an item may be `MAX_AMOUNT`, and its quantity large: whole units beyond `MAX_AMOUNT` count for nothing,
    so that thousands of the largest amounts still fit into the 64 bits that stores add up in.
    """
    whole = math.floor(amount)
    bounded = max(min(whole, int(MAX_AMOUNT)), -int(MAX_AMOUNT))
    return bounded * MILLIONTHS + math.floor((amount - whole) * MILLIONTHS + 0.5)


def shown(millionths: int) -> float:
    """Return a sum as it is answered, ordered by and filtered by.

    It is the double that is nearest to the sum; beyond 2^53 whole units, to what stands before the point.
    """
    whole, rest = divmod(millionths, MILLIONTHS)
    if abs(whole) < DIVIDED_AS_ONE:
        return millionths / MILLIONTHS
    return whole + rest / MILLIONTHS
