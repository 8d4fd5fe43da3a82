from pathlib import Path

import pytest

from footfall_local import jars
from footfall_local.class_archives import JavaProgram, class_archive
from footfall_local.java import find_java, major_version
from footfall_local.problems import LocalStackError, RequirementMissingError


def command(folder: Path, name: str, script: str) -> None:
    folder.mkdir(exist_ok=True)
    file = folder / name
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is all of PATH but the shell's own commands."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


FAKE_MAVEN = """
for a in "$@"; do
    case $a in -DoutputDirectory=*) d=${a#*=};; */pom.xml) cd "${a%/*}";; esac
done
/bin/mkdir -p $d; : > $d/a.jar
"""
"""Takes a relative folder to be behind the file's, as Maven does."""


@pytest.mark.parametrize(
    ("answer", "version"),
    [
        ('openjdk version "17.0.15" 2025-04-15\nOpenJDK Runtime Environment', 17),
        ('java version "1.8.0_392"', 8),
        ('openjdk version "21" 2023-09-19', 21),
        ("bash: java: command not found", None),
    ],
)
def test_the_version_of_java_is_read_from_what_it_prints(answer: str, version: int | None) -> None:
    assert major_version(answer) == version


@pytest.mark.parametrize("version", ["11.0.2", "24.0.1"])
def test_a_java_that_is_too_old_or_too_new_is_refused(path: Path, version: str) -> None:
    command(path, "java", f"echo 'openjdk version \"{version}\"' >&2")
    with pytest.raises(RequirementMissingError, match=rf"is version {version[:2]}\. Install a Java .*17 or 21"):
        find_java()


def test_a_machine_without_java_is_told_what_to_install(path: Path) -> None:
    with pytest.raises(RequirementMissingError, match="there is none on PATH"):
        find_java()


def test_a_machine_without_maven_is_told_what_to_install(path: Path, tmp_path: Path) -> None:
    with pytest.raises(RequirementMissingError, match=r"no `mvn` on PATH: install Maven"):
        jars.fetch_jars("kafka", tmp_path, print)


def test_jars_are_fetched_once_for_each_version_of_their_pom(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command(path, "mvn", FAKE_MAVEN)
    said: list[str] = []
    first = jars.fetch_jars("kafka", tmp_path / "jars", said.append)
    assert (first / "a.jar").exists()
    assert jars.fetch_jars("kafka", tmp_path / "jars", said.append) == first
    assert len(said) == 1
    monkeypatch.setattr(jars, "pom_of", lambda _product: b"<project/>")
    assert jars.fetch_jars("kafka", tmp_path / "jars", said.append) != first


def test_jars_are_fetched_into_a_folder_that_is_named_from_where_one_is(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command(path, "mvn", FAKE_MAVEN)
    monkeypatch.chdir(tmp_path)
    assert (jars.fetch_jars("kafka", Path("jars"), print) / "a.jar").exists()


def test_what_an_interrupted_fetch_left_does_not_count(path: Path, tmp_path: Path) -> None:
    command(path, "mvn", FAKE_MAVEN + "echo no such artefact; exit 1")
    with pytest.raises(LocalStackError, match="no such artefact"):
        jars.fetch_jars("kafka", tmp_path / "jars", print)
    assert list((tmp_path / "jars").iterdir()) == []


def test_the_poms_name_pinned_versions() -> None:
    for product in ("kafka", "druid"):
        assert b"SNAPSHOT" not in jars.pom_of(product)
        assert b"LATEST" not in jars.pom_of(product)


def test_classes_are_archived_at_the_end_of_the_first_run_and_used_from_then_on(tmp_path: Path) -> None:
    first = class_archive(tmp_path, "kafka")
    ((scratch, target),) = first.leaves.items()
    assert f"-XX:ArchiveClassesAtExit={scratch}" in first.flags
    target.touch()
    second = class_archive(tmp_path, "kafka")
    assert f"-XX:SharedArchiveFile={target}" in second.flags
    assert second.leaves == {}


def test_jars_that_were_moved_are_not_run_with_the_archives_of_where_they_were(tmp_path: Path) -> None:
    places = [JavaProgram("java", tmp_path / folder / "druid-1", tmp_path) for folder in ("here", "there")]
    here, there = (list(one.archive("druid-coordinator").leaves.values()) for one in places)
    assert here != there
    assert here == list(places[0].archive("druid-coordinator").leaves.values())
