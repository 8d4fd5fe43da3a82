"""Books and what stands in them, for tests."""

from footfall_core.clock import Micros
from footfall_core.runs.book import Book
from footfall_core.runs.records import (
    cancelled_name,
    closed_name,
    definition_name,
    definition_of,
    progress_name,
    serving_name,
    serving_record,
)
from footfall_core.runs.run import Run
from footfall_core.runs.serving import LEAD_MICROS, Serving
from footfall_core.wire.runs_pb2 import RunCancelled, RunClosed, RunProgress

ONE = Run("r202611270000aaaa", "2", 100, None)
OTHER = Run("r202611270000bbbb", "3", 90, 95)


class Recorded(Book):
    """A book that keeps what it was given."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[tuple[str, bytes, Micros]] = []

    def apply(self, name: str, record: bytes, stored: Micros) -> None:
        self.records.append((name, record, stored))
        super().apply(name, record, stored)

    def compacted(self) -> list[tuple[str, bytes, Micros]]:
        """Return what Kafka keeps of the records: the last of each name, in their order."""
        last = {name: index for index, (name, _, _) in enumerate(self.records)}
        return [self.records[index] for index in sorted(last.values())]


def define(book: Book, run: Run, *, dry_run: bool = False, request_id: str = "", at: int = 0) -> None:
    definition = definition_of(run, dry_run=dry_run, request_id=request_id, now=Micros(at))
    book.apply(definition_name(run.id), definition.SerializeToString(), Micros(at))


def serve(book: Book, serving: Serving, attempt: str = "a", at: int = 0, lead: int = LEAD_MICROS) -> str:
    name = serving_name(serving.epoch, attempt)
    book.apply(name, serving_record(serving, lead).SerializeToString(), Micros(at))
    return name


def progress(book: Book, run: Run, said: RunProgress) -> None:
    book.apply(progress_name(run.id), said.SerializeToString(), Micros(0))


def cancel(book: Book, run: Run, attempt: str = "a", at: int = 0, *, expired: bool = False) -> None:
    record = RunCancelled(time_micros=at, expired=expired)
    book.apply(cancelled_name(run.id, attempt), record.SerializeToString(), Micros(at))


def close(book: Book, run: Run, end_hour: int, attempt: str = "a", at: int = 0) -> None:
    record = RunClosed(time_micros=at, end_hour=end_hour)
    book.apply(closed_name(run.id, attempt), record.SerializeToString(), Micros(at))
