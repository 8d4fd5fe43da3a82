"""Refunds: some orders come back days later, whole or in part. Pure."""

from random import Random

from footfall.v1.event_pb2 import Event

SHARE = 0.08
"""How many orders come back."""
_IN_PART = 0.3
"""How many of those with several items come back in part."""
_DAY = 86_400_000_000
"""Microseconds."""


def draw_refund(purchase: Event, random: Random) -> Event | None:
    """Return the refund of an order, one to six days later; None, most times, for none.

    It comes from the shop's back office, which keeps the order's campaign and device with it; nobody is in a session.
    """
    if random.random() >= SHARE:
        return None
    refund = Event()
    refund.CopyFrom(purchase)
    refund.name, refund.event_id = "refund", f"{purchase.transaction_id}-refund"
    refund.timestamp_micros += round(random.uniform(1, 6) * _DAY)
    refund.ClearField("session_id")
    refund.ClearField("params")
    if len(purchase.items) > 1 and random.random() < _IN_PART:
        item = purchase.items[random.randrange(len(purchase.items))]
        del refund.items[:]
        refund.items.append(item)
        refund.value = round(item.price * item.quantity, 2)
    return refund
