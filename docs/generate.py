"""Make the pages that are made from the code, or check that what is committed is not stale.

python -m docs.generate           writes
python -m docs.generate --check   exits with 1 if a page is stale, and names it
"""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from docs.pages.reports import reports_page
from docs.pages.settings import settings_page
from docs.pages.telemetry import telemetry_page

FOLDER = Path(__file__).parent

PAGES: Mapping[str, Callable[[], str]] = {
    "reports.md": reports_page,
    "settings.md": settings_page,
    "telemetry.md": telemetry_page,
}


def main() -> int:
    """Write the pages, or with `--check` compare them."""
    fresh = {FOLDER / name: page() for name, page in PAGES.items()}
    if "--check" not in sys.argv:
        for file, text in fresh.items():
            file.write_text(text)
        return 0
    stale = [file for file, text in fresh.items() if not file.exists() or file.read_text() != text]
    if stale:
        names = [f"docs/{file.name}" for file in stale]
        print("Stale pages, run `make docs`:", *names, sep="\n  ", file=sys.stderr)  # noqa: T201
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
