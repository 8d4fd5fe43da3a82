"""One visit, from the page that it lands on to the order, if it comes to one. Pure.

The shop is an application of one page: it keeps the referrer and the campaign's parameters as long as the visit lasts,
so that an order counts for what brought the visitor.
"""

from collections.abc import Callable
from random import Random
from typing import Any

from footfall import ecommerce
from footfall.events import ParamValue, make_event
from footfall.v1.event_pb2 import Event, Item
from footfall_cli.demo.shop import CATEGORIES, NAME, SITE, Product, draw_product, item_of, products_of
from footfall_cli.demo.sources import Source
from footfall_cli.demo.visitors import Guest

_BOUNCES = {"desktop": 0.34, "mobile": 0.44, "tablet": 0.38}
_CARTS = {"desktop": 0.058, "mobile": 0.038, "tablet": 0.048}
"""How likely a product that is looked at is to be put into the cart."""
_CHOOSES_FROM_LIST = 0.8
_GOES_ON = 0.68
"""How likely another product is to be looked at after one."""
_REMOVES, _CHECKS_OUT, _CHOOSES_DELIVERY, _CHOOSES_PAYMENT, _BUYS = 0.13, 0.52, 0.86, 0.88, 0.9
_RETURNING = 1.5
"""How much likelier than the others those are to buy who come back."""
_DELIVERIES = ("Ground", "Ground", "Ground", "Next-day")
_PAYMENTS = ("PayPal", "PayPal", "Credit Card", "Credit Card", "Invoice", "Apple Pay")
_SECOND = 1_000_000

Make = Callable[..., Event]


