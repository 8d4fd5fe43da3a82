"""What an orchestrator and Prometheus ask a process over HTTP: is it alive, is it ready, what does it measure."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import structlog
from prometheus_client import REGISTRY
from prometheus_client.exposition import choose_encoder

from footfall_core.vitals import Vitals

log = structlog.get_logger()

SLOW_CLIENT_SECONDS = 5.0
"""How long a client may hold a connection without sending its request."""


@dataclass(frozen=True)
class HealthSettings:
    """Where a process answers `/healthz`, `/readyz` and `/metrics`, whatever kinds it runs."""

    address: str = "127.0.0.1:0"
    """Host and port to listen on; port 0 takes a free one, which the log then names."""


@contextmanager
def probes(settings: HealthSettings, vitals: Vitals) -> Iterator[int]:
    """Answer from threads of its own until the block ends, and yield the port.

    `/healthz` says 200 as long as the process can answer at all. `/readyz` says 200 while every kind in the process
    is ready, else 503, and names each. `/metrics` shows the figures of `footfall_core.telemetry`, and those of the
    process itself, in Prometheus' text format or, if asked for, OpenMetrics.

    Raises:
        OSError: the address cannot be listened on.
    """
    host, _, port = settings.address.rpartition(":")
    try:
        server = _Server((host.strip("[]"), int(port)), _handler(vitals))
    except (OSError, ValueError, OverflowError) as error:
        raise OSError(f"FOOTFALL_HEALTH_ADDRESS: cannot listen on {settings.address}: {error}") from error
    thread = threading.Thread(target=server.serve_forever, args=(0.1,), name="probes", daemon=True)
    thread.start()
    log.info("probes", port=server.server_address[1])
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False  # a slow client must not hold up the end of the process

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: a client that goes away before its answer is no event."""


def _handler(vitals: Vitals) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = SLOW_CLIENT_SECONDS

        def do_GET(self) -> None:
            match urlsplit(self.path).path:
                case "/healthz":
                    self._answer_json(HTTPStatus.OK, {"state": "alive"})
                case "/readyz":
                    kinds = vitals.ready()
                    status = HTTPStatus.OK if all(kinds.values()) else HTTPStatus.SERVICE_UNAVAILABLE
                    state = "ready" if status is HTTPStatus.OK else "not ready"
                    self._answer_json(status, {"state": state, "kinds": kinds})
                case "/metrics":
                    self._answer_figures()
                case _:
                    self._answer_json(HTTPStatus.NOT_FOUND, {"state": "ask /healthz, /readyz or /metrics"})

        def _answer_figures(self) -> None:
            vitals.measure()
            encode, content_type = choose_encoder(self.headers.get("Accept") or "")
            self._answer(HTTPStatus.OK, content_type, encode(REGISTRY))

        def _answer_json(self, status: HTTPStatus, state: dict[str, object]) -> None:
            self._answer(status, "application/json", json.dumps(state).encode())

        def _answer(self, status: HTTPStatus, content_type: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
            """Say nothing: a line for each check would drown the log."""

    return Handler
