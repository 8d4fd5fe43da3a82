"""A client process with a spool, to be killed: it tracks numbered events, and prints each number when `track` returned.

python -m tests.e2e.spooled_client ADDRESS SPOOL PREFIX [flush] [forgets|renames]

With `flush` it tracks nothing, and ends when all that is left was sent. The last word breaks a promise on purpose.
"""

import itertools
import sys
from collections.abc import Sequence
from pathlib import Path

from footfall import BatchPolicy, Client
from footfall.spool.batch_file import EVENT_BYTES, BatchFile
from footfall.spool.folder import SpoolFolder


def forget() -> None:
    """Let events stay in the process's memory until their batch is complete, as buffered files do."""
    append, close = BatchFile.append, BatchFile.close
    kept: dict[Path, list[bytes]] = {}

    def bytes_of(events: Sequence[bytes]) -> int:
        return sum(len(event) + EVENT_BYTES for event in events)

    def append_later(self: BatchFile, events: Sequence[bytes], tracked_micros: int, *, to_disk: bool) -> None:
        later = kept.setdefault(self.path, [])
        if self.length == 0:
            append(self, events, tracked_micros, to_disk=to_disk)
        else:
            later += events
            self.length += bytes_of(events)

    def close_after_all(self: BatchFile) -> None:
        later = kept.pop(self.path, [])
        self.length -= bytes_of(later)
        append(self, later, 0, to_disk=False)
        close(self)

    BatchFile.append = append_later  # type: ignore[method-assign]
    BatchFile.close = close_after_all  # type: ignore[method-assign]


def rename() -> None:
    """Let each run be a writer of its own, which sends what is left under another name."""
    take_over = SpoolFolder._take_over

    def take_over_as_another(self: SpoolFolder, property_id: str) -> str:
        return f"{take_over(self, property_id)}-{sys.argv[3]}"

    SpoolFolder._take_over = take_over_as_another  # type: ignore[method-assign]


def main(address: str, spool: Path, prefix: str, words: Sequence[str]) -> None:
    for word, break_it in {"forgets": forget, "renames": rename}.items():
        if word in words:
            break_it()
    batching = BatchPolicy(max_events=20, max_age_seconds=0.02)
    with Client(address, "shop", spool=spool, batching=batching, late_errors=False) as client:
        if "flush" in words:
            print(int(client.flush(60)), client.statistics().taken_over, flush=True)
            return
        for number in itertools.count():
            client.track("page_view", client_id=f"client-{prefix}", params={"number": f"{prefix}-{number}"})
            sys.stdout.write(f"{prefix}-{number}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3], sys.argv[4:])
