"""Which items an event may have."""

import math
from collections.abc import Sequence

from footfall.v1.event_pb2 import Item
from footfall_core.limits import MAX_AMOUNT, MAX_COUNT, MAX_ITEMS, MAX_STRING_LENGTH
from footfall_core.validation.mistakes import INVALID, OUT_OF_BOUNDS, REQUIRED, TOO_MANY, Mistake, string_mistake

_ITEM_TEXT_FIELDS = (
    *("item_id", "item_name", "item_brand", "item_category", "item_variant", "coupon"),
    *("item_list_id", "item_list_name", "affiliation"),
)


def items_mistake(items: Sequence[Item]) -> Mistake | None:
    """Return the first mistake of an event's items, or None."""
    if len(items) > MAX_ITEMS:
        return Mistake("items", TOO_MANY, f"There are {len(items)} items; at most {MAX_ITEMS} are allowed.")
    for index, item in enumerate(items):
        if mistake := _item_mistake(f"items[{index}]", item):
            return mistake
    return None


def _item_mistake(path: str, item: Item) -> Mistake | None:
    for field in _ITEM_TEXT_FIELDS:
        if mistake := string_mistake(f"{path}.{field}", getattr(item, field), MAX_STRING_LENGTH):
            return mistake
    if not item.item_id and not item.item_name:
        return Mistake(f"{path}.item_id", REQUIRED, "Either item_id or item_name is required.")
    for field, amount in (("price", item.price), ("discount", item.discount)):
        if not math.isfinite(amount):
            return Mistake(f"{path}.{field}", INVALID, f"{amount} is not a finite number.")
        if abs(amount) > MAX_AMOUNT:
            return Mistake(f"{path}.{field}", OUT_OF_BOUNDS, f"{amount} is beyond {MAX_AMOUNT:,.0f}, the most allowed.")
    for field, count in (("quantity", item.quantity), ("index", item.index)):
        if not 0 <= count <= MAX_COUNT:
            return Mistake(
                f"{path}.{field}", OUT_OF_BOUNDS, f"{count} is out of range; 0 to {MAX_COUNT:,} are allowed."
            )
    return None
