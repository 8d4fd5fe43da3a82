"""What Druid is told of each table."""

import pytest

from footfall_adapters.druid.supervisors import IntakeSettings, supervisor_spec
from footfall_adapters.kafka.settings import KafkaSettings
from footfall_core.columns import TABLES, Table

KAFKA = KafkaSettings("kafka:9092", topic_prefix="shop.")


@pytest.mark.parametrize("table", TABLES, ids=[table.name for table in TABLES])
def test_a_supervisor_reads_every_column_once_and_nothing_that_was_not_committed(table: Table) -> None:
    spec = supervisor_spec(KAFKA, table, IntakeSettings())["spec"]
    columns = [column.name for column in table.columns]
    assert len(set(columns)) == len(columns)
    assert spec["dataSchema"]["dataSource"] == table.name
    assert spec["ioConfig"]["topic"] == f"shop.{table.topic}"
    assert spec["ioConfig"]["inputFormat"]["columns"] == columns
    dimensions = [dimension["name"] for dimension in spec["dataSchema"]["dimensionsSpec"]["dimensions"]]
    assert [spec["dataSchema"]["timestampSpec"]["column"], *dimensions] == columns
    assert spec["ioConfig"]["consumerProperties"]["isolation.level"] == "read_committed"
    assert spec["tuningConfig"]["maxParseExceptions"] == 0
    assert "lateMessageRejectionPeriod" not in spec["ioConfig"]


def test_each_table_has_a_topic_of_its_own() -> None:
    assert [(table.name, table.topic) for table in TABLES] == [
        ("events", "events.rows"),
        ("items", "items.rows"),
        ("imported_events", "imports.events.rows"),
        ("imported_items", "imports.items.rows"),
        ("errors", "errors.rows"),
    ]
