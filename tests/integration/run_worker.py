"""The worker of a run as a process of its own, without Druid."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from unittest import mock

from confluent_kafka import Consumer, KafkaError, Producer, TopicPartition

from footfall_adapters.kafka.run_topics import run_tables
from footfall_adapters.kafka.settings import KafkaSettings
from footfall_core.clock import Micros
from footfall_core.runs.records import definition_name, definition_of, progress_name
from footfall_core.runs.run import Run
from footfall_core.wire.runs_pb2 import RunProgress, RunStage

HOUR_MS = 3_600_000


def ask_for(kafka: KafkaSettings, run: Run, asked: Micros) -> None:
    """Have it stand on `control` that a run is wanted."""
    producer = Producer({"bootstrap.servers": kafka.bootstrap_servers, "log_level": 3})
    definition = definition_of(run, dry_run=False, request_id="", now=asked)
    producer.produce(kafka.topic("control"), definition.SerializeToString(), definition_name(run.id))
    assert producer.flush(30) == 0


def progress_of(kafka: KafkaSettings, run: Run) -> RunProgress:
    """Return what was said last of a run."""
    said = RunProgress()
    for key, value in records(kafka, "control", 1)[0]:
        if key == progress_name(run.id).encode():
            said = RunProgress.FromString(value)
    return said


def stage_of(kafka: KafkaSettings, run: Run) -> str:
    return RunStage.Name(progress_of(kafka, run).stage)


def records(kafka: KafkaSettings, topic: str, partitions: int) -> dict[int, list[tuple[bytes, bytes]]]:
    """Return the committed records of a topic by partition: keys and values, in order."""
    config = {
        "bootstrap.servers": kafka.bootstrap_servers,
        "group.id": "test",
        "isolation.level": "read_committed",
        "enable.partition.eof": True,
    }
    found: dict[int, list[tuple[bytes, bytes]]] = {partition: [] for partition in range(partitions)}
    ended = set()
    with closing(Consumer(config)) as consumer:
        consumer.assign([TopicPartition(kafka.topic(topic), partition, 0) for partition in found])
        while len(ended) < len(found):
            message = consumer.poll(30)
            assert message is not None, "Kafka says nothing"
            if message.error() is None:
                found[message.partition()].append((message.key() or b"", message.value() or b""))
            elif message.error().code() == KafkaError._PARTITION_EOF:
                ended.add(message.partition())
    return found


def made_by(kafka: KafkaSettings, run: Run) -> dict[str, dict[int, list[bytes]]]:
    """Return all row records of a run, by table and partition, in order; the run's id in them is left out."""
    return {
        table.name.removesuffix(run.id): {
            partition: [value.replace(run.id.encode(), b"RUN") for _, value in values]
            for partition, values in records(kafka, table.topic, 2 * kafka.raw_partitions).items()
        }
        for table in run_tables(run.id)
    }


@contextmanager
def worker(kafka: KafkaSettings, state: Path, run: Run, **settings: str) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a worker; it is killed if the block leaves it running."""
    environment = process_environment(kafka, "runs-1", state) | settings
    log = state.parent / f"{run.id}.log"
    command = [sys.executable, "-m", "tests.integration.run_worker", run.id]
    with log.open("ab") as file, subprocess.Popen(command, env=environment, stdout=file, stderr=file) as process:
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def consuming(kafka: KafkaSettings, state: Path, kind: str) -> Iterator["subprocess.Popen[bytes]"]:
    """Run the live run's consumer of a kind."""
    environment = process_environment(kafka, f"{kind}-1", state)
    command = [sys.executable, "-m", "footfall_cli.main", "consume", kind]
    log = state.parent / f"{kind}.log"
    with log.open("ab") as file, subprocess.Popen(command, env=environment, stdout=file, stderr=file) as process:
        try:
            yield process
        finally:
            process.kill()


def process_environment(kafka: KafkaSettings, name: str, state: Path) -> Mapping[str, str]:
    return os.environ | {
        "FOOTFALL_INSTANCE_NAME": name,
        "FOOTFALL_KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers,
        "FOOTFALL_KAFKA_TOPIC_PREFIX": kafka.topic_prefix,
        "FOOTFALL_DRUID_OVERLORD_URL": "http://127.0.0.1:9",
        "FOOTFALL_DRUID_BROKER_URL": "http://127.0.0.1:9",
        "FOOTFALL_STATE_DIR": str(state),
        "FOOTFALL_STREAM_SESSION_TIMEOUT_MS": "6000",
        "FOOTFALL_RUNNER_SAY_SECONDS": "0.3",
    }


def until(condition: Callable[[], bool], what: str, seconds: float = 120) -> None:
    """Look again and again until a condition holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what}: not within {seconds} s"
        time.sleep(0.5)


def main() -> None:
    """Work on the run that is named, without Druid: these tests read what would come there from Kafka."""
    from footfall_adapters.logs import log_json_lines  # noqa: PLC0415 - of the process alone
    from footfall_consumers.reprocess.main import work  # noqa: PLC0415

    log_json_lines("runs-1")
    with mock.patch("footfall_adapters.druid.run_datasources.RunDatasources.make"):
        work(os.environ, sys.argv[1])


if __name__ == "__main__":
    main()
