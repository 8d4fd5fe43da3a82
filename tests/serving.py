"""Serves routes from a thread with an event loop of its own, for tests that call them as clients do."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import AsyncExitStack, contextmanager

from footfall_server.hosts.call import Route
from footfall_server.hosts.grpc_aio import HostSettings, Server
from tests.gates import everybody


@contextmanager
def served(routes: Callable[[AsyncExitStack], Awaitable[Sequence[Route]]]) -> Iterator[int]:
    """Serve until the block ends, and yield the port; `routes` starts what they need on the loop that serves them."""
    port: Future[int] = Future()
    loop, stop = asyncio.new_event_loop(), asyncio.Event()

    async def serve() -> None:
        async with AsyncExitStack() as stack:
            server = Server(await routes(stack), HostSettings(unready_seconds=0, drain_seconds=1), everybody)
            port.set_result(await server.start())
            stack.push_async_callback(server.drain)
            await stop.wait()

    def run() -> None:
        try:
            with asyncio.Runner(loop_factory=lambda: loop) as runner:
                runner.run(serve())
        except Exception as error:
            if port.done():
                raise
            port.set_exception(error)

    thread = threading.Thread(target=run, name="server")
    thread.start()
    try:
        yield port.result(30)
    finally:
        if thread.is_alive():
            loop.call_soon_threadsafe(stop.set)
        thread.join(30)
        assert not thread.is_alive()
