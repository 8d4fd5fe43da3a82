from pathlib import Path

import pytest

Visit = tuple[str, str, str]
"""Page location, referrer and user agent."""


@pytest.fixture(scope="session")
def visits(access_log: Path) -> list[Visit]:
    """The 10,000 lines of the real log."""
    found = []
    for line in access_log.read_text(encoding="utf-8").splitlines():
        quoted = line.split('"')
        referrer = "" if quoted[3] == "-" else quoted[3]
        # the last quote of one line is missing
        found.append((f"http://semicomplete.com{quoted[1].split(' ')[1]}", referrer, quoted[5].strip()))
    return found
