"""The supervisors that have Druid take in the rows of each table from Kafka, exactly once."""

import hashlib
from dataclasses import dataclass
from typing import Any

import httpx
import orjson
import structlog

from footfall_adapters.kafka.settings import KafkaSettings
from footfall_core.columns import TIME_COLUMN, Table

log = structlog.get_logger()

SPEC_KEY = "footfallSpec"
"""Where the running supervisor keeps the hash of the specification that it was made from."""

ORDER_SECONDS = 90.0
"""How long Druid is given to do what it is told. A supervisor that it stops may take 80 s to (`shutdownTimeout`), and
all others wait for that."""

_NEVER_IN_A_VALUE = "\u0001"
"""Splits a value into a list, unless stated otherwise; control characters are refused at the door, so it never does."""


@dataclass(frozen=True)
class DruidOverlordSettings:
    """Where Druid takes orders."""

    url: str
    """URL of the overlord or a router, `http://host:port`."""


@dataclass(frozen=True)
class IntakeSettings:
    """How Druid takes in the rows of one table."""

    task_count: int = 1
    """Tasks that read at a time, each some of the partitions; more are of use on more machines only."""
    task_duration: str = "PT1H"
    """After this long a task publishes its segments and hands over to the next; ISO 8601."""
    period: str = "PT5S"
    """How often the supervisor looks after its tasks and their offsets; ISO 8601."""


def ensure(overlord_url: str, kafka: KafkaSettings, table: Table, settings: IntakeSettings) -> bool:
    """Make sure that Druid takes in the rows of a table, and return whether anything had to be changed.

    Idempotent: a supervisor that was made from the same specification goes on undisturbed.

    Args:
        overlord_url: of the overlord or a router, `http://host:port`.
        kafka: where the rows are.
        table: whose rows.
        settings: how they are taken in.

    Raises:
        httpx.HTTPError: the overlord is away, or refuses the specification.
    """
    spec = supervisor_spec(kafka, table, settings)
    digest = hashlib.sha256(orjson.dumps(spec, option=orjson.OPT_SORT_KEYS)).hexdigest()
    with httpx.Client(base_url=overlord_url, timeout=ORDER_SECONDS) as overlord:
        found = overlord.get(f"/druid/indexer/v1/supervisor/{table.name}")
        if found.is_success and found.json().get("context", {}).get(SPEC_KEY) == digest:
            return False
        answer = overlord.post(
            "/druid/indexer/v1/supervisor", json={**spec, "context": {**spec["context"], SPEC_KEY: digest}}
        )
        if answer.is_error:
            log.error("druid refused the supervisor", status=answer.status_code, answer=answer.text[:2000])
        answer.raise_for_status()
    log.info("druid supervisor set", datasource=table.name, topic=kafka.topic(table.topic), existed=found.is_success)
    return True


def supervisor_spec(kafka: KafkaSettings, table: Table, settings: IntakeSettings) -> dict[str, Any]:
    """Return the specification: what a row is, how it is stored, how it is read."""
    return {
        "type": "kafka",
        "spec": {
            "dataSchema": {
                "dataSource": table.name,
                "timestampSpec": {"column": TIME_COLUMN, "format": "millis"},
                "dimensionsSpec": {
                    "dimensions": [
                        {"type": column.type.value, "name": column.name}
                        for column in table.columns
                        if column.name != TIME_COLUMN
                    ]
                },
                "metricsSpec": [],
                "granularitySpec": {
                    "type": "uniform",
                    "segmentGranularity": "DAY",
                    "queryGranularity": "NONE",
                    "rollup": False,
                },
            },
            "ioConfig": {
                "topic": kafka.topic(table.topic),
                "inputFormat": {
                    "type": "tsv",
                    "columns": [column.name for column in table.columns],
                    "findColumnsFromHeader": False,
                    "listDelimiter": _NEVER_IN_A_VALUE,
                },
                "consumerProperties": {
                    "bootstrap.servers": kafka.bootstrap_servers,
                    # rows of a transaction that was aborted must never be seen
                    "isolation.level": "read_committed",
                },
                "useEarliestOffset": True,
                "taskCount": settings.task_count,
                "taskDuration": settings.task_duration,
                "startDelay": "PT1S",
                "period": settings.period,
                # no lateMessageRejectionPeriod: it would drop late rows silently
            },
            "tuningConfig": {
                "type": "kafka",
                # a row that cannot be read stops the intake, loudly: skipping it would lose what was acknowledged
                "maxParseExceptions": 0,
                "logParseExceptions": True,
                "offsetFetchPeriod": settings.period,
            },
        },
        # late rows and compaction may write to the same day at once
        "context": {"useConcurrentLocks": True},
    }
