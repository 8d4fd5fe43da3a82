"""A server that answers as a test tells it to: what is tested against it is the client."""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import grpc

from footfall.v1 import errors_pb2, errors_pb2_grpc, ingest_pb2, ingest_pb2_grpc, query_pb2, query_pb2_grpc


@dataclass(frozen=True)
class Fails:
    """A status other than OK."""

    code: grpc.StatusCode
    message: str = "as the test says"
    pushback_ms: str | None = None
    earliest_resume_token: str = ""


@dataclass(frozen=True)
class Hangs:
    """No answer until the call is cancelled or the test ends."""


@dataclass(frozen=True)
class Ends:
    """Of a stream of batches: the stream ends with this status, and its batches have no answer."""

    code: grpc.StatusCode
    message: str = "as the test says"
    pushback_ms: str | None = None
    answers_first: int = 0
    """Batches that are read and accepted before."""


@dataclass(frozen=True)
class Silent:
    """Of a stream of batches: this batch isn't answered, nor are those after it, until `release` is called."""


@dataclass(frozen=True)
class Says:
    """Of a stream of batches: this is said, whatever was asked."""

    message: ingest_pb2.StreamEventsResponse


WriteScript = Fails | Hangs | Callable[[ingest_pb2.WriteEventsRequest], ingest_pb2.WriteEventsResponse | Fails]


def accept_all(request: ingest_pb2.WriteEventsRequest) -> ingest_pb2.WriteEventsResponse:
    return ingest_pb2.WriteEventsResponse(accepted=len(request.events), committed_time_micros=1_000_000)


@dataclass
class ScriptedServer:
    credentials: grpc.ServerCredentials | None = None
    """For TLS."""
    writes_script: deque[WriteScript] = field(default_factory=deque)
    """What the next batches get, by whichever call; accepted when it is empty. On a stream `Fails` is a refusal."""
    opens_script: deque[Ends] = field(default_factory=deque)
    """How the next streams of batches end before a batch is read."""
    reports_script: deque[Fails | query_pb2.RunReportResponse] = field(default_factory=deque)
    streams_script: deque[list[Any]] = field(default_factory=deque)
    """Messages of the next error streams; `Fails` and `Hangs` may end one. Nothing comes when it is empty."""
    lists_script: deque[Fails | errors_pb2.ListErrorsResponse] = field(default_factory=deque)
    redrives_script: deque[list[Any]] = field(default_factory=deque)
    """Messages of the next redrives; `Fails` and `Hangs` may end one."""
    redrives: list[errors_pb2.RedriveErrorsRequest] = field(default_factory=list)
    gets_script: deque[Fails | errors_pb2.GetErrorResponse] = field(default_factory=deque)
    metadata_script: deque[Fails | query_pb2.GetMetadataResponse] = field(default_factory=deque)
    discards_script: deque[Fails | Hangs] = field(default_factory=deque)
    """How the next reports of dropped events fail; taken when it is empty."""
    discards: list[ingest_pb2.ReportDiscardedEventsRequest] = field(default_factory=list)
    discard_arrived: threading.Event = field(default_factory=threading.Event)
    """Set when a report of dropped events came, before it is answered."""
    lists: list[errors_pb2.ListErrorsRequest] = field(default_factory=list)
    gets: list[errors_pb2.GetErrorRequest] = field(default_factory=list)
    writes: list[ingest_pb2.WriteEventsRequest] = field(default_factory=list)
    reports: list[query_pb2.RunReportRequest] = field(default_factory=list)
    streams: list[errors_pb2.StreamErrorsRequest] = field(default_factory=list)
    ways: list[str] = field(default_factory=list)
    """By which way each batch came: `call`, or `stream 1` and so on."""
    half_closed: int = 0
    """Streams of batches that their client ended in order."""
    ends_streams: bool = True
    """Whether it ends a stream of batches that its client ended."""
    arrived: threading.Event = field(default_factory=threading.Event)
    """Set when a call begins to hang."""
    released: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> "ScriptedServer":
        self._over = threading.Event()
        self._server = grpc.server(ThreadPoolExecutor(8))
        self.opened = 0
        ingest_pb2_grpc.add_IngestServiceServicer_to_server(_Ingest(self), self._server)
        query_pb2_grpc.add_QueryServiceServicer_to_server(_Query(self), self._server)
        errors_pb2_grpc.add_ErrorServiceServicer_to_server(_Errors(self), self._server)
        if self.credentials is None:
            self.endpoint = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"
        else:
            self.endpoint = f"https://localhost:{self._server.add_secure_port('127.0.0.1:0', self.credentials)}"
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._server.stop(None).wait()

    def release(self) -> None:
        """Answer what is not answered yet."""
        self.released.set()

    def hang(self, context: grpc.ServicerContext) -> None:
        self.arrived.set()
        self.say_nothing(context)

    def say_nothing(self, context: grpc.ServicerContext) -> None:
        gone = threading.Event()
        context.add_callback(gone.set)
        while not (gone.wait(0.01) or self._over.is_set()):
            pass
        context.abort(grpc.StatusCode.CANCELLED, "over")

    def fail(self, context: grpc.ServicerContext, fails: Fails | Ends) -> None:
        trailers = []
        if fails.pushback_ms is not None:
            trailers.append(("grpc-retry-pushback-ms", fails.pushback_ms))
        if isinstance(fails, Fails) and fails.earliest_resume_token:
            trailers.append(("footfall-earliest-resume-token", fails.earliest_resume_token))
        context.set_trailing_metadata(tuple(trailers))
        context.abort(fails.code, fails.message)


