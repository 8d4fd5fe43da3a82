"""What the documents name exists."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from footfall_cli.main import COMMANDS
from tests.conftest import ROOT

PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])

NAME = re.compile(r"`([\w/.-]+\.py):([\w.]+)`")
FILE = re.compile(r"`((?:[\w.-]+/)*[\w.-]+\.(?:py|md|proto|toml|yaml|lock|txt|jsonl|binpb|json))(?::[\w.]+)?`")
FOLDER = re.compile(r"`((?:[\w.-]+/)+)`")
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[\w-]*)?\)")
TARGET = re.compile(r"(?:`|\$ )make ([a-z-]+)")
COMMAND = re.compile(r"(?:`|\$ )footfall ([a-z]+(?:-[a-z]+)?)\b")

MADE_BY_READERS = {"events.jsonl", "format.json", "address.json"}
"""Files that a document has its reader make, or that are made when it is followed."""


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


def found(pattern: re.Pattern[str]) -> Iterator[tuple[str, str]]:
    """Return what a pattern finds on all pages: the page, and the first group."""
    for page in PAGES:
        for match in pattern.finditer(page.read_text()):
            yield str(page.relative_to(ROOT)), match[1]


def test_every_name_on_the_pages_exists() -> None:
    names = {(str(page.relative_to(ROOT)), *match) for page in PAGES for match in NAME.findall(page.read_text())}
    assert len([page for page, *_ in names if page == "docs/life-of-a-batch.md"]) > 20
    assert [name for name in sorted(names) if name[2] not in names_in(ROOT / name[1])] == []


def test_every_file_and_folder_on_the_pages_exists() -> None:
    files = {
        path.name
        for folder in ROOT.iterdir()
        if folder.is_dir() and (not folder.name.startswith(".") or folder.name == ".ci")
        for path in folder.rglob("*")
    } | {path.name for path in ROOT.iterdir()}

    def exists(name: str) -> bool:
        # a name without its folder stands for the one file of that name
        return (ROOT / name).exists() if "/" in name else name in files | MADE_BY_READERS

    assert [(page, name) for page, name in found(FILE) if not exists(name)] == []
    assert [(page, name) for page, name in found(FOLDER) if not (ROOT / name).is_dir()] == []


def test_every_link_on_the_pages_leads_somewhere() -> None:
    links = [(page, link) for page, link in found(LINK) if not link.startswith(("http://", "https://"))]
    assert ("README.md", "docs/life-of-a-batch.md") in links
    assert [(page, link) for page, link in links if not (ROOT / page).parent.joinpath(link).exists()] == []


def test_every_target_and_command_on_the_pages_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert [(page, name) for page, name in found(TARGET) if name not in targets] == []
    assert [(page, name) for page, name in found(COMMAND) if name not in COMMANDS] == []


def test_the_readme_is_short_and_its_folders_exist() -> None:
    readme = (ROOT / "README.md").read_text()
    assert len(readme.splitlines()) <= 120
    folders = re.findall(r"^\| `([\w/]+)/`", readme, re.MULTILINE)
    assert folders
    assert [folder for folder in folders if not (ROOT / folder).is_dir()] == []


@pytest.mark.parametrize("adr", sorted(ROOT.glob("docs/adr/*.md")), ids=lambda adr: adr.stem)
def test_a_decision_is_about_a_page_long(adr: Path) -> None:
    assert len(adr.read_text().splitlines()) <= 60
