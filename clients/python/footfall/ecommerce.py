"""GA4's recommended e-commerce events, with the parameters that GA4 asks for.

    from footfall import Client, Item, ecommerce

    hat = Item(item_id="sku-7", item_name="Hat", price=29.95, quantity=2)
    client.track_event(
        ecommerce.purchase(client_id="c-71f0", transaction_id="o-1001", currency="EUR", value=59.9, items=[hat])
    )

Each function returns an event, to be tracked or written by whichever client. Besides what is its own it takes
`client_id`, `timestamp`, `params` and the fields of a visit (`session_id`, `page_location`, …), and raises as
`footfall.events.make_event` does; also ValueError if there is a value without its currency, because such a value counts
in no revenue.

Source: https://developers.google.com/analytics/devguides/collection/ga4/reference/events, the table of each event.
Where GA4 says that a parameter is required, so it is here. `value` is the sum of price times quantity, without shipping
and tax.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypedDict, Unpack

from footfall.events import ParamValue, make_event
from footfall.v1.event_pb2 import Event, Item

Items = Sequence[Item | Mapping[str, Any]]


class Visit(TypedDict, total=False):
    """What any event may have besides; see `footfall.events.EventFields`. None means not set."""

    timestamp: datetime | int | None
    """When it happened: an aware datetime or Unix time in microseconds; None means now."""
    params: Mapping[str, ParamValue] | None
    """Further parameters."""
    event_id: str | None
    user_id: str | None
    session_id: str | None
    page_location: str | None
    page_referrer: str | None
    page_title: str | None
    user_agent: str | None
    ip_override: str | None
    language: str | None


def view_item_list(
    *,
    client_id: str,
    items: Items,
    item_list_id: str | None = None,
    item_list_name: str | None = None,
    **visit: Unpack[Visit],
) -> Event:
    """Return the event that a list of items was shown."""
    given = {"item_list_id": item_list_id, "item_list_name": item_list_name}
    return _event("view_item_list", client_id, visit, given, items=items)


def select_item(
    *,
    client_id: str,
    items: Items,
    item_list_id: str | None = None,
    item_list_name: str | None = None,
    **visit: Unpack[Visit],
) -> Event:
    """Return the event that an item was chosen from a list; `items` holds that one."""
    given = {"item_list_id": item_list_id, "item_list_name": item_list_name}
    return _event("select_item", client_id, visit, given, items=items)


def view_item(
    *,
    client_id: str,
    items: Items,
    currency: str | None = None,
    value: float | None = None,
    **visit: Unpack[Visit],
) -> Event:
    """Return the event that an item was looked at."""
    return _event("view_item", client_id, visit, {}, items=items, currency=currency, value=value)


def add_to_cart(
    *,
    client_id: str,
    items: Items,
    currency: str | None = None,
    value: float | None = None,
    **visit: Unpack[Visit],
) -> Event:
    """Return the event that items were put into the cart."""
    return _event("add_to_cart", client_id, visit, {}, items=items, currency=currency, value=value)


def remove_from_cart(
    *,
    client_id: str,
    items: Items,
    currency: str | None = None,
    value: float | None = None,
    **visit: Unpack[Visit],
) -> Event:
    """Return the event that items were taken out of the cart."""
    return _event("remove_from_cart", client_id, visit, {}, items=items, currency=currency, value=value)


def view_cart(
    *,
    client_id: str,
    items: Items,
    currency: str | None = None,
    value: float | None = None,
    **visit: Unpack[Visit],
) -> Event:
    """Return the event that the cart was looked at."""
    return _event("view_cart", client_id, visit, {}, items=items, currency=currency, value=value)


def add_to_wishlist(
    *,
    client_id: str,
    items: Items,
    currency: str | None = None,
    value: float | None = None,
    **visit: Unpack[Visit],
) -> Event:
    """Return the event that items were put on the wish list."""
    return _event("add_to_wishlist", client_id, visit, {}, items=items, currency=currency, value=value)


def begin_checkout(
    *,
    client_id: str,
    items: Items,
    currency: str | None = None,
    value: float | None = None,
    coupon: str | None = None,
    **visit: Unpack[Visit],
) -> Event:
    """Return the event that a checkout began."""
    given = {"coupon": coupon}
    return _event("begin_checkout", client_id, visit, given, items=items, currency=currency, value=value)


def add_shipping_info(
    *,
    client_id: str,
    items: Items,
    currency: str | None = None,
    value: float | None = None,
    coupon: str | None = None,
    shipping_tier: str | None = None,
    **visit: Unpack[Visit],
) -> Event:
    """Return the event that the delivery was chosen; `shipping_tier` is for example `Ground` or `Next-day`."""
    given = {"coupon": coupon, "shipping_tier": shipping_tier}
    return _event("add_shipping_info", client_id, visit, given, items=items, currency=currency, value=value)


def add_payment_info(
    *,
    client_id: str,
    items: Items,
    currency: str | None = None,
    value: float | None = None,
    coupon: str | None = None,
    payment_type: str | None = None,
    **visit: Unpack[Visit],
) -> Event:
    """Return the event that the way of paying was chosen; `payment_type` is for example `Credit Card`."""
    given = {"coupon": coupon, "payment_type": payment_type}
    return _event("add_payment_info", client_id, visit, given, items=items, currency=currency, value=value)


def purchase(
    *,
    client_id: str,
    transaction_id: str,
    currency: str,
    value: float,
    items: Items,
    coupon: str | None = None,
    shipping: float | None = None,
    tax: float | None = None,
    **visit: Unpack[Visit],
) -> Event:
    """Return the event that items were bought; `shipping` and `tax` are amounts in `currency`, beside `value`."""
    given = {"coupon": coupon, "shipping": shipping, "tax": tax}
    return _event(
        *("purchase", client_id, visit, given),
        items=items,
        currency=currency,
        value=value,
        transaction_id=transaction_id,
    )


def refund(
    *,
    client_id: str,
    transaction_id: str,
    currency: str,
    value: float,
    items: Items = (),
    coupon: str | None = None,
    shipping: float | None = None,
    tax: float | None = None,
    **visit: Unpack[Visit],
) -> Event:
    """Return the event that a purchase was paid back; `items` names which, if not all."""
    given = {"coupon": coupon, "shipping": shipping, "tax": tax}
    return _event(
        *("refund", client_id, visit, given),
        items=items,
        currency=currency,
        value=value,
        transaction_id=transaction_id,
    )


def view_promotion(
    *,
    client_id: str,
    items: Items = (),
    promotion_id: str | None = None,
    promotion_name: str | None = None,
    creative_name: str | None = None,
    creative_slot: str | None = None,
    **visit: Unpack[Visit],
) -> Event:
    """Return the event that a promotion was shown."""
    given = _promotion(promotion_id, promotion_name, creative_name, creative_slot)
    return _event("view_promotion", client_id, visit, given, items=items)


def select_promotion(
    *,
    client_id: str,
    items: Items = (),
    promotion_id: str | None = None,
    promotion_name: str | None = None,
    creative_name: str | None = None,
    creative_slot: str | None = None,
    **visit: Unpack[Visit],
) -> Event:
    """Return the event that a promotion was chosen."""
    given = _promotion(promotion_id, promotion_name, creative_name, creative_slot)
    return _event("select_promotion", client_id, visit, given, items=items)


def _promotion(
    promotion_id: str | None, promotion_name: str | None, creative_name: str | None, creative_slot: str | None
) -> dict[str, ParamValue | None]:
    return {
        "promotion_id": promotion_id,
        "promotion_name": promotion_name,
        "creative_name": creative_name,
        "creative_slot": creative_slot,
    }


def _event(
    name: str,
    client_id: str,
    visit: Visit,
    given: Mapping[str, ParamValue | None],
    *,
    items: Items,
    currency: str | None = None,
    value: float | None = None,
    transaction_id: str | None = None,
) -> Event:
    if value is not None and currency is None:
        raise ValueError("value has no currency; it would count in no revenue")
    further = visit.get("params") or {}
    params = {param: setting for param, setting in given.items() if setting is not None}
    for param in params.keys() & further.keys():
        raise ValueError(f"{param} is given twice, as an argument and in params")
    visit["params"] = params | dict(further)
    return make_event(
        name,
        client_id=client_id,
        items=items,
        currency=currency,
        value=value,
        transaction_id=transaction_id,
        **visit,
    )
