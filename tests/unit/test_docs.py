"""What the documents name exists."""

import ast
import re
from pathlib import Path

import pytest

from tests.conftest import ROOT

NAME = re.compile(r"`([\w/.]+\.py):([\w.]+)`")
LIFE = ROOT / "docs" / "life-of-a-batch.md"


def names_in(file: Path) -> set[str]:
    """Return what a module defines at its top, and the methods of its classes."""
    names: set[str] = set()
    for node in ast.parse(file.read_text()).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        if isinstance(node, ast.ClassDef):
            names |= {
                f"{node.name}.{m.name}" for m in node.body if isinstance(m, ast.FunctionDef | ast.AsyncFunctionDef)
            }
        if isinstance(node, ast.Assign):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names.add(node.target.id)
    return names


@pytest.mark.parametrize(("file", "name"), sorted(set(NAME.findall(LIFE.read_text()))))
def test_every_name_in_the_life_of_a_batch_exists(file: str, name: str) -> None:
    assert name in names_in(ROOT / file)


def test_the_readme_is_short_and_its_folders_exist() -> None:
    readme = (ROOT / "README.md").read_text()
    assert len(readme.splitlines()) <= 120
    folders = re.findall(r"^\| `([\w/]+)/`", readme, re.MULTILINE)
    assert folders
    assert [folder for folder in folders if not (ROOT / folder).is_dir()] == []
