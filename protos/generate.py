"""Generate Python from the contracts, or check that what is committed is not stale.

The public contracts go to the client library (`clients/python/footfall/v1`), what travels inside Kafka to the core
(`core/footfall_core/wire`). protoc's gRPC plugin for Python is built into grpcio-tools and is no program of its own,
so buf lints and compares the contracts, and grpcio-tools generates.

The annotations that say which REST path a method has are for the gateway, which reads them from a descriptor set of
its own (`local/footfall_local/contracts.binpb`), together with the types of Google's error details. The generated
Python is made without them: otherwise the client library would need Google's common protos.

    python protos/generate.py           writes
    python protos/generate.py --check   exits with 1 if something is stale, and names it
"""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path

from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet
from google.rpc import status_pb2

ROOT = Path(__file__).parent.parent
PUBLIC = "footfall/v1"
INTERNAL = "footfall/internal/v1"
TARGETS = {PUBLIC: ROOT / "clients/python/footfall/v1", INTERNAL: ROOT / "core/footfall_core/wire"}
ANNOTATIONS = "google/api/annotations.proto"
FOR_GATEWAY = ROOT / "local/footfall_local/contracts.binpb"
ERROR_TYPES = ("google/rpc/status.proto", "google/rpc/error_details.proto")
"""What `grpc-status-details-bin` holds; the gateway shows it as JSON."""


def generate(into: Path) -> None:
    """Run protoc over all contracts; the files land under `into` by their proto package."""
    protos = sorted(str(path.relative_to(ROOT / "protos")) for path in (ROOT / "protos/footfall").rglob("*.proto"))
    whole, plain = into / "whole.binpb", into / "plain.binpb"
    # grpcio-tools brings google/protobuf along
    roots = (f"-I{ROOT / 'protos'}", f"-I{files('grpc_tools') / '_proto'}")
    _protoc(*roots, "--include_imports", "--include_source_info", f"--descriptor_set_out={whole}", *protos)
    contracts = FileDescriptorSet.FromString(whole.read_bytes())
    plain.write_bytes(FileDescriptorSet(file=map(_without_annotations, contracts.file)).SerializeToString())
    _protoc(f"--descriptor_set_in={plain}", f"--python_out={into}", f"--pyi_out={into}", *protos)
    with_services = [file.name for file in contracts.file if file.name in protos and file.service]
    _protoc(f"--descriptor_set_in={plain}", f"--grpc_python_out={into}", *with_services)
    public = [proto for proto in protos if proto.startswith(PUBLIC)]
    common = f"-I{Path(status_pb2.__file__).parents[2]}"
    _protoc(
        *roots, common, "--include_imports", f"--descriptor_set_out={into / FOR_GATEWAY.name}", *public, *ERROR_TYPES
    )


def _protoc(*arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "grpc_tools.protoc", *arguments], check=True)  # noqa: S603 - our own arguments


def _without_annotations(file: FileDescriptorProto) -> FileDescriptorProto:
    """Return a file without the options that are extensions, and without the import that defines them."""
    plain = FileDescriptorProto()
    plain.CopyFrom(file)
    if ANNOTATIONS in plain.dependency:
        plain.dependency.remove(ANNOTATIONS)
        for service in plain.service:
            for method in service.method:
                method.ClearField("options")
    return plain


def generated_files(folder: Path) -> dict[str, bytes]:
    """Return the generated files of a folder by name."""
    return {path.name: path.read_bytes() for path in folder.glob("*_pb2*.py*")} if folder.exists() else {}


def main() -> int:
    """Write the generated files, or with `--check` compare them."""
    stale: Iterable[str] = []
    with tempfile.TemporaryDirectory() as scratch:
        generate(Path(scratch))
        for package, target in TARGETS.items():
            fresh, stored = generated_files(Path(scratch) / package), generated_files(target)
            if "--check" in sys.argv:
                names = [name for name in fresh | stored if fresh.get(name) != stored.get(name)]
                stale = [*stale, *(f"{target.relative_to(ROOT)}/{name}" for name in names)]
                continue
            target.mkdir(parents=True, exist_ok=True)
            for name in stored:
                (target / name).unlink()
            for name in fresh:
                shutil.copy(Path(scratch) / package / name, target / name)
        for_gateway = (Path(scratch) / FOR_GATEWAY.name).read_bytes()
    if "--check" not in sys.argv:
        FOR_GATEWAY.write_bytes(for_gateway)
    elif not FOR_GATEWAY.exists() or FOR_GATEWAY.read_bytes() != for_gateway:
        stale = [*stale, str(FOR_GATEWAY.relative_to(ROOT))]
    if stale:
        print("Stale generated code, run `make proto`:", *sorted(stale), sep="\n  ", file=sys.stderr)  # noqa: T201
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
