"""`contextlib.closing`, for blocks on an event loop."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol, TypeVar


class Closes(Protocol):
    def close(self) -> None: ...


T = TypeVar("T", bound=Closes)


@asynccontextmanager
async def closed_at_the_end(thing: T) -> AsyncIterator[T]:
    try:
        yield thing
    finally:
        thing.close()
