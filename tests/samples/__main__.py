"""Write samples of the present code."""

import json
import sys

from tests.samples.kinds import KINDS
from tests.samples.store import FOLDER, versions


def main() -> None:
    """Add what is missing to the newest version, or to the one that is named."""
    folder = FOLDER / (sys.argv[1] if len(sys.argv) > 1 else str(max(versions())))
    folder.mkdir(exist_ok=True)
    for name, kind in KINDS.items():
        file = folder / f"{name}.bin"
        if file.exists():
            continue
        written = kind.make()
        file.write_bytes(written)
        meaning = json.dumps(kind.read(written), indent=2, sort_keys=True, ensure_ascii=False)
        file.with_suffix(".json").write_text(meaning + "\n")
        print(f"{file.relative_to(FOLDER)}: {len(written):,} bytes")


main()
