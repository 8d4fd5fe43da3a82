"""The embedded process with its promise broken on purpose: OK comes before the commit, which comes half a second later.

python -m tests.e2e.hasty_embedded FOLDER
"""

import sys
import time
from collections.abc import Sequence
from pathlib import Path

from footfall_adapters.group_commit import Gathered, PendingBatch
from footfall_adapters.sqlite.event_log import SqliteEventLog
from footfall_cli.embedded import serve_embedded
from footfall_local.embedded import process

LATE_SECONDS = 0.5


class HastyLog(SqliteEventLog):
    """Tells callers first, and stores later."""

    def _commit(self, batches: Sequence[PendingBatch]) -> None:
        self._waiting.settle(Gathered(batches=list(batches)), self._clock.now())
        time.sleep(LATE_SECONDS)
        super()._commit(batches)


if __name__ == "__main__":
    process.SqliteEventLog = HastyLog  # type: ignore[misc]
    serve_embedded(Path(sys.argv[1]), in_memory=False, verbose=False)
