"""What tests share: a query path, small properties whose numbers are counted by hand, a topic of errors a test."""

import uuid
from collections.abc import Iterator

import pytest

from footfall_adapters.kafka.settings import KafkaSettings
from footfall_local.stack import Stack
from tests.contract.report_rows import SHOP, SHOP_ITEMS, TRAVEL, TRAVEL_ITEMS, stored
from tests.e2e.whole import await_whole
from tests.integration.error_log import delete_topic, make_topic
from tests.integration.query_path import QueryPath, query_path


@pytest.fixture(scope="session")
def path(stack: Stack) -> Iterator[QueryPath]:
    """A query server with its consumer, on the stack's Kafka, Druid and Redis."""
    with query_path(stack.addresses) as path:
        yield path


@pytest.fixture(scope="session")
def shop(path: QueryPath) -> str:
    """The property of `SHOP`."""
    return stored(path, "shop", SHOP, SHOP_ITEMS)


@pytest.fixture(scope="session")
def travel(path: QueryPath) -> str:
    """The property of `TRAVEL`."""
    return stored(path, "travel", TRAVEL, TRAVEL_ITEMS)


@pytest.fixture
def whole_again(stack: Stack) -> Iterator[None]:
    """For a test that disturbs what all share: it ends when that is whole again."""
    yield
    await_whole(stack)


@pytest.fixture
def kafka(stack: Stack) -> Iterator[KafkaSettings]:
    """A Kafka whose topic of errors is the test's own."""
    kafka = make_topic(KafkaSettings(stack.addresses["kafka"], topic_prefix=f"test-{uuid.uuid4().hex[:8]}-"))
    yield kafka
    delete_topic(kafka)
