"""Importing does nothing: no thread, no connection, no file written, and nothing expected of the environment."""

import json
import subprocess
import sys
from pathlib import Path

from tests.conftest import ROOT

SCRIPT = """
import importlib, json, os, pkgutil, sys, threading, warnings

sys.path[:0] = %(paths)r
deeds = []

def watch(event, arguments):
    if event == "open":
        _, mode, flags = arguments
        if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            deeds.append(f"opens {arguments[0]} to write")
    elif event.startswith(("socket.", "subprocess.")) or event in ("os.system", "os.fork", "os.posix_spawn"):
        deeds.append(f"{event} {arguments}")

sys.addaudithook(watch)
warnings.showwarning = lambda *_, **__: None  # a library's opinion of another one
names = []
for package in %(packages)r:
    names.append(package)
    names += [module.name for module in pkgutil.walk_packages(importlib.import_module(package).__path__, package + ".")]
broken = {}
for name in names:
    before = len(deeds)
    try:
        importlib.import_module(name)
    except BaseException as error:
        broken[name] = repr(error)
    if len(deeds) > before:
        broken[name] = "; ".join(deeds[before:])
    if len(threading.enumerate()) > 1:
        broken[name] = f"starts {threading.enumerate()[1:]}"
        break
print(json.dumps({"names": names, "broken": broken, "environment": dict(os.environ)}))
"""

PACKAGES = [
    "footfall",
    "footfall_core",
    "footfall_adapters",
    "footfall_server",
    "footfall_consumers",
    "footfall_local",
    "footfall_cli",
]

PATHS = [str(ROOT / "clients" / "python"), *sorted(str(file.parent.parent) for file in ROOT.glob("*/*/__init__.py"))]
"""This tree's, whatever is installed."""


def test_every_module_can_be_imported_with_an_empty_environment_and_does_nothing(tmp_path: Path) -> None:
    done = subprocess.run(
        # isolated, and without the files that Python itself writes
        [sys.executable, "-I", "-B", "-c", SCRIPT % {"packages": PACKAGES, "paths": PATHS}],
        env={},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["broken"] == {}
    assert done.stderr == ""
    assert list(tmp_path.iterdir()) == []
    assert "footfall_server.ingest.main" in found["names"]
    assert set(found["environment"]) <= {"LC_CTYPE"}  # which Python sets itself


def test_every_package_of_the_project_is_among_them() -> None:
    here = {file.parent.name for file in ROOT.glob("*/footfall_*/__init__.py")}
    assert here | {"footfall"} == set(PACKAGES)