class _Ingest(ingest_pb2_grpc.IngestServiceServicer):
    def __init__(self, server: ScriptedServer) -> None:
        self._server = server

    def WriteEvents(self, request: Any, context: Any) -> Any:  # noqa: N802
        self._server.writes.append(request)
        self._server.ways.append("call")
        step = self._server.writes_script.popleft() if self._server.writes_script else accept_all
        if isinstance(step, Hangs):
            self._server.hang(context)
        if isinstance(step, Fails):
            self._server.fail(context, step)
        answer = step(request)  # type: ignore[operator]
        if isinstance(answer, Fails):
            self._server.fail(context, answer)
        return answer

    def ReportDiscardedEvents(self, request: Any, context: Any) -> Any:  # noqa: N802
        self._server.discards.append(request)
        self._server.discard_arrived.set()
        step = self._server.discards_script.popleft() if self._server.discards_script else None
        if isinstance(step, Hangs):
            self._server.hang(context)
        if isinstance(step, Fails):
            self._server.fail(context, step)
        return ingest_pb2.ReportDiscardedEventsResponse()

    def StreamEvents(self, requests: Any, context: Any) -> Iterator[Any]:  # noqa: N802
        server = self._server
        server.opened += 1
        way = f"stream {server.opened}"
        if server.opens_script:
            server.fail(context, server.opens_script.popleft())
        end: Ends | None = None
        answers_left = 0
        for request in requests:
            batch = request.batch
            server.writes.append(batch)
            server.ways.append(way)
            if end is None:
                step = server.writes_script.popleft() if server.writes_script else accept_all
                if isinstance(step, Ends):
                    end, answers_left = step, step.answers_first
            if end is not None:
                if answers_left == 0 and end.code is grpc.StatusCode.OK:
                    return
                if answers_left == 0:
                    server.fail(context, end)
                answers_left -= 1
                yield _answer(batch, accept_all(batch))
            elif isinstance(step, Hangs):
                server.hang(context)
            elif isinstance(step, Silent):
                yield from _answers_later(server, batch, requests, context, way)
            elif isinstance(step, Says):
                yield step.message
            else:
                yield _answer(batch, step if isinstance(step, Fails) else step(batch))
        server.half_closed += 1
        if not server.ends_streams:
            server.hang(context)


def _answers_later(server: ScriptedServer, batch: Any, requests: Any, context: Any, way: str) -> Iterator[Any]:
    unanswered = [batch]

    def read() -> None:
        with suppress(Exception):  # what gRPC raises when the client is gone
            for request in requests:
                server.writes.append(request.batch)
                server.ways.append(way)
                unanswered.append(request.batch)

    gone = threading.Event()
    context.add_callback(gone.set)
    server.arrived.set()
    reading = threading.Thread(target=read, daemon=True)
    reading.start()
    while not gone.wait(0.01):
        while server.released.is_set() and unanswered:
            batch = unanswered.pop(0)
            yield _answer(batch, accept_all(batch))
        if not reading.is_alive() and not unanswered:
            return


def _answer(batch: Any, answer: Any) -> ingest_pb2.StreamEventsResponse:
    response = ingest_pb2.StreamEventsResponse(sequence=batch.sequence)
    if isinstance(answer, Fails):
        response.refusal.code, response.refusal.message = answer.code.value[0], answer.message
        if answer.pushback_ms is not None:
            response.refusal.retry_delay.FromMilliseconds(int(answer.pushback_ms))
    else:
        response.answer.CopyFrom(answer)
    return response


class _Query(query_pb2_grpc.QueryServiceServicer):
    def __init__(self, server: ScriptedServer) -> None:
        self._server = server

    def RunReport(self, request: Any, context: Any) -> Any:  # noqa: N802
        self._server.reports.append(request)
        step = self._server.reports_script.popleft()
        if isinstance(step, Fails):
            self._server.fail(context, step)
        return step

    def GetMetadata(self, request: Any, context: Any) -> Any:  # noqa: N802
        step = self._server.metadata_script.popleft()
        if isinstance(step, Fails):
            self._server.fail(context, step)
        return step


class _Errors(errors_pb2_grpc.ErrorServiceServicer):
    def __init__(self, server: ScriptedServer) -> None:
        self._server = server

    def StreamErrors(self, request: Any, context: Any) -> Iterator[Any]:  # noqa: N802
        self._server.streams.append(request)
        if not self._server.streams_script:
            self._server.say_nothing(context)
        for step in self._server.streams_script.popleft():
            if isinstance(step, Hangs):
                self._server.hang(context)
            elif isinstance(step, Fails):
                self._server.fail(context, step)
            else:
                yield step

    def RedriveErrors(self, request: Any, context: Any) -> Iterator[Any]:  # noqa: N802
        self._server.redrives.append(request)
        for step in self._server.redrives_script.popleft():
            if isinstance(step, Hangs):
                self._server.hang(context)
            elif isinstance(step, Fails):
                self._server.fail(context, step)
            else:
                yield step

    def ListErrors(self, request: Any, context: Any) -> Any:  # noqa: N802
        self._server.lists.append(request)
        return self._scripted(self._server.lists_script.popleft(), context)

    def GetError(self, request: Any, context: Any) -> Any:  # noqa: N802
        self._server.gets.append(request)
        return self._scripted(self._server.gets_script.popleft(), context)

    def _scripted(self, step: Any, context: Any) -> Any:
        if isinstance(step, Fails):
            self._server.fail(context, step)
        return step
