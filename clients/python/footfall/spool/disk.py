"""What operating systems call differently: bringing data to the disk, and a lock that its process's end releases."""

import os
import sys
import weakref
from pathlib import Path

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl


def sync(descriptor: int) -> None:
    """Return when a file's data are on the disk.

    Raises:
        OSError: they could not be brought there.
    """
    if sys.platform == "darwin":
        fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)  # there fsync leaves them in the drive's memory
    elif hasattr(os, "fdatasync"):
        os.fdatasync(descriptor)
    else:
        os.fsync(descriptor)


def sync_folder(folder: Path) -> None:
    """Return when a folder's new names are on the disk; where folders cannot be synced, their system sees to it."""
    if sys.platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_all(descriptor: int, data: bytes) -> None:
    """Write all of it: a disk that fills up takes a part without an error."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


class Lock:
    """Held by one user of a file, in this process or another; released by `close` and by the end of the process."""

    def __init__(self, path: Path) -> None:
        """Take the lock.

        Raises:
            BlockingIOError: somebody else holds it.
            OSError: the file cannot be made.
        """
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            _lock(descriptor)
        except OSError:
            os.close(descriptor)
            raise
        self._descriptor: int | None = descriptor
        _locks.add(self)

    def close(self) -> None:
        """Release it."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)


def _lock(descriptor: int) -> None:
    if sys.platform == "win32":
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError as error:
            raise BlockingIOError from error
    else:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


_locks: "weakref.WeakSet[Lock]" = weakref.WeakSet()


def _let_go_in_child() -> None:
    # a forked child shares its parent's lock, and would hold it beyond the parent's end
    for lock in list(_locks):
        lock.close()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_let_go_in_child)
