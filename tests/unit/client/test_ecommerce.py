"""GA4's e-commerce events, and that the server takes them."""

from types import FunctionType

import pytest

from footfall import Event, Item, ecommerce
from footfall_core.event_time import EventTimes
from footfall_core.validation.event import event_mistake

HAT = Item(item_id="sku-7", item_name="Hat", price=29.95, quantity=2)
MONEY = {"currency": "EUR", "value": 59.9}
LIST = {"item_list_id": "l", "item_list_name": "Hats"}
PROMOTION = {"promotion_id": "p", "promotion_name": "Sale", "creative_name": "Banner", "creative_slot": "top"}
BASKET = {"items": [HAT]}
PAID = {"coupon": "SPRING", "shipping": 4.9, "tax": 9.5}

EVERY = [
    (ecommerce.view_item_list, BASKET | LIST, LIST),
    (ecommerce.select_item, BASKET | LIST, LIST),
    (ecommerce.view_item, BASKET | MONEY, {}),
    (ecommerce.add_to_cart, BASKET | MONEY, {}),
    (ecommerce.remove_from_cart, BASKET | MONEY, {}),
    (ecommerce.view_cart, BASKET | MONEY, {}),
    (ecommerce.add_to_wishlist, BASKET | MONEY, {}),
    (ecommerce.begin_checkout, BASKET | MONEY | {"coupon": "SPRING"}, {"coupon": "SPRING"}),
    (ecommerce.add_shipping_info, BASKET | MONEY | {"shipping_tier": "Ground"}, {"shipping_tier": "Ground"}),
    (ecommerce.add_payment_info, BASKET | MONEY | {"payment_type": "Card"}, {"payment_type": "Card"}),
    (ecommerce.purchase, BASKET | MONEY | PAID | {"transaction_id": "o-1"}, PAID),
    (ecommerce.refund, BASKET | MONEY | PAID | {"transaction_id": "o-1"}, PAID),
    (ecommerce.view_promotion, BASKET | PROMOTION, PROMOTION),
    (ecommerce.select_promotion, BASKET | PROMOTION, PROMOTION),
]


@pytest.mark.parametrize(("make", "arguments", "params"), EVERY)
def test_each_event_has_its_name_and_ga4s_parameters_and_the_server_takes_it(make, arguments, params):
    event = make(client_id="c", session_id="s", timestamp=1, params={"ours": True}, **arguments)

    assert (event.name, event.client_id, event.session_id, event.timestamp_micros) == (make.__name__, "c", "s", 1)
    assert list(event.items) == [HAT]
    given = {name: getattr(value, value.WhichOneof("kind")) for name, value in event.params.items()}
    assert given == params | {"ours": True}
    assert (event.currency, event.value) == ((("EUR", 59.9)) if "value" in arguments else ("", 0.0))
    assert event.transaction_id == arguments.get("transaction_id", "")
    assert event_mistake(event, EventTimes(received=1, skew=0, historical=True)) is None


def test_all_of_ga4s_fourteen_events_are_here():
    functions = {
        name
        for name, value in vars(ecommerce).items()
        if isinstance(value, FunctionType) and value.__module__ == ecommerce.__name__ and not name.startswith("_")
    }

    assert {make.__name__ for make, _, _ in EVERY} == functions
    assert len(EVERY) == 14


def test_items_may_be_mappings_and_nothing_that_is_not_given_is_sent():
    event = ecommerce.view_item_list(client_id="c", items=[{"item_name": "Hat"}])

    assert event == Event(
        name="view_item_list", client_id="c", timestamp_micros=event.timestamp_micros, items=[Item(item_name="Hat")]
    )


@pytest.mark.parametrize("missing", ["transaction_id", "currency", "value", "items"])
def test_what_ga4_requires_of_a_purchase_is_required(missing):
    arguments = BASKET | MONEY | {"transaction_id": "o-1", "client_id": "c"}
    del arguments[missing]

    with pytest.raises(TypeError, match=missing):
        ecommerce.purchase(**arguments)


def test_a_value_without_a_currency_and_a_parameter_given_twice_raise():
    with pytest.raises(ValueError, match="value has no currency"):
        ecommerce.view_cart(client_id="c", items=[HAT], value=5)
    with pytest.raises(ValueError, match="coupon is given twice"):
        ecommerce.begin_checkout(client_id="c", items=[HAT], coupon="A", params={"coupon": "B"})
    with pytest.raises(TypeError, match=r"params\[tax\]"):
        ecommerce.refund(client_id="c", transaction_id="o", tax=[1], **MONEY)
