"""The client: sends events in the background, reads reports, follows errors."""

import os
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from os import PathLike
from pathlib import Path
from typing import Any, Self, Unpack

import grpc

from footfall.batches import Batches
from footfall.channel import Certificates, open_channel
from footfall.delivery import Delivery
from footfall.error_list import ErrorList, ErrorWithPayload, get_request, list_request, read_error
from footfall.error_position import ErrorPosition, error_filter
from footfall.error_stream import ErrorStream
from footfall.events import EventFields, ParamValue, make_event
from footfall.failures import GivenUpError
from footfall.filters import Filter
from footfall.gathering import BatchPolicy
from footfall.late_errors import LateErrors
from footfall.losses import OnError, log_loss
from footfall.metadata import Metadata, metadata_request, read_metadata
from footfall.outbox import StreamPolicy
from footfall.properties import check_property_id
from footfall.reconnecting import OnGap, OnReconnect, Reconnecting
from footfall.report import Report
from footfall.reports import Day, Days, read_report, report_request
from footfall.retry import RetryPolicy, call_with_retries
from footfall.sigterm import flush_at_sigterm
from footfall.spool.folder import SpoolFolder
from footfall.spool.policy import SpoolPolicy
from footfall.spool.spool import Spool
from footfall.spooled_batches import SpooledBatches
from footfall.statistics import Statistics, Tally
from footfall.stream_writer import StreamWriter
from footfall.v1.errors_pb2_grpc import ErrorServiceStub
from footfall.v1.event_pb2 import Event
from footfall.v1.query_pb2 import FilterExpression
from footfall.v1.query_pb2_grpc import QueryServiceStub


