"""Quix Streams as a part of a process: it ends when the process is told to, and says what it has failed of."""

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from quixstreams import Application

from footfall_adapters.kafka.membership import Membership
from footfall_adapters.kafka.state_ends import StateEnds
from footfall_adapters.kafka.stream_failures import told_apart
from footfall_core.streams import StreamBroken

REQUEST_SECONDS = 10.0
"""How long Kafka may take to say something of topics; so long a SIGTERM may have to wait."""

STOP_AGAIN_SECONDS = 0.2
"""Quix Streams forgets that it was told to stop before it had started; so it is told until it ends."""


class ToldApplication(Application):
    """An application that ends once when `stop` is set, and sets it when a signal tells it to end.

    Args:
        stop: of the whole process.
        settings: those of Quix Streams.
    """

    def __init__(self, stop: threading.Event, **settings: Any) -> None:
        self._told = stop
        self._failure: BaseException | None = None
        self._lost = False
        self.has_ended = False
        super().__init__(request_timeout=REQUEST_SECONDS, **settings)
        self._state_ends = StateEnds(self._consumer, settings["broker_address"], REQUEST_SECONDS)
        self._consumer.get_watermark_offsets = self._state_ends.get_watermark_offsets  # type: ignore[method-assign]

    def stop(self, fail: bool = False) -> None:
        """End; called by Quix Streams as well, whatever has ended it."""
        self.has_ended = True
        if fail:
            # the first error: what fails behind it, while Quix Streams takes itself apart, says less
            self._failure = self._failure or sys.exception()
        super().stop(fail)

    def _on_sigterm(self, *about: Any) -> None:
        self._told.set()
        super()._on_sigterm(*about)  # type: ignore[no-untyped-call]

    def _on_sigint(self, *about: Any) -> None:
        self._told.set()
        super()._on_sigint(*about)  # type: ignore[no-untyped-call]

    def run_until_told(self, membership: Membership) -> None:
        """Process until the process is told to end; call it once, in the main thread.

        Args:
            membership: of the consumer; one that is lost ends it too, since it would read nothing for ever.

        Raises:
            StreamBroken, StreamUnmendableError: see `footfall_core.streams.Stream`.
        """
        try:
            with self.errors_told_apart(), self._stopped_when_told(membership), _signals_restored():
                self.run()
            if self._lost:
                raise StreamBroken("lost", "The consumer was no member of its group any more, and did not come back.")
        finally:
            self.has_ended = True
            self._state_ends.close()

    def errors_told_apart(self) -> AbstractContextManager[None]:
        """Have an error in the block say whether another application can take this one's place."""
        return told_apart(lambda: self._failure)

    @contextmanager
    def _stopped_when_told(self, membership: Membership) -> Iterator[None]:
        ended = threading.Event()

        def tell() -> None:
            while not ended.wait(STOP_AGAIN_SECONDS):
                if self._told.is_set():
                    self.stop()
                elif self._lost or (not self.has_ended and membership.is_lost()):  # one that is closed is not asked
                    self._lost = True
                    self.stop()

        thread = threading.Thread(target=tell, name="stopping", daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()


@contextmanager
def _signals_restored() -> Iterator[None]:
    """Have the process handle its signals again behind the block: Quix Streams leaves its own handlers behind."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
