"""An error as the tab-separated line that the store takes in."""

from base64 import b64encode

from footfall.v1.errors_pb2 import EventError
from footfall_core.properties import property_id_of


def error_row(error: EventError) -> str:
    """Return an error's row, without a line break: the columns of `footfall_core.columns.ERROR_COLUMNS`.

    No field can hold a tab or a line break: they are numbers, ids that were checked, and base64.
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
        )
    )
