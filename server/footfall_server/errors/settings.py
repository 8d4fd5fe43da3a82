"""How the error server answers."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ErrorServerSettings:
    """How the error server streams and answers."""

    heartbeat_seconds: float = 15.0
    """Seconds without another message after which a heartbeat is sent; less than any proxy's idle time-out."""
    count_seconds: float = 1.0
    """Seconds after which errors that are counted instead of pushed are told at the latest."""
    drain_streams_a_second: float = 1_000.0
    """How many streams a second are ended when the server stops: their clients come to another server at that pace."""
    drain_seconds: float = 5.0
    """How long ending them all may take; less than the host's own `drain_seconds`."""
    max_seconds: float = 30.0
    """How long an answer may take whose caller sets no deadline, or a later one."""
    margin_seconds: float = 0.25
    """How long before the caller's deadline an answer is given up, at most a tenth of the time there is: the caller
    gets a sentence then, instead of its own library's time-out."""
    redrives_at_once: int = 2
    """Redrives of a property that may be under way on one server; beyond, its callers are told to try again. 0 is no
    limit."""
    payloads_at_once: int = 8
    """Looks at one error of a property that may read its payload at the same time on one server: below what may wait
    there altogether, so that one property does not fill it. 0 is no limit."""
