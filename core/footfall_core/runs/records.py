"""Records of runs and servings on `control`: by which names they go, and what they are as values.

runs/ID                      RunDefinition    what the run is
runs/ID/cancelled/ATTEMPT    RunCancelled     somebody does not want it any more, or its time is over
runs/ID/closed/ATTEMPT       RunClosed        others serve what is still to come for good: it ends
runs/ID/progress             RunProgress      how far it is
serving/EPOCH/ATTEMPT        ServingRecord    which run serves what

Where the first of several records holds, each has a name of its own: compaction keeps the last of one name, and who
reads the topic later would come to another end.
"""

from footfall_core.clock import Micros
from footfall_core.runs.run import Run
from footfall_core.runs.serving import Served, Serving
from footfall_core.wire.runs_pb2 import RunDefinition, ServedHours, ServingRecord

RUNS, SERVINGS = "runs/", "serving/"
CANCELLED, CLOSED, PROGRESS = "cancelled", "closed", "progress"


def definition_name(run_id: str) -> str:
    """Return the name of a run's definition."""
    return RUNS + run_id


def cancelled_name(run_id: str, attempt: str) -> str:
    """Return the name of the record that a run is cancelled.

    Args:
        run_id: the run.
        attempt: a name that no other cancellation of it has.
    """
    return f"{RUNS}{run_id}/{CANCELLED}/{attempt}"


def closed_name(run_id: str, attempt: str) -> str:
    """Return the name of the record that a run is closed.

    Args:
        run_id: the run.
        attempt: a name that no other such record of it has.
    """
    return f"{RUNS}{run_id}/{CLOSED}/{attempt}"


def progress_name(run_id: str) -> str:
    """Return the name of a run's progress."""
    return f"{RUNS}{run_id}/{PROGRESS}"


def serving_name(epoch: int, attempt: str) -> str:
    """Return the name of a serving.

    Args:
        epoch: its epoch.
        attempt: a name that no other record of this epoch has.
    """
    return f"{SERVINGS}{epoch}/{attempt}"


def run_of(run_id: str, definition: RunDefinition) -> Run:
    """Return the run of a definition."""
    end = definition.end_hour if definition.HasField("end_hour") else None
    return Run(run_id, definition.version, definition.start_hour, end)


def definition_of(run: Run, *, dry_run: bool, request_id: str, now: Micros) -> RunDefinition:
    """Return the definition of a run that is asked for now."""
    return RunDefinition(
        version=run.version,
        start_hour=run.start_hour,
        end_hour=run.end_hour,
        dry_run=dry_run,
        request_id=request_id,
        create_time_micros=now,
    )


def serving_record(serving: Serving, lead_micros: int) -> ServingRecord:
    """Return the record of a serving that takes effect `lead_micros` after it is stored."""
    return ServingRecord(
        epoch=serving.epoch,
        parts=[ServedHours(run_id=p.run_id, start_hour=p.start_hour, end_hour=p.end_hour) for p in serving.parts],
        undone_by=serving.undone_by,
        lead_micros=lead_micros,
    )


def serving_of(record: ServingRecord, stored: Micros) -> Serving:
    """Return the serving of a record.

    Args:
        record: as it was stored.
        stored: the broker's time of it, which is the same for all who read it.
    """
    parts = tuple(Served(p.run_id, p.start_hour, p.end_hour if p.HasField("end_hour") else None) for p in record.parts)
    undone_by = record.undone_by if record.HasField("undone_by") else None
    return Serving(record.epoch, Micros(stored + record.lead_micros), parts, undone_by)
