"""`redrive_errors` of both clients against a server that answers as told."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import grpc
import pytest

from footfall import aio, repairs
from footfall.client import Client
from footfall.failures import GivenUpError, RefusedError
from footfall.redrive import EXAMPLES
from footfall.retry import RetryPolicy
from footfall.v1.errors_pb2 import NotRedrivableReason, ParameterType, RedriveErrorsResponse
from footfall.v1.ingest_pb2 import ErrorCode
from tests.redrives import cast, default, rename
from tests.unit.scripted_server import Fails, ScriptedServer

C = grpc.StatusCode
QUICK = RetryPolicy(give_up_after_seconds=2, first_delay_seconds=0.01, longest_delay_seconds=0.02)


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        yield server


def through(way: str, server: ScriptedServer, *args: Any, **options: Any) -> list[RedriveErrorsResponse]:
    """Redrive with the client for threads or for asyncio, and return all that it said."""
    settings: dict[str, Any] = {"retries": QUICK, "late_errors": False, "report_discards": False}
    if way == "threads":
        with Client(server.endpoint, "shop", **settings) as client:
            return list(client.redrive_errors(*args, **options))

    async def run() -> list[RedriveErrorsResponse]:
        async with aio.Client(server.endpoint, "shop", **settings) as client:
            return [message async for message in client.redrive_errors(*args, **options)]

    return asyncio.run(run())


ways = pytest.mark.parametrize("way", ["threads", "asyncio"])


def part(token: str, events: int) -> RedriveErrorsResponse:
    message = RedriveErrorsResponse(
        resume_token=token,
        done=not token,
        examined_count=events + 3,
        redriven_count=events,
        redriven_event_count=events,
        refused_count=1,
        refused_event_count=1,
        redriven_before_count=1,
        not_redrivable_count=1,
    )
    kind = message.refused.add(code=ErrorCode.ERROR_CODE_NAME_INVALID, event_count=4)
    for number in range(4):
        kind.examples.add(error_id=f"{token}{number}")
    reason = message.not_redrivable.add(reason=NotRedrivableReason.NOT_REDRIVABLE_REASON_NEVER_SENT, error_count=1)
    reason.error_ids.append(token)
    return message


@ways
def test_counts_are_of_all_calls_and_each_goes_on_behind_the_last_message(way: str, server: ScriptedServer) -> None:
    first, second = part("one", 10), part("two", 20)
    first.total_count = second.total_count = 100  # which a call behind a token does not know
    server.redrives_script += [
        [first, second, Fails(C.UNAVAILABLE)],
        [Fails(C.DEADLINE_EXCEEDED)],
        [part("three", 5)],  # and it just ends
        [part("", 7)],
    ]
    messages = through(way, server, validate_only=True)
    assert [message.redriven_event_count for message in messages] == [10, 20, 25, 32]
    last = messages[-1]
    assert (last.total_count, last.examined_count, last.done) == (100, 20 + 3 + 5 + 3 + 7 + 3, True)
    assert (last.refused_count, last.redriven_before_count, last.not_redrivable_count) == (3, 3, 3)
    (kind,) = last.refused
    assert (kind.event_count, len(kind.examples)) == (12, EXAMPLES)
    (reason,) = last.not_redrivable
    assert (reason.error_count, list(reason.error_ids)) == (3, ["two", "three", ""])
    assert [request.resume_token for request in server.redrives] == ["", "two", "two", "three"]
    assert all(request.validate_only for request in server.redrives)


@ways
def test_it_says_which_errors_and_what_to_change(way: str, server: ScriptedServer) -> None:
    server.redrives_script.append([part("", 1)])
    start, end = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC)
    steps = [
        repairs.rename("params.v", "value"),
        repairs.cast("params.n", "number"),
        repairs.default("params.b", True),
        repairs.default("value", 2),
        repairs.default("currency", "EUR"),
    ]
    through(way, server, start, end, codes=["VALUE_INVALID"], writer_id="w", repairs=steps)
    (request,) = server.redrives
    assert request.start_time.ToDatetime(tzinfo=UTC) == start
    assert request.end_time.ToDatetime(tzinfo=UTC) == end
    assert (list(request.filter.codes), request.filter.writer_id) == ([1], "w")
    assert list(request.repairs) == [
        rename("params.v", "value"),
        cast("params.n", ParameterType.PARAMETER_TYPE_NUMBER),
        default("params.b", True),
        default("value", 2.0),
        default("currency", "EUR"),
    ]
    assert not request.validate_only


@ways
def test_what_is_refused_is_not_tried_again(way: str, server: ScriptedServer) -> None:
    server.redrives_script.append([Fails(C.INVALID_ARGUMENT, "no")])
    with pytest.raises(RefusedError):
        through(way, server, error_ids=["a"])
    assert len(server.redrives) == 1
    assert not server.redrives[0].HasField("filter")


@ways
def test_a_server_that_stays_away_is_given_up(way: str, server: ScriptedServer) -> None:
    server.redrives_script += [[Fails(C.UNAVAILABLE)]] * 10_000
    with pytest.raises(GivenUpError):
        through(way, server)


def test_wrong_arguments_are_said_at_once() -> None:
    with pytest.raises(ValueError, match="there is no type 'date'; allowed are string, number, boolean"):
        repairs.cast("params.n", "date")
    with pytest.raises(TypeError, match="allowed are str, float and bool"):
        repairs.default("params.n", None)  # type: ignore[arg-type]
    with Client("127.0.0.1:9", "shop", late_errors=False) as client:
        with pytest.raises(TypeError, match="error_ids is a string"):
            client.redrive_errors(error_ids="a")
        with pytest.raises(ValueError, match="start has no time zone"):
            client.redrive_errors(datetime(2026, 3, 1))  # noqa: DTZ001 - that is what is wrong
