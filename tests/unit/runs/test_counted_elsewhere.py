"""What another run has counted is read until nothing more of its hours can come, and no longer."""

from collections.abc import Iterable, Iterator
from typing import Any, cast

import orjson
import pytest
from confluent_kafka import Consumer, KafkaError

import footfall_adapters.kafka.counted_elsewhere as module
from footfall_adapters.kafka.counted_elsewhere import STANDS_STILL_SECONDS, _Reading, _Telling
from footfall_core.clock import Micros
from footfall_core.kinds import EventKind
from footfall_core.processing.second_stage import TICKS_KEYS
from footfall_core.runs.elsewhere import Elsewhere
from footfall_core.runs.serving import Served
from footfall_core.streams import StreamUnmendableError
from footfall_core.wire.state_pb2 import CountedTransaction, PassedTicks

UNTIL = 1_000


class Message:
    def __init__(
        self, partition: int, offset: int, key: str = "", value: bytes = b"", error: int | None = None
    ) -> None:
        self._place, self._error = (partition, offset), error
        self._key, self._value = b"prefix|" + orjson.dumps(key), value

    def partition(self) -> int:
        return self._place[0]

    def offset(self) -> int:
        return self._place[1]

    def error(self) -> KafkaError | None:
        return None if self._error is None else KafkaError(self._error)

    def key(self) -> bytes:
        return self._key

    def value(self) -> bytes:
        return self._value

    def headers(self) -> None:
        return None


def order(partition: int, offset: int, name: str, hour: int = 5) -> Message:
    return Message(partition, offset, name, CountedTransaction(log_hour=hour).SerializeToString())


def ticks(partition: int, offset: int, time: int) -> Iterator[Message]:
    """The newest ticks of both kinds, of two raw partitions."""
    for number, kind in enumerate(EventKind):
        passed = PassedTicks(newest_micros=[time, time + 7])
        yield Message(partition, offset + number, TICKS_KEYS[kind], passed.SerializeToString())


def end(partition: int, offset: int) -> Message:
    return Message(partition, offset, error=KafkaError._PARTITION_EOF)


class Log:
    """A changelog of two partitions, as a reader is given it, and a clock that each look moves on."""

    def __init__(self, messages: Iterable[Message | None], ends: dict[int, list[int]], step: float = 0.0) -> None:
        self.messages = iter(messages)
        self._ends = {partition: iter(found) for partition, found in ends.items()}
        self.time, self._step = 0.0, step

    def assign(self, places: Any) -> None:
        assert len(places) == 2

    def poll(self, _: float) -> Message | None:
        self.time += self._step
        return next(self.messages)

    def get_watermark_offsets(self, place: Any, timeout: float) -> tuple[int, int]:
        return 0, next(self._ends[place.partition])


class Told:
    def __init__(self) -> None:
        self.names: list[str] = []

    def put(self, partition: int, key: str, log_hour: int) -> None:
        del partition, log_hour
        self.names.append(key)


def read(log: Log, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setattr(module.time, "monotonic", lambda: log.time)
    told, part = Told(), Elsewhere(Served("live", 0, 10), Micros(UNTIL))
    _Reading(cast("Consumer", log), "changelog", part, 2).read_into(cast("_Telling", told))
    return told.names


def test_what_was_committed_with_the_tick_is_read_and_what_comes_later_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    messages = [order(0, 1, "a"), end(0, 2), *ticks(0, 3, UNTIL), *ticks(1, 0, UNTIL), order(0, 5, "b"), end(0, 7)]
    log = Log([*messages, end(1, 3), order(1, 9, "late")], {0: [2, 7], 1: [0, 3]})
    assert read(log, monkeypatch) == ["a", "b"]
    assert len(list(log.messages)) == 1


def test_a_partition_that_is_never_read_to_its_end_is_read_as_far_as_it_reached(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    busy = [*ticks(0, 3, UNTIL), order(0, 6, "a"), order(0, 9, "b"), *ticks(1, 3, UNTIL), order(1, 5, "c")]
    assert read(Log(busy, {0: [0, 8], 1: [0, 6]}), monkeypatch) == ["a", "b", "c"]


def test_orders_of_hours_that_are_not_its_own_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    messages = [
        order(0, 0, "a", 9),
        order(0, 1, "b", 10),
        *ticks(0, 2, UNTIL),
        *ticks(1, 0, UNTIL),
        end(0, 4),
        end(1, 2),
    ]
    assert read(Log(messages, {0: [0, 4], 1: [0, 2]}), monkeypatch) == ["a"]


def test_what_is_there_may_take_its_time_but_what_stands_still_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    step = STANDS_STILL_SECONDS / 2 - 1
    old = [order(0, number, f"a{number}") for number in range(5)]
    again = [message for number in range(5) for message in ticks(1, 20 + 2 * number, UNTIL - 1)]
    log = Log([*old, *again], {0: [5, 5], 1: [10, 10]}, step)
    with pytest.raises(StreamUnmendableError, match="What live counts has to be known first"):
        read(log, monkeypatch)
    assert 0 < len(list(log.messages)) < len(again) - 2
