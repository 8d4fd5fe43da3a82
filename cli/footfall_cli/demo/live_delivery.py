"""Sends events as they happen, until Ctrl-C."""

import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext

from rich.console import Console

from footfall.client import Client
from footfall.results import Loss
from footfall.retry import RetryPolicy
from footfall_cli.demo.arrivals import Arrival
from footfall_cli.demo.figures import Figures, number_of
from footfall_cli.demo.live import live_arrivals
from footfall_cli.demo.settings import Demo
from footfall_cli.endpoint import find_key, root_certificates
from footfall_cli.replay.sending import sleep_until
from footfall_cli.terminal import say

_GIVE_UP_SECONDS = 120.0
"""How long to retry a batch."""


class Losses:
    """Tells losses that were meant from those that were not; its `tell` is a client's `on_error`."""

    def __init__(self) -> None:
        self._codes: dict[str, str] = {}
        """With which code each event under way is to be refused, by event id; the good ones are not in it."""
        self.refused = 0
        """Events that were refused as they should be."""
        self.lost = 0
        """Events that were not stored and should have been."""

    def expect(self, arrival: Arrival) -> None:
        """Remember how an event is to be refused, before it is sent."""
        if arrival.code:
            self._codes[arrival.event.event_id] = arrival.code

    def tell(self, loss: Loss) -> None:
        """Count what was lost, and say what should not have been. Runs on the client's thread."""
        meant = sum(self._codes.pop(event.event_id, "") == loss.code for event in loss.events)
        self.refused += meant
        if unmeant := len(loss.events) - meant:
            self.lost += unmeant
            say(f"{unmeant:,} events not stored: {loss.code} {loss.field} {loss.message}")


class Live:
    """A demo that goes on."""

    def __init__(self, track: Callable[[Arrival], None], start_micros: int, shown: Callable[[str], None]) -> None:
        """Send nothing yet.

        Args:
            track: sends an event soon.
            start_micros: the instant that is now, Unix time in microseconds.
            shown: told what was sent so far, every now and then.
        """
        self._track = track
        self._start_micros = start_micros
        self._started = time.monotonic()
        self._shown = shown
        self.figures = Figures()

    def run(self, arrivals: Iterator[Arrival]) -> None:
        """Send each event when it is due."""
        for arrival in arrivals:
            sleep_until(self._started + (arrival.at_micros - self._start_micros) / 1_000_000)
            self._track(arrival)
            self.figures.add(arrival)
            self._shown(self.summary())

    def summary(self) -> str:
        """Return what was sent so far."""
        figures, seconds = self.figures, time.monotonic() - self._started
        sent = figures.good + figures.all_broken
        return f"live for {seconds:,.0f} s: {number_of(sent, 'event')} sent, {number_of(figures.purchases, 'purchase')}"


def go_on(address: str, property_id: str, demo: Demo, rate: float) -> None:
    """Send visits as they happen, and say in the end what was sent; see `live_arrivals` for the arguments.

    Raises:
        KeyboardInterrupt: Ctrl-C, after what was under way was given ten seconds; there is no other end.
    """
    losses, start = Losses(), time.time_ns() // 1000
    client = Client(
        address,
        property_id,
        key=find_key(address),
        root_certificates=root_certificates(address),
        retries=RetryPolicy(give_up_after_seconds=_GIVE_UP_SECONDS),
        on_error=losses.tell,
    )
    console = Console(stderr=True)
    status = console.status("live") if console.is_terminal else None

    def track(arrival: Arrival) -> None:
        losses.expect(arrival)
        client.track_event(arrival.event)

    live = Live(track, start, status.update if status else lambda _: None)
    try:
        with client, status or nullcontext():
            live.run(live_arrivals(demo, start, rate))
    finally:
        lost = f", {losses.lost:,} lost" if losses.lost else ""
        say(f"{live.summary()}, {losses.refused:,} refused as they should be{lost}")
