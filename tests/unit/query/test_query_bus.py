import asyncio
from collections.abc import Callable

import pytest

from footfall_adapters.kafka.query_bus import KafkaQueryBus, QueryBusSettings
from footfall_core.clock import Micros, SystemClock
from footfall_core.problems import DeadlinePassed, NotComputable, TryAgain
from footfall_core.report import results
from footfall_core.wire.query_pb2 import ErrorsQuestion, QueryRequest

CLOCK = SystemClock()


class Wire:
    """What was sent, and by which partition."""

    def __init__(self) -> None:
        self.sent: list[tuple[int, QueryRequest]] = []
        self.failures: list[Callable[[str], None]] = []
        self.arrived = asyncio.Event()

    def send(self, partition: int, record: bytes, failed: Callable[[str], None]) -> None:
        self.sent.append((partition, QueryRequest.FromString(record)))
        self.failures.append(failed)
        self.arrived.set()

    async def request(self, index: int = 0) -> QueryRequest:
        """Return a request when it was sent."""
        while len(self.sent) <= index:
            self.arrived.clear()
            await self.arrived.wait()
        return self.sent[index][1]


def bus_on(wire: Wire, *, partitions: int = 4, **settings: int) -> KafkaQueryBus:
    ids = iter(f"id-{n}" for n in range(100))
    return KafkaQueryBus(
        wire.send,
        partitions=partitions,
        reply_partition=3,
        settings=QueryBusSettings(**{"hedge_ms": 20, "give_up_ms": 200, **settings}),
        clock=CLOCK,
        new_id=lambda: next(ids),
        choose=lambda bound: bound - 1,
    )


def soon(seconds: float = 5.0) -> Micros:
    return Micros(CLOCK.now() + int(seconds * 1e6))


def answer_all(bus: KafkaQueryBus, query_id: str, answer: bytes, attempt: str = "one") -> None:
    for record in results.parts(query_id, attempt, answer):
        bus.received(record)


async def test_a_plan_is_asked_once_and_its_answer_comes_back() -> None:
    wire = Wire()
    bus, deadline = bus_on(wire, hedge_ms=2_000), soon()
    asking = asyncio.create_task(bus.ask(b"plan", deadline))
    request = await wire.request()
    assert (request.plan, request.deadline_micros, request.reply_partition) == (b"plan", deadline, 3)
    bus.received(results.begun(request.query_id, "consumer-1"))
    answer_all(bus, request.query_id, b"x" * 1_200_000)
    assert await asking == b"x" * 1_200_000
    assert len(wire.sent) == 1


async def test_a_question_for_errors_travels_as_one() -> None:
    wire = Wire()
    bus, question = bus_on(wire), ErrorsQuestion(property_id="shop", stages=[3], limit=5)
    asking = asyncio.create_task(bus.ask(question, soon()))
    request = await wire.request()
    assert (request.WhichOneof("question"), request.errors) == ("errors", question)
    answer_all(bus, request.query_id, b"answer")
    assert await asking == b"answer"


async def test_a_query_that_nobody_begins_is_sent_once_more_to_another_partition() -> None:
    wire = Wire()
    bus = bus_on(wire)
    asking = asyncio.create_task(bus.ask(b"plan", soon()))
    again = await wire.request(1)
    assert again == wire.sent[0][1]
    assert wire.sent[0][0] != wire.sent[1][0]
    answer_all(bus, again.query_id, b"answer")
    assert await asking == b"answer"


async def test_partitions_that_kept_silent_are_left_alone_by_the_next_queries() -> None:
    wire = Wire()
    bus = bus_on(wire, hedge_ms=500)
    deaf = set()
    for number in range(10):
        sent_before = len(wire.sent)
        asking = asyncio.create_task(bus.ask(b"plan", soon()))
        request = await wire.request(sent_before)
        if number == 0:
            # the first two partitions that are tried do not answer
            await wire.request(2)
            deaf = {partition for partition, _ in wire.sent[:2]}
        answer_all(bus, request.query_id, b"answer")
        await asking
    assert len(deaf) == 2
    assert not deaf & {partition for partition, _ in wire.sent[2:]}
    assert len(wire.sent) == 2 + 10


