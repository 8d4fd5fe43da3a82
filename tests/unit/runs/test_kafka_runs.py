"""When what a process knows of runs may be called fresh. The reader stands in for Kafka's."""

from types import SimpleNamespace
from typing import Any

import pytest
from confluent_kafka import KafkaError

from footfall_adapters.kafka import followed
from footfall_adapters.kafka.runs import KafkaRuns
from footfall_adapters.kafka.settings import KafkaSettings
from footfall_core.clock import Micros

NOW = Micros(1_000_000)


class Clock:
    def now(self) -> Micros:
        return NOW


class EmptyTopic:
    """Tells its end once, and where it ends whenever that is asked."""

    def __init__(self, topic: str) -> None:
        end = {"topic": topic, "partition": 0, "offset": 0, "error": KafkaError(KafkaError._PARTITION_EOF)}
        self._topic = topic
        self._messages = [SimpleNamespace(**{name: lambda value=value: value for name, value in end.items()})]

    def list_topics(self, topic: str, timeout: float) -> Any:
        del timeout
        return SimpleNamespace(topics={topic: SimpleNamespace(error=None, partitions={0: None})})

    def assign(self, places: list[Any]) -> None:
        assert [place.topic for place in places] == [self._topic]

    def poll(self, timeout: float) -> Any:
        del timeout
        return self._messages.pop() if self._messages else None

    def consume(self, *_: object, **__: object) -> list[Any]:
        return []

    def get_watermark_offsets(self, *_: object, **__: object) -> tuple[int, int]:
        return 0, 0

    def close(self) -> None:
        pass


async def test_nothing_is_called_fresh_before_requests_are_answered_by_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """When all is read anew, requests are answered by the old book until the new one is handed over."""
    kafka = KafkaSettings(bootstrap_servers="none:1")
    monkeypatch.setattr(followed, "new_reader", lambda *_, **__: EmptyTopic(kafka.topic("control")))
    runs, fresh = KafkaRuns(kafka, Clock()), list[Micros]()
    first = runs.book
    runs.on_change(lambda: fresh.append(runs.fresh_at))
    async with runs:
        assert runs.book is not first
        assert fresh == [0]
        assert runs.fresh_at == NOW
