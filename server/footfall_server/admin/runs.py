"""The handlers of reprocessings: start, return, list, cancel."""

from collections.abc import Callable, Sequence

from footfall.v1.admin_pb2 import (
    CancelReprocessingRequest,
    GetReprocessingRequest,
    ListReprocessingsRequest,
    ListReprocessingsResponse,
    StartReprocessingRequest,
)
from footfall_core.access.pages import begins_behind, page_size, page_token_behind
from footfall_core.clock import Clock, to_datetime
from footfall_core.problems import Conflict, InvalidRequest, TryAgain, WrongState
from footfall_core.runs.asking import existing, new_run, refuse_too_many, run_name, started_before
from footfall_core.runs.book import Book
from footfall_core.runs.ports import RunStore
from footfall_core.runs.records import cancelled_name, definition_name, definition_of
from footfall_core.runs.shown import operation_of, serving_shown
from footfall_core.runs.state import RunState, is_serving, state_of
from footfall_core.wire.runs_pb2 import RunCancelled
from footfall_server.admin.properties import parsed
from footfall_server.hosts.call import Call


class Reprocessings:
    """The methods of `AdminService` about single reprocessings; who may call them was asked before.

    They store what is wanted. Who makes it true, a worker, reads the same records, and may come and go meanwhile.
    """

    def __init__(
        self,
        runs: RunStore,
        versions: Sequence[str],
        clock: Clock,
        new_letters: Callable[[], str],
        new_attempt: Callable[[], str],
    ) -> None:
        self._runs = runs
        self._versions = versions
        self._clock = clock
        self._new_letters = new_letters
        self._new_attempt = new_attempt

    async def start(self, request: bytes, call: Call) -> bytes:
        """Return the bytes of the `ReprocessingOperation` that was started, by this request or before by the same.

        Raises:
            InvalidRequest: names every field that is wrong.
            AlreadyExists: the request's id started another one.
            WrongState: too many are under way.
            TryAgain: it is not stored, or not known to be.
        """
        asked, now = parsed(StartReprocessingRequest, request), self._clock.now()
        run = new_run(asked, self._versions, now, self._new_letters())
        before = started_before(self._runs.book, asked, run)
        if before is None:
            refuse_too_many(self._runs.book, run.id)
            definition = definition_of(run, dry_run=asked.dry_run, request_id=asked.request_id, now=now)
            await self._runs.put(definition_name(run.id), definition.SerializeToString())
            # of two such requests at once the first in the log holds, for both
            before = started_before(self._runs.book, asked, run) or self._runs.book.entry(run.id)
            if before is not None and before.run.id == run.id:
                await self._refuse_too_late(run.id)
        if before is None:
            raise TryAgain("It is stored, but not seen yet; ListReprocessings shows it in a moment.")
        call.log["run"] = before.run.id
        return operation_of(before, self._runs.book, now).SerializeToString()

    async def _refuse_too_late(self, run_id: str) -> None:
        """Refuse a run that is stored, if others that were asked for at the same time have come before it."""
        try:
            refuse_too_many(self._runs.book, run_id)
        except WrongState:
            await self._cancel(run_id)
            raise

    async def get(self, request: bytes, call: Call) -> bytes:
        """Return the bytes of a `ReprocessingOperation`.

        Raises:
            InvalidRequest: the name is none.
            NotFound: there is none.
        """
        entry = existing(self._runs.book, parsed(GetReprocessingRequest, request).name)
        call.log["run"] = entry.run.id
        return operation_of(entry, self._runs.book, self._clock.now()).SerializeToString()

    async def list(self, request: bytes, _: Call) -> bytes:
        """Return the bytes of a `ListReprocessingsResponse`.

        Raises:
            InvalidRequest: the size or the token is wrong.
        """
        asked, now, book = parsed(ListReprocessingsRequest, request), self._clock.now(), self._runs.book
        size, behind = page_size(asked.page_size), begins_behind(asked.page_token)
        newest_first = sorted(book.entries(), key=lambda entry: entry.run.id, reverse=True)
        names = [run_name(entry.run.id) for entry in newest_first]
        if behind and behind not in names:
            raise InvalidRequest.of("page_token", "It comes from another list.")
        begin = names.index(behind) + 1 if behind else 0
        page = ListReprocessingsResponse(
            operations=[operation_of(entry, book, now) for entry in newest_first[begin : begin + size]],
            serving=serving_shown(book.in_force(now)),
        )
        if book.newest != book.in_force(now):
            page.next_serving.CopyFrom(serving_shown(book.newest))
        if len(newest_first) > begin + size:
            page.next_page_token = page_token_behind(page.operations[-1].name)
        return page.SerializeToString()

    async def cancel(self, request: bytes, call: Call) -> bytes:
        """Return the bytes of the `ReprocessingOperation` that is not wanted any more.

        Raises:
            InvalidRequest: the name is none.
            NotFound: there is none.
            WrongState: it serves.
            Conflict: somebody has switched to it at the same time.
            TryAgain: it is not stored, or not known to be.
        """
        entry_name, now = parsed(CancelReprocessingRequest, request).name, self._clock.now()
        entry = existing(self._runs.book, entry_name)
        run_id = call.log["run"] = entry.run.id
        if is_serving(self._runs.book, run_id, now):
            raise WrongState(_reports_show(run_id, self._runs.book))
        if entry.cancelled is None and state_of(entry) is not RunState.REMOVED:
            await self._cancel(run_id)
            if is_serving(self._runs.book, run_id, now):
                raise Conflict(f"{run_id} is not cancelled: somebody has switched to it at the same time.")
        return operation_of(existing(self._runs.book, entry_name), self._runs.book, now).SerializeToString()

    async def _cancel(self, run_id: str) -> None:
        cancelled = RunCancelled(time_micros=self._clock.now())
        await self._runs.put(cancelled_name(run_id, self._new_attempt()), cancelled.SerializeToString())


def _reports_show(run_id: str, book: Book) -> str:
    if book.newest.serves(run_id):
        return f"Reports are made of {run_id}; roll back first."
    until = to_datetime(book.newest.effective_micros)
    return f"Reports are made of {run_id} until {until:%H:%M:%S} UTC; try again then."
