"""Errors have numbers of their own also when the state's file was made anew: a stream never skips over any."""

from contextlib import closing
from pathlib import Path

import pytest

from footfall.v1.errors_pb2 import EventError
from footfall_adapters.sqlite.error_feed import SqliteErrorFeed
from footfall_adapters.sqlite.reading import SqliteReader
from footfall_adapters.sqlite.state import SqliteState
from footfall_core.clock import SystemClock
from footfall_core.errors.feed import OutOfHistoryError, Position
from footfall_core.errors.selection import ErrorSelection
from footfall_core.errors.storms import StormRule

SHOP = ErrorSelection("shop")


def put_errors(file: Path, *ids: str) -> None:
    with closing(SqliteState(file, SystemClock())) as state:
        for one in ids:
            state.put_errors([EventError(property="properties/shop", error_id=one)])


async def read_errors(file: Path, start: Position | int) -> tuple[list[str], Position]:
    """Return the ids of all errors from a place or time on, and the place behind them."""
    found = []
    with (
        closing(SqliteReader(file, "test")) as reader,
        closing(SqliteErrorFeed(reader, StormRule(1_000, 10_000, 1_000))) as feed,
        closing(await feed.open(SHOP, start)) as stream,
    ):
        while (error := await stream.next()) is not None:
            found.append(error.error.error_id)
        return found, stream.position


async def test_a_place_in_a_file_that_is_gone_is_refused_by_the_new_one(tmp_path: Path) -> None:
    file = tmp_path / "state"
    put_errors(file, "a", "b")
    _, place = await read_errors(file, 0)
    for one in tmp_path.iterdir():
        one.unlink()
    put_errors(file, "a", "b", "c", "d")
    with pytest.raises(OutOfHistoryError) as refused:
        await read_errors(file, place)
    assert (await read_errors(file, refused.value.earliest))[0] == ["a", "b", "c", "d"]


async def test_a_place_outlives_the_process(tmp_path: Path) -> None:
    file = tmp_path / "state"
    put_errors(file, "a")
    _, place = await read_errors(file, 0)
    put_errors(file, "b")
    assert (await read_errors(file, place))[0] == ["b"]
