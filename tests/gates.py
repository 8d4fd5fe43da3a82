"""A gate that lets everything in, and properties that nobody created, for tests of what is behind them."""

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext

from footfall.v1.admin_pb2 import Property
from footfall_core.access.grant import EVERY_PROPERTY
from footfall_core.access.needs import Need
from footfall_core.access.register import Register, default_property


class Everything:
    """A `Permit` for everything; each property is as one that nobody created."""

    key_id = ""

    def __init__(self) -> None:
        self.property = Property()

    def authenticate(self) -> None:
        pass

    def enter(self, need: Need) -> None:
        if need.property_id != EVERY_PROPERTY:
            self.property = default_property(need.property_id)

    def admit(self, need: Need) -> None:
        pass

    def lasting(self) -> AbstractAsyncContextManager[None]:
        return nullcontext()


def everybody(_: Mapping[str, str]) -> Everything:
    """A `Gate` without a guard."""
    return Everything()


class NothingKnown:
    """An `Access` to properties and keys of which there are none until a test puts some into its register."""

    def __init__(self) -> None:
        self.register = Register()

    def on_change(self, act: Callable[[], None]) -> None:
        pass
