"""Which errors were redriven: for each there is a mark among the errors, of a reserved property. Pure.

A mark has its error's id, time, stage, code and writer. So whoever asks for errors by the name of that property gets
the marks of the same ones, in the same order. An id alone is no error's own: of two batches that were refused under one
number it is the same. Marks spare work and tell people what is done; that an event counts once is up to the consumer
(`footfall_core.processing.origins`), which knows nothing of them.
"""

from collections.abc import Iterable

from footfall.v1.errors_pb2 import EventError
from footfall_core.properties import REDRIVEN_PREFIX, property_id_of, property_name
from footfall_core.wire.query_pb2 import ErrorsQuestion


def mark_of(error: EventError) -> EventError:
    """Return the mark of an error that was redriven."""
    return EventError(
        error_id=error.error_id,
        property=property_name(REDRIVEN_PREFIX + property_id_of(error.property)),
        stage=error.stage,
        code=error.code,
        writer_id=error.writer_id,
        time=error.time,
    )


def marked_by(marks: Iterable[EventError]) -> frozenset[tuple[str, int]]:
    """Return what marks say was redriven, by `identity_of`."""
    return frozenset(map(identity_of, marks))


def identity_of(error: EventError) -> tuple[str, int]:
    """Return what an error has in common with its mark and with no other's: its id, and its time in milliseconds."""
    return error.error_id, error.time.ToMilliseconds()


def marks_of(question: ErrorsQuestion) -> ErrorsQuestion:
    """Return the question for the marks of the errors that a question asks for.

    What lies between two marks in the list lies between their errors too, so the marks of a page's errors are among as
    many marks from the same place on.
    """
    marks = ErrorsQuestion()
    marks.CopyFrom(question)
    marks.property_id = REDRIVEN_PREFIX + question.property_id
    return marks
