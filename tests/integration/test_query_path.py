"""What the query path does when one of its parts is away, slow or hung."""

import socket
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

import grpc
import pytest
from confluent_kafka import Consumer

from footfall_local.stack import Stack
from tests.contract.reports import report_request, totals
from tests.integration.query_path import QueryPath, free_address, query_consumer, query_path, query_server, until

pytestmark = pytest.mark.stack

REQUEST = report_request("nobody-has-this", ["eventCount"])


PATIENT_REDIS = {"FOOTFALL_REDIS_WAIT_MS": "10000"}
"""A cache that is late once is left alone for a second."""


@contextmanager
def silent_listener() -> Iterator[str]:
    """Yield an address that takes connections and never answers."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        yield f"127.0.0.1:{listener.getsockname()[1]}"


def refused(path: QueryPath, timeout: float) -> tuple[grpc.StatusCode, str, float]:
    """Return the status of a report, and how long it took."""
    started = time.monotonic()
    with pytest.raises(grpc.RpcError) as error:
        path.stub.RunReport(REQUEST, timeout=timeout)
    return error.value.code(), error.value.details(), time.monotonic() - started


def test_a_store_that_is_away_is_unavailable_and_says_so_in_our_words(stack: Stack) -> None:
    with query_path(stack.addresses, FOOTFALL_DRUID_BROKER_URL=f"http://{free_address()}") as path:
        said = (grpc.StatusCode.UNAVAILABLE, "The report store cannot be reached at the moment; please try again.")
        # the consumer may not be there at first, which is said in other words
        until(lambda: refused(path, 20)[:2] == said, seconds=40)


def test_a_store_that_hangs_ends_with_the_deadline(stack: Stack) -> None:
    with (
        silent_listener() as address,
        query_path(stack.addresses, FOOTFALL_DRUID_BROKER_URL=f"http://{address}") as path,
    ):

        def says_so_in_time() -> bool:
            code, details, took = refused(path, 2.0)
            # the server's own words, a moment before the caller gives up
            is_said = code is grpc.StatusCode.DEADLINE_EXCEEDED and "no answer within the deadline" in details
            return is_said and 1.5 < took < 2.0

        until(says_so_in_time, seconds=40)


@pytest.mark.parametrize("hangs", [False, True])
def test_reports_go_on_without_redis_as_fast_as_with_it(stack: Stack, hangs: bool) -> None:
    with silent_listener() as silent:
        url = f"redis://{silent if hangs else free_address()}/0"
        with query_path(stack.addresses, FOOTFALL_REDIS_URL=url) as path:
            path.ask(REQUEST)
            took = []
            for _ in range(5):
                started = time.monotonic()
                assert not path.ask(REQUEST).metadata.from_cache
                took.append(time.monotonic() - started)
            assert min(took) < 1, took  # a machine may stand still for a moment


def test_the_same_report_comes_from_the_cache_within_a_second_and_not_after_it(stack: Stack) -> None:
    with query_path(stack.addresses, **PATIENT_REDIS) as path:
        until(lambda: path.ask(REQUEST).metadata.from_cache, seconds=10)
        until(lambda: not path.ask(REQUEST).metadata.from_cache, seconds=5)


def test_servers_share_the_cache(stack: Stack) -> None:
    with (
        query_path(stack.addresses, **PATIENT_REDIS) as path,
        query_server(path.variables | {"FOOTFALL_INSTANCE_NAME": "other"}) as port,
    ):
        other = QueryPath(stack.addresses, path.variables, port)
        try:
            until(lambda: path.ask(REQUEST) is not None and other.ask(REQUEST).metadata.from_cache, seconds=10)
        finally:
            other.close()


def test_a_consumer_that_hangs_holds_nobody_up(stack: Stack) -> None:
    with query_path(stack.addresses) as path:
        path.ask(REQUEST)
        prefix = path.variables["FOOTFALL_KAFKA_TOPIC_PREFIX"]
        deaf = Consumer(
            {
                "bootstrap.servers": stack.addresses["kafka"],
                "group.id": f"{prefix}query-consumers",
                "partition.assignment.strategy": "cooperative-sticky",
            }
        )
        with closing(deaf):
            deaf.subscribe([f"{prefix}queries.requests"])

            def has_partitions() -> bool:
                deaf.poll(0.1)
                return bool(deaf.assignment())

            until(has_partitions, seconds=30)
            for number in range(12):
                started = time.monotonic()
                request = report_request("nobody-has-this", ["eventCount"], offset=number)
                response = path.ask(request)
                assert totals(response) == (0,)
                assert time.monotonic() - started < 10


def test_reports_go_on_when_the_only_consumer_is_replaced(stack: Stack) -> None:
    with query_path(stack.addresses) as path:
        path.ask(REQUEST)
        with query_consumer(path.variables):
            pass  # a second one came and left
        request = report_request("nobody-has-this", ["eventCount"], offset=99)
        assert totals(path.ask(request)) == (0,)