async def test_all_partitions_are_tried_when_all_kept_silent() -> None:
    wire = Wire()
    bus = bus_on(wire, partitions=2)
    for _ in range(2):
        with pytest.raises(TryAgain):
            await bus.ask(b"plan", soon(60))
    assert [partition for partition, _ in wire.sent] == [1, 0, 1, 0]


async def test_a_query_that_was_begun_is_not_sent_again() -> None:
    wire = Wire()
    bus = bus_on(wire, hedge_ms=500)
    asking = asyncio.create_task(bus.ask(b"plan", soon(1.5)))
    bus.received(results.begun((await wire.request()).query_id, "consumer-1"))
    with pytest.raises(DeadlinePassed):
        await asking
    assert len(wire.sent) == 1


async def test_the_first_complete_answer_wins() -> None:
    wire = Wire()
    bus = bus_on(wire)
    asking = asyncio.create_task(bus.ask(b"plan", soon()))
    query_id = (await wire.request(1)).query_id
    first = list(results.parts(query_id, "one", b"1" * 600_000))
    bus.received(first[0])
    answer_all(bus, query_id, b"2" * 600_000, "two")
    bus.received(first[1])
    assert await asking == b"2" * 600_000


async def test_a_query_that_nobody_begins_at_all_is_given_up_before_its_deadline() -> None:
    with pytest.raises(TryAgain, match="Nothing answers queries"):
        await bus_on(Wire()).ask(b"plan", soon(60))
    with pytest.raises(TryAgain, match="Nothing answers queries"):
        await bus_on(Wire(), partitions=1).ask(b"plan", soon(60))


async def test_a_failure_is_the_callers() -> None:
    wire = Wire()
    bus = bus_on(wire)
    asking = asyncio.create_task(bus.ask(b"plan", soon()))
    bus.received(results.failure((await wire.request()).query_id, NotComputable("several currencies")))
    with pytest.raises(NotComputable, match="several currencies"):
        await asking


async def test_a_record_that_cannot_be_sent_is_tried_again_by_the_caller() -> None:
    wire = Wire()
    bus = bus_on(wire)
    asking = asyncio.create_task(bus.ask(b"plan", soon()))
    await wire.request()
    wire.failures[0]("the broker is away at 10.0.0.1")
    with pytest.raises(TryAgain) as refused:
        await asking
    assert "10.0.0.1" not in refused.value.message


async def test_a_deadline_that_is_past_asks_nobody_for_long() -> None:
    with pytest.raises(DeadlinePassed):
        await bus_on(Wire()).ask(b"plan", soon(-1))


async def test_what_nobody_waits_for_is_dropped() -> None:
    wire = Wire()
    bus = bus_on(wire)
    asking = asyncio.create_task(bus.ask(b"plan", soon()))
    query_id = (await wire.request()).query_id
    asking.cancel()
    await asyncio.wait({asking})
    answer_all(bus, query_id, b"late")
    bus.received(b"\xff\xffnonsense")
    bus.received(results.failure("never-asked", TryAgain("x")))


async def test_only_so_many_queries_wait_at_a_time() -> None:
    wire = Wire()
    bus = bus_on(wire, max_waiting=1)
    asking = asyncio.create_task(bus.ask(b"plan", soon()))
    request = await wire.request()
    with pytest.raises(TryAgain, match="Too many"):
        await bus.ask(b"plan", soon())
    answer_all(bus, request.query_id, b"answer")
    await asking
    asking = asyncio.create_task(bus.ask(b"plan", soon()))
    answer_all(bus, (await wire.request(1)).query_id, b"answer")
    assert await asking == b"answer"
