"""Where samples are kept."""

from pathlib import Path

FOLDER = Path(__file__).parent


def versions() -> list[int]:
    """Return the versions that have samples, oldest first."""
    return sorted(int(folder.name) for folder in FOLDER.iterdir() if folder.name.isdigit())


def agrees(expected: object, found: object) -> bool:
    """Return whether `found` says all that `expected` says; it may say more, in fields that were added later."""
    if isinstance(expected, dict) and isinstance(found, dict):
        return all(name in found and agrees(value, found[name]) for name, value in expected.items())
    if isinstance(expected, list) and isinstance(found, list):
        return len(expected) == len(found) and all(map(agrees, expected, found))
    return expected == found
