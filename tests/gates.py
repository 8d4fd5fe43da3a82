"""A gate that lets everything in, for tests of what is behind one."""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager, nullcontext

from footfall.v1.admin_pb2 import Property
from footfall_core.access.grant import EVERY_PROPERTY
from footfall_core.access.needs import Need
from footfall_core.access.register import default_property


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
