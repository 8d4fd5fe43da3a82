"""Generate Python from the contracts, or check that what is committed is not stale.

The public contracts go to the client library (`clients/python/footfall/v1`), what travels inside Kafka to the core
(`core/footfall_core/wire`). protoc's gRPC plugin for Python is built into grpcio-tools and is no program of its own,
so buf lints and compares the contracts, and grpcio-tools generates.

    python protos/generate.py           writes
    python protos/generate.py --check   exits with 1 if something is stale, and names it
"""

import shutil
import subprocess
import sys
import tempfile
from importlib.resources import files
from pathlib import Path

ROOT = Path(__file__).parent.parent
PUBLIC = "footfall/v1"
INTERNAL = "footfall/internal/v1"
TARGETS = {PUBLIC: ROOT / "clients/python/footfall/v1", INTERNAL: ROOT / "core/footfall_core/wire"}


def generate(into: Path) -> None:
    """Run protoc over all contracts; the files land under `into` by their proto package."""
    protos = sorted((ROOT / "protos").rglob("*.proto"))
    common = [
        sys.executable,
        "-m",
        "grpc_tools.protoc",
        f"-I{ROOT / 'protos'}",
        f"-I{files('grpc_tools') / '_proto'}",
    ]
    subprocess.run(  # noqa: S603 - our own arguments
        [
            *common,
            f"--python_out={into}",
            f"--pyi_out={into}",
            *map(str, protos),
        ],
        check=True,
    )
    services = [path for path in protos if "\nservice " in path.read_text()]
    subprocess.run([*common, f"--grpc_python_out={into}", *map(str, services)], check=True)  # noqa: S603


def generated_files(folder: Path) -> dict[str, bytes]:
    """Return the generated files of a folder by name."""
    return {path.name: path.read_bytes() for path in folder.glob("*_pb2*.py*")} if folder.exists() else {}


def main() -> int:
    """Write the generated files, or with `--check` compare them."""
    stale = []
    with tempfile.TemporaryDirectory() as scratch:
        generate(Path(scratch))
        for package, target in TARGETS.items():
            fresh, stored = generated_files(Path(scratch) / package), generated_files(target)
            if "--check" in sys.argv:
                stale += [f"{target.relative_to(ROOT)}/{n}" for n in fresh | stored if fresh.get(n) != stored.get(n)]
                continue
            target.mkdir(parents=True, exist_ok=True)
            for name in stored:
                (target / name).unlink()
            for name in fresh:
                shutil.copy(Path(scratch) / package / name, target / name)
    if stale:
        print("Stale generated code, run `make proto`:", *sorted(stale), sep="\n  ", file=sys.stderr)  # noqa: T201
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
