"""Finds a Java that Kafka and Druid run on."""

import hashlib
import re
import shutil
import subprocess
from dataclasses import dataclass

from footfall_local.problems import RequirementMissingError

# Kafka 4 needs 17; Druid 33 is made for 17 and 21 and breaks on the releases that dropped the security manager.
OLDEST, NEWEST = 17, 21

REMEDY = f"Install a Java runtime of version {OLDEST} or {NEWEST} (Debian: openjdk-17-jre-headless) and put it on PATH."


@dataclass(frozen=True)
class Java:
    """A Java that is new enough."""

    path: str
    fingerprint: str
    """Differs between builds of Java."""


def find_java() -> Java:
    """Return the `java` on PATH.

    Raises:
        RequirementMissingError: there is none on PATH, or its version won't do.
    """
    java = shutil.which("java")
    if java is None:
        raise RequirementMissingError(f"Kafka and Druid need Java, and there is none on PATH. {REMEDY}")
    answer = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=60, check=False)  # noqa: S603
    text = answer.stderr + answer.stdout
    version = major_version(text)
    if version is None or not OLDEST <= version <= NEWEST:
        found = "of an unknown version" if version is None else f"version {version}"
        raise RequirementMissingError(f"The Java on PATH is {found}. {REMEDY}")
    return Java(path=java, fingerprint=hashlib.sha256(text.encode()).hexdigest()[:8])


def major_version(answer: str) -> int | None:
    """Return the major version from what `java -version` prints, or None if it isn't there."""
    found = re.search(r'version "(\d+)(?:\.(\d+))?', answer)
    if found is None:
        return None
    major = int(found[1])
    # until Java 8 the version began with "1."
    return int(found[2]) if major == 1 and found[2] else major
