"""The client against a server that answers as told."""

import subprocess
import sys
import threading
from datetime import UTC, date, datetime

import grpc
import pytest

from footfall import BatchPolicy, Client, GivenUpError, RefusedError, RetryPolicy, StreamPolicy
from footfall.channel import open_channel
from footfall.v1.ingest_pb2 import ErrorCode, WriteEventsResponse
from footfall.v1.query_pb2 import MetricHeader, MetricValue, Row, RunReportResponse
from tests.unit.scripted_server import Fails, Hangs, ScriptedServer

C = grpc.StatusCode
QUICK = RetryPolicy(first_delay_seconds=0.001, longest_delay_seconds=0.002)


@pytest.fixture
def server():
    with ScriptedServer() as server:
        yield server


@pytest.fixture
def losses():
    return []


@pytest.fixture
def client(server, losses):
    # no batch goes because it is old
    batching = BatchPolicy(max_age_seconds=3600)
    with Client(server.endpoint, "shop", batching=batching, retries=QUICK, on_error=losses.append) as client:
        yield client


def test_events_tracked_together_travel_together(server, client, losses):
    for index in range(3):
        client.track("page_view", client_id=f"c{index}")

    assert client.flush(10)
    assert [e.client_id for w in server.writes for e in w.events] == ["c0", "c1", "c2"]
    assert server.writes[0].property == "properties/shop"
    assert not server.writes[0].historical_import
    assert losses == []


def test_batches_are_numbered_from_one_under_one_writer(server, losses):
    policy = BatchPolicy(max_events=2)
    with Client(server.endpoint, "shop", batching=policy, on_error=losses.append) as client:
        for _ in range(5):
            client.track("a", client_id="c")

    assert [w.sequence for w in server.writes] == [1, 2, 3]
    assert len({w.writer_id for w in server.writes}) == 1


def test_a_rejected_event_goes_to_on_error_and_the_others_are_stored(server, client, losses):
    def reject_second(request):
        answer = WriteEventsResponse(accepted=1)
        answer.rejected.add(
            index=1, field="events[1].name", code=ErrorCode.ERROR_CODE_NAME_INVALID, message="no such name"
        )
        return answer

    server.writes_script.append(reject_second)
    client.track("good", client_id="c")
    client.track("bad name", client_id="c")

    assert client.flush(10)
    (loss,) = losses
    assert ([e.name for e in loss.events], loss.code, loss.field) == (["bad name"], "NAME_INVALID", "events[1].name")
    assert loss.outcome_known


def test_a_refused_batch_goes_to_on_error_whole_and_the_next_one_is_sent(server, client, losses):
    server.writes_script.append(Fails(C.INVALID_ARGUMENT, "bad property"))
    client.track("a", client_id="c")
    client.flush(10)
    client.track("b", client_id="c")

    assert client.flush(10)
    assert [([e.name for e in loss.events], loss.code, loss.outcome_known) for loss in losses] == [
        (["a"], "INVALID_ARGUMENT", True)
    ]
    assert [w.sequence for w in server.writes] == [1, 2]


def test_a_batch_given_up_goes_to_on_error_with_its_outcome_unknown(server, losses):
    server.writes_script.append(Fails(C.UNAVAILABLE, pushback_ms="60000"))
    policy = RetryPolicy(give_up_after_seconds=30)
    with Client(server.endpoint, "shop", retries=policy, on_error=losses.append) as client:
        client.track("a", client_id="c")
        assert client.flush(10)

    assert [(loss.code, loss.outcome_known) for loss in losses] == [("UNAVAILABLE", False)]


def test_closing_ends_a_call_under_way_and_tells_of_all_that_is_left(server, losses):
    server.writes_script.append(Hangs())
    client = Client(
        server.endpoint,
        "shop",
        batching=BatchPolicy(max_events=1),
        under_way=StreamPolicy(under_way_batches=1),
        on_error=losses.append,
    )
    for name in "abc":
        client.track(name, client_id="c")
    assert server.arrived.wait(10)
    client.close(timeout=0)

    assert {(loss.events[0].name, loss.code, loss.outcome_known) for loss in losses} == {
        ("a", "CANCELLED", False),
        ("b", "CLOSED", True),
        ("c", "CLOSED", True),
    }
    with pytest.raises(RuntimeError, match="closed"):
        client.track("d", client_id="c")


def test_closing_ends_a_pause_between_attempts(server, losses):
    server.writes_script.append(Fails(C.UNAVAILABLE, pushback_ms="3600000"))
    client = Client(server.endpoint, "shop", on_error=losses.append)
    client.track("a", client_id="c")
    client.close(timeout=3)

    assert [loss.code for loss in losses] == ["UNAVAILABLE"]


