"""Fetches the jars of Kafka and Druid with Maven, once for each version of their POM."""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from importlib import resources
from pathlib import Path

from footfall_local.problems import LocalStackError, RequirementMissingError

MARKER = ".complete"


def pom_of(product: str) -> bytes:
    """Return the POM that names the jars of `kafka` or `druid`."""
    return resources.files("footfall_local").joinpath("jars", product, "pom.xml").read_bytes()


def folder_of(product: str, cache: Path) -> Path:
    """Return where the jars of a product belong. A changed POM has another folder, so versions never mix."""
    return cache / f"{product}-{hashlib.sha256(pom_of(product)).hexdigest()[:12]}"


def is_complete(folder: Path) -> bool:
    """Say whether a folder holds all of its jars."""
    return (folder / MARKER).is_file()


def fetch_jars(product: str, cache: Path, say: Callable[[str], None]) -> Path:
    """Return the folder with a product's jars, and fetch them first if they aren't there yet.

    Idempotent; several processes may do it at once, and an interrupted one leaves nothing that counts as complete.

    Args:
        product: `kafka` or `druid`.
        cache: the folder in which the products' folders lie.
        say: told in one line what takes so long.

    Raises:
        RequirementMissingError: Maven isn't there.
        LocalStackError: Maven could not fetch them.
    """
    cache = cache.absolute()  # Maven would take a relative one to be behind its own file's folder
    target = folder_of(product, cache)
    if is_complete(target):
        return target
    maven = shutil.which("mvn")
    if maven is None:
        raise RequirementMissingError(
            f"The jars of {product.capitalize()} are fetched with Maven, and there is no `mvn` on PATH: "
            "install Maven 3.6 or newer (Debian: apt install maven)."
        )
    say(f"fetching the jars of {product.capitalize()} with Maven, once")
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{product}-", dir=cache) as scratch:
        unpacked = Path(scratch) / "jars"
        pom = Path(scratch) / "pom.xml"
        pom.write_bytes(pom_of(product))
        command = [maven, "--quiet", "--batch-mode", "--file", str(pom), "dependency:copy-dependencies"]
        command += [f"-DoutputDirectory={unpacked}", "-DincludeScope=runtime"]
        answer = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
        if answer.returncode != 0:
            raise LocalStackError(
                f"Maven could not fetch the jars of {product.capitalize()}:\n{_last_lines(answer.stdout)}"
            )
        (unpacked / MARKER).touch()
        _move(unpacked, target)
    return target


def _move(unpacked: Path, target: Path) -> None:
    """Put a complete folder in its place, unless another process was faster."""
    try:
        os.rename(unpacked, target)  # noqa: PTH104 - atomic, and that is the point
    except OSError:
        if not is_complete(target):
            raise


def _last_lines(text: str, lines: int = 15) -> str:
    return "\n".join(text.strip().splitlines()[-lines:])


if __name__ == "__main__":
    for name in ("kafka", "druid"):
        fetch_jars(name, Path(sys.argv[1]), print)
