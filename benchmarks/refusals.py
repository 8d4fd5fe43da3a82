"""How a benchmark ends when a server does not do what it asks for."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import grpc


@contextmanager
def refusals_said() -> Iterator[None]:
    """End with the server's sentence: a missing key, or an address where nobody is, is no mistake of a benchmark."""
    try:
        yield
    except grpc.RpcError as error:
        sys.exit(f"{error.code().name}: {error.details()}")
