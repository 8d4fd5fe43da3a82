"""Processes as they are known across restarts of whoever watches them: an id alone may have been given away."""

import contextlib
import os
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass

import psutil

SAME_START_S = 1.0
"""Start times are worked out from the machine's clock, so two readings differ a little when that was corrected."""

POLL_S = 0.05


@dataclass(frozen=True)
class Identity:
    """One process, and no later one with the same id."""

    pid: int
    created: float
    """When it was started, in Unix seconds."""


def identify(pid: int) -> Identity | None:
    """Return the identity of a running process, or None if there is none with this id."""
    try:
        return Identity(pid=pid, created=psutil.Process(pid).create_time())
    except psutil.NoSuchProcess:
        return None


def is_running(identity: Identity) -> bool:
    """Say whether this very process runs. One that ended and was not yet reaped does not."""
    try:
        process = psutil.Process(identity.pid)
        same = abs(process.create_time() - identity.created) < SAME_START_S
        return same and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def send(identity: Identity, number: signal.Signals) -> None:
    """Send a signal to this very process, if it runs."""
    if is_running(identity):
        with contextlib.suppress(ProcessLookupError):
            os.kill(identity.pid, number)


def kill_group(identity: Identity) -> None:
    """Kill a process that leads its group, and all of the group."""
    if is_running(identity):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(identity.pid, signal.SIGKILL)


def end(identities: Sequence[Identity], *, drain_s: float) -> None:
    """End processes: all are asked at once, and those that still run after `drain_s` seconds are killed."""
    for identity in identities:
        send(identity, signal.SIGTERM)
    if not wait_gone(identities, drain_s):
        for identity in identities:
            kill_group(identity)
        wait_gone(identities, drain_s)


def wait_gone(identities: Sequence[Identity], timeout_s: float) -> bool:
    """Wait until none of the processes runs; False if one still does after `timeout_s` seconds."""
    deadline = time.monotonic() + timeout_s
    while any(is_running(identity) for identity in identities):
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_S)
    return True
