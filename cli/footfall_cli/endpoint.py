"""Where Footfall is: the option, else the environment, else the stack that runs on this machine."""

import os
from pathlib import Path

import click

from footfall.channel import open_channel
from footfall.client import Client
from footfall_cli.terminal import EXIT_UNREACHABLE, Failure

VARIABLE = "FOOTFALL_ENDPOINT"
CONNECT_SECONDS = 3.0
"""How long a command waits for somebody to answer before it says that nobody does."""


def find_endpoint(option: str | None) -> str:
    """Return the endpoint to call.

    Raises:
        Failure: there is none, or it is no address.
    """
    source, endpoint = "--endpoint", option
    if endpoint is None:
        source, endpoint = VARIABLE, os.environ.get(VARIABLE) or None
    if endpoint is None:
        endpoint = _local_stack()
    if endpoint is None:
        raise Failure(
            f"no Footfall runs on this machine; start one with footfall up, or set {VARIABLE} or --endpoint.",
            EXIT_UNREACHABLE,
        )
    try:
        open_channel(endpoint).close()
    except ValueError as error:
        raise click.UsageError(f"{source}: {error}.") from None
    return endpoint


def connect(client: Client) -> None:
    """Connect, so that a wrong address is said at once and not after minutes of retries.

    Raises:
        GivenUpError: nobody answers.
    """
    client.connect(CONNECT_SECONDS)


def _local_stack() -> str | None:
    """Return the gateway's address of the running stack, None if none runs."""
    # imported here, because it takes longer than all else that a report needs
    from footfall_local.home import find_home
    from footfall_local.stack import Stack

    stack = Stack(find_home(Path.cwd()).folder)
    return stack.addresses.get("grpc") if stack.is_up() else None
