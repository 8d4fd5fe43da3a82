"""The event consumer: raw records in, rows out, exactly once."""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial

from footfall_adapters.environment import InstanceSettings, read_settings
from footfall_adapters.health import HealthSettings, health_endpoint
from footfall_adapters.kafka.event_stream import EventStream, StateSettings, StreamSettings
from footfall_adapters.kafka.partitions import check_offsets, check_partitions
from footfall_adapters.kafka.settings import KafkaSettings
from footfall_core.enrichment.user_agent import parse_user_agent
from footfall_core.processing.record import process_record


@dataclass(frozen=True)
class ProcessingSettings:
    """Which processing is at work."""

    run: str = "1"
    """Name of the run, stamped on every row."""


def run(variables: Mapping[str, str]) -> None:
    """Process until SIGTERM; the last transaction is committed before the consumer is closed."""
    instance, kafka, stream, state, health, processing = read_settings(
        variables,
        InstanceSettings,
        KafkaSettings,
        StreamSettings,
        StateSettings,
        HealthSettings,
        ProcessingSettings,
    )
    check_partitions(kafka)
    check_offsets(kafka, stream.group)
    parse_user_agent("compiles the patterns")  # which takes 0.3 s, better now than under the first record
    with ExitStack() as stack:
        events = EventStream(kafka, stream, state, instance.name, partial(process_record, processing.run))
        stack.enter_context(health_endpoint(health, events.is_ready))
        events.run()
