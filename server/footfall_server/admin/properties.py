"""The handlers of properties: create, return, list, change."""

from itertools import islice
from typing import TypeVar

from google.protobuf.message import DecodeError, Message

from footfall.v1.admin_pb2 import (
    CreatePropertyRequest,
    GetPropertyRequest,
    ListPropertiesRequest,
    ListPropertiesResponse,
    Property,
    UpdatePropertyRequest,
)
from footfall_core.access.pages import begins_behind, page_size, page_token_behind
from footfall_core.access.ports import Registry
from footfall_core.access.property_rules import changed_property, new_property
from footfall_core.clock import Clock
from footfall_core.problems import AlreadyExists, InvalidRequest, NotFound
from footfall_core.properties import parse_property
from footfall_server.hosts.call import Call

M = TypeVar("M", bound=Message)


class Properties:
    """The methods of `AdminService` about properties; who may call them was asked before."""

    def __init__(self, registry: Registry, clock: Clock) -> None:
        self._registry = registry
        self._clock = clock

    async def create(self, request: bytes, call: Call) -> bytes:
        """Return the bytes of the new property.

        Raises:
            InvalidRequest: names every field that is wrong.
            AlreadyExists: there is one.
            TryAgain: it is not stored, or not known to be.
        """
        asked = parsed(CreatePropertyRequest, request)
        found = new_property(asked, self._clock.now())
        call.log["property"] = asked.property_id
        if self._registry.register.property(asked.property_id) is not None:
            raise AlreadyExists(f"There is a property {found.name} already.")
        return await self._stored(found)

    async def get(self, request: bytes, call: Call) -> bytes:
        """Return the bytes of a property.

        Raises:
            InvalidRequest: the name is none.
            NotFound: nobody created it.
        """
        return self._existing(parsed(GetPropertyRequest, request).name, "name", call).SerializeToString()

    async def list(self, request: bytes, _: Call) -> bytes:
        """Return the bytes of a `ListPropertiesResponse`.

        Raises:
            InvalidRequest: the size or the token is wrong.
        """
        asked = parsed(ListPropertiesRequest, request)
        size = page_size(asked.page_size)
        found = list(islice(self._registry.register.properties_after(begins_behind(asked.page_token)), size + 1))
        page = ListPropertiesResponse(properties=found[:size])
        if len(found) > size:
            page.next_page_token = page_token_behind(found[size - 1].name)
        return page.SerializeToString()

    async def update(self, request: bytes, call: Call) -> bytes:
        """Return the bytes of the changed property.

        Raises:
            InvalidRequest: names every field that is wrong.
            NotFound: nobody created it.
            TryAgain: it is not stored, or not known to be.
        """
        asked = parsed(UpdatePropertyRequest, request)
        current = self._existing(asked.property.name, "property.name", call)
        call.log["fields"] = list(asked.update_mask.paths)[:10]
        return await self._stored(changed_property(current, asked, self._clock.now()))

    def _existing(self, name: str, field: str, call: Call) -> Property:
        call.log["property"] = property_id = parse_property(name, field)
        return existing(self._registry, property_id)

    async def _stored(self, found: Property) -> bytes:
        record = found.SerializeToString()
        await self._registry.put(found.name, record)
        return record


def existing(registry: Registry, property_id: str) -> Property:
    """Return a property.

    Raises:
        NotFound: nobody created it.
    """
    found = registry.register.property(property_id)
    if found is None:
        raise NotFound(f"There is no property {property_id}; `CreateProperty` makes it.")
    return found


def parsed(kind: type[M], request: bytes) -> M:
    """Return a request.

    Raises:
        InvalidRequest: it is none.
    """
    try:
        return kind.FromString(request)
    except DecodeError:
        raise InvalidRequest.of("", f"The request is not a {kind.DESCRIPTOR.full_name} in protobuf.") from None
