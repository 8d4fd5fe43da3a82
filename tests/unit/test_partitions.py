"""What Kafka says of a topic without partitions, and what follows from it."""

from types import SimpleNamespace

import pytest
from confluent_kafka import KafkaError

from footfall_adapters.environment import SettingsError
from footfall_adapters.kafka import partitions
from footfall_adapters.kafka.partitions import KafkaUnreachableError, check_partitions
from footfall_adapters.kafka.settings import KafkaSettings


@pytest.mark.parametrize(
    ("code", "problem", "says"),
    [
        (KafkaError.LEADER_NOT_AVAILABLE, KafkaUnreachableError, "cannot be reached"),
        (KafkaError.UNKNOWN_TOPIC_OR_PART, SettingsError, "does not exist"),
        (KafkaError.TOPIC_AUTHORIZATION_FAILED, SettingsError, "refuses"),
    ],
)
def test_a_topic_without_partitions(
    monkeypatch: pytest.MonkeyPatch, code: int, problem: type[Exception], says: str
) -> None:
    metadata = SimpleNamespace(topics={"events.raw": SimpleNamespace(partitions={}, error=KafkaError(code))})
    admin = SimpleNamespace(list_topics=lambda *_, **__: metadata)
    monkeypatch.setattr(partitions, "AdminClient", lambda _: admin)
    with pytest.raises(problem, match=says):
        check_partitions(KafkaSettings("nowhere:1"), ["events.raw"])
