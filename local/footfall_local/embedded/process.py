"""The embedded process: the servers' handlers and the consumers' steps, on SQLite, DuckDB and memory.

What is started first is stopped last: when the servers have drained, the log commits what waits, then what it holds is
processed, and then the store and the state are closed.
"""

import asyncio
import random
import secrets
import sqlite3
import threading
import uuid
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, closing, contextmanager
from functools import partial
from pathlib import Path
from shutil import disk_usage

import duckdb

from footfall_adapters.duckdb import row_store
from footfall_adapters.duckdb.report_store import DuckDBReportStore
from footfall_adapters.duckdb.row_store import DuckDBRowStore
from footfall_adapters.duckdb.settings import DuckdbSettings
from footfall_adapters.environment import read_settings
from footfall_adapters.error_storms import ErrorStormSettings
from footfall_adapters.geography import GeographySettings, geography
from footfall_adapters.memory.answer_cache import MemoryAnswerCache, MemoryCacheSettings
from footfall_adapters.memory.buckets import MemoryBuckets
from footfall_adapters.memory.query_queue import MemoryQueries, MemoryQueriesSettings
from footfall_adapters.sqlite import database
from footfall_adapters.sqlite.access import SqliteRegistry
from footfall_adapters.sqlite.error_feed import SqliteErrorFeed
from footfall_adapters.sqlite.error_rows import SqliteErrorRows
from footfall_adapters.sqlite.error_store import SqliteErrorStore
from footfall_adapters.sqlite.event_log import SqliteEventLog, SqliteLogSettings
from footfall_adapters.sqlite.event_stream import LogBehindError, SqliteEventStream, SqliteStreamSettings
from footfall_adapters.sqlite.raw_records import PARTITIONS, SqliteRawRecords
from footfall_adapters.sqlite.reading import SqliteReader
from footfall_adapters.sqlite.state import SqliteState
from footfall_consumers.events.settings import ProcessingSettings
from footfall_consumers.queries.complete_until import CompleteUntil
from footfall_consumers.queries.settings import QueriesSettings
from footfall_consumers.queries.steps import Steps, run_queries
from footfall_core.access.signing_keys import SigningKeyError, read_signing_key, read_verification_keys
from footfall_core.access.tokens import Signer, Verifier
from footfall_core.clock import SystemClock
from footfall_core.columns import EVENTS, ITEMS
from footfall_core.enrichment.user_agent import parse_user_agent
from footfall_core.processing.purchases import count_once
from footfall_core.processing.record import process_record
from footfall_core.vitals import Vitals
from footfall_local.embedded.folder import DataFolder, FolderError
from footfall_server.admin.reprocessing import without_reprocessing
from footfall_server.admin.routes import admin_routes
from footfall_server.errors.get_error import GetError
from footfall_server.errors.list_errors import ListErrors
from footfall_server.errors.redrive_errors import RedriveErrors
from footfall_server.errors.settings import ErrorServerSettings
from footfall_server.errors.stream_errors import StreamErrors
from footfall_server.hosts.call import Kind, Route
from footfall_server.hosts.keyed import KeyedGate
from footfall_server.hosts.permit import Gate
from footfall_server.ingest.batch_intake import BatchIntake
from footfall_server.ingest.report_discarded_events import ReportDiscardedEvents
from footfall_server.ingest.stream_events import IngestStreamSettings, StreamEvents
from footfall_server.ingest.write_events import WriteEvents
from footfall_server.query.get_metadata import get_metadata
from footfall_server.query.run_report import RunReport
from footfall_server.query.settings import QuerySettings
from footfall_server.quotas.of_properties import PropertyQuotas
from footfall_server.quotas.quotas import ReportQuotas, WriteQuotas
from footfall_server.quotas.settings import QuotaSettings

KINDS = ("events", "host")
"""What says of itself whether it is ready."""

ROOM_TO_START = 64 * 1024
"""Bytes; with less, a file that cannot be opened is the disk's fault."""

CATCH_UP_SECONDS = 5.0
"""How long what is in the log may be processed when the process is to stop; the rest is at its next start."""


