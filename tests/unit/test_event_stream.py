"""When an event consumer is ready, what it says of a Kafka that is not there, and how long it keeps what it keeps."""

import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from quixstreams.state.rocksdb import RocksDBStorePartition

from footfall_adapters.kafka import told_application
from footfall_adapters.kafka.application import ORIGIN_TTL, StateSettings, StreamSettings
from footfall_adapters.kafka.event_stream import LONGEST_SILENCE, EventStream, does_its_part
from footfall_adapters.kafka.settings import KafkaSettings
from footfall_core.kinds import EventKind
from footfall_core.processing.window import WINDOW_TTL
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


def test_an_origin_never_expires_even_if_it_is_older_than_the_first_window_of_its_store(tmp_path: Path) -> None:
    """In the store that Quix Streams keeps, without Kafka."""
    store: Any = RocksDBStorePartition(str(tmp_path / "store"))
    day = 86_400_000

    def put(key: str, days: int, ttl: timedelta) -> None:
        transaction = store.begin()
        transaction.set_bytes(key, b"kept", prefix=b"0", ttl=ttl, timestamp=days * day)
        transaction.prepare(processed_offsets={"events.raw": days})
        transaction.flush(changelog_offset=None)

    put("~origin/0/1/0", 20_000, ORIGIN_TTL)
    put("shop/w", 20_000, WINDOW_TTL)
    put("~origin/0/2/0", 20_001, ORIGIN_TTL)
    for days in (20_006, 20_030, 30_000):
        put(f"shop/another-{days}", days, WINDOW_TTL)  # what has expired goes when something is written
        kept = [
            store.begin().get_bytes(key, prefix=b"0", timestamp=days * day)
            for key in ("~origin/0/1/0", "~origin/0/2/0", "shop/w")
        ]
        assert kept == [b"kept", b"kept", b"kept" if days < 20_007 else None]
    store.close()