def test_a_full_queue_tells_on_error_if_it_may_not_block(server, losses):
    server.writes_script.append(Hangs())
    policy = BatchPolicy(max_events=1, held_events=1, when_full="refuse")
    client = Client(server.endpoint, "shop", batching=policy, on_error=losses.append)
    client.track("a", client_id="c")
    assert server.arrived.wait(10)
    client.track("b", client_id="c")

    assert [(loss.events[0].name, loss.code) for loss in losses] == [("b", "QUEUE_FULL")]
    client.close(timeout=0)


def test_an_on_error_that_fails_is_logged_and_the_next_batch_is_sent(server, caplog):
    def on_error(_):
        raise KeyError("oops")

    server.writes_script.append(Fails(C.INVALID_ARGUMENT, "bad property"))
    with Client(server.endpoint, "shop", on_error=on_error) as client:
        client.track("a", client_id="c")
        client.flush(10)
        client.track("b", client_id="c")
        assert client.flush(10)

    assert "bad property" in caplog.text
    assert len(server.writes) == 2


def test_a_program_that_ends_without_closing_still_sends(server):
    program = f"import footfall; footfall.Client({server.endpoint!r}, 'shop').track('a', client_id='c')"

    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)

    assert [e.name for w in server.writes for e in w.events] == ["a"]


def test_a_wrong_event_raises_where_it_is_tracked(server, client):
    with pytest.raises(TypeError, match="client_id"):
        client.track("a", client_id=5)
    assert client.flush(10)
    assert server.writes == []


@pytest.mark.parametrize("endpoint", ["", "localhost", "localhost:0", "localhost:99999", "ftp://a:1", "a b:1", "h:1/x"])
def test_an_endpoint_that_is_no_address_is_refused(endpoint):
    with pytest.raises(ValueError, match="not an address"):
        open_channel(endpoint)


@pytest.mark.parametrize("property_id", ["", "A", "-a", "a" * 64, "properties/a", "a_b"])
def test_a_property_id_that_is_none_is_refused(property_id):
    with pytest.raises(ValueError, match="not a property id"):
        Client("localhost:1", property_id)


def test_connect_says_that_nobody_answers():
    with Client("127.0.0.1:9", "shop") as client, pytest.raises(GivenUpError, match="nobody answered"):
        client.connect(0.1)


def _answer():
    answer = RunReportResponse(
        dimension_headers=["date", "pageTitle"],
        metric_headers=[MetricHeader(name="eventCount"), MetricHeader(name="purchaseRevenue")],
        rows=[
            Row(
                dimension_values=["2026-01-01", "(not set)"],
                metric_values=[MetricValue(integer_value=0), MetricValue(double_value=2.0)],
            )
        ],
        totals=[MetricValue(integer_value=7), MetricValue(double_value=1.5)],
        row_count=12,
    )
    answer.metadata.time_zone = "Asia/Kolkata"
    answer.metadata.data_complete_until.FromMicroseconds(1_767_225_600_000_001)
    answer.metadata.imported_data_complete_until.FromMicroseconds(1_767_225_600_000_000)
    answer.metadata.approximate_metrics.add(name="totalUsers", relative_standard_error=0.01, exact_up_to=100)
    return answer


def test_a_report_has_its_rows_by_name_and_says_what_it_is_worth(server, client):
    server.reports_script.append(_answer())

    report = client.report(
        ["date", "pageTitle"],
        ["eventCount", "purchaseRevenue"],
        date(2026, 1, 1),
        "2026-01-02",
        order_by=["-eventCount", "date"],
        min_data_complete_until=datetime(2026, 1, 1, tzinfo=UTC),
        min_imported_data_complete_until=datetime(2026, 1, 2, tzinfo=UTC),
    )

    assert report.rows == [{"date": "2026-01-01", "pageTitle": "(not set)", "eventCount": 0, "purchaseRevenue": 2.0}]
    assert [type(v) for v in report.rows[0].values()] == [str, str, int, float]
    assert report.totals == {"eventCount": 7, "purchaseRevenue": 1.5}
    assert report.row_count == 12
    assert report.metadata.data_complete_until == datetime(2026, 1, 1, 0, 0, 0, 1, tzinfo=UTC)
    assert report.metadata.imported_data_complete_until == datetime(2026, 1, 1, tzinfo=UTC)
    assert report.metadata.approximate_metrics[0].name == "totalUsers"
    (request,) = server.reports
    assert (request.date_ranges[0].start_date, request.date_ranges[0].end_date) == ("2026-01-01", "2026-01-02")
    assert [(o.metric, o.dimension, o.desc) for o in request.order_bys] == [
        ("eventCount", "", True),
        ("", "date", False),
    ]
    assert request.min_data_complete_until.seconds == 1767225600
    assert request.min_imported_data_complete_until.seconds == 1767225600 + 24 * 3600


