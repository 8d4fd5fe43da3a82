"""The connection to a Footfall gateway or server."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import grpc

from footfall.key import find_key, keyed

OPTIONS: tuple[tuple[str, int | str], ...] = (
    # the server limits requests and says so in a sentence; answers are limited by what was asked for
    ("grpc.max_send_message_length", -1),
    ("grpc.max_receive_message_length", -1),
    # a stream of errors may be silent for long; gRPC would stop after two pings, and proxies drop what is silent
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.http2.max_pings_without_data", 0),
    # gRPC's default grows to two minutes, long after a server that rolled over is back
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 500),
    ("grpc.max_reconnect_backoff_ms", 3_000),
    ("grpc.primary_user_agent", "footfall-python"),
)

_ADDRESS = re.compile(r"(?P<host>\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+):(?P<port>[0-9]{1,5})")
_LOOPBACK = re.compile(r"localhost|127\.[0-9.]+|\[::1\]")


Certificates = bytes | str | PathLike[str]
"""Root certificates in PEM form: their bytes, or the path of a file."""


@dataclass(frozen=True, slots=True)
class Address:
    """An endpoint taken apart: what a channel of any kind is opened with."""

    target: str
    """`host:port`."""
    credentials: grpc.ChannelCredentials | None
    """None for plain text."""
    options: Sequence[tuple[str, Any]]


def open_channel(
    endpoint: str, *, key: str | None = None, root_certificates: Certificates | None = None
) -> grpc.Channel:
    """Return a channel to an endpoint; it connects when it is first used.

    Args:
        endpoint: `host:port` or `http://host:port` for plain text, `https://host:port` for TLS.
        key: is sent with every call; None means the one in the environment variable `FOOTFALL_KEY`. In plain text it
            can be read on the way.
        root_certificates: whose signatures to trust, in PEM form, as bytes or as a file's path; None means those that
            gRPC brings along. For a gateway that signed its certificate itself.

    Raises:
        ValueError: the endpoint is not of that form, the key cannot be one, or the certificates are none, or there is
            no use for them.
        OSError: their file cannot be read.
    """
    found = find_key(key)
    address = parse_endpoint(endpoint, root_certificates)
    if address.credentials is None:
        return keyed(grpc.insecure_channel(address.target, address.options), found)
    return keyed(grpc.secure_channel(address.target, address.credentials, address.options), found)


def parse_endpoint(endpoint: str, root_certificates: Certificates | None = None) -> Address:
    """Return what a channel is opened with; see `open_channel`.

    Raises:
        ValueError: the endpoint is not of that form, or the certificates are none, or there is no use for them.
        OSError: their file cannot be read.
    """
    target = endpoint.removeprefix("http://").removeprefix("https://").removesuffix("/")
    found = _ADDRESS.fullmatch(target)
    if found is None or not 0 < int(found["port"]) < 65536:
        raise ValueError(f"{endpoint!r} is not an address; allowed are host:port and https://host:port")
    options = list(OPTIONS)
    if _LOOPBACK.fullmatch(found["host"]):
        # gRPC obeys http_proxy even for the machine itself
        options.append(("grpc.enable_http_proxy", 0))
    if not endpoint.startswith("https://"):
        if root_certificates is not None:
            raise ValueError(f"{endpoint!r} is plain text and has no use for root certificates; write https://")
        return Address(target, None, options)
    return Address(target, grpc.ssl_channel_credentials(_pem(root_certificates)), options)


def _pem(certificates: Certificates | None) -> bytes | None:
    if certificates is None:
        return None
    pem = certificates if isinstance(certificates, bytes) else Path(certificates).read_bytes()
    if b"-----BEGIN CERTIFICATE-----" not in pem:
        # gRPC would log a line and then never connect
        raise ValueError("the root certificates hold no certificate in PEM form (-----BEGIN CERTIFICATE-----)")
    return pem
