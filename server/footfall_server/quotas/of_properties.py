"""What each property may use: its own quota, and of what that leaves open the installation's."""

from collections.abc import Callable

from footfall.v1.admin_pb2 import PropertyQuota
from footfall_core.access.ports import Access
from footfall_core.quota.own import with_own
from footfall_core.quota.quota import Quota

QuotaOf = Callable[[str], Quota]
"""Returns what a property, by its id, may use. It is asked several times a batch, and returns the same object until the
quota changes."""


class PropertyQuotas:
    """A `QuotaOf` that heeds a change as soon as this server knows of it; used on one event loop."""

    def __init__(self, default: Quota, access: Access) -> None:
        """Begin.

        Args:
            default: what a property may use that has no quota of its own.
            access: knows the properties.
        """
        self._default = default
        self._access = access
        self._found: dict[str, tuple[PropertyQuota, Quota]] = {}

    def __call__(self, property_id: str) -> Quota:
        """See `QuotaOf`."""
        own = self._access.register.own_quota(property_id)
        if own is None:
            return self._default
        found = self._found.get(property_id)
        if found is None or found[0] is not own:
            found = self._found[property_id] = own, with_own(self._default, own)
        return found[1]
