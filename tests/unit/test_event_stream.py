"""When an event consumer is ready, and what it says of a Kafka that is not there."""

import threading
from pathlib import Path

import pytest

from footfall_adapters.kafka import told_application
from footfall_adapters.kafka.application import StateSettings, StreamSettings
from footfall_adapters.kafka.event_stream import LONGEST_SILENCE, EventStream, does_its_part
from footfall_adapters.kafka.settings import KafkaSettings
from footfall_core.kinds import EventKind
from footfall_core.streams import StreamBroken


@pytest.mark.parametrize(
    ("is_member", "partitions", "silent", "ready"),
    [
        (False, 0, None, False),  # it has not joined yet
        (True, 0, None, True),  # more consumers than partitions: it stands by
        (True, 8, None, False),  # it rebuilds its state
        (True, 8, 0.5, True),
        (True, 8, LONGEST_SILENCE, False),  # it hangs
        (True, 0, 3600.0, True),  # its partitions have gone to others
    ],
)
def test_a_consumer_is_ready_when_it_reads_what_it_is_assigned(
    is_member: bool, partitions: int, silent: float | None, ready: bool
) -> None:
    assert does_its_part(is_member=is_member, partitions=partitions, silent=silent) is ready


def test_a_stream_is_broken_if_kafka_goes_away_as_it_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(told_application, "REQUEST_SECONDS", 0.3)
    with pytest.raises(StreamBroken):
        EventStream(
            KafkaSettings("127.0.0.1:9"),  # nobody listens
            StreamSettings(),
            StateSettings(tmp_path),
            "events-1",
            process=lambda *_: pytest.fail("nothing was read"),
            count=lambda *_: pytest.fail("nothing was read"),
            kind=EventKind.LIVE,
            stop=threading.Event(),
        )
