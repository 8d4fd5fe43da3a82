"""The client for asyncio: sends events in the background, reads reports, follows errors."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from os import PathLike
from pathlib import Path
from typing import Self, Unpack

from footfall.aio.batches import Batches
from footfall.aio.channel import open_channel
from footfall.aio.delivery import Delivery
from footfall.aio.discard_reports import DiscardReports
from footfall.aio.error_calls import ErrorCalls
from footfall.aio.late_errors import LateErrors
from footfall.aio.report_calls import ReportCalls
from footfall.aio.spooled_batches import SpooledBatches
from footfall.aio.stream_writer import StreamWriter
from footfall.channel import Certificates
from footfall.discards import Discards
from footfall.events import EventFields, ParamValue, make_event
from footfall.failures import GivenUpError
from footfall.gathering import BatchPolicy
from footfall.losses import OnError, log_loss
from footfall.outbox import StreamPolicy
from footfall.properties import check_property_id
from footfall.retry import RetryPolicy
from footfall.settlement import Settlement
from footfall.spool.folder import SpoolFolder
from footfall.spool.policy import SpoolPolicy
from footfall.spool.spool import Spool
from footfall.statistics import Statistics, Tally
from footfall.v1.event_pb2 import Event


class Client(ReportCalls, ErrorCalls):
    """One property of one Footfall, on one event loop; what `footfall.Client` is for threads.

        async with Client("127.0.0.1:8080", "my-shop") as client:
            await client.track("page_view", client_id=visitor, page_location="https://shop.example/")

    Make it where a loop runs. Opens no connection and starts no task before it is used. Close it, or use it as a
    context manager: what was tracked and not sent is lost with the loop otherwise.
    """

    def __init__(
        self,
        endpoint: str,
        property_id: str,
        *,
        key: str | None = None,
        root_certificates: Certificates | None = None,
        streaming: bool = True,
        batching: BatchPolicy | None = None,
        under_way: StreamPolicy | None = None,
        retries: RetryPolicy | None = None,
        spool: str | PathLike[str] | None = None,
        spooling: SpoolPolicy | None = None,
        late_errors: bool = True,
        report_discards: bool = True,
        on_error: OnError = log_loss,
    ) -> None:
        """Connect to nothing yet.

        Args:
            endpoint: `host:port` in plain text, or `https://host:port`.
            property_id: `[a-z0-9][a-z0-9-]{0,62}`.
            key: what opens the property; None means the one in the environment variable `FOOTFALL_KEY`. With the scope
                `write` alone, leave `late_errors` off.
            root_certificates: whose signatures to trust, in PEM form, as bytes or as a file's path; None means those
                that gRPC brings along.
            streaming: False sends each batch by a call of its own, one after the other, instead of all over a stream.
            batching: when a batch is complete, and how much may wait.
            under_way: how many batches may be under way at once.
            retries: how patiently calls are tried again.
            spool: a folder that keeps events until they are settled, so that each counts once although the process
                dies; made if there is none. One client at a time, of one property. None keeps them in memory.
            spooling: what the spool promises, and how much it holds.
            late_errors: tells `on_error` also of what is found only after a batch was answered OK, by following the
                error stream of this client's own batches; False saves that stream.
            report_discards: tells the server how many events the client dropped itself, and why, so that they are in
                the property's errors; in the background, at most once in five seconds, and once more at the end.
            on_error: gets every event that is rejected in the answer, or given up; called on the loop, so it must not
                block. By default it is logged as an error by the logger `footfall`.

        Raises:
            RuntimeError: no event loop runs.
            ValueError: the endpoint, the property id, the key or the certificates are not of that form.
            OSError: the certificates' file cannot be read.
            SpoolError: the spool cannot be opened, and why. This alone reads and writes the disk while the loop waits.
        """
        asyncio.get_running_loop()  # gRPC would take one that never runs
        check_property_id(property_id)
        retries = retries or RetryPolicy()
        self._channel = open_channel(endpoint, key=key, root_certificates=root_certificates)
        super().__init__(self._channel, property_id, retries)
        batching = batching or BatchPolicy()
        batches, folder = self._batches(batching, spool, spooling or SpoolPolicy())
        writer = StreamWriter(
            self._channel,
            property_id,
            writer_id=folder.writer_id if folder else None,
            streaming=streaming,
            policy=under_way,
            retries=retries,
        )
        self.writer_id = writer.writer_id
        """Names this client's batches in errors: one run of it, or its spool for good."""
        self._tally = Tally()
        discards = Discards(property_id, self.writer_id)
        self._reports = DiscardReports(self._channel, discards, retries) if report_discards else None
        self._settlement = Settlement(on_error, self._tally, discards)
        self._delivery = Delivery(writer, batches, self._settlement, retries.give_up_after_seconds)
        self._late = LateErrors(self.errors, self.writer_id, folder, self._settlement) if late_errors else None
        if self._late and batches.starts_with_work:
            self._late.start()

    async def connect(self, timeout: float = 5.0) -> None:
        """Connect now, and not only when the client is first used; for programs that want to fail early.

        Raises:
            GivenUpError: nobody answers.
            RuntimeError: the client is closed.
        """
        self._check_open()
        try:
            await asyncio.wait_for(self._channel.channel_ready(), timeout)
        except TimeoutError:
            raise GivenUpError("NOT_CONNECTED", f"nobody answered within {timeout:g} s.") from None

    async def track(
        self,
        name: str,
        *,
        client_id: str,
        timestamp: datetime | int | None = None,
        params: Mapping[str, ParamValue] | None = None,
        **fields: Unpack[EventFields],
    ) -> None:
        """Take an event, to be sent soon with others.

        Waits while too many events do (see `BatchPolicy.when_full`). What the server rejects goes to `on_error`. With a
        spool the event is kept when this returns, and counts once whatever happens to the process; if it is cancelled,
        it may be kept or not.

        Args:
            name: what happened, for example `page_view` or `purchase`.
            client_id: the browser, app or till.
            timestamp: an aware datetime or Unix time in microseconds; None means now.
            params: further parameters: strings, numbers, booleans.
            **fields: `event_id`, `user_id`, `session_id`, `page_location`, `page_referrer`, `page_title`,
                `user_agent`, `ip_override`, `language`, `currency`, `value`, `transaction_id`, `items`.

        Raises:
            TypeError: a value is of the wrong type, or there is no such field.
            ValueError: a value could not be sent by anyone: not finite, not exact, no valid text.
            RuntimeError: the client is closed.
            SpoolError: the spool's disk did not take the event.
        """
        try:
            event = make_event(name, client_id=client_id, timestamp=timestamp, params=params, **fields)
        except (TypeError, ValueError):
            self._settlement.could_not_make()
            raise
        await self.track_event(event)

    async def track_event(self, event: Event) -> None:
        """Take an event that was made before, for example by `footfall.ecommerce`; see `track`.

        Raises:
            RuntimeError: the client is closed.
            SpoolError: the spool's disk did not take the event.
        """
        await self._delivery.add(event)
        if self._late:
            self._late.start()

    async def flush(self, timeout: float | None = None) -> bool:
        """Send what was tracked so far; return whether in time all of it was stored, or handed to `on_error`.

        With a spool that is also what earlier runs left.
        """
        return await self._delivery.flush(timeout)

    async def close(self, timeout: float | None = 10.0) -> None:
        """Give what was tracked `timeout` seconds (None: as long as it takes), then hand the rest to `on_error`.

        With a spool the rest stays there instead.
        """
        if not self._closed.is_set():
            self._closed.set()
            await self._delivery.close(timeout)
            if self._reports:
                await self._reports.close()
            if self._late:
                await self._late.stop()
            await self._channel.close()
            await self._delivery.release()

    def statistics(self) -> Statistics:
        """Return what became of all events so far, in numbers; those that the client itself dropped among them."""
        return self._tally.statistics(self._delivery.held_bytes)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def _batches(
        self, batching: BatchPolicy, path: str | PathLike[str] | None, spooling: SpoolPolicy
    ) -> tuple[Batches | SpooledBatches, SpoolFolder | None]:
        """Return what gathers the events, and the spool's folder if there is one."""
        if path is None:
            return Batches(batching), None
        folder = SpoolFolder(Path(path), self._property_id)
        return SpooledBatches(Spool(folder, batching, spooling), batching, spooling), folder
