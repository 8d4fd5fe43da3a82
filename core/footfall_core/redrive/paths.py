"""The parts of an event that a repair may name: fields that hold a text or a number, and parameters. Pure.

Values are read and set as `google.protobuf.Value`, which is what parameters are.
"""

from dataclasses import dataclass

from google.protobuf.struct_pb2 import Value

from footfall.v1.event_pb2 import Event
from footfall_core.problems import InvalidRequest
from footfall_core.validation.mistakes import INVALID, Mistake
from footfall_core.validation.names import TYPED_FIELDS, param_name_mistake

PARAMS = "params."

IDS = frozenset({"event_id", "client_id", "user_id", "session_id", "transaction_id"})
"""Fields of which one value for many events would make one of many."""

FIELDS = ("name", "page_location", "page_referrer", "page_title", "user_agent", "language", "currency", "value")
"""The others that a repair may name. Times, addresses and items stay as they were."""

_NUMBERS = frozenset({"value"})

KINDS = {"string_value": "a string", "number_value": "a number", "bool_value": "a boolean"}
"""What a parameter may hold, by the name in `Value`."""

_OTHER_KINDS = {None: "nothing", "null_value": "null", "struct_value": "an object", "list_value": "a list"}


@dataclass(frozen=True, slots=True)
class Field:
    """A field of the event."""

    name: str

    @property
    def path(self) -> str:
        """As a verdict names it."""
        return self.name

    @property
    def kind(self) -> str:
        """The one kind of `Value` that it takes."""
        return "number_value" if self.name in _NUMBERS else "string_value"

    def get(self, event: Event) -> Value | None:
        """Return its value, or None if the event lacks it."""
        if not _is_set(event, self.name):
            return None
        value = getattr(event, self.name)
        return Value(number_value=value) if self.name in _NUMBERS else Value(string_value=value)

    def put(self, event: Event, value: Value) -> Mistake | None:
        """Set it; return what is wrong with the value."""
        if (kind := value.WhichOneof("kind")) != self.kind:
            sentence = f"The repair would put {kind_name(kind)} here; allowed is {KINDS[self.kind]}. Cast it before."
            return Mistake(self.path, INVALID, sentence)
        setattr(event, self.name, getattr(value, self.kind))
        return None

    def clear(self, event: Event) -> None:
        """Have the event lack it."""
        event.ClearField(self.name)


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of the event."""

    name: str

    @property
    def path(self) -> str:
        """As a verdict names it."""
        return f"params[{self.name[:80]}]"

    def get(self, event: Event) -> Value | None:
        """Return its value, or None if the event lacks it."""
        return event.params.get(self.name)

    def put(self, event: Event, value: Value) -> Mistake | None:
        """Set it; what is wrong with the value is validation's to say."""
        event.params[self.name].CopyFrom(value)
        return None

    def clear(self, event: Event) -> None:
        """Have the event lack it."""
        del event.params[self.name]


Path = Field | Parameter


def path_of(text: str, where: str) -> Path:
    """Return the part of an event that a path names.

    Args:
        text: the path.
        where: the request's field that it stands in, for the mistake.

    Raises:
        InvalidRequest: it names none that a repair may change.
    """
    if text.startswith(PARAMS) and len(text) > len(PARAMS):
        return Parameter(text.removeprefix(PARAMS))
    if text in IDS or text in FIELDS:
        return Field(text)
    allowed = f"params.NAME and the fields {', '.join((*FIELDS, *sorted(IDS)))}"
    if text in TYPED_FIELDS:
        raise InvalidRequest.of(where, f"{text!r} stays as it was sent; a repair may name {allowed}.")
    raise InvalidRequest.of(where, f"{text[:80]!r} is no path in an event; allowed are {allowed}.")


def target_of(text: str, where: str) -> Path:
    """Return the part of an event that a repair may give a value to.

    Raises:
        InvalidRequest: it is none, or a parameter may not have this name.
    """
    path = path_of(text, where)
    if isinstance(path, Parameter) and (wrong := param_name_mistake(path.name)):
        raise InvalidRequest.of(where, wrong[1])
    return path


def kind_name(kind: str | None) -> str:
    """Return what a value holds, as the middle of a sentence."""
    return KINDS.get(kind or "") or _OTHER_KINDS[kind]


def _is_set(event: Event, name: str) -> bool:
    optional = name in ("value", "transaction_id")
    return event.HasField(name) if optional else bool(getattr(event, name))
