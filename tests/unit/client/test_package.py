"""What the client library is to whoever installs it alone."""

import ast
import re
import subprocess
import sys
import textwrap
from importlib.metadata import requires
from importlib.resources import files
from pathlib import Path

import pytest

from tests.conftest import ROOT

PACKAGE = ROOT / "clients/python/footfall"
OPTIONAL = {"footfall/report.py": {"pandas", "pyarrow"}}
"""What is imported only when it is asked for."""


def _imported(file: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom) and node.level == 0:
            found.add(node.module or "")
    return {"google.protobuf" if name.startswith("google.protobuf") else name.split(".")[0] for name in found}


def test_it_depends_on_grpcio_and_protobuf_and_nothing_else():
    needed = [line for line in requires("footfall") or [] if "extra ==" not in line]
    assert {re.split(r"[^\w-]", line)[0] for line in needed} == {"grpcio", "protobuf"}


@pytest.mark.parametrize("file", sorted(PACKAGE.rglob("*.py")), ids=lambda file: str(file.relative_to(PACKAGE)))
def test_every_module_imports_what_it_depends_on_and_nothing_else(file):
    optional = OPTIONAL.get(str(file.relative_to(PACKAGE.parent)), set())
    others = _imported(file) - sys.stdlib_module_names - {"footfall", "grpc", "google.protobuf"}
    assert others == optional


def test_it_says_that_it_is_typed():
    assert files("footfall").joinpath("py.typed").is_file()


def test_a_users_mistakes_are_found_by_a_strict_type_checker_and_nothing_else(tmp_path):
    program = """
        from footfall import BatchPolicy, Client, Loss
        from footfall.aio import Client as AsyncClient


        def lost(loss: Loss) -> None:
            print(loss.code, loss.events)


        def shop() -> dict[str, str | int | float]:
            with Client("127.0.0.1:1", "shop", on_error=lost, batching=BatchPolicy(max_events=10)) as client:
                client.track("page_view", client_id="c", value=1.5, params={"a": 1})
                client.track("page_view", client_id="c", valu=1.5)  # wrong
                client.track("page_view")  # wrong
                for error in client.errors(follow=False, stages=["CLIENT"]):
                    print(error.discarded.count)
                client.errors(folow=False)  # wrong
                report = client.report(["date"], ["eventCount"], "today", "today", limit=3)
                client.report(["date"], ["eventCount"], limit="3")  # wrong
                print(sum(client.statistics().dropped.values()))
                return report.rows[0]


        async def async_shop() -> int:
            async with AsyncClient("127.0.0.1:1", "shop", spool="folder") as client:
                await client.track("page_view", client_id="c")
                return (await client.list_errors(page_size=3)).total_count
    """
    file = tmp_path / "program.py"
    file.write_text(textwrap.dedent(program))
    wrong = [number for number, line in enumerate(file.read_text().splitlines(), 1) if "# wrong" in line]

    checked = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--config-file=", f"--cache-dir={tmp_path / 'cache'}", str(file)],
        cwd=tmp_path,
        env={"MYPYPATH": str(PACKAGE.parent), "PATH": ""},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )

    assert [int(n) for n in re.findall(r"^program\.py:(\d+): error", checked.stdout, re.MULTILINE)] == wrong, (
        checked.stdout + checked.stderr
    )
