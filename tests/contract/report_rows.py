"""A small shop and its visitors, whose every number can be counted by hand; as rows, as the event consumer writes them.

The crawler is there to be left out. In Berlin the clocks go forward on 29 March: that day begins at 23:00 UTC and ends
at 22:00.
"""

import uuid
from datetime import UTC, datetime
from typing import Any

import orjson

from footfall_core.columns import EVENTS, ITEMS, Table
from tests.contract.report_paths import ReportPath


def event(when: str, name: str, client: str = "", **values: Any) -> dict[str, Any]:
    """Return a row; `when` is UTC, `params` a dictionary."""
    time_ms = round(datetime.fromisoformat(when).replace(tzinfo=UTC).timestamp() * 1000)
    if params := values.pop("params", None):
        values["params"] = orjson.dumps(params, option=orjson.OPT_SORT_KEYS).decode()
    return {"time_ms": time_ms, "event_name": name, "client_id": client, "is_bot": 0, "raw_partition": 0} | values


GOOGLE = {"source": "google", "medium": "organic", "channel_group": "Organic Search"}
PHONE = {"device_category": "mobile", "browser": "Chrome Mobile", "operating_system": "Android"}
GERMAN = {"country": "Germany", "country_id": "DE", "language": "de-de", "language_name": "German"}
INDIAN = {"country": "India", "country_id": "IN", "language": "en-in", "language_name": "English"}
ACTIVE = {"is_active_user": 1}
EUR = {"currency": "EUR"}

SHOP = [
    event("2026-03-28T22:59:59", "page_view", "ada", session_id="1", page_path="/", host_name="shop.example",
          **GOOGLE, **GERMAN),
    event("2026-03-28T23:00:00", "page_view", "ada", session_id="1", page_path="/Shop", host_name="shop.example",
          **GOOGLE, **PHONE, **GERMAN, **ACTIVE),
    # the same session id is another session of another client
    event("2026-03-29T21:59:59", "page_view", "bob", session_id="1", page_path="/shop/100%_wool",
          page_referrer="https://a.example/x", params={"plan": "pro", "price": 10, "ratio": 1e-7, "member": True}),
    event("2026-03-29T22:00:00", "screen_view", "cid", session_id="2", source="(direct)", medium="(none)",
          campaign="spring", **PHONE, **INDIAN,
          params={"plan": 'P"ro,"price":9', "price": 9.5, "ratio": 12345678.5, "member": False}),
    event("2026-03-30T10:00:00", "purchase", "bob", session_id="2", value=100.10, transaction_id="T1",
          page_path="/pay", **EUR, **ACTIVE, params={"price": "9.50"}),
    event("2026-03-30T10:30:00", "purchase", "bob", session_id="2", value=0.20, transaction_id="T2",
          page_path="/pay", **EUR, **ACTIVE, params={"price": -3}),
    event("2026-03-30T11:00:00", "purchase", "bob", session_id="3", value=50, transaction_id="T2",
          page_path="/pay", **EUR, params={"price": "12 EUR"}),
    event("2026-03-31T09:00:00", "refund", "bob", value=30.05, transaction_id="T1", page_path="/help", **EUR),
    # an event of no known client, with a parameter that is empty
    event("2026-03-31T09:30:00", "scroll", session_id="9", value=2.5, page_path="/shop", **ACTIVE,
          params={"plan": ""}),
    event("2026-03-31T10:00:00", "page_view", "crawler", session_id="1", page_path="/shop", is_bot=1,
          browser="Googlebot", **ACTIVE),
]  # fmt: skip


def item(when: str, name: str, client: str, quantity: int, price: float | None, **values: Any) -> dict[str, Any]:
    """Return a row of an item of an event."""
    amount = {} if price is None else {"price": price, "amount": round(price * quantity, 2)}
    return event(when, name, client, quantity=quantity, **amount, **values)


HAT = {"item_id": "h1", "item_name": "Hat", "item_brand": "Acme", "item_category": "Hats", "item_variant": "red"}
BLUE_HAT = HAT | {"item_variant": "blue"}
SOCK = {"item_id": "s1", "item_name": "Sock", "item_category": "Socks"}
GIFT = {"item_id": "g1", "item_name": "Gift"}

SHOP_ITEMS = [
    item("2026-03-28T23:00:00", "view_item", "ada", 1, 50.05, **HAT, **GERMAN),
    item("2026-03-30T09:00:00", "add_to_cart", "bob", 2, 50.05, **HAT, **EUR),
    item("2026-03-30T10:00:00", "purchase", "bob", 2, 50.05, transaction_id="T1", **HAT, **EUR),
    item("2026-03-30T10:30:00", "purchase", "bob", 2, 0.10, transaction_id="T2", **SOCK, **EUR),
    # an item without a price adds nothing to the revenue
    item("2026-03-30T10:30:00", "purchase", "bob", 3, None, transaction_id="T2", **GIFT, **EUR),
    item("2026-03-31T09:00:00", "refund", "bob", 1, 30.05, transaction_id="T1", **BLUE_HAT, **EUR),
    item("2026-03-31T10:00:00", "view_item", "crawler", 1, 50.05, is_bot=1, **HAT),
]

TRAVEL = [
    event("2026-05-01T08:00:00", "purchase", "eve", value=10, currency="EUR", transaction_id="A"),
    event("2026-05-01T09:00:00", "purchase", "fay", value=20, currency="USD", transaction_id="B"),
    event("2026-05-01T10:00:00", "refund", "fay", value=5, currency="USD", transaction_id="B"),
    event("2026-05-01T11:00:00", "page_view", "gus", page_path="/"),
]

TRAVEL_ITEMS = [
    item("2026-05-01T08:00:00", "purchase", "eve", 1, 10, currency="EUR", item_name="Map"),
    item("2026-05-01T09:00:00", "purchase", "fay", 2, 10, currency="USD", item_name="Map"),
    item("2026-05-01T11:00:00", "view_item", "gus", 1, 10, currency="JPY", item_name="Map"),
]


def stored(path: ReportPath, name: str, rows: list[dict[str, Any]], items: list[dict[str, Any]] | None = None) -> str:
    """Store rows under a property of their own, wait until they are shown, and return its id."""
    property_id = f"{name}-{uuid.uuid4().hex[:8]}"
    for table, of_table in _tables(rows, items or []):
        path.put([row | {"property": property_id} for row in of_table], table)
        path.await_rows(property_id, len(of_table), table)
    return property_id


def _tables(rows: list[dict[str, Any]], items: list[dict[str, Any]]) -> list[tuple[Table, list[dict[str, Any]]]]:
    return [(table, of_table) for table, of_table in ((EVENTS, rows), (ITEMS, items)) if of_table]
