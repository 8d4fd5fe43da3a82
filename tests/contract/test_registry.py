"""What `Registry` promises, by SQLite and by the stack's Kafka."""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from footfall.v1.admin_pb2 import Key, KeyState, Property, PropertyQuota, PropertyState
from footfall_adapters.kafka.access import CONTROL, PROPERTIES, KafkaAccess, KafkaRegistry
from footfall_adapters.kafka.settings import KafkaSettings
from footfall_adapters.sqlite.access import SqliteRegistry
from footfall_core.access.ports import Access, Registry
from footfall_local.stack import Stack
from tests.integration.access_topics import delete_topics, make_topics, topics_of, write


@dataclass
class Place:
    """Where records are stored: opened as often as a test likes, as one server after the other does."""

    registry: Callable[[], AbstractAsyncContextManager[Registry]]
    another: Callable[[], AbstractAsyncContextManager[Access]]
    """What another server knows; in SQLite there is one server."""


@asynccontextmanager
async def of_sqlite(file: Path) -> AsyncIterator[SqliteRegistry]:
    with closing(SqliteRegistry(file)) as registry:
        yield registry


@pytest.fixture(params=["embedded", pytest.param("real", marks=pytest.mark.stack)])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    if request.param == "embedded":
        file = tmp_path / "admin.sqlite"
        return Place(lambda: of_sqlite(file), lambda: of_sqlite(file))
    kafka = request.getfixturevalue("topics")
    return Place(lambda: KafkaRegistry(kafka), lambda: KafkaAccess(kafka))


@pytest.fixture
def topics(stack: Stack) -> Iterator[KafkaSettings]:
    with topics_of(own(stack)) as kafka:
        yield kafka


def own(stack: Stack) -> KafkaSettings:
    return KafkaSettings(stack.addresses["kafka"], topic_prefix=f"test-{uuid.uuid4().hex[:8]}-")


def shop(**fields: object) -> Property:
    return Property(name="properties/shop", state=PropertyState.PROPERTY_STATE_ACTIVE, **fields)  # type: ignore[arg-type]


async def put(registry: Registry, record: Property | Key) -> None:
    await registry.put(record.name, record.SerializeToString())


async def test_what_was_put_is_known_on_return_and_replaces_what_was_before(place: Place) -> None:
    async with place.registry() as registry:
        changes: list[int] = []
        registry.on_change(lambda: changes.append(1))
        assert registry.register.property("shop") is None
        for zone in ("UTC", "Asia/Kolkata"):
            await put(registry, shop(time_zone=zone))
            assert registry.register.property("shop") == shop(time_zone=zone)
        assert len(changes) >= 2


async def test_all_of_it_is_known_to_one_that_is_opened_later(place: Place) -> None:
    keys = [Key(name=f"properties/shop/keys/k{n}", state=KeyState.KEY_STATE_ACTIVE) for n in range(3)]
    async with place.registry() as registry:
        await put(registry, shop())
        for key in keys:
            await put(registry, key)
        keys[1].state = KeyState.KEY_STATE_REVOKED
        await put(registry, keys[1])
    async with place.registry() as registry:
        found = registry.register
        assert found.property("shop") == shop()
        assert sorted(found.keys("properties/shop"), key=lambda key: key.name) == keys
        assert [found.is_revoked(key.name) for key in keys] == [False, True, False]
        assert found.keys("properties/other") == []
    async with place.another() as access:
        assert access.register.property("shop") == shop()
        assert [access.register.is_revoked(key.name) for key in keys] == [False, True, False]


async def test_a_quota_of_its_own_is_known_until_it_is_taken_away(place: Place) -> None:
    quota = PropertyQuota(events_per_second=20, reports_per_second=0)
    async with place.registry() as registry:
        await put(registry, shop(quota=PropertyQuota(events_per_second=10)))
        await put(registry, shop(quota=quota))
        assert registry.register.own_quota("shop") == quota
        assert registry.register.own_quota("other") is None
    async with place.another() as access:
        assert access.register.own_quota("shop") == quota
    async with place.registry() as registry:
        await put(registry, shop())
        assert registry.register.own_quota("shop") is None


async def test_properties_are_listed_by_name_from_any_place(place: Place) -> None:
    async with place.registry() as registry:
        for name in ("b", "a", "c"):
            await put(registry, Property(name=f"properties/{name}"))
        await put(registry, Property(name="properties/b", display_name="B"))

        def behind(name: str) -> list[str]:
            return [found.name[-1] for found in registry.register.properties_after(name)]

        assert behind("") == ["a", "b", "c"]
        assert behind("properties/a") == ["b", "c"]
        assert behind("properties/c") == []


@pytest.mark.stack
async def test_another_server_hears_of_a_revocation_within_a_second(topics: KafkaSettings) -> None:
    took = []
    async with KafkaRegistry(topics) as registry, KafkaAccess(topics) as access:
        heard = asyncio.Event()
        access.on_change(heard.set)
        for number in range(5):
            revoked = Key(name=f"properties/shop/keys/k{number}", state=KeyState.KEY_STATE_REVOKED)
            heard.clear()
            await put(registry, revoked)
            began = time.monotonic()
            async with asyncio.timeout(30):
                while not access.register.is_revoked(revoked.name):
                    await heard.wait()
                    heard.clear()
            took.append(time.monotonic() - began)
    assert min(took) < 1, took  # a machine may stand still for a moment


@pytest.mark.stack
async def test_records_of_others_and_broken_ones_stop_nothing(topics: KafkaSettings) -> None:
    for name, record in ((b"runs/1", b"\xff"), (b"properties/bad", b"\xff"), (b"properties/bad/keys/k", b"\xff")):
        write(topics, CONTROL, name, record)
        write(topics, PROPERTIES, name, record)
    async with KafkaRegistry(topics) as registry:
        assert registry.register.property("bad") is None
        await put(registry, shop())
        assert registry.register.property("shop") == shop()


@pytest.mark.stack
async def test_topics_that_are_made_anew_are_read_anew(topics: KafkaSettings) -> None:
    async with KafkaRegistry(topics) as registry:
        await put(registry, shop())
        delete_topics(topics)
        make_topics(topics)
        async with asyncio.timeout(60):
            while registry.register.property("shop") is not None:
                await asyncio.sleep(0.1)


@pytest.mark.stack
async def test_a_server_waits_until_there_is_something_to_read(stack: Stack) -> None:
    kafka = own(stack)
    access = KafkaAccess(kafka)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(2):
            await access.__aenter__()
    assert not access._thread.is_alive()
    with topics_of(kafka):
        async with KafkaAccess(kafka) as access:
            assert access.register.property("shop") is None
