import threading
import urllib.error
import urllib.request

import pytest

from footfall_adapters.health import HealthSettings, health_endpoint


def status(port: int, path: str) -> int:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def test_a_process_is_alive_at_once_and_ready_when_it_says_so() -> None:
    ready = threading.Event()
    with health_endpoint(HealthSettings(), ready.is_set) as port:
        assert (status(port, "/healthz"), status(port, "/readyz")) == (200, 503)
        ready.set()
        assert (status(port, "/readyz"), status(port, "/else")) == (200, 404)


def test_a_check_that_fails_is_not_ready() -> None:
    def broken() -> bool:
        raise RuntimeError("x")

    with health_endpoint(HealthSettings(), broken) as port:
        assert status(port, "/readyz") == 503


def test_the_port_is_free_again_afterwards() -> None:
    with health_endpoint(HealthSettings(), lambda: True) as port:
        pass
    with health_endpoint(HealthSettings(address=f"127.0.0.1:{port}"), lambda: True) as again:
        assert again == port
        with pytest.raises(OSError, match="in use"), health_endpoint(HealthSettings(f"127.0.0.1:{port}"), bool):
            pass
