"""The event consumer: raw records in, rows out, exactly once."""

import threading
from collections.abc import Mapping
from functools import partial

from footfall_adapters.environment import InstanceSettings, read_settings
from footfall_adapters.geography import GeographySettings, geography
from footfall_adapters.kafka.application import StateSettings, StreamSettings
from footfall_adapters.kafka.event_stream import EventStream, group_of, topics_of
from footfall_adapters.kafka.partitions import PURCHASES, KafkaUnreachableError, check_offsets, check_partitions
from footfall_adapters.kafka.settings import KafkaSettings
from footfall_consumers.events.settings import ProcessingSettings
from footfall_consumers.events.staying import StayingStream
from footfall_core.clock import SystemClock
from footfall_core.enrichment.user_agent import parse_user_agent
from footfall_core.kinds import EventKind
from footfall_core.processing.record import process_record
from footfall_core.processing.second_stage import process_purchases
from footfall_core.streams import StreamBroken
from footfall_core.vitals import Vitals

NAMES = {EventKind.LIVE: "events", EventKind.IMPORT: "imports"}
"""What the consumers of each kind are called."""

ASKING_SECONDS = 3.0
"""How long Kafka may take to answer before a stream takes another one's place; so long may SIGTERM have to wait."""


def run(variables: Mapping[str, str], vitals: Vitals, stop: threading.Event, kind: EventKind = EventKind.LIVE) -> None:
    """Process one kind of events until `stop` is set; the last transaction is committed before the consumer is closed.

    Call it in the main thread: while a stream runs, Quix Streams handles SIGTERM and SIGINT, and sets `stop`.

    Raises:
        SettingsError: settings are missing or wrong, or do not fit what is in Kafka; at the first start also if Kafka
            cannot be reached.
        StreamUnmendableError: somebody has to do something first.
    """
    instance, kafka, stream, state, processing, places = read_settings(
        variables,
        InstanceSettings,
        KafkaSettings,
        StreamSettings,
        StateSettings,
        ProcessingSettings,
        GeographySettings,
    )
    version = processing.rules()
    check_partitions(kafka, (kind.raw_topic, PURCHASES))
    check_offsets(kafka, group_of(stream, kind), topics_of(kind))
    parse_user_agent("compiles the patterns")  # which takes 0.3 s, better now than under the first record
    with geography(places) as country_of:
        process = partial(process_record, version, country_of=country_of)
        count = partial(process_purchases, version.name, group=stream.group, raw_partitions=kafka.raw_partitions)

        def opened() -> EventStream:
            try:
                # What must not have changed may have, since the last start; not the group's offsets, which Kafka keeps
                # for days.
                check_partitions(kafka, (kind.raw_topic, PURCHASES), ASKING_SECONDS)
            except KafkaUnreachableError as error:
                raise StreamBroken("away", str(error)) from error
            return EventStream(kafka, stream, state, instance.name, process=process, count=count, kind=kind, stop=stop)

        events = StayingStream(opened, kind, stop)
        vitals.ready_when(NAMES[kind], events.is_ready)
        clock = SystemClock()
        vitals.measured_by(lambda: events.measure_lag(clock.now()))
        events.run()
