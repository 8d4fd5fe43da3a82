"""What an orchestrator asks a process that serves no gRPC: is it alive, is it ready."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SLOW_CLIENT_SECONDS = 5.0
"""How long a client may hold a connection without sending its request."""


@dataclass(frozen=True)
class HealthSettings:
    """Where a consumer answers `/healthz` and `/readyz`."""

    address: str = "127.0.0.1:0"
    """Host and port to listen on; port 0 takes a free one."""


@contextmanager
def health_endpoint(settings: HealthSettings, ready: Callable[[], bool]) -> Iterator[int]:
    """Answer health checks from threads of its own until the block ends, and yield the port.

    `/healthz` says 200 as long as the process can answer at all. `/readyz` says 200 while `ready()` is true, else
    503; `ready` is called from any thread, must not block, and one that raises counts as not ready.

    Raises:
        OSError: the address cannot be listened on.
    """
    host, _, port = settings.address.rpartition(":")
    server = _Server((host.strip("[]"), int(port)), _handler(ready))
    thread = threading.Thread(target=server.serve_forever, args=(0.1,), name="health", daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False  # a slow client must not hold up the end of the process


def _handler(ready: Callable[[], bool]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = SLOW_CLIENT_SECONDS

        def do_GET(self) -> None:
            if self.path == "/healthz":
                self._answer(HTTPStatus.OK, "alive")
            elif self.path == "/readyz":
                is_ready = _asked(ready)
                self._answer(*((HTTPStatus.OK, "ready") if is_ready else (HTTPStatus.SERVICE_UNAVAILABLE, "not ready")))
            else:
                self._answer(HTTPStatus.NOT_FOUND, "ask /healthz or /readyz")

        def _answer(self, status: HTTPStatus, state: str) -> None:
            body = json.dumps({"state": state}).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
            """Say nothing: a line for each check would drown the log."""

    return Handler


def _asked(ready: Callable[[], bool]) -> bool:
    try:
        return ready()
    except Exception:  # noqa: BLE001 - a check that fails is an answer: not ready
        return False
