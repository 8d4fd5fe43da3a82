"""The connection to a Footfall gateway or server; for asyncio."""

import grpc.aio

from footfall.aio.key import keyed
from footfall.channel import Certificates, parse_endpoint
from footfall.key import find_key


def open_channel(
    endpoint: str, *, key: str | None = None, root_certificates: Certificates | None = None
) -> grpc.aio.Channel:
    """Return a channel to an endpoint, to be made and used on one loop; see `footfall.channel.open_channel`.

    Raises:
        ValueError: the endpoint is not of that form, the key cannot be one, or the certificates are none, or there is
            no use for them.
        OSError: their file cannot be read.
    """
    found = find_key(key)
    address = parse_endpoint(endpoint, root_certificates)
    if address.credentials is None:
        return keyed(grpc.aio.insecure_channel(address.target, address.options), found)
    return keyed(grpc.aio.secure_channel(address.target, address.credentials, address.options), found)
