"""A wrong rule is put right while the shop goes on: dry run, reprocessing, switch, back, and switch again.

Version 1 takes paid channels for organic ones, on purpose. While all of that happens, reports are asked all the time:
each of them shows one version as a whole, no event twice and none missing.
"""

import itertools
import json
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, TopicPartition
from confluent_kafka.admin import AdminClient

from footfall.v1 import ingest_pb2_grpc, query_pb2, query_pb2_grpc
from footfall.v1.event_pb2 import Event
from footfall.v1.ingest_pb2 import WriteEventsRequest
from footfall_core.kinds import EventKind
from footfall_core.wire.raw_pb2 import RawBatch, RawRecord
from footfall_local.settings import LocalSettings
from footfall_local.stack import Stack
from tests.again import patient_channel
from tests.conftest import ROOT, need_programs
from tests.e2e.conftest import Footfall
from tests.e2e.embedded import embedded_in
from tests.e2e.processes import wait_for
from tests.keys import lend

pytestmark = [pytest.mark.stack, pytest.mark.timeout(900)]

WAIT = 300.0
"""Seconds for what takes a new application, topics and tasks of Druid."""

PAGES = {
    "Paid Search": "https://shop.example/?utm_source=google&utm_medium=cpc",
    "Organic Search": "https://shop.example/?utm_source=google&utm_medium=organic",
    "Paid Social": "https://shop.example/?utm_source=facebook&utm_medium=paid-social",
    "Direct": "https://shop.example/",
}
"""A page by the channel that leads there."""


def by_version_1(channels: Counter[str]) -> Counter[str]:
    found: Counter[str] = Counter()
    for channel, count in channels.items():
        found[channel.replace("Paid", "Organic")] += count
    return found


