"""What a new run may be: checked and resolved from the request."""

import re
from collections.abc import Sequence
from itertools import takewhile

from google.protobuf.timestamp_pb2 import Timestamp

from footfall.v1.admin_pb2 import StartReprocessingRequest
from footfall_core.clock import Micros
from footfall_core.instants import instant_of
from footfall_core.problems import AlreadyExists, FieldViolation, InvalidRequest, NotFound, WrongState
from footfall_core.runs.book import Book, Entry
from footfall_core.runs.records import run_of
from footfall_core.runs.run import HOUR_MICROS, RUN_ID, Run, hour_of, hour_text, new_run_id
from footfall_core.runs.state import under_way

MAX_UNDER_WAY = 4
"""Runs that may be under way at a time: each has topics, datasources and tasks of Druid of its own."""

PREFIX = "reprocessings/"

_REQUEST_ID = re.compile(r"[A-Za-z0-9-]{1,64}")


def new_run(request: StartReprocessingRequest, versions: Sequence[str], now: Micros, letters: str) -> Run:
    """Return the run that is asked for.

    Args:
        request: asks for it.
        versions: the processing versions that can be had, the newest last.
        now: the current time.
        letters: see `new_run_id`.

    Raises:
        InvalidRequest: names every field that is wrong.
    """
    violations: list[FieldViolation] = []
    start = _hour(request, "start_hour", now, violations)
    end = _hour(request, "end_hour", now, violations) if request.HasField("end_hour") else None
    if not request.HasField("start_hour"):
        violations.append(FieldViolation("start_hour", "It is required: the first hour of the log to process."))
    elif start is not None and end is not None and end <= start:
        violations.append(FieldViolation("end_hour", f"{hour_text(end)} is not behind start_hour, {hour_text(start)}."))
    version = request.version or versions[-1]
    if version not in versions:
        violations.append(
            FieldViolation("version", f"{version[:40]!r} is not one of this server's: {', '.join(versions)}.")
        )
    if request.request_id and not _REQUEST_ID.fullmatch(request.request_id):
        violations.append(FieldViolation("request_id", "Allowed are 1 to 64 letters, digits and hyphens."))
    if violations or start is None:
        raise InvalidRequest(*violations)
    return Run(new_run_id(now, letters), version, start, end)


def _hour(request: StartReprocessingRequest, field: str, now: Micros, violations: list[FieldViolation]) -> int | None:
    stamp: Timestamp = getattr(request, field)
    try:
        instant = instant_of(stamp, field)
    except InvalidRequest as problem:
        violations += problem.violations
        return None
    if instant % HOUR_MICROS:
        violations.append(FieldViolation(field, "It is not a whole hour by UTC, such as 2026-11-20T07:00:00Z."))
    elif instant > now:
        violations.append(FieldViolation(field, f"{hour_text(hour_of(instant))} has not begun yet."))
    return hour_of(instant)


def started_before(book: Book, request: StartReprocessingRequest, run: Run) -> Entry | None:
    """Return the run that the same request started, or None if it started none.

    Raises:
        AlreadyExists: it was another request.
    """
    entry = book.of_request(request.request_id) if request.request_id else None
    if entry is None:
        return None
    before = run_of(entry.run.id, entry.definition)  # as it was asked for: it may have been closed since
    known = (before.version, before.start_hour, before.end_hour, entry.definition.dry_run)
    if known != (run.version, run.start_hour, run.end_hour, request.dry_run):
        raise AlreadyExists(f"The request_id started {PREFIX}{entry.run.id}, which is another one; take a new one.")
    return entry


def refuse_too_many(book: Book, run_id: str) -> None:
    """Refuse a run if as many as may be are under way that were asked for before it.

    Raises:
        WrongState: so many are.
    """
    busy = list(takewhile(lambda entry: entry.run.id != run_id, under_way(book)))
    if len(busy) >= MAX_UNDER_WAY:
        names = ", ".join(entry.run.id for entry in busy)
        raise WrongState(
            f"{len(busy)} reprocessings are under way, as many as may be: {names}. Cancel one that reports do not "
            "show, or wait: one that others have replaced ends when that cannot be taken back any more."
        )


def run_name(run_id: str) -> str:
    """Return `reprocessings/{id}`."""
    return PREFIX + run_id


def existing(book: Book, name: str) -> Entry:
    """Return the run of a name `reprocessings/{id}`.

    Raises:
        InvalidRequest: the name is not of that form.
        NotFound: nobody asked for such a run.
    """
    run_id = name.removeprefix(PREFIX)
    if not name.startswith(PREFIX) or not RUN_ID.fullmatch(run_id):
        raise InvalidRequest.of("name", f"{name[:80]!r} is not a reprocessing; allowed is reprocessings/{{id}}.")
    entry = book.entry(run_id)
    if entry is None:
        raise NotFound(f"There is no reprocessing {run_id}.")
    return entry
