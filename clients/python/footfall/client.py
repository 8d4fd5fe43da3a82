"""The client: sends events in the background, reads reports, follows errors."""

import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Self, Unpack

import grpc

from footfall.batches import BatchPolicy
from footfall.channel import open_channel
from footfall.delivery import Delivery, OnError, log_loss
from footfall.error_stream import ErrorStream
from footfall.events import EventFields, ParamValue, make_event
from footfall.failures import FootfallError, GivenUpError
from footfall.reports import read_report, report_request
from footfall.results import Report
from footfall.retry import RetryPolicy, call_with_retries
from footfall.v1.errors_pb2 import EventError
from footfall.v1.query_pb2 import FilterExpression, RunReportResponse
from footfall.v1.query_pb2_grpc import QueryServiceStub
from footfall.writer import Writer

_PROPERTY_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


class Client:
    """One property of one Footfall. Safe to use from several threads; make it after a fork, not before.

        with Client("127.0.0.1:8080", "my-shop") as client:
            client.track("page_view", client_id=visitor, page_location="https://shop.example/")

    Opens no connection and starts no thread before it is used. Close it, or use it as a context manager: otherwise
    the last events have only the few seconds that the end of a program leaves them.
    """

    def __init__(
        self,
        endpoint: str,
        property_id: str,
        *,
        batching: BatchPolicy | None = None,
        retries: RetryPolicy | None = None,
        on_error: OnError = log_loss,
    ) -> None:
        """Connect to nothing yet.

        Args:
            endpoint: `host:port` in plain text, or `https://host:port`.
            property_id: `[a-z0-9][a-z0-9-]{0,62}`.
            batching: when a batch is complete, and how much may wait.
            retries: how patiently calls are tried again.
            on_error: gets every event that is rejected in the answer, or given up; called on the sending thread, so it
                should return soon. By default it is logged as an error by the logger `footfall`.

        Raises:
            ValueError: the endpoint or the property id is not of that form.
        """
        if not _PROPERTY_ID.fullmatch(property_id):
            raise ValueError(
                f"{property_id!r} is not a property id; allowed are 1 to 63 lower-case letters, digits and hyphens, "
                "not beginning with a hyphen"
            )
        self._property_id = property_id
        self._retries = retries or RetryPolicy()
        self._channel = open_channel(endpoint)
        self._closed = threading.Event()
        # the generated stubs carry no types
        self._run_report = QueryServiceStub(self._channel).RunReport  # type: ignore[no-untyped-call]
        self._delivery = Delivery(self._make_writer, batching or BatchPolicy(), on_error)

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
        """
        self._delivery.add(make_event(name, client_id=client_id, timestamp=timestamp, params=params, **fields))

    def flush(self, timeout: float | None = None) -> bool:
        """Send what was tracked so far; return whether in time all of it was stored, or handed to `on_error`."""
        return self._delivery.flush(timeout)

    def close(self, timeout: float | None = 10.0) -> None:
        """Give what was tracked `timeout` seconds (None: as long as it takes), then hand the rest to `on_error`."""
        if not self._closed.is_set():
            self._closed.set()
            self._delivery.close(timeout)
            self._channel.close()
            self._delivery.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def report(
        self,
        dimensions: Sequence[str],
        metrics: Sequence[str],
        start: date | str,
        end: date | str,
        *,
        dimension_filter: FilterExpression | None = None,
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
            start: the first day, a date or `YYYY-MM-DD`, in the report's time zone.
            end: the last day; it counts too.
            dimension_filter: keeps the events that match.
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
            ValueError: `order_by` names what is not in the report.
        """
        request = report_request(
            self._property_id,
            dimensions,
            metrics,
            start,
            end,
            dimension_filter=dimension_filter,
            order_by=order_by,
            offset=offset,
            limit=limit,
            time_zone=time_zone,
            include_bots=include_bots,
            currency_code=currency_code,
            min_data_complete_until=min_data_complete_until,
        )

        def attempt(seconds: float) -> RunReportResponse:
            answer: RunReportResponse = self._run_report(request, timeout=seconds)
            return answer

        policy = replace(self._retries, give_up_after_seconds=timeout, attempt_seconds=timeout)
        answer, _ = call_with_retries(attempt, policy, pause=self._closed.wait)
        return read_report(answer)

    def errors(
        self,
        since: datetime | None = None,
        *,
        follow: bool = True,
        silence_seconds: float = 60.0,
        on_reconnect: Callable[[FootfallError], None] | None = None,
    ) -> Iterator[EventError]:
        """Yield the property's errors as they are recorded, through lost connections, until the client is closed.

        Args:
            since: an aware datetime; None means from now on.
            follow: False ends when all errors recorded until now have been told.
            silence_seconds: a stream on which nothing comes for so long, not even a heartbeat, is opened anew.
            on_reconnect: is told why a stream ended, before the next one is opened.

        Raises:
            RefusedError: the server refuses the stream.
            GivenUpError: the server could not be reached for the policy's time.
        """
        return iter(
            ErrorStream(
                self._channel,
                self._property_id,
                since,
                follow=follow,
                silence_seconds=silence_seconds,
                retries=self._retries,
                pause=self._closed.wait,
                on_reconnect=on_reconnect,
            )
        )

    def _make_writer(self, pause: Callable[[float], bool]) -> Writer:
        return Writer(self._channel, self._property_id, retries=self._retries, pause=pause)
