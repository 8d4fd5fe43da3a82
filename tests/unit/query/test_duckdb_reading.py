"""How the embedded store reads: in threads, interrupted when nobody waits, and what becomes of DuckDB's errors."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import pytest

from footfall_adapters.duckdb.reading import Reader, Reading
from footfall_adapters.duckdb.statement import Statement
from footfall_adapters.duckdb.tables import Tables
from footfall_core.clock import Micros, SystemClock
from footfall_core.problems import DeadlinePassed, NotComputable, TryAgain

CLOCK = SystemClock()
ENDLESS = Statement("SELECT count(*) FROM range(100000000000) a WHERE hash(a.range) = 7", ())
ROWS = Statement("SELECT count(*) FROM events", ())


def after(seconds: float) -> Micros:
    return Micros(CLOCK.now() + round(seconds * 1e6))


def row(property_id: str) -> str:
    return f"1\t{property_id}" + "\t" * 31


@pytest.fixture
def tables() -> Iterator[Tables]:
    with closing(Tables(None)) as tables:
        yield tables


@pytest.fixture
def reading(tables: Tables) -> Iterator[Reading]:
    with closing(Reading(lambda: tables, CLOCK, readers=2)) as reading:
        yield reading


def asking(statement: Statement) -> Callable[[Reader], list[tuple[Any, ...]]]:
    return lambda reader: reader.rows(statement)


async def test_the_deadline_ends_what_is_read(reading: Reading) -> None:
    started = time.monotonic()
    with pytest.raises(DeadlinePassed):
        await reading.run(asking(ENDLESS), after(0.1))
    assert time.monotonic() - started < 2


async def test_nothing_is_read_after_the_deadline(reading: Reading) -> None:
    done: list[int] = []
    with pytest.raises(DeadlinePassed):
        await reading.run(lambda _: done.append(1), after(-1))
    assert not done


async def test_threads_whose_readers_nobody_waits_for_are_free_again(reading: Reading) -> None:
    """There are two threads; were one of them not interrupted, the last would wait for ever."""
    for _ in range(4):
        with pytest.raises(DeadlinePassed):
            await reading.run(asking(ENDLESS), after(0.05))
    cancelled = [asyncio.create_task(reading.run(asking(ENDLESS), after(60))) for _ in range(4)]
    await asyncio.sleep(0.05)
    for task in cancelled:
        task.cancel()
    assert await reading.run(asking(ROWS), after(20)) == [(0,)]


async def test_an_interruption_between_two_statements_is_noticed(reading: Reading) -> None:
    began, go_on = threading.Event(), threading.Event()

    def work(reader: Reader) -> None:
        began.set()
        go_on.wait(20)
        reader.rows(ENDLESS)

    for _ in range(2):
        task = asyncio.create_task(reading.run(work, after(60)))
        await asyncio.to_thread(began.wait, 20)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        began.clear()
    go_on.set()
    assert await reading.run(asking(ROWS), after(20)) == [(0,)]


async def test_all_statements_of_a_report_see_the_same_rows(reading: Reading, tables: Tables) -> None:
    def work(reader: Reader) -> list[list[tuple[Any, ...]]]:
        before = reader.rows(ROWS)
        tables.put([row("shop")], [], 1)
        return [before, reader.rows(ROWS)]

    assert await reading.run(work, after(20)) == [[(0,)], [(0,)]]
    assert await reading.run(asking(ROWS), after(20)) == [(1,)]


async def test_rows_come_in_while_a_report_is_read(reading: Reading, tables: Tables) -> None:
    task = asyncio.create_task(reading.run(asking(ENDLESS), after(60)))
    await asyncio.sleep(0.05)
    tables.put([row("shop")], [], 1)
    assert await reading.run(asking(ROWS), after(20)) == [(1,)]
    task.cancel()


async def test_tables_that_are_closed_are_to_be_asked_again(tables: Tables) -> None:
    current = [Tables(None)]
    with closing(Reading(lambda: current[0], CLOCK, readers=1)) as reading:
        assert await reading.run(asking(ROWS), after(20)) == [(0,)]
        current[0].close()
        with pytest.raises(TryAgain, match="cannot be read at the moment"):
            await reading.run(asking(ROWS), after(20))
        current[0] = tables
        assert await reading.run(asking(ROWS), after(20)) == [(0,)]


async def test_tables_that_are_not_there_are_to_be_asked_again() -> None:
    def away() -> Tables:
        raise TryAgain("The disk is full.")

    with closing(Reading(away, CLOCK, readers=1)) as reading, pytest.raises(TryAgain, match=r"The disk is full\."):
        await reading.run(asking(ROWS), after(20))


async def test_a_report_beyond_the_memory_is_refused(tmp_path: Path) -> None:
    with closing(Tables(tmp_path / "rows.duckdb")) as tables, closing(Reading(lambda: tables, CLOCK, 1)) as reading:
        with closing(tables.cursor()) as cursor:
            cursor.execute("SET memory_limit = '30MB'")
            cursor.execute("SET max_temp_directory_size = '1MB'")
        big = Statement("SELECT count(DISTINCT hash(range)::VARCHAR) FROM range(5000000)", ())
        with pytest.raises(NotComputable, match="beyond the report store's memory"):
            await reading.run(asking(big), after(60))
        assert await reading.run(asking(ROWS), after(20)) == [(0,)]


async def test_a_mistake_of_ours_is_none_that_goes_away_by_itself(reading: Reading) -> None:
    with pytest.raises(duckdb.ProgrammingError):
        await reading.run(asking(Statement("SELECT nothing FROM events", ())), after(20))


async def test_closing_ends_what_is_read(tables: Tables) -> None:
    reading = Reading(lambda: tables, CLOCK, readers=1)
    tasks = [asyncio.create_task(reading.run(asking(ENDLESS), after(60))) for _ in range(3)]
    await asyncio.sleep(0.1)
    started = time.monotonic()
    await asyncio.to_thread(reading.close)
    assert time.monotonic() - started < 5
    ended = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(one) for one in ended] == [TryAgain] * 3
