"""Make the OpenAPI document from the contracts, or check that the committed one is not stale.

The generator is grpc-gateway's, a Go program; it is built from its published module, so this needs Go and nothing else.
It writes one document for each file of the contracts, as grpc-gateway would serve it. Put right here: one document for
all of them, and streams as Envoy writes them, one message a line.

    python protos/openapi.py            writes
    python protos/openapi.py --check    exits with 1 if it is stale
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

Json = dict[str, Any]

ROOT = Path(__file__).parent.parent
DOCUMENT = ROOT / "local/footfall_local/openapi.yaml"
CONTRACTS = tuple(f"footfall/v1/{name}.proto" for name in ("ingest", "query", "errors", "admin"))
PLUGIN = "protoc-gen-openapiv3"
MODULE = f"github.com/grpc-ecosystem/grpc-gateway/v2/{PLUGIN}@v2.33.0"

INFO = {
    "title": "Footfall",
    "version": "v1",
    "description": "Events in, reports and errors out. Names of fields may also be written as in the contracts, with "
    "underscores; fields and query parameters that do not exist are refused. docs/rest.md has examples.",
}
PROPERTY = "The property's id."
KEY = "The key's id."
SPELLINGS = {"name": "property", "parent": "property", "property.name": "property", "name_1": "key"}
"""What parts of a path are called here: the generator takes fields' names, which differ for one and the same path."""
OF_RUNS, SPELLINGS_OF_RUNS = "/v1/reprocessings/", {"name": "reprocessing"}
"""What a path begins with whose names are no property's, and how they are spelled there."""


def documents(scratch: Path) -> Iterator[Json]:
    """Yield what the generator makes of each file of the contracts."""
    subprocess.run(["go", "install", MODULE], check=True, env=os.environ | {"GOBIN": str(scratch)})  # noqa: S603, S607
    # the generator wants to know in which Go package the messages would be
    packages = ",".join(f"M{proto}=footfall/v1" for proto in (*CONTRACTS, "footfall/v1/event.proto"))
    roots = (f"-I{ROOT / 'protos'}", f"-I{files('grpc_tools') / '_proto'}")
    plugin = (f"--plugin={PLUGIN}={scratch / PLUGIN}", f"--openapiv3_out={packages}:{scratch}")
    command = [sys.executable, "-m", "grpc_tools.protoc", *roots, *plugin, *CONTRACTS]
    subprocess.run(command, check=True)  # noqa: S603 - our own arguments
    for proto in CONTRACTS:
        yield json.loads((scratch / proto).with_suffix(".openapi.json").read_text())


def merged(parts: Iterable[Json]) -> Json:
    """Return one document of several."""
    paths: Json = {}
    schemas: Json = {}
    for part in parts:
        for path, operations in part["paths"].items():
            paths.setdefault(_spelled(path), {}).update(operations)
        schemas |= part["components"]["schemas"]
    for path, operations in paths.items():
        for operation in operations.values():
            _put_right(operation, _spellings(path))
    return {
        "openapi": "3.1.0",
        "info": INFO,
        "servers": [{"url": "/", "description": "The gateway that serves this document"}],
        "paths": paths,
        "components": {"schemas": dict(sorted(schemas.items()))},
    }


def _spellings(path: str) -> dict[str, str]:
    return SPELLINGS_OF_RUNS if path.startswith(OF_RUNS) else SPELLINGS


def _put_right(operation: Json, spellings: dict[str, str]) -> None:
    # a summary of one line, and the contract's whole comment as the description
    comment = [operation.get("summary", ""), operation.get("description", "")]
    operation["description"] = "\n\n".join(paragraph for paragraph in comment if paragraph)
    operation["summary"] = operation["operationId"].rpartition("_")[2]
    for parameter in operation.get("parameters", ()):
        if parameter["in"] == "path":
            parameter["name"] = spellings.get(parameter["name"], parameter["name"])
        if parameter["in"] == "path" and parameter["name"] == "reprocessing":
            parameter["description"] = "The reprocessing's id."
        if parameter["in"] == "path" and parameter["name"] == "key":
            parameter["description"] = KEY
        if parameter["in"] == "path" and parameter["name"] == "property":
            parameter["description"] = PROPERTY
            parameter["schema"]["pattern"] = "^[a-z0-9][a-z0-9-]{0,62}$"
    content = operation["responses"]["200"]["content"]
    schema = content["application/json"]["schema"]
    if schema.get("title", "").startswith("Stream result"):
        operation["responses"]["200"]["description"] = "One message a line."
        operation["responses"]["200"]["content"] = {"application/x-ndjson": {"schema": schema["properties"]["result"]}}


def _spelled(path: str) -> str:
    for field, name in _spellings(path).items():
        path = path.replace(f"{{{field}}}", f"{{{name}}}")
    return path


class _Dumper(yaml.SafeDumper):
    """Writes text of several lines as such, and no anchors."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        return True


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)


_Dumper.add_representer(str, _text)


def main() -> int:
    """Write the document, or with `--check` compare it."""
    if shutil.which("go") is None:
        print("The OpenAPI document is left as it is: there is no Go on this machine.", file=sys.stderr)  # noqa: T201
        return 0
    with tempfile.TemporaryDirectory() as scratch:
        document = merged(documents(Path(scratch)))
    fresh = yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)
    fresh = f"# Generated from the contracts by protos/openapi.py.\n{fresh}"
    if "--check" not in sys.argv:
        DOCUMENT.write_text(fresh)
    elif not DOCUMENT.exists() or DOCUMENT.read_text() != fresh:
        print(f"Stale, run `make proto`: {DOCUMENT.relative_to(ROOT)}", file=sys.stderr)  # noqa: T201
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
