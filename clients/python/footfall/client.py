"""The client: sends events in the background, reads reports, follows errors."""

import atexit
import os
from collections.abc import Mapping
from datetime import datetime
from os import PathLike
from pathlib import Path
from typing import Self, Unpack

import grpc

from footfall.batches import Batches
from footfall.channel import Certificates, open_channel
from footfall.delivery import Delivery
from footfall.discard_reports import DiscardReports
from footfall.discards import Discards
from footfall.error_calls import ErrorCalls
from footfall.events import EventFields, ParamValue, make_event
from footfall.failures import GivenUpError
from footfall.gathering import BatchPolicy
from footfall.late_errors import LateErrors
from footfall.losses import OnError, log_loss
from footfall.outbox import StreamPolicy
from footfall.properties import check_property_id
from footfall.report_calls import ReportCalls
from footfall.retry import RetryPolicy
from footfall.settlement import Settlement
from footfall.sigterm import flush_at_sigterm, forget_at_sigterm
from footfall.spool.folder import SpoolFolder
from footfall.spool.policy import SpoolPolicy
from footfall.spool.spool import Spool
from footfall.spooled_batches import SpooledBatches
from footfall.statistics import Statistics, Tally
from footfall.stream_writer import StreamWriter
from footfall.v1.event_pb2 import Event


class Client(ReportCalls, ErrorCalls):
    """One property of one Footfall. Safe to use from several threads; make it after a fork, not before.

        with Client("127.0.0.1:8080", "my-shop") as client:
            client.track("page_view", client_id=visitor, page_location="https://shop.example/")

    Opens no connection and starts no thread before it is used. Close it, or use it as a context manager: otherwise
    the last events have only the few seconds that the end of a program leaves them.
    `footfall.aio.Client` is the same for asyncio.
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
        flush_on_sigterm: bool = True,
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
            flush_on_sigterm: a SIGTERM that would just end the process gives its events five seconds first. Only if the
                client is made on the main thread, and while the program handles SIGTERM in no way itself.
            on_error: gets every event that is rejected in the answer, or given up; called on a sending thread, so it
                should return soon. By default it is logged as an error by the logger `footfall`.

        Raises:
            ValueError: the endpoint, the property id, the key or the certificates are not of that form.
            OSError: the certificates' file cannot be read.
            SpoolError: the spool cannot be opened, and why.
        """
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
        # now and not with the first event, so that what the program registers later comes before this
        atexit.register(self._end_with_program)
        if flush_on_sigterm:
            flush_at_sigterm(self._end_with_program)

    def connect(self, timeout: float = 5.0) -> None:
        """Connect now, and not only when the client is first used; for programs that want to fail early.

        Raises:
            GivenUpError: nobody answers.
            RuntimeError: the client is closed, or was made before a fork.
        """
        self._check_open()
        try:
            grpc.channel_ready_future(self._channel).result(timeout)
        except grpc.FutureTimeoutError:
            raise GivenUpError("NOT_CONNECTED", f"nobody answered within {timeout:g} s.") from None

    def track(
        self,
        name: str,
        *,
        client_id: str,
        timestamp: datetime | int | None = None,
        params: Mapping[str, ParamValue] | None = None,
        **fields: Unpack[EventFields],
    ) -> None:
        """Take an event, to be sent soon with others.

        Blocks while too many events wait (see `BatchPolicy.when_full`). What the server rejects goes to `on_error`.
        With a spool the event is kept when this returns, and counts once whatever happens to the process.

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
            RuntimeError: the client is closed, was made before a fork, or this is `on_error`.
            SpoolError: the spool's disk did not take the event.
        """
        try:
            event = make_event(name, client_id=client_id, timestamp=timestamp, params=params, **fields)
        except (TypeError, ValueError):
            self._settlement.could_not_make()
            raise
        self.track_event(event)

    def track_event(self, event: Event) -> None:
        """Take an event that was made before, for example by `footfall.ecommerce`; see `track`.

        Raises:
            RuntimeError: the client is closed, was made before a fork, or this is `on_error`.
            SpoolError: the spool's disk did not take the event.
        """
        self._check_place()
        self._delivery.add(event)
        if self._late:
            self._late.start()

    def flush(self, timeout: float | None = None) -> bool:
        """Send what was tracked so far; return whether in time all of it was stored, or handed to `on_error`.

        With a spool that is also what earlier runs left.
        """
        self._check_place()
        return self._delivery.flush(timeout)

    def close(self, timeout: float | None = 10.0) -> None:
        """Give what was tracked `timeout` seconds (None: as long as it takes), then hand the rest to `on_error`.

        With a spool the rest stays there instead. In a forked child this does nothing: the parent's events are its own.
        """
        if not self._closed.is_set() and os.getpid() == self._process:
            self._check_place()
            self._closed.set()
            atexit.unregister(self._end_with_program)
            forget_at_sigterm(self._end_with_program)
            self._delivery.close(timeout)
            if self._reports:
                self._reports.close()
            self._channel.close()
            if self._late:
                self._late.join()
            self._delivery.release()

    def statistics(self) -> Statistics:
        """Return what became of all events so far, in numbers; those that the client itself dropped among them."""
        self._check_process()  # a lock that a thread of the parent held is never released in a child
        return self._tally.statistics(self._delivery.held_bytes)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _batches(
        self, batching: BatchPolicy, path: str | PathLike[str] | None, spooling: SpoolPolicy
    ) -> tuple[Batches | SpooledBatches, SpoolFolder | None]:
        """Return what gathers the events, and the spool's folder if there is one."""
        if path is None:
            return Batches(batching), None
        folder = SpoolFolder(Path(path), self._property_id)
        return SpooledBatches(Spool(folder, batching, spooling), batching, spooling), folder

    def _end_with_program(self) -> None:
        """Do what can be done for a client that nobody closed; in a forked child nothing, as `close`."""
        if os.getpid() == self._process:
            self._delivery.flush_at_exit()
            if self._reports:
                self._reports.close()

    def _check_place(self) -> None:
        self._check_process()
        if self._settlement.is_telling:
            raise RuntimeError("on_error must not call track, flush or close: they may wait for on_error to return")
