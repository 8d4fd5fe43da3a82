"""The real log through an embedded process: the figures of independent programs, as on the real stack."""

import json
from pathlib import Path

from tests.e2e.conftest import Footfall
from tests.e2e.embedded import embedded_in
from tests.e2e.figures import EXPECTED, figures

REPLAY = ("--format", "combined-log", "--site", "http://semicomplete.com", "--wait", "--json")


def test_the_real_log_gives_the_same_figures_however_often_it_is_sent_and_after_a_restart(
    access_log: Path, tmp_path: Path
) -> None:
    footfall = Footfall(tmp_path)
    with embedded_in(tmp_path / "embedded") as process:
        process.start()
        for arguments in ((), ("--unary",), ("--batch-size", "7")):
            # the writer of a file follows from the file and the size of its batches
            property_id = "semicomplete" if arguments != ("--batch-size", "7") else "by-seven"
            answer = footfall("replay", str(access_log), "--property", property_id, *REPLAY, *arguments).json
            assert (answer["accepted"], answer["rejected"]) == (10_000, 0)
            found = figures(footfall, property_id)
            print(json.dumps({"replay": answer, "reports": found}))  # for `pytest -s`
            assert found == EXPECTED
        process.kill()
        process.start()
        assert figures(footfall, "by-seven") == EXPECTED
