"""The shop: what it sells, at what prices, on which pages. It is on `.example`, which nobody can own (RFC 2606)."""

from dataclasses import dataclass
from random import Random

from footfall.v1.event_pb2 import Item

SITE = "https://www.hatter.example"
NAME = "The Hatter"
ZONE = "Europe/Berlin"
"""Where the shop is: its days begin there, and most of its visitors live by its clocks."""
CURRENCY = "EUR"
"""The currency of its accounts; visitors from elsewhere pay in their own."""

_RATES = {"EUR": 1.0, "USD": 1.15, "GBP": 0.9}
"""What a euro's worth of goods costs; the shop sets its prices, it does not follow the market."""


@dataclass(frozen=True, slots=True)
class Product:
    """Something to buy."""

    sku: str
    name: str
    category: str
    brand: str
    euros: int
    """Price of one piece, before the 5 cents that are taken off."""
    variants: tuple[str, ...]
    popularity: int
    """How often it is looked at, against the others."""

    @property
    def path(self) -> str:
        """Path of its page."""
        return f"/{self.category.lower()}/{self.name.lower().replace(' ', '-')}"

    def price(self, currency: str) -> float:
        """Return the price of one piece."""
        return round(self.euros * _RATES[currency] - 0.05, 2)


_COLOURS = ("black", "navy", "sand", "olive")
_SIZES = ("S", "M", "L", "XL")

PRODUCTS = tuple(
    Product(f"sku-{number}", *row)
    for number, row in enumerate(
        (
            ("Panama Classic", "Hats", "Montecristo", 89, _SIZES, 30),
            ("Fedora Milano", "Hats", "Borsa & Figli", 119, _SIZES, 18),
            ("Trilby Tweed", "Hats", "Lock Lane", 75, _SIZES, 12),
            ("Bowler", "Hats", "Lock Lane", 139, _SIZES, 5),
            ("Straw Boater", "Hats", "Montecristo", 59, _SIZES, 9),
            ("Bucket Hat", "Hats", "Nordkap", 35, _COLOURS, 22),
            ("Flat Cap Donegal", "Caps", "Lock Lane", 49, _SIZES, 20),
            ("Newsboy Cap", "Caps", "Lock Lane", 55, _SIZES, 14),
            ("Baseball Cap", "Caps", "Nordkap", 25, _COLOURS, 28),
            ("Trucker Cap", "Caps", "Nordkap", 22, _COLOURS, 11),
            ("Beret", "Caps", "Atelier Bleu", 39, _COLOURS, 16),
            ("Merino Beanie", "Knitwear", "Nordkap", 32, _COLOURS, 26),
            ("Cable Beanie", "Knitwear", "Nordkap", 28, _COLOURS, 15),
            ("Cashmere Beanie", "Knitwear", "Atelier Bleu", 79, _COLOURS, 7),
            ("Lambswool Scarf", "Knitwear", "Atelier Bleu", 45, _COLOURS, 17),
            ("Knitted Gloves", "Knitwear", "Nordkap", 24, _SIZES, 10),
            ("Hat Brush", "Care", "Borsa & Figli", 15, ("one size",), 4),
            ("Hat Box", "Care", "Borsa & Figli", 29, ("one size",), 6),
            ("Rain Cover", "Care", "Nordkap", 12, ("one size",), 3),
            ("Gift Card", "Care", "The Hatter", 50, ("by e-mail",), 5),
        ),
        start=101,
    )
)

CATEGORIES = tuple(dict.fromkeys(product.category for product in PRODUCTS))

_OF_CATEGORY = {c: tuple(p for p in PRODUCTS if p.category == c) for c in CATEGORIES}


def draw_product(random: Random, category: str | None = None) -> Product:
    """Return a product, of one category or of all; the popular ones more often."""
    among = PRODUCTS if category is None else _OF_CATEGORY[category]
    return random.choices(among, [product.popularity for product in among])[0]


def products_of(category: str) -> tuple[Product, ...]:
    """Return the products on the page of a category, in their order there."""
    return _OF_CATEGORY[category]


def item_of(
    product: Product, currency: str, variant: str = "", quantity: int | None = None, place: int | None = None
) -> Item:
    """Return a product as events name it.

    Args:
        product: the product.
        currency: that of the price.
        variant: the chosen one; empty as long as none is.
        quantity: pieces; None means not set.
        place: position in the list of its category, from 1; None outside of lists.
    """
    item = Item(
        item_id=product.sku,
        item_name=product.name,
        item_brand=product.brand,
        item_category=product.category,
        item_variant=variant,
        price=product.price(currency),
    )
    if quantity is not None:
        item.quantity = quantity
    if place is not None:
        item.index = place
        item.item_list_id = product.category.lower()
        item.item_list_name = product.category
    return item
