"""A storm of errors on a real Kafka, as clients of two error servers see it; with numbers that a test can count."""

import asyncio
import time
from collections.abc import Iterator

import pytest

from footfall.v1.errors_pb2 import Stage, StreamErrorsRequest
from footfall.v1.errors_pb2_grpc import ErrorServiceStub
from footfall.v1.ingest_pb2 import ErrorCode
from footfall_adapters.kafka.settings import KafkaSettings
from tests.integration.error_log import Writer, delete_topic, error_server, make_topic
from tests.integration.test_error_server import until_live

pytestmark = pytest.mark.stack

TOTAL = 6_000
SETTINGS = {
    "FOOTFALL_ERROR_STORM_FIRST": "50",
    "FOOTFALL_ERROR_STORM_WINDOW_SECONDS": "3600",
    "FOOTFALL_ERROR_STORM_ONE_IN": "100",
    "FOOTFALL_ERROR_SERVER_COUNT_SECONDS": "0.05",
}
NAME = {"stage": Stage.STAGE_VALIDATION, "code": ErrorCode.ERROR_CODE_NAME_INVALID}


@pytest.fixture
def kafka(kafka: KafkaSettings) -> Iterator[KafkaSettings]:
    topics = ("queries.requests", "queries.results")
    for topic in topics:
        make_topic(kafka, topic)
    yield kafka
    for topic in topics:
        delete_topic(kafka, topic)


class Client:
    """What a client knows: the errors it was pushed, how many it was told of, and the newest token."""

    def __init__(self, property_id: str) -> None:
        self._property_id = property_id
        self.ids: list[str] = []
        self.arrived: dict[str, float] = {}
        self.left_out = 0
        self._token = ""

    @property
    def total(self) -> int:
        return len(self.ids) + self.left_out

    async def follow(self, stub: ErrorServiceStub, until: int, live: asyncio.Event | None = None) -> None:
        """Follow one server until so many errors were pushed or left out in all."""
        request = StreamErrorsRequest(property=f"properties/{self._property_id}", resume_token=self._token)
        call = stub.StreamErrors(request, timeout=60)
        async for message in call:
            self._token = message.resume_token
            if message.HasField("error"):
                self.ids.append(message.error.error_id)
                self.arrived[message.error.error_id] = time.monotonic()
            self.left_out += sum(each.count for each in message.left_out)
            if live is not None and message.heartbeat.live:
                live.set()
            if self.total >= until:
                break
        call.cancel()


async def test_what_is_pushed_and_counted_of_a_storm_adds_up_on_each_server_and_over_resumptions(
    kafka: KafkaSettings,
) -> None:
    writer = await asyncio.to_thread(Writer, kafka)
    ids = [f"e{number}1" for number in range(TOTAL)]

    def flood() -> None:
        for first in range(0, TOTAL, 200):
            writer.write(*ids[first : first + 200], property_id="stormy", **NAME)

    async with error_server(kafka, "errors-1", **SETTINGS) as one, error_server(kafka, "errors-2", **SETTINGS) as other:
        staying, wandering = Client("stormy"), Client("stormy")
        began = [asyncio.Event(), asyncio.Event()]

        async def wander() -> None:
            await wandering.follow(one, TOTAL // 5, began[1])
            for turn in range(2, 6):
                await wandering.follow((one, other)[turn % 2], TOTAL * turn // 5)

        following = [asyncio.create_task(staying.follow(one, TOTAL, began[0])), asyncio.create_task(wander())]
        await asyncio.gather(*(each.wait() for each in began))
        await asyncio.to_thread(flood)
        await asyncio.gather(*following)
        for client in (staying, wandering):
            assert client.total == TOTAL
            assert len(set(client.ids)) == len(client.ids)
        # the sample is the same wherever it is looked at; who comes anew has some first ones more
        assert set(staying.ids) <= set(wandering.ids)
        assert len(wandering.ids) < TOTAL / 5
        listed, _ = await until_live(one.StreamErrors(_since_the_beginning("stormy"), timeout=60))
        assert set(staying.ids) == set(listed)
    print(f"\n{TOTAL} errors: pushed {len(staying.ids)} and {len(wandering.ids)}, the others counted")


async def test_another_property_does_not_feel_a_storm_in_its_stream(kafka: KafkaSettings) -> None:
    writer, others = await asyncio.to_thread(Writer, kafka), await asyncio.to_thread(Writer, kafka)
    ids = [f"e{number}1" for number in range(TOTAL)]
    stop = asyncio.Event()

    def flood() -> None:
        while not stop.is_set():
            writer.write(*ids[:500], property_id="stormy", **NAME)

    async with error_server(kafka, "errors-1", **SETTINGS) as stub:
        stormy, quiet = Client("stormy"), Client("quiet")
        began = [asyncio.Event(), asyncio.Event()]
        following = [
            asyncio.create_task(stormy.follow(stub, 10**9, began[0])),
            asyncio.create_task(quiet.follow(stub, 20, began[1])),
        ]
        await asyncio.gather(*(each.wait() for each in began))
        flooding = asyncio.create_task(asyncio.to_thread(flood))
        written = {}
        try:
            for number in range(20):
                await asyncio.to_thread(others.write, f"quiet{number}1", property_id="quiet")
                written[f"quiet{number}1"] = time.monotonic()
            await asyncio.wait_for(following[1], 30)
        finally:
            stop.set()
            await flooding
            following[0].cancel()
            await asyncio.wait(following)
    late = sorted(quiet.arrived[each] - at for each, at in written.items())
    print(f"\nbeside {stormy.total} errors of another property: {late[10] * 1e3:.0f} ms, {late[-1] * 1e3:.0f} at most")
    assert quiet.ids == [f"quiet{number}1" for number in range(20)]
    assert late[10] < 2
    assert late[-1] < 15


def _since_the_beginning(property_id: str) -> StreamErrorsRequest:
    request = StreamErrorsRequest(property=f"properties/{property_id}")
    request.start_time.FromSeconds(1)
    return request
