"""Raw records with refused events, their errors, and the raw records that redriving them gives."""

from collections.abc import Sequence

from footfall.v1.errors_pb2 import EventError, Repair
from footfall.v1.event_pb2 import Event
from footfall.v1.ingest_pb2 import WriteEventsRequest
from footfall_core.intake import Arrival, Taken, take
from footfall_core.kinds import EventKind
from footfall_core.packing import raw_records
from footfall_core.redrive.repairs import steps_of
from footfall_core.redrive.revival import Revival, revivals


def batch(*names: str, writer: str = "w", sequence: int = 1, **fields: object) -> WriteEventsRequest:
    """Return a batch of events by their names, each of a client and with an id of its own."""
    numbered = {"writer_id": writer, "sequence": sequence} if writer else {}
    request = WriteEventsRequest(property="properties/shop", **numbered, **fields)  # type: ignore[arg-type]
    request.events.extend(
        Event(name=name, client_id=f"c{index}", event_id=f"e{index}") for index, name in enumerate(names)
    )
    return request


def record_of(
    *requests: WriteEventsRequest, received_micros: int, peer_address: str = "192.0.2.1", user_agent: str = ""
) -> bytes:
    """Return the raw record that an ingest server makes of batches."""
    arrival = Arrival(received_micros, peer_address, user_agent, "")
    taken = [take(request.SerializeToString(), arrival) for request in requests]
    (record,) = raw_records([each.raw_batch for each in taken if isinstance(each, Taken)])
    return record


def revived(record: bytes, errors: Sequence[EventError], *repairs: Repair) -> list[Revival]:
    """Return what comes of errors whose payload is in one raw record."""
    kind = EventKind.IMPORT if errors[0].payload.imported else EventKind.LIVE
    return list(revivals(record, kind, errors, steps_of(repairs), imports=True))


def redriven(record: bytes, errors: Sequence[EventError], *repairs: Repair) -> bytes:
    """Return the raw record that redriving errors gives, by the rules of the moment."""
    found = [each.raw_batch for each in revived(record, errors, *repairs) if each.raw_batch is not None]
    (again,) = raw_records(found)
    return again


def rename(source: str, target: str) -> Repair:
    repair = Repair()
    setattr(repair.rename, "from", source)
    repair.rename.to = target
    return repair


def default(path: str, value: str | float | bool) -> Repair:
    repair = Repair()
    repair.set_default.path = path
    match value:
        case bool():
            repair.set_default.value.bool_value = value
        case str():
            repair.set_default.value.string_value = value
        case _:
            repair.set_default.value.number_value = value
    return repair


def cast(path: str, kind: int) -> Repair:
    repair = Repair()
    repair.cast.path, repair.cast.type = path, kind  # type: ignore[assignment]
    return repair