def test_a_report_is_asked_for_again_while_the_store_is_away_and_not_when_it_is_refused(server, client):
    server.reports_script.extend([Fails(C.UNAVAILABLE), _answer(), Fails(C.INVALID_ARGUMENT, "metrics[0]: unknown")])

    assert client.report([], ["eventCount"], "2026-01-01", "2026-01-01").row_count == 12
    with pytest.raises(RefusedError, match="unknown"):
        client.report([], ["x"], "2026-01-01", "2026-01-01")


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"order_by": ["x"]}, ValueError),
        ({"order_by": "eventCount"}, TypeError),
        ({"dimensions": "date"}, TypeError),
        ({"start": datetime(2026, 1, 1, tzinfo=UTC)}, TypeError),
        ({"min_data_complete_until": datetime(2026, 1, 1)}, ValueError),  # noqa: DTZ001
        ({"min_imported_data_complete_until": datetime(2026, 1, 1)}, ValueError),  # noqa: DTZ001
    ],
)
def test_a_report_that_nobody_could_mean_raises(client, wrong, error):
    asked = {"dimensions": ["date"], "metrics": ["eventCount"], "start": "2026-01-01", "end": "2026-01-01"} | wrong

    with pytest.raises(error):
        client.report(asked.pop("dimensions"), asked.pop("metrics"), asked.pop("start"), asked.pop("end"), **asked)


def test_importing_the_contracts_loads_no_grpc():
    program = "import sys, footfall.v1.event_pb2; assert 'grpc' not in sys.modules; import footfall; footfall.Client"

    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


def test_threads_may_track_at_once(server, client, losses):
    def track():
        for _ in range(100):
            client.track("a", client_id="c")

    threads = [threading.Thread(target=track) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert client.flush(30)
    assert sum(len(w.events) for w in server.writes) == 800
    assert losses == []


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "waits",
    [lambda client: client.track("again", client_id="c"), Client.flush, Client.close],
    ids=["track", "flush", "close"],
)
def test_what_may_wait_for_on_error_is_refused_in_it_instead_of_waiting_for_ever(server, caplog, waits):
    server.writes_script += [Fails(C.INVALID_ARGUMENT), Fails(C.INVALID_ARGUMENT)]
    policy = BatchPolicy(max_events=1, held_events=1)
    client = Client(server.endpoint, "shop", batching=policy, on_error=lambda _: waits(client))
    client.track("a", client_id="c")
    assert client.flush(10)
    client.track("b", client_id="c")
    client.close()

    assert "on_error must not call track, flush or close" in caplog.text
    assert [e.name for w in server.writes for e in w.events] == ["a", "b"]


@pytest.mark.parametrize(
    "call",
    [
        lambda client: client.track("a", client_id="c"),
        lambda client: client.connect(),
        lambda client: client.report(["date"], ["eventCount"], "today", "today"),
        lambda client: client.metadata(),
        lambda client: client.errors(),
        lambda client: client.list_errors(),
        lambda client: client.get_error("e"),
    ],
)
def test_a_closed_client_says_that_it_is_closed(server, call):
    client = Client(server.endpoint, "shop")
    client.close()
    client.close()
    with pytest.raises(RuntimeError, match=r"^the client is closed$"):
        call(client)
    assert client.flush(0)
    assert client.statistics().tracked == 0


def test_on_error_may_track_with_another_client(server, client):
    server.writes_script.append(Fails(C.INVALID_ARGUMENT))
    with Client(server.endpoint, "shop", on_error=lambda loss: client.track("other", client_id="c")) as first:
        first.track("a", client_id="c")
        assert first.flush(10)

    assert client.flush(10)
    assert [e.name for w in server.writes for e in w.events] == ["a", "other"]


def test_on_error_that_raises_stops_nothing(server, caplog):
    def fail(loss):
        raise SystemExit(loss.code)

    server.writes_script += [Fails(C.INVALID_ARGUMENT, "bad property")]
    with Client(server.endpoint, "shop", on_error=fail) as client:
        client.track("a", client_id="c")
        assert client.flush(10)
        client.track("b", client_id="c")
        assert client.flush(10)

    assert client.statistics().stored == 1
    assert "on_error failed" in caplog.text
    assert "bad property" in caplog.text  # what it was not told is logged
