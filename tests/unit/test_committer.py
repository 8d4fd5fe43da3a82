"""The committer in Kafka without a Kafka; for the rest see `tests.contract.test_event_log`."""

import asyncio

import pytest
from confluent_kafka import KafkaError, KafkaException

from footfall_adapters.kafka import committer
from footfall_adapters.kafka.committer import CommitterSettings, KafkaEventLog
from footfall_adapters.kafka.settings import KafkaSettings
from footfall_core.clock import SystemClock
from footfall_core.problems import TryAgain


class Producer:
    """One that commits whatever there is."""

    def init_transactions(self, _: float) -> None: ...
    def begin_transaction(self) -> None: ...
    def produce(self, *_: object) -> None: ...
    def commit_transaction(self, _: float) -> None: ...
    def poll(self, _: float) -> None: ...


async def test_a_process_that_can_make_no_producer_for_a_moment_says_so_and_tries_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    is_short_of_threads, tries = True, 0

    def made(_: object) -> Producer:
        nonlocal tries
        tries += 1
        if is_short_of_threads:
            raise KafkaException(KafkaError(KafkaError._FAIL, "Failed to create thread"))
        return Producer()

    monkeypatch.setattr(committer, "Producer", made)
    settings = CommitterSettings(reconnect_seconds=0.01, reconnect_pause_seconds=0.01)
    async with KafkaEventLog(KafkaSettings("nowhere:1"), settings, "ingest-1", SystemClock()) as log:
        while tries < 2:
            await asyncio.sleep(0.01)
        with pytest.raises(TryAgain, match="Failed to create thread"):
            await asyncio.wait_for(log.append(b"batch", 0), 5)
        is_short_of_threads = False
        while log.is_away():
            await asyncio.sleep(0.01)
        assert await asyncio.wait_for(log.append(b"batch", 0), 5) > 0
