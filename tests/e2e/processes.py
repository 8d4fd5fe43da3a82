"""The processes of the running stack, as tests see and disturb them."""

import json
import os
import signal
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TypeVar

from footfall_local.stack import Stack

DEADLINE_S = 60.0
INGEST_SERVERS = ("ingest-1", "ingest-2")

T = TypeVar("T")


def wait_for(what: str, found: Callable[[], T | None], seconds: float = DEADLINE_S, pause: float = 0.05) -> T:
    """Ask until there is an answer."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if (answer := found()) is not None:
            return answer
        time.sleep(pause)
    raise AssertionError(f"{what}: not within {seconds} s")


def process_of(stack: Stack, name: str) -> int:
    report = stack.report()
    assert report is not None
    (part,) = (part for part in report.parts if part.name == name)
    assert part.process is not None
    return part.process.pid


def restarts_of(stack: Stack, name: str) -> int:
    report = stack.report()
    assert report is not None
    return next(part.restarts for part in report.parts if part.name == name)


def has_requests_in_flight(stack: Stack, server: str) -> bool:
    """Return whether a server has requests in flight, as the gateway sees it."""
    with urllib.request.urlopen(f"http://{stack.addresses['gateway_admin']}/clusters?format=json") as answer:
        clusters = json.load(answer)["cluster_statuses"]
    port = int(stack.addresses[server].rsplit(":", 1)[1])
    (host,) = (
        host
        for cluster in clusters
        for host in cluster.get("host_statuses", [])
        if host["address"]["socket_address"]["port_value"] == port
    )
    return any(stat["name"] == "rq_active" and int(stat.get("value", 0)) > 0 for stat in host["stats"])


def received_bytes(stack: Stack) -> int:
    """Return how much clients have sent to the gateway since it was started."""
    name = "http.gateway.downstream_cx_rx_bytes_total"
    with urllib.request.urlopen(f"http://{stack.addresses['gateway_admin']}/stats?format=json&filter={name}") as answer:
        (stat,) = json.load(answer)["stats"]
    return int(stat["value"])


def busy_server(stack: Stack) -> str | None:
    """Return the ingest server that has the stream, as the gateway sees it; the gateway chose it, so a test can't."""
    return next((server for server in INGEST_SERVERS if has_requests_in_flight(stack, server)), None)


@contextmanager
def frozen(stack: Stack, part: str) -> Iterator[int]:
    """Stop a part from doing anything at all, connections included, while it still exists; its process id."""
    pid = process_of(stack, part)
    os.kill(pid, signal.SIGSTOP)
    try:
        yield pid
    finally:
        with suppress(ProcessLookupError):  # it was killed meanwhile
            os.kill(pid, signal.SIGCONT)
