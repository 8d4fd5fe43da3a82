"""Chooses the loopback ports of a stack, once for all of its parts."""

import random
import socket
from collections.abc import Iterable, Mapping

from footfall_local.problems import PortTakenError
from footfall_local.settings import variable_of

LOOPBACK = "127.0.0.1"

# Below the ports that Linux, macOS and Windows lend to outgoing connections: one of those could take a port in the
# moment in which its part is being started again.
LOWEST, HIGHEST = 15_000, 32_000

ATTEMPTS = 1_000


def is_free(port: int) -> bool:
    """Say whether a server could listen on this loopback port now."""
    with socket.socket() as listener:
        # as servers do it, so that connections of an earlier server that linger do not count
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def choose_ports(
    listeners: Iterable[str], *, wanted: Mapping[str, int], last: Mapping[str, int], chance: random.Random
) -> dict[str, int]:
    """Give every listener a port of its own.

    Args:
        listeners: what needs a port.
        wanted: ports that are set; they are taken, or it is an error.
        last: ports of the last start, used again if they are still free: clients keep their addresses then.
        chance: where new ports come from.

    Raises:
        PortTakenError: a port that is set is in use, or set twice.
    """
    chosen: dict[str, int] = {}
    names = list(listeners)
    for name in names:
        if name not in wanted:
            continue
        port = wanted[name]
        if not is_free(port):
            raise PortTakenError(
                f"Port {port} is taken by another process: free it, or set {variable_of(name)} to another one."
            )
        if port in chosen.values():
            raise PortTakenError(f"Port {port} is set twice: set {variable_of(name)} to another one.")
        chosen[name] = port
    for name in names:
        if name not in chosen:
            chosen[name] = _free_port(last.get(name), taken=set(chosen.values()), chance=chance)
    return chosen


def _free_port(last: int | None, *, taken: set[int], chance: random.Random) -> int:
    if last is not None and last not in taken and is_free(last):
        return last
    for _ in range(ATTEMPTS):
        port = chance.randrange(LOWEST, HIGHEST)
        if port not in taken and is_free(port):
            return port
    raise PortTakenError(f"No free port was found between {LOWEST} and {HIGHEST}.")