class Visit:
    """A visit that unfolds step by step; `events` has what happened, in order."""

    def __init__(self, guest: Guest, source: Source, start_micros: int, order_id: str, random: Random) -> None:
        """Begin nothing yet.

        Args:
            guest: who visits.
            source: what brought them.
            start_micros: Unix time of the first event in microseconds; also what tells the visitor's sessions apart.
            order_id: the transaction id, should they buy.
            random: the visit's own.
        """
        self.events: list[Event] = []
        self._guest = guest
        self._source = source
        self._order_id = order_id
        self._random = random
        self._now = start_micros
        self._session_id = str(start_micros // _SECOND)
        self._cart: list[tuple[Product, Item]] = []
        self._path, self._title = "/", NAME
        self._keenness = source.keenness * (_RETURNING if guest.returning else 1.0)

    def unfold(self) -> list[Event]:
        """Let the visit happen, and return its events."""
        self._land()
        if self._random.random() < _BOUNCES[self._guest.visitor.device]:
            return self.events
        while True:
            self._look_at_product()
            if self._random.random() >= _GOES_ON:
                break
            if self._random.random() < 0.6:
                self._look_at_category(self._random.choice(CATEGORIES))
        if self._cart:
            self._check_out()
        return self.events

    def _land(self) -> None:
        if self._source.channel == "Paid Shopping":
            self._look_at_product()
        elif self._random.random() < 0.55:
            self._open("/", NAME)
        else:
            self._look_at_category(self._random.choice(CATEGORIES))

    def _look_at_category(self, category: str) -> None:
        self._open(f"/{category.lower()}", f"{category} · {NAME}")
        shown = [
            item_of(product, self._currency, place=place) for place, product in enumerate(products_of(category), 1)
        ]
        self._happens(
            ecommerce.view_item_list,
            seconds=0.4,
            items=shown,
            item_list_id=category.lower(),
            item_list_name=category,
        )

    def _look_at_product(self) -> None:
        on_list = next((c for c in CATEGORIES if self._path == f"/{c.lower()}"), None)
        from_list = on_list is not None and self._random.random() < _CHOOSES_FROM_LIST
        product = draw_product(self._random, on_list if from_list else None)
        listed = item_of(product, self._currency)
        if from_list:
            self._happens(ecommerce.select_item, seconds=self._random.uniform(3, 20), items=[listed])
        self._open(product.path, f"{product.name} · {NAME}")
        self._priced(ecommerce.view_item, [listed], seconds=0.3)
        if self._random.random() < _CARTS[self._guest.visitor.device] * self._keenness:
            variant = self._random.choice(product.variants)
            pieces = self._random.choices((1, 2, 3), (86, 11, 3))[0]
            item = item_of(product, self._currency, variant, pieces)
            self._cart.append((product, item))
            self._priced(ecommerce.add_to_cart, [item], seconds=self._random.uniform(8, 90))

    def _check_out(self) -> None:
        chance = self._random.random
        self._open("/cart", f"Cart · {NAME}")
        self._priced(ecommerce.view_cart, self._items, seconds=0.3)
        if chance() < _REMOVES:
            _, item = self._cart.pop(self._random.randrange(len(self._cart)))
            self._priced(ecommerce.remove_from_cart, [item], seconds=self._random.uniform(4, 30))
        if not self._cart or chance() >= _CHECKS_OUT:
            return
        self._open("/checkout", f"Checkout · {NAME}")
        self._priced(ecommerce.begin_checkout, self._items, seconds=0.3)
        steps: tuple[tuple[Make, float, dict[str, Any]], ...] = (
            (ecommerce.add_shipping_info, _CHOOSES_DELIVERY, {"shipping_tier": self._random.choice(_DELIVERIES)}),
            (ecommerce.add_payment_info, _CHOOSES_PAYMENT, {"payment_type": self._random.choice(_PAYMENTS)}),
        )
        for make, likely, chosen in steps:
            if chance() >= likely:
                return
            self._priced(make, self._items, seconds=self._random.uniform(15, 80), **chosen)
        if chance() < _BUYS:
            value = _value(self._items)
            self._path, self._title = "/thank-you", f"Thank you · {NAME}"
            self._priced(
                ecommerce.purchase,
                self._items,
                seconds=self._random.uniform(8, 45),
                transaction_id=self._order_id,
                shipping=0.0 if value >= 60 else 4.9,
                tax=round(value - value / 1.19, 2),
            )
            self._open(self._path, self._title, seconds=1.0)

    @property
    def _currency(self) -> str:
        return self._guest.visitor.currency

    @property
    def _items(self) -> list[Item]:
        return [item for _, item in self._cart]

    def _open(self, path: str, title: str, seconds: float | None = None) -> None:
        """See a page; by default after a look at the one before."""
        self._path, self._title = path, title
        self._happens(_page_view, seconds=self._random.lognormvariate(3.0, 0.8) if seconds is None else seconds)

    def _priced(self, make: Make, items: list[Item], *, seconds: float, **more: Any) -> None:
        self._happens(make, seconds=seconds, items=items, currency=self._currency, value=_value(items), **more)

    def _happens(self, make: Make, *, seconds: float, **more: Any) -> None:
        """Add an event, so many seconds after the one before."""
        params: dict[str, ParamValue] = {}
        if self.events:
            self._now += round(seconds * _SECOND)
        if len(self.events) > 1:
            # the first page and its list come before anybody looked at them; and nobody looks all of the time
            params["engagement_time_msec"] = round(seconds * 1000 * self._random.uniform(0.5, 1.0))
        visitor, query = self._guest.visitor, self._source.query
        self.events.append(
            make(
                client_id=visitor.client_id,
                timestamp=self._now,
                event_id=f"{visitor.client_id}-{self._session_id}-{len(self.events) + 1}",
                user_id=visitor.account if self._guest.returning and visitor.account else None,
                session_id=self._session_id,
                page_location=f"{SITE}{self._path}?{query}" if query else f"{SITE}{self._path}",
                page_referrer=self._source.referrer or None,
                page_title=self._title,
                user_agent=visitor.user_agent,
                ip_override=visitor.address or None,
                language=visitor.language,
                params=params,
                **more,
            )
        )


def _page_view(**fields: Any) -> Event:
    return make_event("page_view", **fields)


def _value(items: list[Item]) -> float:
    return round(sum(item.price * (item.quantity or 1) for item in items), 2)
