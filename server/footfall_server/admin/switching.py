"""The handlers that change which runs serve: switch, roll back."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from footfall.v1.admin_pb2 import RollBackReprocessingRequest, SwitchReprocessingRequest
from footfall_core.clock import Clock, Micros
from footfall_core.completeness import Completeness
from footfall_core.problems import Conflict, TryAgain, WrongState
from footfall_core.runs.asking import existing
from footfall_core.runs.book import Entry
from footfall_core.runs.current import planned
from footfall_core.runs.elsewhere import is_counted_alike
from footfall_core.runs.ports import RunStore
from footfall_core.runs.records import serving_name, serving_record
from footfall_core.runs.serving import LEAD_MICROS, Serving, rolled_back, switched
from footfall_core.runs.shown import serving_shown
from footfall_core.runs.state import can_serve, state_of
from footfall_server.admin.known_rows import KnownRows
from footfall_server.admin.properties import parsed
from footfall_server.hosts.call import Call
from footfall_server.hosts.deadlines import deadline_of

MAX_BEHIND_MICROS = 10_000_000
"""How much less complete what is switched to may be than what serves: reports would miss as much for as long."""

LONGEST_SECONDS, MARGIN_SECONDS = 30.0, 0.25


@dataclass(frozen=True)
class Switching:
    """The methods of `AdminService` that change which runs serve.

    What is to serve is looked at first: a switch must make no hole. Then one record says it all, and of two at once the
    one that stands first in the log holds (`footfall_core.runs.book.Book`).
    """

    runs: RunStore
    rows: KnownRows
    clock: Clock
    new_attempt: Callable[[], str]

    async def switch(self, request: bytes, call: Call) -> bytes:
        """Return the bytes of the `Serving` that will hold.

        Raises:
            InvalidRequest: the name is none.
            NotFound: there is no such reprocessing.
            WrongState: it cannot serve, or not yet.
            Conflict: somebody else has switched meanwhile.
            TryAgain: it is not stored, or not known to be; or the store cannot say what it has.
        """
        asked = parsed(SwitchReprocessingRequest, request)
        entry = existing(self.runs.book, asked.name)
        call.log["run"] = entry.run.id
        if (done := self._done_before(asked, lambda before: switched(before, entry.run, Micros(0)))) is not None:
            return serving_shown(done).SerializeToString()
        self._refuse_other_epoch(asked)
        newest = self.runs.book.newest
        if entry.definition.dry_run:
            raise WrongState(f"{entry.run.id} is a dry run, for comparing alone; start one without --dry-run.")
        self._refuse_without_data(entry)
        after = switched(newest, entry.run, Micros(0))
        if after.parts == newest.parts:
            raise WrongState(f"Reports are made of {entry.run.id} already.")
        if entry.closed is not None:
            # it was told nothing of what counts behind an end that it did not have
            raise WrongState(f"{entry.run.id} has ended, since others serve what came after it; start another one.")
        if not asked.allow_failed_batches:
            _refuse_failed_batches(entry)
        self._refuse_other_counts(entry, newest)
        return await self._hold(newest, after, call)

    async def roll_back(self, request: bytes, call: Call) -> bytes:
        """Return the bytes of the `Serving` that will hold.

        Raises:
            WrongState: nothing is left to take back, or what it goes back to lags.
            Conflict: somebody else has switched meanwhile.
            TryAgain: it is not stored, or not known to be; or the store cannot say what it has.
        """
        asked = parsed(RollBackReprocessingRequest, request)
        if (done := self._done_before(asked, self._rolled_back)) is not None:
            return serving_shown(done).SerializeToString()
        self._refuse_other_epoch(asked)
        newest = self.runs.book.newest
        after = self._rolled_back(newest)
        if after is None:
            raise WrongState("There is no switch that was not taken back.")
        return await self._hold(newest, after, call)

    def _rolled_back(self, current: Serving) -> Serving | None:
        book = self.runs.book
        return rolled_back(current, book.servings, Micros(0), partial(can_serve, book))

    def _refuse_other_counts(self, entry: Entry, newest: Serving) -> None:
        """Refuse a run beside which others serve now than when it was told what counts outside of its hours."""
        taken_up = entry.progress.serving_epoch if entry.progress is not None else newest.epoch
        if not is_counted_alike(entry.run, self.runs.book.servings[taken_up], newest):
            raise WrongState(
                f"Other runs serve the hours beside those of {entry.run.id} than when it was begun, and may count "
                "another copy of a purchase there; start it anew."
            )

    def _done_before(
        self,
        asked: SwitchReprocessingRequest | RollBackReprocessingRequest,
        wanted: Callable[[Serving], Serving | None],
    ) -> Serving | None:
        """Return the newest serving if it is what is asked for, behind the epoch that is named.

        Whose answer was lost asks again, and is told the same; without an epoch nobody knows what was meant.
        """
        newest = self.runs.book.newest
        if not asked.HasField("epoch") or asked.epoch < 0 or asked.epoch + 1 != newest.epoch:
            return None
        made = wanted(self.runs.book.servings[asked.epoch])
        return newest if made is not None and made.parts == newest.parts else None

    def _refuse_other_epoch(self, asked: SwitchReprocessingRequest | RollBackReprocessingRequest) -> None:
        newest = self.runs.book.newest.epoch
        if asked.HasField("epoch") and asked.epoch != newest:
            raise Conflict(f"Somebody has switched since: the newest epoch is {newest}, not {asked.epoch}.")

    def _refuse_without_data(self, entry: Entry) -> None:
        if not (state := state_of(entry)).has_data:
            raise WrongState(f"{entry.run.id} is {state.value}: it has no rows to make reports of.")

    async def _hold(self, before: Serving, after: Serving, call: Call) -> bytes:
        """Have a serving hold, once all that it needs is there."""
        deadline = deadline_of(call, self.clock.now(), LONGEST_SECONDS, MARGIN_SECONDS)
        book = self.runs.book
        now_shown, then_shown = await asyncio.gather(
            *(self.rows.complete(planned(serving.parts, book), deadline) for serving in (before, after))
        )
        refuse_hole(now_shown, then_shown)
        name = serving_name(after.epoch, self.new_attempt())
        await self.runs.put(name, serving_record(after, LEAD_MICROS).SerializeToString())
        book = self.runs.book
        if book.newest.epoch < after.epoch:
            raise TryAgain("It is stored, but not seen yet; ListReprocessings shows whether it holds.")
        if not book.holds(name, after.epoch):
            raise Conflict("Somebody else has switched at the same time, and was first; nothing is switched by this.")
        call.log["epoch"] = after.epoch
        return serving_shown(book.servings[after.epoch]).SerializeToString()


def _refuse_failed_batches(entry: Entry) -> None:
    failed = entry.progress.failed_batches if entry.progress is not None else 0
    if failed:
        raise WrongState(
            f"{entry.run.id} could not process {failed:,} batches, whose events reports would miss; its worker's log "
            "says why. With allow_failed_batches it is switched to all the same."
        )


def refuse_hole(now_shown: Completeness, then_shown: Completeness) -> None:
    """Refuse what would show less than what is shown now.

    Raises:
        WrongState: it would.
    """
    for now, then, what in (
        (now_shown.live, then_shown.live, "live events"),
        (now_shown.imported, then_shown.imported, "imported events"),
    ):
        if then is None:
            raise WrongState(f"Not all of its {what} are processed and in the store yet; try again when they are.")
        if now is not None and then < now - MAX_BEHIND_MICROS:
            behind = (now - then) / 1e6
            raise WrongState(
                f"Its {what} are {behind:,.0f} s behind those that are served; at most "
                f"{MAX_BEHIND_MICROS // 1_000_000} s are allowed, as reports would miss as much."
            )
