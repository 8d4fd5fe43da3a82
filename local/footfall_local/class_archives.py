"""Lets the Java parts start in less than half the time, by what they loaded the last time.

A JVM can write the classes that it loaded into an archive when it ends, and map it at the next start (AppCDS). On two
cores Druid's four roles are healthy after 15 s with it, and after 35 s without. The JVM checks that an archive fits its
own version and class path, and does without one that doesn't. It takes one that was written where the jars lay in
another folder, but then cannot load classes of sealed packages that the archive lacks, of which Derby's are; so each
folder has archives of its own.
"""

import os
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

# Neither "no archive yet" nor "this class can't be archived" is of interest.
QUIET = ("-Xlog:cds=off", "-Xlog:cds+dynamic=off", "-Xlog:class+path=off")


@dataclass(frozen=True)
class JavaProgram:
    """What a Java part is run with."""

    java: str
    jars: Path
    archives: Path
    """The folder of the archives of this Java."""

    def archive(self, part: str) -> "ClassArchive":
        """Use the archive of a part, or have it written at the end of this run."""
        place = zlib.crc32(bytes(self.jars))
        return class_archive(self.archives, f"{part}-{self.jars.name}-{place:08x}")


@dataclass(frozen=True)
class ClassArchive:
    """How one Java part uses its archive."""

    flags: tuple[str, ...]
    leaves: Mapping[Path, Path] = field(default_factory=dict)
    """What the JVM writes as it ends, and where that belongs."""


def class_archive(folder: Path, name: str) -> ClassArchive:
    """Use the archive of a part, or have it written at the end of this run.

    Args:
        folder: where the archives of one Java and one set of jars are.
        name: the part's name.
    """
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{name}.jsa"
    if target.is_file():
        return ClassArchive(flags=(f"-XX:SharedArchiveFile={target}", *QUIET))
    # a name of its own, because stacks that share the jars may write at the same time
    scratch = folder / f".{name}.{os.getpid()}.jsa"
    return ClassArchive(flags=(f"-XX:ArchiveClassesAtExit={scratch}", *QUIET), leaves={scratch: target})
