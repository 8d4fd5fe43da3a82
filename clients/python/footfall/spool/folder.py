"""The folder of a spool: whose it is, which batches are in it, and which number is the next."""

import json
import logging
import os
import re
import secrets
from pathlib import Path
from typing import Any

from footfall.failures import SpoolError
from footfall.spool.disk import Lock, sync, sync_folder, write_all

log = logging.getLogger("footfall")

FORMAT = 1
_BATCH = re.compile(r"(?P<sequence>[0-9]{16})\.(?P<state>batch|done)")
_OURS_BEFORE_WRITER = {"lock", "writer.json.new"}


class SpoolFolder:
    """One folder, held by this process until it is closed. Not safe to use from several threads at once."""

    def __init__(self, path: Path, property_id: str) -> None:
        """Take the folder over, or make it.

        Raises:
            SpoolError: somebody else uses it, it is no spool of this property, a newer release wrote it, or it cannot
                be written. It is left as it is.
        """
        self.path = path
        self.newest = 0
        """The newest number that was ever used; 0 for none."""
        self.waiting: dict[int, int] = {}
        """Bytes of each batch of earlier runs, in order of their numbers."""
        self._done: Path | None = None
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock = Lock(path / "lock")
        except BlockingIOError:
            sentence = f"The spool {path} is used by another client; each process needs a spool of its own."
            raise SpoolError("SPOOL_IN_USE", sentence) from None
        except OSError as error:
            raise unwritable(path, error) from error
        try:
            self.writer_id = self._take_over(property_id)
            self._look()
        except OSError as error:
            self._lock.close()
            raise unwritable(path, error) from error
        except BaseException:
            self._lock.close()
            raise

    def batch(self, sequence: int) -> Path:
        """Return the path of a batch's file."""
        return self.path / f"{sequence:016d}.batch"

    def began(self, sequence: int) -> None:
        """Say that the next batch's file is there: an older one need not keep its number any longer."""
        self.newest = sequence
        if self._done is not None:
            self._done.unlink(missing_ok=True)
            self._done = None

    def remove(self, sequence: int) -> None:
        """Forget a batch that is settled. The newest number of all stays taken."""
        if sequence == self.newest:
            self._done = self.batch(sequence).with_suffix(".done")
            self.batch(sequence).replace(self._done)
        else:
            self.batch(sequence).unlink(missing_ok=True)

    def errors_token(self) -> str:
        """Return up to where the errors of this writer were told; empty if nothing is known of it."""
        try:
            return (self.path / "errors.token").read_text()
        except (OSError, ValueError):
            return ""

    def keep_errors_token(self, token: str) -> None:
        """Keep up to where errors were told; if it gets lost, some are told again."""
        try:
            _write_whole(self.path / "errors.token", token.encode())
        except OSError as error:
            log.warning("%s", unwritable(self.path, error).message)

    def close(self) -> None:
        """Let others take it over."""
        self._lock.close()

    def _take_over(self, property_id: str) -> str:
        """Return the writer's id."""
        file = self.path / "writer.json"
        if not file.exists():
            if {entry.name for entry in self.path.iterdir()} - _OURS_BEFORE_WRITER:
                raise SpoolError("SPOOL_FOREIGN", f"{self.path} is not empty and no spool; name a folder of its own.")
            written = {"format": FORMAT, "property": property_id, "writer_id": secrets.token_hex(16)}
            _write_whole(file, json.dumps(written).encode())
        told = _read_json(file)
        if not isinstance(told.get("format"), int):
            raise SpoolError("SPOOL_FOREIGN", f"{file} is not what a spool has there; the folder was left as it is.")
        if told["format"] > FORMAT:
            sentence = f"A newer release wrote the spool {self.path} (format {told['format']}; this one knows {FORMAT})"
            raise SpoolError("SPOOL_NEWER", f"{sentence}; it was left as it is.")
        if told["property"] != property_id:
            sentence = f"The spool {self.path} belongs to the property {told['property']!r}, not to {property_id!r}."
            raise SpoolError("SPOOL_FOREIGN", sentence)
        return str(told["writer_id"])

    def _look(self) -> None:
        for entry in sorted(self.path.iterdir()):
            if (found := _BATCH.fullmatch(entry.name)) is None:
                continue
            self.began(int(found["sequence"]))
            if found["state"] == "batch":
                self.waiting[self.newest] = entry.stat().st_size
            else:
                self._done = entry


def unwritable(path: Path, error: OSError) -> SpoolError:
    """Return the error for a spool whose disk does not do what it should."""
    return SpoolError("SPOOL_UNWRITABLE", f"The spool {path} cannot be written: {error.strerror or error}.")


def _write_whole(file: Path, content: bytes) -> None:
    """Write a file that is never seen in part."""
    new = file.with_suffix(file.suffix + ".new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        write_all(descriptor, content)
        sync(descriptor)
    finally:
        os.close(descriptor)
    new.replace(file)
    sync_folder(file.parent)


def _read_json(file: Path) -> dict[str, Any]:
    try:
        told = json.loads(file.read_bytes())
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}
