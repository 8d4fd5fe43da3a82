"""What a request needs to be let in, read off its bytes before a handler sees them.

Its handler parses the whole request, so here only the fields that matter are: the rest stays bytes, and costs no more
than copying. Both read by the same rules of protobuf: of a field that stands there twice the last one counts.
"""

from collections.abc import Callable, Set
from dataclasses import dataclass
from typing import TypeVar

from google.protobuf.message import DecodeError, Message

from footfall.v1 import admin_pb2, ingest_pb2
from footfall_core.access.grant import EVERY_PROPERTY, OPERATORS
from footfall_core.access.property_rules import FOR_OPERATORS
from footfall_core.access.scopes import Scope
from footfall_core.problems import InvalidRequest
from footfall_core.properties import PREFIX, parse_property
from footfall_core.wire.access_pb2 import Addressed, AddressedBatch
from footfall_core.wire.raw_pb2 import StreamedBatch


@dataclass(frozen=True, slots=True)
class Need:
    """What a key must have for one request."""

    scopes: frozenset[Scope]
    """All of these."""
    property_id: str
    """The property that it must open; `EVERY_PROPERTY`: it must be an operator's."""
    operators: bool = False
    """Whether it must be an operator's although it is about one property."""
    though_suspended: bool = False
    """Whether it is allowed for a property that is suspended."""


M = TypeVar("M", bound=Message)

NeedOf = Callable[[bytes], Need]
"""Returns what the bytes of a request need.

Raises:
    InvalidRequest: they are no such request, or name no property. So nothing that was not looked at gets further.
"""


def about(scope: Scope | Set[Scope], request: type[Message]) -> NeedOf:
    """Return the need of a request whose first field is `properties/{id}`: one scope, or several."""
    field = _first_field(request)
    scopes = frozenset({scope} if isinstance(scope, Scope) else scope)

    def need(data: bytes) -> Need:
        return Need(scopes, parse_property(_parsed(Addressed, data, request).name, field))

    return need


def of_batch(data: bytes) -> Need:
    """Return the need of a `WriteEventsRequest`."""
    batch = _parsed(AddressedBatch, data, ingest_pb2.WriteEventsRequest)
    scopes = {Scope.WRITE, Scope.IMPORT} if batch.historical_import else {Scope.WRITE}
    return Need(frozenset(scopes), parse_property(batch.property))


def of_streamed_batch(data: bytes) -> Need:
    """Return the need of a `StreamEventsRequest`."""
    return of_batch(_parsed(StreamedBatch, data, ingest_pb2.StreamEventsRequest).batch)


def of_administration(request: type[Message]) -> NeedOf:
    """Return the need of a request whose first field is the name of a property, or of one of its keys.

    `properties/-` stands for all of them, and so for operators.
    """
    field = _first_field(request)

    def need(data: bytes) -> Need:
        return _administrative(owner_of(_parsed(Addressed, data, request).name, field))

    return need


def of_operators(_: bytes) -> Need:
    """Return the need of what only operators may do."""
    return _administrative(EVERY_PROPERTY)


def of_update(data: bytes) -> Need:
    """Return the need of an `UpdatePropertyRequest`: some of its fields are for operators."""
    request = _parsed(admin_pb2.UpdatePropertyRequest, data, admin_pb2.UpdatePropertyRequest)
    property_id = parse_property(request.property.name, "property.name")
    return _administrative(property_id, operators=not FOR_OPERATORS.isdisjoint(request.update_mask.paths))


def owner_of(name: str, field: str) -> str:
    """Return the id of the property that a name begins with; `EVERY_PROPERTY` for `properties/-`.

    Raises:
        InvalidRequest: it begins with none.
    """
    owner, slash, kind = name.removeprefix(PREFIX).partition("/")
    if name.startswith(PREFIX) and owner == OPERATORS and (not slash or kind.startswith("keys/")):
        return EVERY_PROPERTY
    return parse_property(PREFIX + owner if name.startswith(PREFIX) else name, field)


def _administrative(property_id: str, *, operators: bool = False) -> Need:
    return Need(frozenset({Scope.ADMIN}), property_id, operators, though_suspended=True)


def _first_field(request: type[Message]) -> str:
    first = request.DESCRIPTOR.fields_by_number[1]
    assert first.type == first.TYPE_STRING, f"{request.DESCRIPTOR.full_name} does not begin with a name"
    return str(first.name)


def _parsed(kind: type[M], data: bytes, request: type[Message]) -> M:
    try:
        return kind.FromString(data)
    except DecodeError:
        raise InvalidRequest.of("", f"The request is not a {request.DESCRIPTOR.full_name} in protobuf.") from None
