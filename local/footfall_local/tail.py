"""The end of a log file, without reading the rest of it."""

from pathlib import Path

BYTES_A_LINE = 400
"""A generous guess; longer lines mean that fewer are returned."""


def last_lines(file: Path, lines: int) -> list[str]:
    """Return at most the last `lines` lines of a file; none if there is no such file."""
    try:
        with file.open("rb") as content:
            end = content.seek(0, 2)
            start = max(0, end - lines * BYTES_A_LINE)
            content.seek(start)
            found = content.read().decode(errors="replace").splitlines()
    except FileNotFoundError:
        return []
    # the first one is most likely cut
    return (found[1:] if start else found)[-lines:]
