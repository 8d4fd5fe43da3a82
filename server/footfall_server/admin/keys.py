"""The handlers of keys: create, list, revoke."""

from collections.abc import Callable

from footfall.v1.admin_pb2 import (
    CreateKeyRequest,
    CreateKeyResponse,
    Key,
    KeyState,
    ListKeysRequest,
    ListKeysResponse,
    RevokeKeyRequest,
)
from footfall_core.access.grant import EVERY_PROPERTY, Grant, key_name
from footfall_core.access.key_rules import key_of, new_key, parse_key_name, revoked_key, shown_key
from footfall_core.access.needs import owner_of
from footfall_core.access.pages import begins_behind, page_size, page_token_behind
from footfall_core.access.ports import Registry
from footfall_core.access.register import KEYS
from footfall_core.access.tokens import Signer
from footfall_core.clock import Clock
from footfall_core.problems import InvalidRequest, NotFound
from footfall_server.admin.properties import existing, parsed
from footfall_server.hosts.call import Call


class Keys:
    """The methods of `AdminService` about keys; who may call them was asked before."""

    def __init__(self, registry: Registry, signer: Signer, clock: Clock, new_id: Callable[[], str]) -> None:
        self._registry = registry
        self._signer = signer
        self._clock = clock
        self._new_id = new_id

    async def create(self, request: bytes, call: Call) -> bytes:
        """Return the bytes of a `CreateKeyResponse`, the only place where a token ever is.

        Raises:
            InvalidRequest: names every field that is wrong.
            NotFound: nobody created the property.
            TryAgain: the key is not stored, or not known to be: its token was made for nobody.
        """
        asked = parsed(CreateKeyRequest, request)
        now = self._clock.now()
        key, grant = new_key(asked, self._new_id(), now)
        call.log.update(property=grant.property_id, created=grant.key_id)
        if not grant.is_operators:
            existing(self._registry, grant.property_id)
        await self._registry.put(key.name, key.SerializeToString())
        return CreateKeyResponse(key=key, token=self._signer.token(grant, now)).SerializeToString()

    async def list(self, request: bytes, call: Call) -> bytes:
        """Return the bytes of a `ListKeysResponse`.

        Raises:
            InvalidRequest: the size or the token is wrong.
        """
        asked = parsed(ListKeysRequest, request)
        call.log["property"] = property_id = owner_of(asked.parent, "parent")
        size, behind = page_size(asked.page_size), begins_behind(asked.page_token)
        parent = key_name(property_id, "").removesuffix(KEYS)
        keys = sorted(self._registry.register.keys(parent), key=_newest_first)
        names = [key.name for key in keys]
        if behind and behind not in names:
            raise InvalidRequest.of("page_token", "It comes from the list of another property.")
        begin = names.index(behind) + 1 if behind else 0
        now = self._clock.now()
        page = ListKeysResponse(keys=[shown_key(key, now) for key in keys[begin : begin + size]])
        if len(keys) > begin + size:
            page.next_page_token = page_token_behind(page.keys[-1].name)
        return page.SerializeToString()

    async def revoke(self, request: bytes, call: Call) -> bytes:
        """Return the bytes of the revoked key.

        Raises:
            InvalidRequest: the name is none.
            NotFound: the property has no such key.
            TryAgain: it is not stored, or not known to be.
        """
        property_id, key_id = parse_key_name(parsed(RevokeKeyRequest, request).name)
        call.log.update(property=property_id, revoked=key_id)
        now = self._clock.now()
        key = self._registry.register.key(key_name(property_id, key_id))
        if key is None and property_id != EVERY_PROPERTY:
            raise NotFound(f"The property {property_id} has no key {key_id}.")
        if key is None:
            # one that was made without us, such as a development key: what it opens is not known, its name is
            key = key_of(Grant(key_id, property_id, frozenset(), None), "", now)
        if key.state != KeyState.KEY_STATE_REVOKED:
            key = revoked_key(key, now)
            await self._registry.put(key.name, key.SerializeToString())
        return key.SerializeToString()


def _newest_first(key: Key) -> tuple[int, str]:
    return -key.create_time.ToMicroseconds(), key.name