@asynccontextmanager
async def embedded(
    data: DataFolder, variables: Mapping[str, str], vitals: Vitals
) -> AsyncIterator[tuple[list[Route], Gate]]:
    """Start everything behind the handlers, in order, and yield what is served and to whom; the end is in reverse.

    Raises:
        SettingsError: names every variable that is wrong.
        FolderError: a file cannot be opened.
    """
    (
        log_settings,
        stream,
        store_settings,
        cache,
        waiting,
        processing,
        places,
        queries,
        query,
        errors,
        storms,
        streams,
        quota,
    ) = read_settings(
        variables,
        SqliteLogSettings,
        SqliteStreamSettings,
        DuckdbSettings,
        MemoryCacheSettings,
        MemoryQueriesSettings,
        ProcessingSettings,
        GeographySettings,
        QueriesSettings,
        QuerySettings,
        ErrorServerSettings,
        ErrorStormSettings,
        IngestStreamSettings,
        QuotaSettings,
    )
    clock = SystemClock()
    async with AsyncExitStack() as stack:
        country_of = stack.enter_context(geography(places))
        # who may call
        signer, verifier = _signing(data)
        with _opening(data.admin):
            registry = stack.enter_context(closing(SqliteRegistry(data.admin)))
        # where rows and state are
        with _opening(data.rows):
            rows = stack.enter_context(closing(DuckDBRowStore(data.rows)))
        with _opening(data.state):
            state = stack.enter_context(closing(SqliteState(data.state, clock)))
            state.forget_old_errors()
        # the log, and what processes it
        with _opening(data.log):
            records = stack.enter_context(closing(SqliteRawRecords(data.log)))
        version = processing.rules()
        process = partial(process_record, version, country_of=country_of)
        count = partial(count_once, version.name)
        events = SqliteEventStream(records, state, rows, process=process, count=count, settings=stream, clock=clock)
        stack.push_async_callback(asyncio.to_thread, events.stop, CATCH_UP_SECONDS)
        parse_user_agent("compiles the patterns")  # better now than under the first record
        try:
            events.start()
        except LogBehindError as error:
            raise FolderError(
                f"{data.log} ends at record {error.log_end:,}, and {data.rows.name} has rows up to "
                f"{error.rows_from:,}: the log is an older copy, or another one. Put the newest back; or, to keep only "
                f"what this one has, remove {data.rows.name} and {data.state.name}."
            ) from error
        vitals.ready_when("events", events.is_ready)
        log = await stack.enter_async_context(
            SqliteEventLog(data.log, log_settings, clock, state.put_errors, events.committed)
        )
        # errors as they are recorded
        feed = stack.enter_context(closing(SqliteErrorFeed(_reader(stack, data, "error-feed"), storms.rule())))
        state.on_errors = feed.wake
        # reports and lists of errors
        bus = MemoryQueries(waiting, clock, _new_id)
        store = stack.enter_context(
            closing(
                DuckDBReportStore(
                    rows.tables, events.complete_until, SqliteErrorRows(data.state).of, clock, store_settings
                )
            )
        )
        complete_until = CompleteUntil(store, clock, PARTITIONS, queries.ticks_life_ms * 1000)
        vitals.measured_by(complete_until.measure)
        looking = asyncio.create_task(complete_until.keep_looking((EVENTS.name, ITEMS.name), queries.look_seconds))
        stack.callback(looking.cancel)
        error_store = SqliteErrorStore(_reader(stack, data, "error-store"), clock)
        steps = Steps(bus, store, error_store, complete_until, clock, "embedded", _new_id)
        await stack.enter_async_context(_running(steps, queries, bus))

        # what a property may use
        buckets, quota_of = MemoryBuckets(clock), PropertyQuotas(quota.quota(), registry)
        quotas, write_quotas = ReportQuotas(buckets, quota_of), WriteQuotas(buckets, quota_of)

        intake = BatchIntake(log, PARTITIONS, write_quotas, clock)
        ingest, reports, shown = (f"/footfall.v1.{name}Service" for name in ("Ingest", "Query", "Error"))
        routes = [
            Route(f"{ingest}/WriteEvents", WriteEvents(intake)),
            Route(f"{ingest}/StreamEvents", StreamEvents(intake, streams), Kind.BIDI_STREAM),
            Route(f"{ingest}/ReportDiscardedEvents", ReportDiscardedEvents(log, write_quotas, clock)),
            Route(f"{reports}/RunReport", RunReport(bus, MemoryAnswerCache(cache), quotas, query, clock)),
            Route(f"{reports}/GetMetadata", get_metadata),
            Route(f"{shown}/StreamErrors", StreamErrors(feed, errors, clock, random.uniform), Kind.SERVER_STREAM),
            Route(f"{shown}/ListErrors", ListErrors(bus, quotas, errors, clock)),
            Route(f"{shown}/GetError", GetError(bus, records, quotas, errors, clock)),
            Route(
                f"{shown}/RedriveErrors",
                RedriveErrors(bus, records, log, quotas=quotas, settings=errors, clock=clock),
                Kind.SERVER_STREAM,
            ),
            *admin_routes(registry, signer, clock, lambda: secrets.token_hex(8)),
            *without_reprocessing(),
        ]
        yield routes, KeyedGate(verifier, registry, clock)


def _signing(data: DataFolder) -> tuple[Signer, Verifier]:
    """Return what makes and checks tokens, by the folder's own keys."""
    files = data.keys
    try:
        files.make()
        signer = Signer(read_signing_key(files.signing_key.read_text()))
        return signer, Verifier(read_verification_keys(files.verification_keys.read_text()))
    except OSError as error:
        raise FolderError(f"{files.folder} cannot be used: {(error.strerror or str(error)).lower()}.") from error
    except SigningKeyError as error:
        raise FolderError(f"The keys in {files.folder} cannot be used: {error}.") from error


@contextmanager
def _opening(file: Path) -> Iterator[None]:
    """Say which file it is that cannot be opened, and why."""
    try:
        yield
    except (sqlite3.Error, duckdb.Error) as error:
        why = database.reason(error) if isinstance(error, sqlite3.Error) else row_store.reason(error)
        if disk_usage(file.parent).free < ROOM_TO_START:
            why = "the disk is full"  # which SQLite may call an I/O error
        raise FolderError(f"{file} cannot be opened: {why}.") from error


def _reader(stack: AsyncExitStack, data: DataFolder, name: str) -> SqliteReader:
    return stack.enter_context(closing(SqliteReader(data.state, name)))


@asynccontextmanager
async def _running(steps: Steps, settings: QueriesSettings, bus: MemoryQueries) -> AsyncIterator[None]:
    """Run queries beside the block."""
    stop = threading.Event()
    task = asyncio.create_task(run_queries(steps, settings, stop, bus.started))
    try:
        yield
    finally:
        stop.set()
        await task


def _new_id() -> str:
    return uuid.uuid4().hex
