"""A server that answers as a test tells it to: what is tested against it is the client."""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
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


@dataclass(frozen=True)
class Hangs:
    """No answer until the call is cancelled or the test ends."""


WriteScript = Fails | Hangs | Callable[[ingest_pb2.WriteEventsRequest], ingest_pb2.WriteEventsResponse | Fails]


def accept_all(request: ingest_pb2.WriteEventsRequest) -> ingest_pb2.WriteEventsResponse:
    return ingest_pb2.WriteEventsResponse(accepted=len(request.events), committed_time_micros=1_000_000)


@dataclass
class ScriptedServer:
    writes_script: deque[WriteScript] = field(default_factory=deque)
    """What the next writes get; accepted when it is empty."""
    reports_script: deque[Fails | query_pb2.RunReportResponse] = field(default_factory=deque)
    streams_script: deque[list[Any]] = field(default_factory=deque)
    """Messages of the next error streams; `Fails` and `Hangs` may end one."""
    writes: list[ingest_pb2.WriteEventsRequest] = field(default_factory=list)
    reports: list[query_pb2.RunReportRequest] = field(default_factory=list)
    streams: list[errors_pb2.StreamErrorsRequest] = field(default_factory=list)
    arrived: threading.Event = field(default_factory=threading.Event)
    """Set when a call begins to hang."""

    def __enter__(self) -> "ScriptedServer":
        self._over = threading.Event()
        self._server = grpc.server(ThreadPoolExecutor(8))
        ingest_pb2_grpc.add_IngestServiceServicer_to_server(_Ingest(self), self._server)
        query_pb2_grpc.add_QueryServiceServicer_to_server(_Query(self), self._server)
        errors_pb2_grpc.add_ErrorServiceServicer_to_server(_Errors(self), self._server)
        self.endpoint = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._server.stop(None).wait()

    def hang(self, context: grpc.ServicerContext) -> None:
        gone = threading.Event()
        context.add_callback(gone.set)
        self.arrived.set()
        while not (gone.wait(0.01) or self._over.is_set()):
            pass
        context.abort(grpc.StatusCode.CANCELLED, "over")

    def fail(self, context: grpc.ServicerContext, fails: Fails) -> None:
        if fails.pushback_ms is not None:
            context.set_trailing_metadata((("grpc-retry-pushback-ms", fails.pushback_ms),))
        context.abort(fails.code, fails.message)


class _Ingest(ingest_pb2_grpc.IngestServiceServicer):
    def __init__(self, server: ScriptedServer) -> None:
        self._server = server

    def WriteEvents(self, request: Any, context: Any) -> Any:  # noqa: N802
        self._server.writes.append(request)
        step = self._server.writes_script.popleft() if self._server.writes_script else accept_all
        if isinstance(step, Hangs):
            self._server.hang(context)
        if isinstance(step, Fails):
            self._server.fail(context, step)
        answer = step(request)  # type: ignore[operator]
        if isinstance(answer, Fails):
            self._server.fail(context, answer)
        return answer


class _Query(query_pb2_grpc.QueryServiceServicer):
    def __init__(self, server: ScriptedServer) -> None:
        self._server = server

    def RunReport(self, request: Any, context: Any) -> Any:  # noqa: N802
        self._server.reports.append(request)
        step = self._server.reports_script.popleft()
        if isinstance(step, Fails):
            self._server.fail(context, step)
        return step


class _Errors(errors_pb2_grpc.ErrorServiceServicer):
    def __init__(self, server: ScriptedServer) -> None:
        self._server = server

    def StreamErrors(self, request: Any, context: Any) -> Iterator[Any]:  # noqa: N802
        self._server.streams.append(request)
        for step in self._server.streams_script.popleft():
            if isinstance(step, Hangs):
                self._server.hang(context)
            elif isinstance(step, Fails):
                self._server.fail(context, step)
            else:
                yield step
