import threading
import urllib.error
import urllib.request

import pytest
from prometheus_client.parser import text_string_to_metric_families

from footfall_adapters.probes import HealthSettings, probes
from footfall_core import telemetry
from footfall_core.vitals import Vitals


def answer(port: int, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as response:
            return int(response.status), response.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def status(port: int, path: str) -> int:
    return answer(port, path)[0]


def test_a_process_is_alive_at_once_and_ready_when_all_of_its_kinds_are() -> None:
    ready = threading.Event()
    vitals = Vitals(["events", "queries"])
    with probes(HealthSettings(), vitals) as port:
        assert (status(port, "/healthz"), status(port, "/readyz")) == (200, 503)
        vitals.ready_when("events", lambda: True)
        assert answer(port, "/readyz") == (
            503,
            '{"state": "not ready", "kinds": {"events": true, "queries": false}}',
        )
        vitals.ready_when("queries", ready.is_set)
        assert status(port, "/readyz") == 503
        ready.set()
        assert (status(port, "/readyz"), status(port, "/else")) == (200, 404)
        ready.clear()
        assert status(port, "/readyz") == 503


def test_a_check_that_fails_is_not_ready() -> None:
    def broken() -> bool:
        raise RuntimeError("x")

    vitals = Vitals(["events"])
    vitals.ready_when("events", broken)
    with probes(HealthSettings(), vitals) as port:
        assert status(port, "/readyz") == 503


def test_metrics_show_what_was_counted_and_what_is_measured_when_asked() -> None:
    lag = telemetry.PROCESSING_LAG_SECONDS.labels(log="live", partition="99")
    vitals = Vitals([])
    vitals.measured_by(lambda: 1 / 0)  # one that fails does not take the others along
    vitals.measured_by(lambda: lag.set(12.5))
    with probes(HealthSettings(), vitals) as port:
        before = samples(port)
        telemetry.TICKS.inc(3)
        after = samples(port)
    telemetry.PROCESSING_LAG_SECONDS.remove("live", "99")
    assert after[("footfall_ticks_total", ())] - before[("footfall_ticks_total", ())] == 3
    assert after[("footfall_processing_lag_seconds", (("log", "live"), ("partition", "99")))] == 12.5
    assert after[("process_resident_memory_bytes", ())] > 1e6


def samples(port: int) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    code, text = answer(port, "/metrics?x=1")
    assert code == 200
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_the_port_is_free_again_afterwards() -> None:
    with probes(HealthSettings(), Vitals([])) as port:
        pass
    with probes(HealthSettings(address=f"127.0.0.1:{port}"), Vitals([])) as again:
        assert again == port
        with (
            pytest.raises(OSError, match=r"FOOTFALL_HEALTH_ADDRESS: cannot listen on .* in use"),
            probes(HealthSettings(f"127.0.0.1:{port}"), Vitals([])),
        ):
            pass


@pytest.mark.parametrize("address", ["nowhere", "127.0.0.1:port", "127.0.0.1:99999999"])
def test_an_address_that_is_none_is_named(address: str) -> None:
    with pytest.raises(OSError, match="FOOTFALL_HEALTH_ADDRESS"), probes(HealthSettings(address), Vitals([])):
        pass
