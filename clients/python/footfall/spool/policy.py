"""What a spool promises, and how much it holds."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SpoolPolicy:
    """When an event counts as kept, and how much is kept."""

    sync_seconds: float = 0.0
    """0: when `track` returns, the event is on the disk, and a power failure does not lose it. More: it is with the
    operating system by then, which outlives the process but not the machine, and on the disk within so many seconds."""
    max_bytes: int = 1024 * 1024 * 1024
    """Bytes of files. When so many wait, `BatchPolicy.when_full` says what `track` does."""

    def __post_init__(self) -> None:
        if self.sync_seconds < 0:
            raise ValueError(f"sync_seconds is {self.sync_seconds}; allowed is 0 or more")
        if self.max_bytes < 1:
            raise ValueError(f"max_bytes is {self.max_bytes}; allowed is a positive number")
