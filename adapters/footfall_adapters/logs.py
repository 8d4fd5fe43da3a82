"""Logs as JSON lines: one line a batch or an RPC, none a record of a library's chatter."""

import logging
import sys
from typing import TextIO

import structlog

LIBRDKAFKA = logging.getLogger("librdkafka")
"""The `logger` of every Kafka client of ours: without one the library writes lines of its own to stderr."""


def log_json_lines(instance: str, to: TextIO | None = None) -> None:
    """Send every log line of this process, those of libraries included, to stderr or a file as one JSON object."""
    to = sys.stderr if to is None else to
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _named(instance),
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.format_exc_info, structlog.processors.JSONRenderer()],
        logger_factory=structlog.WriteLoggerFactory(file=to),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(to)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.captureWarnings(True)
    logging.getLogger("quixstreams").setLevel(logging.INFO)


def _named(instance: str) -> structlog.typing.Processor:
    def add(_: object, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        event["instance"] = instance
        return event

    return add