class Client:
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
            flush_on_sigterm: a SIGTERM that would just end the process gives its events five seconds first. Only if the
                client is made on the main thread, and while the program handles SIGTERM in no way itself.
            on_error: gets every event that is rejected in the answer, or given up; called on a sending thread, so it
                should return soon. By default it is logged as an error by the logger `footfall`.

        Raises:
            ValueError: the endpoint, the property id, the key or the certificates are not of that form.
            OSError: the certificates' file cannot be read.
            SpoolError: the spool cannot be opened, and why.
        """
        self._process = os.getpid()
        self._property_id = check_property_id(property_id)
        self._retries = retries or RetryPolicy()
        self._channel = open_channel(endpoint, key=key, root_certificates=root_certificates)
        self._closed = threading.Event()
        # the generated stubs carry no types
        self._queries = QueryServiceStub(self._channel)  # type: ignore[no-untyped-call]
        self._errors = ErrorServiceStub(self._channel)  # type: ignore[no-untyped-call]
        batching = batching or BatchPolicy()
        batches, folder = self._batches(batching, spool, spooling or SpoolPolicy())
        writer = StreamWriter(
            self._channel,
            property_id,
            writer_id=folder.writer_id if folder else None,
            streaming=streaming,
            policy=under_way,
            retries=self._retries,
        )
        self.writer_id = writer.writer_id
        """Names this client's batches in errors: one run of it, or its spool for good."""
        self._tally = Tally()
        self._delivery = Delivery(writer, batches, on_error, self._tally, self._retries.give_up_after_seconds)
        self._late = LateErrors(self.errors, self.writer_id, folder, on_error, self._tally) if late_errors else None
        if self._late and batches.starts_with_work:
            self._late.start()
        if flush_on_sigterm:
            flush_at_sigterm(self._delivery.flush_at_exit)

    def connect(self, timeout: float = 5.0) -> None:
        """Connect now, and not only when the client is first used; for programs that want to fail early.

        Raises:
            GivenUpError: nobody answers.
        """
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
            RuntimeError: the client is closed, or was made before a fork.
            SpoolError: the spool's disk did not take the event.
        """
        self.track_event(make_event(name, client_id=client_id, timestamp=timestamp, params=params, **fields))

    def track_event(self, event: Event) -> None:
        """Take an event that was made before, for example by `footfall.ecommerce`; see `track`.

        Raises:
            RuntimeError: the client is closed, or was made before a fork.
            SpoolError: the spool's disk did not take the event.
        """
        self._check_process()
        self._delivery.add(event)
        if self._late:
            self._late.start()

    def flush(self, timeout: float | None = None) -> bool:
        """Send what was tracked so far; return whether in time all of it was stored, or handed to `on_error`.

        With a spool that is also what earlier runs left.
        """
        self._check_process()
        return self._delivery.flush(timeout)

    def close(self, timeout: float | None = 10.0) -> None:
        """Give what was tracked `timeout` seconds (None: as long as it takes), then hand the rest to `on_error`.

        With a spool the rest stays there instead. In a forked child this does nothing: the parent's events are its own.
        """
        if not self._closed.is_set() and os.getpid() == self._process:
            self._closed.set()
            self._delivery.close(timeout)
            self._channel.close()
            if self._late:
                self._late.join()
            self._delivery.release()

    def statistics(self) -> Statistics:
        """Return what became of all events so far, in numbers; those that the client itself dropped among them."""
        return self._tally.statistics(self._delivery.held_bytes)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def report(
        self,
        dimensions: Sequence[str],
        metrics: Sequence[str],
        start: Day | None = None,
        end: Day | None = None,
        *,
        date_ranges: Sequence[Days] = (),
        dimension_filter: Filter | FilterExpression | None = None,
        metric_filter: Filter | FilterExpression | None = None,
        order_by: Sequence[str] = (),
        offset: int = 0,
        limit: int = 0,
        time_zone: str = "",
        include_bots: bool = False,
        currency_code: str = "",
        min_data_complete_until: datetime | None = None,
        timeout: float = 30.0,
    ) -> Report:
        """Return a report.

        Args:
            dimensions: names to group by, for example `date` or `pagePath`.
            metrics: names to compute, for example `eventCount` or `totalUsers`.
            start: the first day: a date, `YYYY-MM-DD`, `today`, `yesterday` or `NdaysAgo`, in the report's time zone.
            end: the last day, in the same forms; it counts too.
            date_ranges: several ranges instead, each `(start, end)` or `(start, end, name)`. The dimension `dateRange`
                tells the rows of each.
            dimension_filter: keeps the events that match; see `footfall.filters`.
            metric_filter: keeps the rows that match, after aggregation; totals are those of all rows.
            order_by: names of dimensions and metrics, with `-` before it the largest first.
            offset: rows to skip.
            limit: rows to answer; 0 means 10,000.
            time_zone: name of the IANA data base; empty means UTC.
            include_bots: counts known crawlers too.
            currency_code: restricts amounts to this currency.
            min_data_complete_until: no cached answer that is complete for less; for reading one's own writes.
            timeout: seconds for all attempts together.

        Raises:
            RefusedError: the server refuses the report, and says why.
            GivenUpError: it could not be had in time.
            TypeError: an argument is of the wrong type.
            ValueError: days are missing or given twice, or `order_by` names what is not in the report.
        """
        request = report_request(
            self._property_id,
            dimensions,
            metrics,
            start,
            end,
            date_ranges=date_ranges,
            dimension_filter=dimension_filter,
            metric_filter=metric_filter,
            order_by=order_by,
            offset=offset,
            limit=limit,
            time_zone=time_zone,
            include_bots=include_bots,
            currency_code=currency_code,
            min_data_complete_until=min_data_complete_until,
        )
        return read_report(self._ask(self._queries.RunReport, request, timeout))

    def metadata(self, *, timeout: float = 30.0) -> Metadata:
        """Return the dimensions and metrics that a report may ask for, with their definitions.

        Raises:
            RefusedError: the server refuses to say.
            GivenUpError: it could not be had within `timeout` seconds.
        """
        return read_metadata(self._ask(self._queries.GetMetadata, metadata_request(self._property_id), timeout))

    def errors(
        self,
        since: datetime | None = None,
        *,
        resume_token: str = "",
        stages: Iterable[str] = (),
        codes: Iterable[str] = (),
        writer_id: str = "",
        follow: bool = True,
        silence_seconds: float = 60.0,
        on_gap: OnGap | None = None,
        on_reconnect: OnReconnect | None = None,
    ) -> ErrorStream:
        """Return an iterator over the property's errors as they are recorded, each once.

        It goes on through lost connections until the client is closed. Its `resume_token` begins a later one behind
        the error handed over last.

        Args:
            since: an aware datetime; None means from now on.
            resume_token: begins where an earlier iterator with the same filter was, instead.
            stages: only errors found by these, for example `VALIDATION`; empty means all.
            codes: only errors of these kinds, for example `NAME_INVALID`; empty means all.
            writer_id: only errors of this writer.
            follow: False ends when all errors recorded until now have been told.
            silence_seconds: a stream on which nothing comes for so long, not even a heartbeat, is opened anew.
            on_gap: is told if the token is older than the history that is kept, so that errors were missed; the
                iterator then goes on from the earliest. Without it that raises `HistoryLostError`.
            on_reconnect: is told why a stream ended, before the next one is opened.

        Raises:
            HistoryLostError: as said above, while iterating.
            RefusedError: the server refuses the stream, while iterating.
            GivenUpError: the server could not be reached for the policy's time, while iterating.
            TypeError: one string where a list belongs.
            ValueError: the time has no zone, a token is given too, or there is no such stage or code.
        """
        self._check_process()
        position = ErrorPosition(self._property_id, since, resume_token, error_filter(stages, codes, writer_id))
        reconnecting = Reconnecting(
            self._retries,
            follow=follow,
            silence_seconds=silence_seconds,
            on_gap=on_gap,
            on_reconnect=on_reconnect,
            now=time.monotonic(),
        )
        return ErrorStream(self._errors.StreamErrors, position, reconnecting, follow=follow, pause=self._closed.wait)

    def list_errors(
        self,
        start: datetime | None = None,
        end: datetime | None = None,
        *,
        stages: Iterable[str] = (),
        codes: Iterable[str] = (),
        writer_id: str = "",
        page_size: int = 0,
        timeout: float = 30.0,
    ) -> ErrorList:
        """Count the property's errors by hour, stage and code, and list them, newest first.

        The counts are there at once; an iteration asks for further pages as it comes to them.

        Args:
            start: the first instant, an aware datetime; None means 24 hours before the end.
            end: the instant after the last; None means now.
            stages: only errors found by these, for example `VALIDATION`; empty means all.
            codes: only errors of these kinds, for example `NAME_INVALID`; empty means all.
            writer_id: only errors of this writer.
            page_size: errors a page, at most 1,000; 0 means 100.
            timeout: seconds a page.

        Raises:
            RefusedError: the server refuses the list.
            GivenUpError: a page could not be had in time.
            TypeError: one string where a list belongs.
            ValueError: a time has no zone, or there is no such stage or code.
        """
        request = list_request(
            *(self._property_id, start, end),
            stages=stages,
            codes=codes,
            writer_id=writer_id,
            page_size=page_size,
        )

        def ask(request: Any) -> Any:
            return self._ask(self._errors.ListErrors, request, timeout)

        return ErrorList(request, ask(request), ask)

    def get_error(self, error_id: str, *, timeout: float = 30.0) -> ErrorWithPayload:
        """Return one error with what was sent.

        Raises:
            RefusedError: there is no such error (`NOT_FOUND`), or it is older than 30 days.
            GivenUpError: it could not be had within `timeout` seconds.
        """
        return read_error(self._ask(self._errors.GetError, get_request(self._property_id, error_id), timeout))

    def _batches(
        self, batching: BatchPolicy, path: str | PathLike[str] | None, spooling: SpoolPolicy
    ) -> tuple[Batches | SpooledBatches, SpoolFolder | None]:
        """Return what gathers the events, and the spool's folder if there is one."""
        if path is None:
            return Batches(batching), None
        folder = SpoolFolder(Path(path), self._property_id)
        return SpooledBatches(Spool(folder, batching, spooling), batching, spooling), folder

    def _check_process(self) -> None:
        if os.getpid() != self._process:
            raise RuntimeError("the client was made before a fork, in the parent process; make one in this process")

    def _ask(self, method: Any, request: Any, timeout: float) -> Any:
        """Call a method that changes nothing; its type is the stub's, which is none."""
        self._check_process()
        policy = replace(self._retries, give_up_after_seconds=timeout, attempt_seconds=timeout)
        answer, _ = call_with_retries(lambda seconds: method(request, timeout=seconds), policy, pause=self._closed.wait)
        return answer
