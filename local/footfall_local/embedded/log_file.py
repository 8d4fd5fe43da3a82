"""The log of an embedded process in a file that does not grow without end."""

import os
import threading
from contextlib import suppress
from pathlib import Path

from footfall_local.embedded.folder import FolderError

MAX_BYTES = 64 * 1024 * 1024
"""Beyond this the file is moved aside, in the place of the one before it."""


class LogFile:
    """Takes lines from any thread. Nothing waits in memory, so a line that cannot be written disturbs no later one."""

    def __init__(self, file: Path, max_bytes: int = MAX_BYTES) -> None:
        """Open the file, or make it.

        Raises:
            FolderError: it cannot be opened.
        """
        self._file = file
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        try:
            self._descriptor, self._size = self._open()
        except OSError as error:
            raise FolderError(f"{file} cannot be written: {(error.strerror or str(error)).lower()}.") from error

    def write(self, text: str) -> None:
        """Write some lines.

        Raises:
            OSError: they are not written, or not all of them.
        """
        with self._lock:
            if self._size >= self._max_bytes:
                self._begin_anew()
            self._size += os.write(self._descriptor, text.encode())

    def flush(self) -> None:
        """Do nothing: what was written is in the file."""

    def close(self) -> None:
        """Close the file; nothing is written afterwards."""
        with self._lock:
            os.close(self._descriptor)
            self._descriptor = -1

    def _open(self) -> tuple[int, int]:
        """Return the file's descriptor and size."""
        descriptor = os.open(self._file, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
        return descriptor, os.fstat(descriptor).st_size

    def _begin_anew(self) -> None:
        with suppress(FileNotFoundError):  # it was moved before, and could not be made anew
            self._file.replace(self._file.with_name(f"{self._file.name}.1"))
        before = self._descriptor
        self._descriptor, self._size = self._open()
        os.close(before)
