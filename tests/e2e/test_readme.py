"""The README's own words work: its commands, and its ten lines of Python."""

import os
import re
import subprocess
import sys
from pathlib import Path

from footfall_local.stack import Stack
from tests.conftest import ROOT

README = (ROOT / "README.md").read_text()


def block(language: str) -> str:
    """Return the first code block of a language."""
    (code, *_) = re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    return str(code)


def run(command: list[str], stack: Stack, folder: Path) -> "subprocess.CompletedProcess[str]":
    environment = os.environ | {
        "FOOTFALL_HOME": str(stack.home.folder),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "NO_COLOR": "1",
        "COLUMNS": "120",
    }
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=110, check=False
    )


def test_the_quick_start_stores_three_events_and_names_the_fourth(
    stack: Stack, property_id: str, tmp_path: Path
) -> None:
    lines = [re.sub(r"^\$ ", "", line) for line in block("console").splitlines()]
    # the stack is up, and stays so for other tests
    script = "\n".join(line for line in lines if not line.startswith(("make ", ". ")))
    assert script.count("my-shop") == 3
    ran = run(["bash", "-c", script.replace("my-shop", property_id)], stack, tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert "line 4" in ran.stderr
    assert re.search(r"^purchase +\(direct\) +1 +1$", ran.stdout, re.MULTILINE)
    assert re.search(r"^Total +3 +2$", ran.stdout, re.MULTILINE)
    assert "NAME_INVALID" in ran.stdout


def test_the_python_of_the_readme_tracks_and_reports(stack: Stack, property_id: str, tmp_path: Path) -> None:
    code = block("python").replace("127.0.0.1:PORT", stack.addresses["grpc"]).replace("my-shop", property_id)
    ran = run([sys.executable, "-W", "error", "-c", code], stack, tmp_path)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.startswith("[")
