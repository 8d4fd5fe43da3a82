"""Tells `on_error` of what is found only after a batch was answered OK."""

import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from footfall.error_stream import ErrorStream
from footfall.failures import FootfallError, HistoryLostError
from footfall.settlement import Settlement
from footfall.spool.folder import SpoolFolder

log = logging.getLogger("footfall")

STAGES = ("DEDUPE", "PROCESSING")
"""What the other stages find is in the answers."""
LEEWAY = timedelta(minutes=1)
"""How far the clocks may differ without an error of the first batches being missed; the writer is nobody else's."""
JOIN_SECONDS = 5.0


class LateErrors:
    """A thread that follows the errors of one writer until its client is closed."""

    def __init__(
        self,
        errors: Callable[..., ErrorStream],
        writer_id: str,
        folder: SpoolFolder | None,
        settlement: Settlement,
    ) -> None:
        """Follow nothing yet.

        Args:
            errors: `Client.errors`.
            writer_id: whose.
            folder: keeps up to where it came, if there is a spool.
            settlement: is told of each error.
        """
        self._errors = errors
        self._writer_id = writer_id
        self._folder = folder
        self._settlement = settlement
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Follow from now on; once."""
        if self._thread is None:
            with self._starting:
                if self._thread is None:
                    self._thread = threading.Thread(target=self._run, name="footfall-errors", daemon=True)
                    self._thread.start()

    def join(self) -> None:
        """Wait for the end, when the client is closed."""
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(JOIN_SECONDS)

    def _run(self) -> None:
        try:
            with self._errors(**begin(self._folder, self._writer_id), on_gap=log_gap) as stream:
                for error in stream:
                    self._settlement.found_late(error)
                    keep_token(self._folder, stream.resume_token)
                keep_token(self._folder, stream.resume_token)
        except FootfallError as failure:
            log.warning("late errors are not followed any more: %s", failure)
        except Exception:  # what gRPC raises for a channel that was closed meanwhile
            log.debug("late errors are not followed any more", exc_info=True)


def begin(folder: SpoolFolder | None, writer_id: str) -> dict[str, object]:
    """Return which errors to follow: behind the last ones, or from about now."""
    token = folder.errors_token() if folder else ""
    since = None if token else datetime.now(UTC) - LEEWAY
    # each of them is somebody's loss, and they are no more than the client's own batches
    wanted = {"writer_id": writer_id, "stages": STAGES, "every_error": True}
    return {**wanted, "resume_token": token, "since": since}


def keep_token(folder: SpoolFolder | None, token: str) -> None:
    """Keep up to where errors were told."""
    if folder is not None and token:
        folder.keep_errors_token(token)


def log_gap(failure: HistoryLostError) -> None:
    """Say that some errors were missed."""
    log.warning("some errors of earlier batches can no longer be told of one by one: %s", failure)
