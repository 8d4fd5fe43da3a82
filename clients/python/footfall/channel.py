"""The connection to a Footfall gateway or server."""

import re

import grpc

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


def open_channel(endpoint: str) -> grpc.Channel:
    """Return a channel to an endpoint; it connects when it is first used.

    Args:
        endpoint: `host:port` or `http://host:port` for plain text, `https://host:port` for TLS.

    Raises:
        ValueError: it is not of that form.
    """
    target = endpoint.removeprefix("http://").removeprefix("https://").removesuffix("/")
    found = _ADDRESS.fullmatch(target)
    if found is None or not 0 < int(found["port"]) < 65536:
        raise ValueError(f"{endpoint!r} is not an address; allowed are host:port and https://host:port")
    options = list(OPTIONS)
    if _LOOPBACK.fullmatch(found["host"]):
        # gRPC obeys http_proxy even for the machine itself
        options.append(("grpc.enable_http_proxy", 0))
    if endpoint.startswith("https://"):
        return grpc.secure_channel(target, grpc.ssl_channel_credentials(), options)
    return grpc.insecure_channel(target, options)
