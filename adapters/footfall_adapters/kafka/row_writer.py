"""Writes what was worked out of a record, inside the transaction of whoever read it."""

from collections.abc import Sequence

from quixstreams.internal_producer import InternalProducer

from footfall.v1.errors_pb2 import EventError
from footfall_adapters.kafka.settings import KafkaSettings
from footfall_core.columns import ERRORS, EVENTS, ITEMS
from footfall_core.errors.records import error_record
from footfall_core.errors.rows import error_row
from footfall_core.kinds import EventKind
from footfall_core.processing.record import row_records
from footfall_core.runs.run import LIVE
from footfall_core.runs.tables import tables_of


class RowWriter:
    """Writes rows of events and items, and errors with theirs."""

    def __init__(self, kafka: KafkaSettings, producer: InternalProducer, run_id: str = LIVE) -> None:
        tables = tables_of(run_id)
        self._row_topics = {kind: kafka.topic(table.topic) for kind, table in tables[EVENTS.name].items()}
        self._item_row_topics = {kind: kafka.topic(table.topic) for kind, table in tables[ITEMS.name].items()}
        self._error_topic = kafka.topic("errors")
        self._error_row_topic = kafka.topic(ERRORS.topic)
        self._producer = producer

    def put(
        self,
        kind: EventKind,
        lines: Sequence[str],
        item_lines: Sequence[str],
        errors: Sequence[EventError],
        partition: int,
    ) -> None:
        """Write rows to the partition of the number of the record that they were made of: they stay in its order.

        Args:
            kind: whose topics the rows of events and items go to; errors have one.
            lines: rows of events.
            item_lines: rows of items.
            errors: written with their rows.
            partition: that of the record's number, but for those of a run's second stage.
        """
        error_lines = [error_row(error) for error in errors]
        # everything is worked out: from here on nothing but writing
        self._put_rows(self._row_topics[kind], lines, partition)
        self._put_rows(self._item_row_topics[kind], item_lines, partition)
        self._put_rows(self._error_row_topic, error_lines, partition)
        for error in errors:
            key, record = error_record(error)
            self._producer.produce(self._error_topic, record, key)

    def _put_rows(self, topic: str, lines: Sequence[str], partition: int) -> None:
        key = str(partition).encode()
        for record in row_records(lines):
            self._producer.produce(topic, record, key, partition=partition)
