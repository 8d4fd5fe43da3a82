"""Puts the error server together."""

from collections.abc import Mapping
from contextlib import AsyncExitStack

from footfall_adapters.environment import read_settings
from footfall_adapters.kafka.error_feed import ErrorFeedSettings, KafkaErrorFeed
from footfall_adapters.kafka.settings import KafkaSettings
from footfall_core.clock import SystemClock
from footfall_server.errors.stream_errors import ErrorServerSettings, StreamErrors
from footfall_server.hosts.call import Kind, Route


async def routes(stack: AsyncExitStack, variables: Mapping[str, str]) -> list[Route]:
    """Return the routes of the error server; what they need is closed with `stack`."""
    kafka, feed_settings, settings = read_settings(variables, KafkaSettings, ErrorFeedSettings, ErrorServerSettings)
    clock = SystemClock()
    feed = await stack.enter_async_context(KafkaErrorFeed(kafka, feed_settings, clock))
    handler = StreamErrors(feed, settings, clock)
    return [Route("/footfall.v1.ErrorService/StreamErrors", handler, Kind.SERVER_STREAM)]
