"""The pages that are made from the code are whole, and what they are made from is used."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from docs.generate import FOLDER, PAGES
from docs.pages.settings import settings_by_command
from docs.pages.telemetry import figures
from prometheus_client.metrics import MetricWrapperBase

from footfall_adapters.environment import prefix_of
from footfall_core import telemetry
from tests.conftest import ROOT

CODE = [
    file
    for package in ("core", "adapters", "server", "consumers", "local", "cli", "clients/python")
    for file in sorted((ROOT / package).rglob("*.py"))
    if not file.name.endswith("_pb2.py")
]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_what_the_code_makes_of_it(name: str) -> None:
    assert (FOLDER / name).read_text() == PAGES[name](), "run `make docs`"


def nodes() -> Iterator[tuple[Path, ast.AST]]:
    for file in CODE:
        for node in ast.walk(ast.parse(file.read_text())):
            yield file, node


def test_every_variable_that_the_code_names_is_on_the_page_of_settings() -> None:
    page = set(re.findall(r"`(FOOTFALL_[A-Z0-9_]+)`", (FOLDER / "settings.md").read_text()))
    named = {
        node.value
        for _, node in nodes()
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and re.fullmatch(r"FOOTFALL_[A-Z0-9_]+[A-Z0-9]", node.value)
    }
    assert {"FOOTFALL_HOME", "FOOTFALL_KAFKA_BOOTSTRAP_SERVERS"} <= named & page
    assert named - page == set()


def test_every_settings_class_is_read_by_a_command() -> None:
    read = {cls.__name__ for classes in settings_by_command().values() for cls in classes}
    declared = {node.name for _, node in nodes() if isinstance(node, ast.ClassDef) and node.name.endswith("Settings")}
    assert declared - read == set()


def test_no_variable_belongs_to_two_settings_classes() -> None:
    classes = {cls for classes in settings_by_command().values() for cls in classes}
    variables = [prefix_of(cls) + field.upper() for cls in classes for field in cls.__dataclass_fields__]
    assert sorted(variables) == sorted(set(variables))


def test_every_figure_is_counted_somewhere() -> None:
    declared = {name for name, value in vars(telemetry).items() if isinstance(value, MetricWrapperBase)}
    used = {
        node.attr
        for file, node in nodes()
        if file.name != "telemetry.py"
        and isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "telemetry"
    }
    assert declared - used == set()
    assert {name for _, name, _ in figures()} == declared


def test_the_names_of_figures_follow_the_conventions() -> None:
    for _, name, figure in figures():
        (family,) = figure.describe()
        assert family.name.startswith("footfall_"), name
        assert family.documentation.endswith("."), name
        assert (family.type == "histogram") <= family.name.endswith(("_seconds", "_bytes", "_batches")), name
        assert set(figure._labelnames).isdisjoint({"property", "writer", "client", "user", "event"}), name
