"""The lines of a file, and the file's fingerprint."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from footfall_cli.terminal import EXIT_WRONG_USE, Failure

MAX_LINE_BYTES = 1024 * 1024
"""Longer lines are refused: an event takes at most 64 KiB, and a file without line breaks must not fill the memory."""
_CHUNK = 1024 * 1024


class RefusedLineError(Exception):
    """A line that is no event: one sentence on why."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line as it stands in the file."""

    number: int
    """From 1."""
    content: bytes
    """Without the line break."""
    end: int
    """Bytes of the file up to and with this line."""
    too_long: bool = False
    """Whether only the beginning is here."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file as it was when it was fingerprinted; what is appended later is not read."""

    path: Path
    size: int
    fingerprint: str
    """SHA-256 of the bytes, in hexadecimal."""


def fingerprint(path: Path) -> Source:
    """Read the file once for its fingerprint.

    Raises:
        Failure: it cannot be read, or there is nothing in it.
    """
    digest, size = hashlib.sha256(), 0
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
                size += len(chunk)
    except OSError as error:
        raise Failure(f"{path}: {(error.strerror or str(error)).lower()}.", EXIT_WRONG_USE) from None
    if size == 0:
        raise Failure(f"{path}: the file is empty; there is nothing to replay.", EXIT_WRONG_USE)
    return Source(path, size, digest.hexdigest())


def read_lines(source: Source) -> Iterator[Line]:
    """Yield the lines of a file."""
    number, end = 0, 0
    with source.path.open("rb") as file:
        while end < source.size:
            content = file.readline(min(MAX_LINE_BYTES, source.size - end))
            if not content:
                return  # the file has become shorter
            number, end = number + 1, end + len(content)
            too_long = False
            while not content.endswith(b"\n") and end < source.size:
                rest = file.readline(min(MAX_LINE_BYTES, source.size - end))
                if not rest:
                    break
                too_long, end = True, end + len(rest)
                if rest.endswith(b"\n"):
                    break
            yield Line(number, content.removesuffix(b"\n").removesuffix(b"\r"), end, too_long)
