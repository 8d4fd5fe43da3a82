"""The folder in which an embedded process keeps everything: one process at a time, and of a format that it knows."""

import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from footfall_local.key_files import KeyFiles
from footfall_local.stack_file import write_atomically

FORMAT = 1
"""Raised when the files of an older version can no longer be read as they are."""


class FolderError(Exception):
    """The folder cannot be used; one sentence for whoever started the process. Nothing in it was changed."""


@dataclass(frozen=True)
class DataFolder:
    """The files in the folder."""

    folder: Path

    @property
    def log(self) -> Path:
        """The raw records: the truth, from which all else can be made again."""
        return self.folder / "log.sqlite"

    @property
    def state(self) -> Path:
        """The writers' windows, the transactions that were counted, and the errors."""
        return self.folder / "state.sqlite"

    @property
    def rows(self) -> Path:
        """The rows of events and items."""
        return self.folder / "rows.duckdb"

    @property
    def admin(self) -> Path:
        """Properties and keys, which nothing else could make again."""
        return self.folder / "admin.sqlite"

    @property
    def keys(self) -> KeyFiles:
        """What signs and verifies keys, and the development key."""
        return KeyFiles(self.folder / "keys")

    @property
    def log_lines(self) -> Path:
        """What the process logs, JSON lines."""
        return self.folder / "footfall.log"

    @property
    def address(self) -> Path:
        """Where the process listens, or did when it last ran: it takes the same port again where it can."""
        return self.folder / "address.json"

    @property
    def format(self) -> Path:
        """Which version wrote the folder."""
        return self.folder / "format.json"

    @property
    def lock(self) -> Path:
        """Held by the process for as long as it lives, however it ends."""
        return self.folder / "lock"

    def is_empty(self) -> bool:
        """Return whether no data were stored yet."""
        return not self.log.exists()

    def last_address(self) -> str | None:
        """Return the address at which the process listens, or last did; None if there is none that can be read."""
        with suppress(OSError, ValueError, KeyError, TypeError):
            return str(json.loads(self.address.read_bytes())["grpc"])
        return None

    def note_address(self, grpc: str, health: str) -> None:
        """Have others find the process.

        Raises:
            FolderError: it cannot be written.
        """
        self._write(self.address, {"grpc": grpc, "health": health, "pid": os.getpid()})

    def note_format(self) -> None:
        """Say which version wrote the folder.

        Raises:
            FolderError: it cannot be written.
        """
        self._write(self.format, {"format": FORMAT})

    def _write(self, file: Path, content: dict[str, object]) -> None:
        try:
            write_atomically(file, json.dumps(content).encode())
        except OSError as error:
            raise FolderError(f"{self.folder} cannot be written: {_reason(error)}.") from error

    def running_at(self) -> str | None:
        """Return the address of the process that runs in the folder, or None if none does."""
        with suppress(OSError):
            descriptor = os.open(self.lock, os.O_RDONLY)
            try:
                # shared: two that ask at once must not take each other for the process
                fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return self.last_address()
            finally:
                os.close(descriptor)
        return None


@contextmanager
def held(folder: Path) -> Iterator[DataFolder]:
    """Make the folder if there is none, and hold it for this process alone until the block ends.

    Raises:
        FolderError: it cannot be used.
    """
    data = DataFolder(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(data.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise FolderError(f"{folder} cannot be written: {_reason(error)}.") from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise FolderError(f"{folder} is in use by another Footfall{_who(data)}; one process at a time.") from None
        _check_format(data)
        yield data
    finally:
        os.close(descriptor)  # and with it the lock


def remove_left(parent: Path, prefix: str) -> None:
    """Remove the folders in `parent` of such names that no process holds, though one did."""
    for folder in parent.glob(f"{prefix}*"):
        # without a lock, its process is only about to hold it
        if DataFolder(folder).lock.exists():
            with suppress(FolderError), held(folder):
                shutil.rmtree(folder, ignore_errors=True)


def _check_format(data: DataFolder) -> None:
    try:
        written: Any = json.loads(data.format.read_bytes())["format"]
    except FileNotFoundError:
        if any(data.folder.glob("*.sqlite*")) or any(data.folder.glob("*.duckdb*")):
            raise FolderError(
                f"{data.folder} holds data, but not which version wrote them: {data.format.name} is gone; "
                "nothing was changed."
            ) from None
        data.note_format()
        return
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise FolderError(f"{data.format} cannot be read, so its folder is left alone: {error}.") from error
    if written != FORMAT:
        raise FolderError(
            f"{data.folder} was written by another version of Footfall (format {written}, this one knows {FORMAT}); "
            "nothing was changed."
        )


def _who(data: DataFolder) -> str:
    address = data.last_address()
    return f", at {address}" if address else ""


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
