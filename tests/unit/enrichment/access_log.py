"""The real visitors of `shared/data/access.log`, which is not part of the repository."""

from pathlib import Path

import pytest

ACCESS_LOG = Path(__file__).parents[4] / "shared/data/access.log"

needs_access_log = pytest.mark.skipif(
    not ACCESS_LOG.exists(), reason="shared/data/access.log is not part of the repository"
)


def visits() -> list[tuple[str, str, str]]:
    """Return page location, referrer and user agent of each line."""
    found = []
    for line in ACCESS_LOG.read_text(encoding="utf-8").splitlines():
        quoted = line.split('"')
        referrer = "" if quoted[3] == "-" else quoted[3]
        # the last quote of one line is missing
        found.append((f"http://semicomplete.com{quoted[1].split(' ')[1]}", referrer, quoted[5].strip()))
    return found
