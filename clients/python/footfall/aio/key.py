"""The key that every call is sent with; for asyncio."""

from functools import partial
from typing import Any

import grpc.aio

from footfall.key import metadata_of


def keyed(channel: grpc.aio.Channel, key: str) -> grpc.aio.Channel:
    """Return a channel whose calls are all sent with a key."""
    return _Keyed(channel, key) if key else channel


class _Keyed(grpc.aio.Channel):
    """Adds the key to the metadata of each call.

    The interceptors of `grpc.aio` put calls of their own in the place of the real ones, which end in other ways when a
    stream is cancelled or fails: so its methods are called with one argument more instead.
    """

    def __init__(self, channel: grpc.aio.Channel, key: str) -> None:
        self._channel = channel
        self._metadata = metadata_of(key)

    def unary_unary(self, *arguments: Any, **more: Any) -> Any:
        return partial(self._channel.unary_unary(*arguments, **more), metadata=self._metadata)

    def unary_stream(self, *arguments: Any, **more: Any) -> Any:
        return partial(self._channel.unary_stream(*arguments, **more), metadata=self._metadata)

    def stream_unary(self, *arguments: Any, **more: Any) -> Any:
        return partial(self._channel.stream_unary(*arguments, **more), metadata=self._metadata)

    def stream_stream(self, *arguments: Any, **more: Any) -> Any:
        return partial(self._channel.stream_stream(*arguments, **more), metadata=self._metadata)

    async def close(self, grace: float | None = None) -> None:
        await self._channel.close(grace)

    def get_state(self, try_to_connect: bool = False) -> grpc.ChannelConnectivity:
        return self._channel.get_state(try_to_connect)

    async def wait_for_state_change(self, last_observed_state: grpc.ChannelConnectivity) -> None:
        await self._channel.wait_for_state_change(last_observed_state)

    async def channel_ready(self) -> None:
        await self._channel.channel_ready()

    async def __aenter__(self) -> "_Keyed":
        await self._channel.__aenter__()
        return self

    async def __aexit__(self, *exception: Any) -> None:
        await self._channel.__aexit__(*exception)
