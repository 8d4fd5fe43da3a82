"""What becomes of a record in a run: the two stages of the event consumer, within the run's hours. Pure.

    before the start   windows of writers and origins of what is redriven, alone
    the run's hours    rows of both stages, but no errors: the verdicts of the live run stay
    from the end on    nothing; the first record far enough behind it is the run's last tick

With the same records, the same version and the same hours, all that comes out is the same, byte for byte: what the
clock says, and how records of different partitions come to meet, has no influence.
"""

from dataclasses import dataclass, field

from footfall_core.clock import Micros
from footfall_core.columns import EVENT_COLUMNS, ITEM_COLUMNS
from footfall_core.enrichment.country import CountryOf, nowhere
from footfall_core.processing.in_order import put_in_order
from footfall_core.processing.purchases import Counted, Load
from footfall_core.processing.record import Outcome, Place, learn_record, process_record
from footfall_core.processing.rows import RowOrigin, tick_row
from footfall_core.processing.second_stage import process_purchases
from footfall_core.processing.versions import Version
from footfall_core.runs.run import Run, hour_begins
from footfall_core.wire.run_purchases_pb2 import RunPurchasesRecord
from footfall_core.wire.state_pb2 import CountedTransaction

HOUR_MS = 3_600_000

SLACK_MS = 5_000
"""How far behind its end a run reads: by as much the brokers' clocks may differ that have a partition in turn."""

TICK_MICROS = 60_000_000
"""Time between the ticks of a run's past: enough to put purchases in order, and few against two a second."""

_TICK_KEY, _ENDED_KEY, _FAILED_KEY = "~tick", "~ended", "~failed"
"""Keys in the state of a raw partition: no writer's window has such a one."""


@dataclass(frozen=True, slots=True)
class RunStage:
    """What the stages of a run know of it."""

    run: Run
    version: Version
    asked_micros: Micros
    """When it was asked for: ticks from then on are all passed on, so that it can serve what is live."""
    group: str
    """Its consumer group."""
    raw_partitions: int
    country_of: CountryOf = nowhere


@dataclass(slots=True)
class RunOutcome:
    """What a raw record gives in a run."""

    outcome: Outcome = field(default_factory=Outcome)
    marks: dict[str, bytes] = field(default_factory=dict)
    """New state by key, beside the windows."""
    kept: dict[str, bytes] = field(default_factory=dict)
    """New state by key that never expires."""
    last: bool = False
    """Whether it is the partition's last."""


def run_record(stage: RunStage, record: bytes, place: Place, load: Load, end_offset: int | None) -> RunOutcome:
    """Decide what becomes of a raw record.

    Args:
        stage: the run.
        record: the record's bytes.
        place: where it stands.
        load: returns what the raw partition's state has under a key, or None.
        end_offset: from which offset on the partition's records are far enough behind the run's end; None: it has none.
    """
    run, hour = stage.run, place.log_time_ms // HOUR_MS
    if end_offset is not None and place.offset >= end_offset:
        return RunOutcome() if load(_ENDED_KEY) else _end(stage, place)
    if hour < run.start_hour:
        return RunOutcome(learn_record(record, place, load))
    if run.end_hour is not None and hour >= run.end_hour:
        return RunOutcome()
    outcome = process_record(
        stage.version,
        record,
        place,
        load,
        country_of=stage.country_of,
        mark=run.mark,
        since_ms=run.start_hour * HOUR_MS,
    )
    outcome.errors = []
    if outcome.failures:
        failed = failed_batches(load) + len(outcome.failures)
        return RunOutcome(outcome, kept={_FAILED_KEY: str(failed).encode()})
    if outcome.tick_micros is None or outcome.tick_micros >= stage.asked_micros:
        return RunOutcome(outcome)
    number = str(outcome.tick_micros // TICK_MICROS).encode()
    return RunOutcome() if load(_TICK_KEY) == number else RunOutcome(outcome, {_TICK_KEY: number})


def failed_batches(load: Load) -> int:
    """Return how many batches of a raw partition could not be processed until now, by the partition's state."""
    return int(load(_FAILED_KEY) or 0)


def _end(stage: RunStage, place: Place) -> RunOutcome:
    assert stage.run.end_hour is not None
    tick = hour_begins(stage.run.end_hour)
    origin = RowOrigin(stage.run.mark, stage.run.end_hour, place.partition)
    lines, item_lines = ([tick_row(tick, origin, columns)] for columns in (EVENT_COLUMNS, ITEM_COLUMNS))
    return RunOutcome(Outcome(lines, item_lines, tick_micros=tick), {_ENDED_KEY: b"1"}, last=True)


@dataclass(slots=True)
class RunCounted:
    """What a record of a run's topic of purchases gives."""

    counted: list[Counted] = field(default_factory=list)
    """Of each record that need not wait any more, in order."""
    state: dict[str, bytes | None] = field(default_factory=dict)
    """New state by key; None: it is gone."""


def run_purchases(stage: RunStage, record: bytes, partition: int, load: Load) -> RunCounted:
    """Decide what becomes of a record of a run's topic of purchases.

    Args:
        stage: the run.
        record: the record's bytes.
        partition: in which it stands.
        load: returns what the partition's state has under a key, or None.
    """
    message = RunPurchasesRecord.FromString(record)
    if message.WhichOneof("content") == "counted_elsewhere":
        elsewhere = message.counted_elsewhere
        known = zip(elsewhere.keys, elsewhere.log_hours, strict=True)
        return RunCounted(state={key: CountedTransaction(log_hour=hour).SerializeToString() for key, hour in known})
    released = put_in_order(message.handed_on, load, stage.raw_partitions)
    found = RunCounted(state=released.state)

    def load_newest(key: str) -> bytes | None:
        return found.state[key] if key in found.state else load(key)

    for purchases in released.records:
        counted = process_purchases(
            stage.run.mark,
            purchases,
            partition,
            load_newest,
            group=stage.group,
            raw_partitions=stage.raw_partitions,
        )
        counted.errors = []
        found.state |= counted.state
        found.counted.append(counted)
    return found
