"""The client library of Footfall: send events, read reports, follow errors.

`footfall.v1` holds the generated contracts. Consumers and the core import those and never open a channel, so the
names below are loaded when they are first used, and gRPC with them.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from footfall.batches import BatchPolicy as BatchPolicy
    from footfall.client import Client as Client
    from footfall.failures import FootfallError as FootfallError
    from footfall.failures import GivenUpError as GivenUpError
    from footfall.failures import RefusedError as RefusedError
    from footfall.results import Loss as Loss
    from footfall.results import Outcome as Outcome
    from footfall.results import Report as Report
    from footfall.retry import RetryPolicy as RetryPolicy
    from footfall.writer import Writer as Writer

_HOMES = {
    "BatchPolicy": "footfall.batches",
    "Client": "footfall.client",
    "FootfallError": "footfall.failures",
    "GivenUpError": "footfall.failures",
    "Loss": "footfall.results",
    "Outcome": "footfall.results",
    "RefusedError": "footfall.failures",
    "Report": "footfall.results",
    "RetryPolicy": "footfall.retry",
    "Writer": "footfall.writer",
}


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
