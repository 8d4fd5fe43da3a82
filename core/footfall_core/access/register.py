"""What is known of properties and keys, by name: what an adapter has read of it."""

from bisect import bisect_right, insort
from collections.abc import Iterator

from google.protobuf.message import DecodeError

from footfall.v1.admin_pb2 import Key, KeyState, Property, PropertyQuota, PropertyState
from footfall_core.properties import PREFIX, property_name

KEYS = "/keys/"


class Register:
    """Records by name, the last of each: properties and keys; other names are somebody else's, and passed over.

    Properties stay bytes until they are asked for: there may be millions of them. The quotas of those that have one of
    their own are kept apart, since they are asked for at every batch.
    """

    def __init__(self, *, keeps_keys: bool = False) -> None:
        """Begin empty.

        Args:
            keeps_keys: keep also keys that are not revoked, which only who lists them needs.
        """
        self._keeps_keys = keeps_keys
        self._properties: dict[str, bytes] = {}
        self._quotas: dict[str, PropertyQuota] = {}
        self._revoked: set[str] = set()
        self._keys: dict[str, dict[str, bytes]] = {}
        self._names: list[str] | None = [] if keeps_keys else None

    def apply(self, name: str, record: bytes) -> None:
        """Take a record in the place of the one before.

        Raises:
            ValueError: it is none.
        """
        if not name.startswith(PREFIX):
            return
        parent, keys, _ = name.partition(KEYS)
        try:
            if keys:
                self._apply_key(parent, name, Key.FromString(record), record)
            else:
                self._apply_quota(name, Property.FromString(record))
                if self._names is not None and name not in self._properties:
                    insort(self._names, name)
                self._properties[name] = record
        except DecodeError:
            raise ValueError(f"the record of {name} cannot be read") from None

    def _apply_key(self, parent: str, name: str, key: Key, record: bytes) -> None:
        # a revocation is never taken back, whatever comes later
        if key.state == KeyState.KEY_STATE_REVOKED:
            self._revoked.add(name)
        if self._keeps_keys:
            self._keys.setdefault(parent, {})[name] = record

    def _apply_quota(self, name: str, found: Property) -> None:
        property_id = name.removeprefix(PREFIX)
        if found.HasField("quota"):
            # a copy, or all of the property would stay in memory with it
            self._quotas[property_id] = PropertyQuota()
            self._quotas[property_id].CopyFrom(found.quota)
        else:
            self._quotas.pop(property_id, None)

    def own_quota(self, property_id: str) -> PropertyQuota | None:
        """Return a property's own quota, not to be changed, or None if it has none; the same object until it changes.

        It costs a look into a dictionary.
        """
        return self._quotas.get(property_id)

    def property(self, property_id: str) -> Property | None:
        """Return a property, or None if nobody created it."""
        record = self._properties.get(property_name(property_id))
        return None if record is None else Property.FromString(record)

    def property_or_default(self, property_id: str) -> Property:
        """Return a property; of one that nobody created what all have by default."""
        return self.property(property_id) or default_property(property_id)

    def is_revoked(self, key_name: str) -> bool:
        """Return whether a key was revoked."""
        return key_name in self._revoked

    def properties_after(self, name: str) -> Iterator[Property]:
        """Yield properties in the order of their names, from the first one behind a name."""
        assert self._names is not None, "this register is not for listing"
        for at in range(bisect_right(self._names, name), len(self._names)):
            yield Property.FromString(self._properties[self._names[at]])

    def keys(self, parent: str) -> list[Key]:
        """Return the keys of a property, `properties/{id}`, in no order."""
        return [Key.FromString(record) for record in self._keys.get(parent, {}).values()]

    def key(self, name: str) -> Key | None:
        """Return a key, or None if there is none."""
        record = self._keys.get(name.partition(KEYS)[0], {}).get(name)
        return None if record is None else Key.FromString(record)


def default_property(property_id: str) -> Property:
    """Return what a property is that nobody created."""
    return Property(name=property_name(property_id), time_zone="UTC", state=PropertyState.PROPERTY_STATE_ACTIVE)
