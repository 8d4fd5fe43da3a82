"""The client library of Footfall: send events, read reports, follow errors.

`footfall.v1` holds the generated contracts. Consumers and the core import those and never open a channel, so the
names below are loaded when they are first used, and gRPC with them. `footfall.aio` is the client for asyncio.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from footfall import ecommerce as ecommerce
    from footfall import filters as filters
    from footfall.client import Client as Client
    from footfall.error_list import ErrorCount as ErrorCount
    from footfall.error_list import ErrorList as ErrorList
    from footfall.error_list import ErrorWithPayload as ErrorWithPayload
    from footfall.error_stream import ErrorStream as ErrorStream
    from footfall.failures import FootfallError as FootfallError
    from footfall.failures import GivenUpError as GivenUpError
    from footfall.failures import HistoryLostError as HistoryLostError
    from footfall.failures import RefusedError as RefusedError
    from footfall.failures import SpoolError as SpoolError
    from footfall.gathering import BatchPolicy as BatchPolicy
    from footfall.left_out import LeftOut as LeftOut
    from footfall.metadata import Metadata as Metadata
    from footfall.outbox import StreamPolicy as StreamPolicy
    from footfall.report import Report as Report
    from footfall.results import Loss as Loss
    from footfall.results import Outcome as Outcome
    from footfall.retry import RetryPolicy as RetryPolicy
    from footfall.spool.policy import SpoolPolicy as SpoolPolicy
    from footfall.statistics import Statistics as Statistics
    from footfall.stream_writer import StreamWriter as StreamWriter
    from footfall.v1.event_pb2 import Event as Event
    from footfall.v1.event_pb2 import Item as Item
    from footfall.writer import Writer as Writer

_HOMES = {
    "BatchPolicy": "footfall.gathering",
    "Client": "footfall.client",
    "ErrorCount": "footfall.error_list",
    "ErrorList": "footfall.error_list",
    "ErrorStream": "footfall.error_stream",
    "ErrorWithPayload": "footfall.error_list",
    "Event": "footfall.v1.event_pb2",
    "FootfallError": "footfall.failures",
    "GivenUpError": "footfall.failures",
    "HistoryLostError": "footfall.failures",
    "Item": "footfall.v1.event_pb2",
    "LeftOut": "footfall.left_out",
    "Loss": "footfall.results",
    "Metadata": "footfall.metadata",
    "Outcome": "footfall.results",
    "RefusedError": "footfall.failures",
    "Report": "footfall.report",
    "RetryPolicy": "footfall.retry",
    "SpoolError": "footfall.failures",
    "SpoolPolicy": "footfall.spool.policy",
    "Statistics": "footfall.statistics",
    "StreamPolicy": "footfall.outbox",
    "StreamWriter": "footfall.stream_writer",
    "Writer": "footfall.writer",
}
_MODULES = ("ecommerce", "filters")


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    if name in _MODULES:
        return import_module(f"footfall.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES, *_MODULES})
