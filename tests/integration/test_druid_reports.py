"""What only Druid has: sketches, supervisors and ticks. What every store must do is in `tests/contract/`."""

import random
import time
import uuid

import pytest

from footfall.v1 import query_pb2
from footfall_adapters.druid.supervisors import IntakeSettings, ensure
from footfall_adapters.kafka.settings import KafkaSettings
from footfall_core.columns import EVENTS, IMPORTED_EVENTS, TABLES
from footfall_local.stack import Stack
from tests.contract.crowd import DISTINCT, counts_of, stored_crowd
from tests.contract.reports import report_request, table, totals
from tests.integration.query_path import QueryPath, query_path, until

pytestmark = pytest.mark.stack


def test_the_supervisor_is_left_alone_when_nothing_changed(path: QueryPath, stack: Stack) -> None:
    overlord = f"http://{stack.addresses['druid_overlord']}"
    kafka = KafkaSettings(stack.addresses["kafka"])
    assert not any(ensure(overlord, kafka, table, IntakeSettings()) for table in TABLES)


def test_distinct_counts_of_several_columns_are_right_without_sketches_too(path: QueryPath, shop: str) -> None:
    """With so little room for sketches, each count is a query of its own."""
    expected = [("page_view", 2, 1), ("purchase", 2, 1), ("screen_view", 1, 0), ("scroll", 1, 0), ("refund", 0, 0)]
    request = report_request(shop, ["sessions", "activeUsers"], ["eventName"])
    assert table(path.ask(request)) == expected
    with query_path(path.addresses, FOOTFALL_DRUID_MAX_SKETCHES="1") as without_sketches:
        assert table(without_sketches.ask(request)) == expected


def test_a_distinct_count_beyond_the_sketch_is_near_and_says_that_it_is_an_estimate(path: QueryPath) -> None:
    crowd = stored_crowd(path)
    response = path.ask(report_request(crowd.property_id, DISTINCT))
    events, users, orders = totals(response)
    (_, expected_users, expected_orders) = counts_of(crowd.rows)
    assert (events, orders) == (30_000, expected_orders)
    assert expected_users == 20_000
    assert users == pytest.approx(expected_users, rel=0.04)
    (approximate,) = response.metadata.approximate_metrics
    assert (approximate.name, approximate.exact_up_to) == ("totalUsers", 16_384)
    assert 0.007 < approximate.relative_standard_error < 0.009


def test_an_answer_is_complete_until_the_oldest_of_the_partitions_newest_ticks(stack: Stack) -> None:
    """The stack ticks in its own four partitions; this test does in four more, with older ticks.

    The second stage's are the oldest in the end: purchases take longer than all else.
    """
    now, shop = int(time.time() * 1e6), f"ticks-{uuid.uuid4().hex[:8]}"
    direct = [("~tick", 4, 1), ("~tick", 5, 4), ("~tick", 6, 2), ("~tick", 7, 3), ("~tick", 5, 9)]
    second = [("~tick-purchases", 4, 1), ("~tick-purchases", 5, 2), ("~tick-purchases", 7, 3)]

    def rows(ticks: list[tuple[str, int, int]]) -> list[dict[str, object]]:
        times = [(way, partition, now - seconds * 1_000_000) for way, partition, seconds in ticks]
        return [
            {"property": way, "raw_partition": partition, "tick_time_micros": tick, "time_ms": tick // 1000}
            for way, partition, tick in times
        ]

    with query_path(stack.addresses, FOOTFALL_KAFKA_RAW_PARTITIONS="8") as path:
        # the event comes behind these ticks, so whoever sees it sees that one is missing
        path.put_in(
            EVENTS, [*rows(direct + second), {"property": shop, "event_name": "x", "time_ms": now // 1000, "is_bot": 0}]
        )
        seen, imported = set(), set()

        def ask() -> query_pb2.RunReportResponse:
            asked = report_request(shop, ["eventCount"], days=("yesterday", "today"), limit=random.randrange(1, 10_000))
            answer = path.ask(asked)
            seen.add(answer.metadata.data_complete_until.ToMicroseconds())
            imported.add(answer.metadata.imported_data_complete_until.ToMicroseconds())
            return answer

        def complete_until() -> int:
            return ask().metadata.data_complete_until.ToMicroseconds()

        until(lambda: totals(ask()) == (1,), seconds=60)
        path.put_in(EVENTS, rows([("~tick-purchases", 6, 6)]))
        until(lambda: complete_until() == now - 6_000_000, seconds=60)
        assert seen == {0, now - 6_000_000}
        path.put_in(EVENTS, rows([("~tick-purchases", 6, 1)]))
        until(lambda: complete_until() == now - 4_000_000, seconds=60)
        # where nothing was imported, nothing is known of imports; what is imported then says nothing of live events
        assert imported == {0}
        path.put_in(IMPORTED_EVENTS, rows([*direct, *second, ("~tick-purchases", 6, 7)]))
        until(lambda: ask().metadata.imported_data_complete_until.ToMicroseconds() == now - 7_000_000, seconds=60)
        assert complete_until() == now - 4_000_000
