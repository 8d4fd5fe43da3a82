"""The client library on the real stack: the words of its README, and a small shop from end to end."""

import asyncio
import re
import textwrap
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from footfall import BatchPolicy, Client, Item, ecommerce
from footfall.aio import Client as AsyncClient
from footfall.filters import field
from tests.conftest import ROOT

BLOCKS = re.findall(r"^```python\n(.*?)^```", (ROOT / "clients/python/README.md").read_text(), re.MULTILINE | re.DOTALL)

HAT = Item(item_id="sku-1", item_name="Hat", item_brand="Acme", item_category="Hats", price=20.0, quantity=2)
SCARF = Item(item_id="sku-2", item_name="Scarf", item_brand="Acme", item_category="Scarves", price=15.5)
GLOVES = Item(item_id="sku-3", item_name="Gloves", item_category="Gloves", price=9.75, quantity=4)


class Bookmark:
    """What a program would keep of an error stream."""

    token = ""

    def read(self) -> str:
        return self.token

    def write(self, token: str) -> None:
        self.token = token


def until(found: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 90
    while not found():
        assert time.monotonic() < deadline, "not within 90 s"
        time.sleep(0.05)


def test_the_python_of_the_readme_works_as_it_stands(
    endpoint: str, property_id: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # where a spool is made
    blocks = [block.replace("127.0.0.1:8080", endpoint).replace("my-shop", property_id) for block in BLOCKS]
    assert len(blocks) == 8
    bookmark = Bookmark()
    with Client(endpoint, property_id) as client:
        client.track("not a name", client_id="c")
        assert client.flush(30)
        midnight = datetime.now(UTC).replace(hour=0, minute=0) - timedelta(days=1)

        def errors(resume_token: str = "") -> Any:
            """As they stand, the blocks would follow for ever."""
            since = None if resume_token else midnight
            return Client.errors(client, since, resume_token=resume_token, follow=False)

        until(lambda: any(errors()))
        client.errors = errors  # type: ignore[method-assign,assignment]
        names: dict[str, Any] = {"bookmark": bookmark, "handle": lambda error: None}
        for block in blocks:
            names["client"] = client  # the first block makes one of its own, and closes it
            if "async with" in block:
                exec(f"async def readme():\n{textwrap.indent(block, '    ')}", names)  # the project's own README
                asyncio.run(names["readme"]())
            else:
                exec(block, names)
        assert client.flush(30)
        wrote = datetime.now(UTC)
        report = partial(client.report, start="yesterday", end="today", min_data_complete_until=wrote)
        until(lambda: _is_complete(report([], ["eventCount"]), wrote))
        counts = {row["eventName"]: row["eventCount"] for row in report(["eventName"], ["eventCount"]).rows}
        assert counts == {"page_view": 2, "purchase": 3}, "what the README tracks is counted, and nothing else"
        until(lambda: [(count.code, count.count) for count in client.list_errors().counts] == [("NAME_INVALID", 1)])
    assert bookmark.read()
    assert names["frame"].columns.tolist() == ["pagePath", "dateRange", "sessions", "activeUsers"]


def test_a_small_shop_gives_the_numbers_that_a_pencil_gives(endpoint: str, property_id: str) -> None:
    losses: list[Any] = []
    together = BatchPolicy(max_age_seconds=3600)  # an event's place in its batch is looked at
    with Client(endpoint, property_id, batching=together, on_error=losses.append) as client:
        ann = {"client_id": "ann", "session_id": "s1", "language": "en-GB", "ip_override": "193.0.6.139"}
        client.track_event(ecommerce.view_item(**ann, currency="EUR", value=40, items=[HAT]))
        client.track_event(ecommerce.add_to_cart(**ann, currency="EUR", value=40, items=[HAT]))
        client.track_event(
            ecommerce.purchase(
                **ann,
                params={"engagement_time_msec": 900},
                transaction_id="T1",
                currency="EUR",
                value=55.5,
                items=[HAT, SCARF],
            )
        )
        client.track("purchase", client_id="ann", session_id="s1", transaction_id="", currency="EUR", value=1)
        assert client.flush(30)

    async def buy() -> None:
        async with AsyncClient(endpoint, property_id) as client:
            ben = {"client_id": "ben", "session_id": "s1", "language": "de"}
            await client.track("page_view", client_id="ben", session_id="s0", page_location="https://shop.example/")
            await client.track_event(
                ecommerce.purchase(**ben, transaction_id="T2", currency="EUR", value=39, items=[GLOVES])
            )
            await client.track_event(
                ecommerce.refund(**ben, transaction_id="T2", currency="EUR", value=9.75, items=[_one_of(GLOVES)])
            )
            assert await client.flush(30)

    asyncio.run(buy())
    assert [(loss.code, loss.field) for loss in losses] == [("VALUE_REQUIRED", "events[3].transaction_id")]
    wrote = datetime.now(UTC)

    with Client(endpoint, property_id) as client:
        report = partial(client.report, start="yesterday", end="today", min_data_complete_until=wrote)
        until(lambda: _is_complete(report([], ["eventCount"]), wrote))
        by_user = report(
            [], ["eventCount", "totalUsers", "activeUsers", "sessions", "transactions", "purchaseRevenue"]
        ).totals
        assert by_user == {
            "eventCount": 6,
            "totalUsers": 2,
            "activeUsers": 1,  # ann alone showed engagement
            "sessions": 3,  # ann's s1, ben's s0 and ben's s1
            "transactions": 2,
            "purchaseRevenue": 55.5 + 39 - 9.75,
        }
        places = report(["country", "language"], ["eventCount"], order_by=["country", "language"])
        assert [tuple(row.values()) for row in places.rows] == [
            ("(not set)", "(not set)", 1),
            ("(not set)", "German", 2),
            ("Netherlands", "English", 3),
        ]

        until(lambda: _is_complete(report([], ["itemsPurchased"]), wrote))
        items = report(
            ["itemName"],
            ["itemsViewed", "itemsAddedToCart", "itemsPurchased", "itemRevenue"],
            order_by=["itemName"],
        )
        assert [tuple(row.values()) for row in items.rows] == [
            ("Gloves", 0, 0, 4, 4 * 9.75 - 9.75),
            ("Hat", 2, 2, 2, 40.0),
            ("Scarf", 0, 0, 1, 15.5),
        ]
        brands = report(["itemBrand"], ["itemRevenue"], metric_filter=field("itemRevenue") > 40)
        assert brands.to_arrow().to_pydict() == {"itemBrand": ["Acme"], "itemRevenue": [55.5]}

        until(lambda: [(count.code, count.count) for count in client.list_errors().counts] == [("VALUE_REQUIRED", 1)])
        (error,) = client.list_errors()
        assert client.get_error(error.error_id).event.transaction_id == ""
        assert client.get_error(error.error_id).event.name == "purchase"


def _one_of(item: Item) -> Item:
    one = Item()
    one.CopyFrom(item)
    one.quantity = 1
    return one


def _is_complete(report: Any, instant: datetime) -> bool:
    return report.metadata.data_complete_until is not None and report.metadata.data_complete_until >= instant
