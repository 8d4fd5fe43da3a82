"""What a handler sees of its call. Handlers do not know their host: bytes and a `Call` in, bytes or a status out."""

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum

from footfall_core.access.needs import NeedOf
from footfall_core.problems import Problem
from footfall_server.hosts.draining import Draining
from footfall_server.hosts.permit import Permit
from footfall_server.hosts.rights import NEEDS


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a method."""

    method: str
    """Full name, `/footfall.v1.IngestService/WriteEvents`."""
    metadata: Mapping[str, str]
    """The text metadata, names in lower case; of several values the last."""
    peer_address: str
    """Address of the client as the gateway reports it, else that of the connection; empty if unknown."""
    time_remaining: Callable[[], float | None]
    """Seconds until the caller's deadline, never negative; None without one."""
    draining: Draining
    """Set when the server is about to stop: a stream should end, with a status that says so."""
    permit: Permit
    """What the caller may do, and the property that the request is about."""
    log: dict[str, object] = field(default_factory=dict)
    """What the handler adds to the call's one log line."""
    trailers: dict[str, str] = field(default_factory=dict)
    """What the handler tells beside its answer or its status: sent behind it, names in lower case."""

    @property
    def user_agent(self) -> str:
        """The user agent that the caller stated, else that of its gRPC library."""
        return self.metadata.get("x-forwarded-user-agent") or self.metadata.get("user-agent", "")


UnaryHandler = Callable[[bytes, Call], Awaitable[bytes]]
"""Takes the bytes of a request and returns those of the answer, or raises a `Problem`."""

StreamHandler = Callable[[bytes, Call], AsyncGenerator[bytes, None]]
"""Takes the bytes of a request and yields those of the answers, or raises a `Problem`."""


@dataclass(frozen=True, slots=True)
class Denied:
    """A message of a stream that its caller may not send. It stands where bytes would, so no handler can miss it."""

    message: bytes
    """What was sent, to find the place for the refusal and for nothing else."""
    problem: Problem
    """Why."""


Message = bytes | Denied
"""One message of a stream of requests."""

BidiStreamHandler = Callable[[AsyncIterator[Message], Call], AsyncGenerator[bytes, None]]
"""Takes the messages of requests as they come and yields the bytes of the answers, or raises a `Problem`.

Flow control is the handler's and its host's together: a message is taken from the network when the handler asks for
it, and the handler is resumed after a `yield` when the network has taken the answer. The messages end when the client
has half-closed the stream. They are asked for by one task at a time, which may be cancelled.
"""


class Kind(Enum):
    """How many messages go which way."""

    UNARY = "unary"
    SERVER_STREAM = "server stream"
    BIDI_STREAM = "bidirectional stream"


def never() -> bool:
    """Return that calls can be served."""
    return False


@dataclass(frozen=True, slots=True)
class Route:
    """A method and its handler."""

    method: str
    """Full name, `/footfall.v1.IngestService/WriteEvents`."""
    handler: UnaryHandler | StreamHandler | BidiStreamHandler
    kind: Kind = Kind.UNARY
    needs: NeedOf | None = None
    """What each of its requests needs to get to the handler; None: what `NEEDS` says of the method."""
    in_vain: Callable[[], bool] = never
    """Says whether hardly any of its calls can be served at the moment, because what they need is away. Then most are
    told to try again before their requests are read."""

    @property
    def need_of(self) -> NeedOf:
        """What each of its requests needs; a `KeyError` for a method of which nobody has said it."""
        return self.needs or NEEDS[self.method]

    @property
    def service(self) -> str:
        """Name of the service, `footfall.v1.IngestService`."""
        return self.method.split("/")[1]
