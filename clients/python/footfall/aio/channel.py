"""The connection to a Footfall gateway or server; for asyncio."""

import grpc.aio

from footfall.channel import Certificates, parse_endpoint


def open_channel(endpoint: str, *, root_certificates: Certificates | None = None) -> grpc.aio.Channel:
    """Return a channel to an endpoint, to be made and used on one loop; see `footfall.channel.open_channel`.

    Raises:
        ValueError: the endpoint is not of that form, or the certificates are none, or there is no use for them.
        OSError: their file cannot be read.
    """
    address = parse_endpoint(endpoint, root_certificates)
    if address.credentials is None:
        return grpc.aio.insecure_channel(address.target, address.options)
    return grpc.aio.secure_channel(address.target, address.credentials, address.options)
