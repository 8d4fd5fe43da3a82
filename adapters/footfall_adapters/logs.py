"""Logs as JSON lines: one line a batch or an RPC, none a record of a library's chatter."""

import logging
import sys
from contextlib import suppress
from typing import Protocol, TextIO, cast

import structlog

LIBRDKAFKA = logging.getLogger("librdkafka")
"""The `logger` of every Kafka client of ours: without one the library writes lines of its own to stderr."""


class Lines(Protocol):
    """Where log lines go."""

    def write(self, text: str, /) -> object:
        """Take a line, or raise `OSError`."""
        ...

    def flush(self) -> object:
        """Have what was taken where it is to be, or raise `OSError`."""
        ...


class _Forgiving:
    """Loses a line that cannot be written: a full disk or a closed pipe must not fail the work that logs."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines

    def write(self, text: str) -> None:
        with suppress(OSError, ValueError):  # ValueError: it is closed
            self._lines.write(text)

    def flush(self) -> None:
        with suppress(OSError, ValueError):
            self._lines.flush()


def log_json_lines(instance: str, lines: Lines | None = None) -> None:
    """Send every log line of this process, those of libraries included, to stderr or elsewhere as one JSON object."""
    to = cast("TextIO", _Forgiving(sys.stderr if lines is None else lines))  # all that is asked of it
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
