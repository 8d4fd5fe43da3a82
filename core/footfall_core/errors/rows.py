"""An error as the tab-separated line that the store takes in."""

import re
from base64 import b64encode

from footfall.names import code_name, stage_name
from footfall.v1.errors_pb2 import EventError
from footfall_core.properties import property_id_of

MAX_FIELD_LENGTH = 256
"""Characters of a field's path in a row."""

_OF_AN_EVENT = re.compile(r"^events\[\d+\]\.?")
_INDEX = re.compile(r"\[\d+\]")
_BREAKS = re.compile(r"[\s\x00-\x1f]+")
"""White space, and what the store would split a value at: a field may be named exactly because it holds such."""


def error_row(error: EventError) -> str:
    """Return an error's row, without a line break: the columns of `footfall_core.columns.ERROR_COLUMNS`.

    No column but the field's can hold a tab or a line break: they are numbers, names, checked ids, and base64.
    """
    return "\t".join(
        (
            str(error.time.ToMilliseconds()),
            property_id_of(error.property),
            error.error_id,
            str(int(error.stage)),
            str(int(error.code)),
            error.writer_id,
            b64encode(error.SerializeToString()).decode(),
            stage_name(error.stage),
            code_name(error.code),
            field_without_indexes(error.field),
        )
    )


def field_without_indexes(field: str) -> str:
    """Return the path of a field as errors are counted by it: `events[3].items[7].price` is `items[].price`.

    An error of an event as a whole has none. A parameter that is named in brackets stays, with its breaks and control
    characters made spaces.
    """
    path = _INDEX.sub("[]", _OF_AN_EVENT.sub("", field))
    return _BREAKS.sub(" ", path).strip()[:MAX_FIELD_LENGTH]