@pytest.fixture(scope="module")
def wrong(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack whose live events are processed by a wrong version, and which knows a right one."""
    need_programs()
    stack = Stack(
        tmp_path_factory.mktemp("wrong"), settings=LocalSettings(jars_dir=ROOT / ".footfall" / "jars"), say=print
    )
    lend(stack.home.keys)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(Path(__file__).parent / "wrong_channels"))
        patch.setenv("TESTS_WRONG_CHANNELS", "1")
        patch.setenv("FOOTFALL_PROCESSING_VERSION", "1")
        patch.setenv("FOOTFALL_DRUID_CONNECT_SECONDS", "10")  # a machine that stands still for a second is no outage
        stack.start()
    try:
        yield stack
    finally:
        stack.stop(wipe=True)


class Shop:
    """One property, and all that was sent to it."""

    def __init__(self, address: str, name: str) -> None:
        self.property_id = f"{name}-{uuid.uuid4().hex[:8]}"
        self.sent: Counter[str] = Counter()
        """Events by channel."""
        self._channel = patient_channel(address)
        self._ingest = ingest_pb2_grpc.IngestServiceStub(self._channel)  # type: ignore[no-untyped-call]
        self._query = query_pb2_grpc.QueryServiceStub(self._channel)  # type: ignore[no-untyped-call]
        self._numbers = itertools.count(1)
        self._limits = itertools.count(100)

    def close(self) -> None:
        self._channel.close()

    def send(self, channel: str, count: int = 1, ago: timedelta = timedelta(0), *, imported: bool = False) -> int:
        """Send events in a batch; return when they were acknowledged, Unix microseconds."""
        at = int((datetime.now(UTC) - ago).timestamp() * 1e6)
        number = next(self._numbers)
        events = [
            Event(name="page_view", client_id=f"client-{number % 7}", page_location=PAGES[channel], timestamp_micros=at)
            for _ in range(count)
        ]
        events[0].name, events[0].transaction_id, events[0].currency = "purchase", f"order-{number}", "EUR"
        events[0].value = 10
        events[0].items.add(item_id="hat", item_name="Hat", price=10, quantity=1)
        answer = self._ingest.WriteEvents(
            WriteEventsRequest(
                property=f"properties/{self.property_id}",
                writer_id="imports" if imported else "live",
                sequence=number,
                events=events,
                historical_import=imported,
            ),
            timeout=20,
        )
        assert answer.accepted == count, answer
        self.sent[channel] += count
        return int(answer.committed_time_micros)

    def report(self, metrics: list[str], *dimensions: str, fresh: bool = True) -> query_pb2.RunReportResponse:
        request = query_pb2.RunReportRequest(
            property=f"properties/{self.property_id}",
            dimensions=[query_pb2.Dimension(name=name) for name in dimensions],
            metrics=[query_pb2.Metric(name=name) for name in metrics],
            date_ranges=[query_pb2.DateRange(start_date="60daysAgo", end_date="today")],
            include_bots=True,
            # another limit is another report, which no cache has an answer to
            limit=next(self._limits) if fresh else 1_000,
        )
        found: query_pb2.RunReportResponse = self._query.RunReport(request, timeout=20)
        return found

    def channels(self, *, fresh: bool = True) -> Counter[str]:
        """Return events by channel, as reports have them."""
        rows = self.report(["eventCount"], "defaultChannelGroup", fresh=fresh).rows
        return Counter({row.dimension_values[0]: row.metric_values[0].integer_value for row in rows})

    def revenue(self) -> dict[str, float]:
        rows = self.report(["purchaseRevenue"], "defaultChannelGroup").rows
        return {row.dimension_values[0]: row.metric_values[0].double_value for row in rows}

    def pieces(self) -> dict[str, int]:
        rows = self.report(["itemsPurchased"], "defaultChannelGroup").rows
        return {row.dimension_values[0]: row.metric_values[0].integer_value for row in rows}

    def await_channels(self, expected: Counter[str]) -> None:
        wait_for("the channels", lambda: True if self.channels() == expected else None, WAIT, 0.2)


@dataclass
class Live:
    """Sends events to a shop at a steady rate, and knows which were acknowledged when."""

    shop: Shop
    begun: int = 0
    acknowledged: list[int] = field(default_factory=list)
    """When, in order."""
    stop: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        channels = itertools.cycle(PAGES)
        while not self.stop.wait(0.1):
            self.begun += 1
            self.acknowledged.append(self.shop.send(next(channels)))


@dataclass
class Polled:
    """One answer, and when it was asked for and there."""

    asked: float
    done: float
    channels: Counter[str]


class Poller:
    """Asks for reports all the time, and keeps what it was answered."""

    def __init__(self, fixed: Shop, live: Live) -> None:
        self.fixed = fixed
        self.live = live
        self.answers: list[Polled] = []
        self.problems: list[str] = []
        self.stop = threading.Event()

    def run(self) -> None:
        try:
            for turn in itertools.count():
                if self.stop.wait(0.05):
                    return
                self._poll_fixed(fresh=turn % 2 == 0)
                self._poll_live()
        except Exception as error:
            self.problems.append(repr(error))
            raise

    def _poll_fixed(self, *, fresh: bool) -> None:
        asked = time.time()
        channels = self.fixed.channels(fresh=fresh)
        self.answers.append(Polled(asked, time.time(), channels))
        allowed = (self.fixed.sent, by_version_1(self.fixed.sent))
        if channels not in allowed:
            self.problems.append(f"{channels} is neither of {allowed}")

    def _poll_live(self) -> None:
        answer = self.live.shop.report(["eventCount"])
        begun = self.live.begun
        count = answer.totals[0].integer_value
        complete = answer.metadata.data_complete_until.ToMicroseconds()
        least = sum(1 for at in tuple(self.live.acknowledged) if at < complete)
        if not least <= count <= begun:
            self.problems.append(f"{count} events: at least {least} and at most {begun} were to be counted")


@pytest.fixture
def beside() -> Iterator[Callable[[Any], Any]]:
    """Run things in threads of their own, until `end` or the test's."""
    started: list[Any] = []

    def start(what: Any) -> Any:
        what.thread = threading.Thread(target=what.run)
        what.thread.start()
        started.append(what)
        return what

    yield start
    for what in reversed(started):
        end(what)


def end(what: Any) -> None:
    """End what runs beside."""
    what.stop.set()
    what.thread.join(60)
    assert not what.thread.is_alive()


def all_requests(stack: Stack) -> Iterator[WriteEventsRequest]:
    """Yield every batch that stands in the raw log, live and imported."""
    settings = {"bootstrap.servers": stack.addresses["kafka"], "group.id": "test", "enable.partition.eof": True}
    with closing(Consumer(settings | {"isolation.level": "read_committed"})) as reader:
        topics = reader.list_topics(timeout=20).topics
        places = [(kind.raw_topic, number) for kind in EventKind for number in topics[kind.raw_topic].partitions]
        reader.assign([TopicPartition(topic, number, OFFSET_BEGINNING) for topic, number in places])
        ended: set[tuple[str, int]] = set()
        while len(ended) < len(places):
            message = reader.poll(20)
            assert message is not None
            if message.error() is not None:
                assert message.error().code() == KafkaError._PARTITION_EOF
                ended.add((message.topic(), message.partition()))
                continue
            for stored in RawRecord.FromString(message.value() or b"").batches:
                yield WriteEventsRequest.FromString(RawBatch.FromString(stored).request)


def figures(address: str, property_id: str) -> dict[str, Any]:
    """Return every figure of channels of a property."""
    with patient_channel(address) as channel:
        stub = query_pb2_grpc.QueryServiceStub(channel)  # type: ignore[no-untyped-call]
        found = {}
        for metrics, dimensions in (
            (["eventCount", "totalUsers", "sessions"], ["defaultChannelGroup", "eventName"]),
            (["purchaseRevenue", "eventValue"], ["defaultChannelGroup", "currencyCode"]),
            (["itemsPurchased", "itemsViewed"], ["defaultChannelGroup"]),
        ):
            answer = stub.RunReport(
                query_pb2.RunReportRequest(
                    property=f"properties/{property_id}",
                    dimensions=[query_pb2.Dimension(name=name) for name in dimensions],
                    metrics=[query_pb2.Metric(name=name) for name in metrics],
                    date_ranges=[query_pb2.DateRange(start_date="60daysAgo", end_date="today")],
                    include_bots=True,
                ),
                timeout=60,
            )
            for row in answer.rows:
                values = [value.integer_value or value.double_value for value in row.metric_values]
                if any(values):
                    found[(*metrics, *row.dimension_values)] = values
        return found


def test_a_wrong_rule_is_put_right_while_the_shop_goes_on(
    wrong: Stack, beside: Callable[[Any], Any], tmp_path: Path
) -> None:
    footfall, address = Footfall(wrong.home.folder), wrong.addresses["grpc"]
    began = datetime.now(UTC)
    with closing(Shop(address, "fixed")) as fixed, closing(Shop(address, "live")) as live_shop:
        demo = f"demo-{uuid.uuid4().hex[:8]}"
        demo_options = ("--property", demo, "--seed", "3", "--visits", "40", "--days", "2", "--live", "--rate", "15")
        with footfall.running("demo", *demo_options):
            for number, channel in enumerate(PAGES):
                fixed.send(channel, 3 + number)
                fixed.send(channel, 2, timedelta(hours=30))
                fixed.send(channel, 2, timedelta(days=20), imported=True)
            fixed.await_channels(by_version_1(fixed.sent))
            live = beside(Live(live_shop))
            poller = beside(Poller(fixed, live))

            # what would be different
            hour = f"{began:%Y-%m-%dT%H}"
            dry = _patiently(footfall, "start", "--from", hour, "--dry-run", "--open-hour")
            channels = [one for one in dry["differences"] if one.get("dimension") == "defaultChannelGroup"]
            assert {one["value"] for one in channels} >= {"Paid Search", "Organic Search", "Paid Social"}

            # in earnest
            name = footfall("reprocess", "start", "--from", hour, "--json").json["name"]
            run_id = name.removeprefix("reprocessings/")
            shown = _patiently(footfall, "show", run_id, "--wait")
            assert (shown["metadata"]["state"], shown["metadata"]["version"]) == ("REPROCESSING_STATE_CAUGHT_UP", "2")
            turns = []
            for act in (("switch", run_id), ("rollback",), ("switch", run_id)):
                turned = wait_for("a switch", lambda act=act: _turned(footfall, *act), WAIT, 1)  # type: ignore[misc]
                effective = datetime.fromisoformat(turned["effective_time"]).timestamp()
                turns.append(effective)
                wait_for("its instant", lambda effective=effective: time.time() > effective + 3 or None)  # type: ignore[misc]
            end(poller)

            # what comes after the switch, for days before it
            for channel in PAGES:
                fixed.send(channel, 2, timedelta(hours=50))
                fixed.send(channel, 2, timedelta(days=40), imported=True)
        end(live)
        fixed.await_channels(fixed.sent)
    assert poller.problems == []
    _each_answer_is_of_its_instant(poller, fixed, turns)
    print(f"{len(poller.answers)} answers over {turns}")
    _equals_a_fresh_installation(wrong, tmp_path, [fixed.property_id, live_shop.property_id, demo])


def test_a_run_that_is_cancelled_while_it_is_worked_on_leaves_nothing_behind(wrong: Stack) -> None:
    footfall = Footfall(wrong.home.folder)
    hour = f"{datetime.now(UTC):%Y-%m-%dT%H}"
    run_id = footfall("reprocess", "start", "--from", hour, "--json").json["name"].removeprefix("reprocessings/")
    _patiently(footfall, "show", run_id, "--wait")
    overlord = f"http://{wrong.addresses['druid_overlord']}/druid/indexer/v1"

    def kept() -> list[str]:
        """Return what Kafka and Druid have of the run."""
        admin = AdminClient({"bootstrap.servers": wrong.addresses["kafka"]})
        groups = admin.list_consumer_groups(request_timeout=20).result().valid
        supervisors = httpx.get(f"{overlord}/supervisor", timeout=30).json()
        names = [*admin.list_topics(timeout=20).topics, *(group.group_id for group in groups), *supervisors]
        return [name for name in names if run_id in name]

    assert len(kept()) > 8
    cancelled = footfall("reprocess", "cancel", run_id, "--json").json
    # it was worked on, so it is cancelled only once nothing is left of it
    assert cancelled["metadata"]["state"] == "REPROCESSING_STATE_CANCELLING"
    wait_for("its removal", lambda: kept() == [] or None, WAIT, 0.5)
    wait_for("its end", lambda: _state(footfall, run_id) == "REPROCESSING_STATE_CANCELLED" or None, WAIT, 0.5)
    refused = footfall("reprocess", "switch", run_id)
    assert refused.code != 0
    assert "cancelled" in refused.err


def _patiently(footfall: Footfall, *arguments: str) -> Any:
    """Return what a command says that waits."""
    with footfall.running("reprocess", *arguments, "--json") as process:
        out, err = process.communicate(timeout=WAIT)
    assert process.returncode == 0, err
    return json.loads(out)


def _state(footfall: Footfall, run_id: str) -> str:
    return str(footfall("reprocess", "show", run_id, "--json").json["metadata"]["state"])


def _turned(footfall: Footfall, *arguments: str) -> Any:
    """Return the serving that will hold, or None as long as that is refused."""
    ran = footfall("reprocess", *arguments, "--json")
    return ran.json if ran.code == 0 else None


def _each_answer_is_of_its_instant(poller: Poller, fixed: Shop, turns: list[float]) -> None:
    """What was asked behind an instant is of the new version, what was there before it of the old one."""
    seen: Counter[bool] = Counter()
    for answer in poller.answers:
        passed = sum(turn < answer.asked for turn in turns)
        if passed != sum(turn < answer.done for turn in turns):
            continue  # on the way while all turned: either, as a whole
        # right after the first and the third turn; before the last events were sent
        is_right = answer.channels["Paid Search"] > 0
        assert is_right == (passed in {1, 3}), (answer, turns)
        seen[is_right] += 1
    assert seen[True] > 3
    assert seen[False] > 3


def _equals_a_fresh_installation(stack: Stack, folder: Path, properties: list[str]) -> None:
    """Send all that stands in the log to an installation that only ever knew the right rule, and compare."""
    with embedded_in(folder) as fresh:
        address = fresh.start()
        with patient_channel(address) as channel:
            ingest = ingest_pb2_grpc.IngestServiceStub(channel)  # type: ignore[no-untyped-call]
            for request in all_requests(stack):
                # its clock's skew was corrected when it was sent first
                request.ClearField("sent_time_micros")
                ingest.WriteEvents(request, timeout=20)
        sent = time.time()
        for property_id in properties:
            wait_for("all of it", lambda: _is_complete(address, property_id, sent), 60, 0.5)  # noqa: B023
            expected = figures(address, property_id)
            assert expected
            wait_for(
                f"the same figures of {property_id}",
                lambda: True if figures(stack.addresses["grpc"], property_id) == expected else None,  # noqa: B023
                60,
                1,
            )


def _is_complete(address: str, property_id: str, instant: float) -> bool | None:
    """Say whether a report has all that was acknowledged before an instant, live and imported; else None."""
    with patient_channel(address) as channel:
        stub = query_pb2_grpc.QueryServiceStub(channel)  # type: ignore[no-untyped-call]
        request = query_pb2.RunReportRequest(
            property=f"properties/{property_id}",
            metrics=[query_pb2.Metric(name="eventCount")],
            date_ranges=[query_pb2.DateRange(start_date="60daysAgo", end_date="today")],
        )
        found = stub.RunReport(request, timeout=60).metadata
    complete = (found.data_complete_until, found.imported_data_complete_until)
    return min(one.ToMicroseconds() for one in complete) > instant * 1e6 or None
