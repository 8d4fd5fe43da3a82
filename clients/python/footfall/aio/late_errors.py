"""Tells `on_error` of what is found only after a batch was answered OK; for asyncio."""

import asyncio
import logging
from collections.abc import Callable

from footfall.aio.error_stream import ErrorStream
from footfall.failures import FootfallError
from footfall.late_errors import begin, keep_token, log_gap
from footfall.settlement import Settlement
from footfall.spool.folder import SpoolFolder

log = logging.getLogger("footfall")


class LateErrors:
    """A task that follows the errors of one writer until it is stopped; see `footfall.late_errors.LateErrors`."""

    def __init__(
        self,
        errors: Callable[..., ErrorStream],
        writer_id: str,
        folder: SpoolFolder | None,
        settlement: Settlement,
    ) -> None:
        """Follow nothing yet."""
        self._errors = errors
        self._writer_id = writer_id
        self._folder = folder
        self._settlement = settlement
        self._token = ""
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Follow from now on; once."""
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="footfall-errors")

    async def stop(self) -> None:
        """End it."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _run(self) -> None:
        try:
            following = self._errors(**begin(self._folder, self._writer_id), on_gap=log_gap)
        except RuntimeError:
            return  # the client was closed before this came to its turn
        try:
            async with following as stream:
                try:
                    async for error in stream:
                        self._settlement.found_late(error)
                        await asyncio.to_thread(keep_token, self._folder, stream.resume_token)
                finally:
                    keep_token(self._folder, stream.resume_token)
        except FootfallError as failure:
            log.warning("late errors are not followed any more: %s", failure)
