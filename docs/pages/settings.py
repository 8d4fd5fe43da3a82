"""docs/settings.md: every setting, by the calls that read them and the classes that declare them."""

import ast
import dataclasses
import importlib
import inspect
from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from docs.pages.tables import table

from footfall_adapters.environment import prefix_of
from footfall_cli.processes import SERVERS

ROOT = Path(__file__).parent.parent.parent

_SETTINGS = """# Settings

Made from the settings classes by `make docs`.

A setting is an environment variable. A process names every one that is missing or wrong at its start, all at once, and
does not start then. `footfall up` sets what the processes of the local stack need; all others have the defaults below,
and what is in the environment of `footfall up` is handed on to them.
"""

_COMMANDS = {
    "footfall_cli.processes:_serve": "footfall serve",
    "footfall_server.access.main:gate": "footfall serve",
    "footfall_cli.processes:_consume": "footfall consume",
    "footfall_cli.embedded:_serve": "footfall serve --embedded",
    "footfall_local.embedded.process:embedded": "footfall serve --embedded",
    "footfall_cli.provision:provision_topics": "footfall provision topics",
    "footfall_cli.provision:provision_datasources": "footfall provision datasources",
    "footfall_cli.stack:_settings": "footfall up",
    **{f"{module}:routes": f"footfall serve {kind}" for kind, module in SERVERS.items()},
    "footfall_consumers.events.main:run": "footfall consume events, imports",
    "footfall_consumers.queries.main:_run": "footfall consume queries",
    "footfall_consumers.reprocess.main:_run": "footfall consume runs",
    "footfall_consumers.reprocess.main:work": "footfall consume run",
}
"""Who calls `read_settings`, and the command that runs it. A call from elsewhere is an error."""

_ALONE = {
    "FOOTFALL_CA_FILE": "The certificates that the `footfall` command trusts when the endpoint is `https://`, a PEM"
    " file; without it, those of the machine.",
    "FOOTFALL_ENDPOINT": "Where the `footfall` command finds Footfall, `host:port`; `--endpoint` wins, and without"
    " either it is what runs on this machine.",
    "FOOTFALL_HOME": "Where the local stack keeps everything; `--home` wins, and without either it is the nearest"
    " `.footfall`.",
    "FOOTFALL_KEY": "What the `footfall` command and the client library send as their key; `--key` or `key=` wins, and"
    " without either the command takes the development key of what runs on this machine.",
    "FOOTFALL_TRACEBACK": "Set to anything: a mistake of Footfall's own in the `footfall` command shows where it"
    " happened.",
    "FOOTFALL_PARITY_EXAMPLES": "How many reports the parity test tries; without it, 100.",
    "FOOTFALL_TEST_HOME": "The stack that tests use, instead of starting one of their own.",
}
"""What is read by itself."""

_NAMES_OF_TYPES = {str: "text", int: "whole number", float: "number", bool: "true or false", Path: "path"} | {
    tuple[str, ...]: "texts, separated by commas"
}


def settings_by_command() -> dict[str, list[type[Any]]]:
    """Return which settings classes each command reads, as the calls of `read_settings` in the code say.

    Raises:
        KeyError: a module calls it that no command is known of.
    """
    found: dict[str, list[type[Any]]] = {command: [] for command in _COMMANDS.values()}
    for package in ("adapters", "server", "consumers", "local", "cli"):
        for file in sorted((ROOT / package).rglob("*.py")):
            module = ".".join(file.relative_to(ROOT / package).with_suffix("").parts)
            for function, names in _calls(ast.parse(file.read_text())):
                found[_COMMANDS[f"{module}:{function}"]] += [_named(module, file, name) for name in names]
    return found


def _calls(tree: ast.Module) -> Iterator[tuple[str, list[str]]]:
    """Return the calls of `read_settings`: in which function, and the names of the classes."""
    for function in tree.body:
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            for node in ast.walk(function):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "read_settings":
                    yield function.name, [ast.unparse(argument) for argument in node.args[1:]]


def _named(module: str, file: Path, name: str) -> type[Any]:
    """Return a class by the name that a file has for it; commands import theirs inside functions."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and name in {alias.name for alias in node.names}:
            module = node.module
    found: type[Any] = getattr(importlib.import_module(module), name)
    return found


def settings_page() -> str:
    """Return docs/settings.md."""
    commands = settings_by_command()
    readers: defaultdict[type[Any], list[str]] = defaultdict(list)
    for command, classes in commands.items():
        for cls in classes:
            readers[cls].append(f"`{command}`")
    rows = [[f"`{command}`", ", ".join(_link(cls) for cls in classes)] for command, classes in commands.items()]
    parts = [
        _SETTINGS,
        f"{table(('command', 'reads'), rows)}\n",
    ]
    for cls, by in readers.items():
        meanings = _meanings(cls)
        rows = [
            [f"`{prefix_of(cls)}{field.name.upper()}`", kind, _default(field), meanings[field.name]]
            for field, kind in zip(dataclasses.fields(cls), _types(cls), strict=True)
        ]
        head = f"## {_title(cls)}\n\n{inspect.getdoc(cls)}\n\nRead by {', '.join(by)}.\n"
        parts.append(f"{head}\n{table(('variable', 'type', 'default', 'meaning'), rows)}\n")
    alone = [[f"`{name}`", meaning] for name, meaning in _ALONE.items()]
    parts.append(f"## Beside\n\n{table(('variable', 'meaning'), alone)}\n")
    return "\n".join(parts)


def _title(cls: type[Any]) -> str:
    return prefix_of(cls).removeprefix("FOOTFALL_").rstrip("_").replace("_", " ").capitalize()


def _link(cls: type[Any]) -> str:
    return f"[{_title(cls)}](#{_title(cls).lower().replace(' ', '-')})"


def _types(cls: type[Any]) -> list[str]:
    hints = get_type_hints(cls, include_extras=True)
    return [_type(hints[field.name]) for field in dataclasses.fields(cls)]


def _type(hint: Any) -> str:
    if get_origin(hint) is Annotated:
        plain, *more = get_args(hint)
        # a port, say, is annotated with the least and the greatest that is allowed
        limits = [limit for one in more for limit in getattr(one, "metadata", ())]
        return f"{_type(plain)}, {limits[0].ge} to {limits[1].le}" if limits else _type(plain)
    if get_origin(hint) in {Union, UnionType}:
        return " or ".join(_type(one) for one in get_args(hint) if one is not NoneType)
    return _NAMES_OF_TYPES[hint]


def _default(field: "dataclasses.Field[Any]") -> str:
    if field.default is dataclasses.MISSING:
        return "**required**"
    if field.default is None:
        return "none"
    return (
        f"`{str(field.default).lower() if isinstance(field.default, bool) else field.default}`"
        if field.default != ""
        else "empty"
    )


def _meanings(cls: type[Any]) -> Mapping[str, str]:
    """Return the text under each field of a class."""
    (body,) = (node.body for node in ast.parse(inspect.getsource(cls)).body if isinstance(node, ast.ClassDef))
    return {
        ast.unparse(field.target): ast.literal_eval(text.value)
        for field, text in pairwise(body)
        if isinstance(field, ast.AnnAssign) and isinstance(text, ast.Expr)
    }
