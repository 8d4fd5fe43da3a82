"""Where Footfall is: the option, else the environment, else what runs on this machine."""

import os
from pathlib import Path

import click
import grpc

from footfall.channel import open_channel, parse_endpoint
from footfall.client import Client
from footfall.key import find_key as known_key
from footfall.retry import RetryPolicy
from footfall_cli.terminal import EXIT_UNREACHABLE, EXIT_WRONG_USE, Failure

VARIABLE = "FOOTFALL_ENDPOINT"
KEY = "FOOTFALL_KEY"
KEY_OPTION = "footfall.key"
"""Where `--key` is kept while a command runs."""
CA_FILE = "FOOTFALL_CA_FILE"
"""Names a file of root certificates, for a gateway that signed its certificate itself."""
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
        endpoint = local_endpoint()
    if endpoint is None:
        raise Failure(
            "no Footfall runs on this machine; start one with footfall serve --embedded or footfall up, or set "
            f"{VARIABLE} or --endpoint.",
            EXIT_UNREACHABLE,
        )
    try:
        parse_endpoint(endpoint)
    except ValueError as error:
        raise click.UsageError(f"{source}: {error}.") from None
    return endpoint


def find_key(endpoint: str) -> str:
    """Return the key to call an endpoint with: the option, else the environment, else this machine's own; or nothing.

    Only what runs on this machine is ever sent the development key.

    Raises:
        Failure: it cannot be a key.
    """
    context = click.get_current_context(silent=True)
    for source, key in (("--key", context.meta.get(KEY_OPTION) if context else None), (KEY, os.environ.get(KEY))):
        if key:
            try:
                return known_key(key)
            except ValueError as error:
                raise Failure(f"{source}: {error}.", EXIT_WRONG_USE) from None
    return development_key(endpoint)


def root_certificates(endpoint: str) -> bytes | None:
    """Return the root certificates that the environment names; None if it names none, or the endpoint is plain text.

    Raises:
        Failure: they cannot be read, or are none.
    """
    name = os.environ.get(CA_FILE)
    if not name or not endpoint.startswith("https://"):
        return None
    try:
        certificates = Path(name).read_bytes()
        parse_endpoint(endpoint, certificates)
    except OSError as error:
        raise Failure(f"{CA_FILE}: {name}: {(error.strerror or str(error)).lower()}.", EXIT_WRONG_USE) from None
    except ValueError as error:
        raise Failure(f"{CA_FILE}: {name}: {error}.", EXIT_WRONG_USE) from None
    return certificates


def open_client(endpoint: str, property_id: str, *, retries: RetryPolicy | None = None) -> Client:
    """Return a client that trusts the root certificates that the environment names.

    Raises:
        Failure: they cannot be read.
    """
    return Client(
        endpoint,
        property_id,
        key=find_key(endpoint),
        root_certificates=root_certificates(endpoint),
        retries=retries,
    )


def open_keyed_channel(endpoint: str) -> grpc.Channel:
    """Return a channel with the key and the root certificates that were found for an endpoint.

    Raises:
        Failure: they cannot be used.
    """
    return open_channel(endpoint, key=find_key(endpoint), root_certificates=root_certificates(endpoint))


def connect(client: Client) -> None:
    """Connect, so that a wrong address is said at once and not after minutes of retries.

    Raises:
        GivenUpError: nobody answers.
    """
    client.connect(CONNECT_SECONDS)


def local_endpoint() -> str | None:
    """Return the address of what runs on this machine: the stack, else the embedded process; None if neither does."""
    # imported here, because it takes longer than all else that a report needs
    from footfall_local.embedded.folder import DataFolder
    from footfall_local.home import find_home
    from footfall_local.stack import Stack

    home = find_home(Path.cwd()).folder
    stack = Stack(home)
    return stack.addresses.get("grpc") if stack.is_up() else DataFolder(home / "embedded").running_at()


def development_key(endpoint: str | None = None) -> str:
    """Return the development key of what runs on this machine at an endpoint; nothing if none does.

    Args:
        endpoint: where; None: whatever `local_endpoint` finds.
    """
    from footfall_local.embedded.folder import DataFolder
    from footfall_local.home import find_home
    from footfall_local.stack import Stack

    home = find_home(Path.cwd())
    stack, data = Stack(home.folder), DataFolder(home.folder / "embedded")
    wanted = endpoint or local_endpoint()
    if wanted is not None and stack.is_up() and wanted in stack.addresses.values():
        return home.keys.read_development_key()
    return data.keys.read_development_key() if wanted is not None and wanted == data.running_at() else ""
