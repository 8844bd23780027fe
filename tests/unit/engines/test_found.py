"""Which engines a machine has: looked for without starting anything, and said with a next step."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from jupyter_secure_jobs.domain.compute import EngineName
from jupyter_secure_jobs.domain.errors import UnavailableError
from jupyter_secure_jobs.engines import found, java, spark

if TYPE_CHECKING:
    from pathlib import Path


def runtime(folder: Path, version: str) -> Path:
    """Make what looks like a Java runtime."""
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "java").write_text("#!/bin/sh\n")
    (folder / "bin" / "java").chmod(0o755)
    (folder / "release").write_text(f'IMPLEMENTOR="x"\nJAVA_VERSION="{version}"\n')
    return folder


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give an empty place where Java runtimes are usually found, and no other."""
    usual = tmp_path / "jvm"
    usual.mkdir()
    monkeypatch.setattr(java, "_USUAL", usual)
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    return usual


def test_machine_without_java_is_told_what_to_install(place: Path) -> None:
    assert place.is_dir()
    told = found.find(EngineName.SPARK)
    assert (told.version, "openjdk-17-jre-headless" in told.next_step) == ("", True)
    with pytest.raises(UnavailableError, match="Java") as error:
        found.need(EngineName.SPARK)
    assert error.value.code == "no_engine"
    found.need(EngineName.SAIL)


def test_machine_without_the_classes_of_spark(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spark, "jars", lambda: None)
    with pytest.raises(UnavailableError, match="pyspark-client"):
        found.need(EngineName.SPARK)


@pytest.mark.parametrize(
    ("version", "known"),
    [("17.0.15", True), ("21.0.1", True), ("21", True), ("11.0.2", False), ("1.8.0_402", False), ("25.0.3", False)],
)
def test_versions_that_spark_runs_on(place: Path, version: str, known: bool) -> None:  # noqa: FBT001 -- a column
    runtime(place / "one", version)
    assert (java.find() is not None) == known


def test_named_one_comes_first_and_a_broken_one_is_passed_over(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime(place / "usual", "17.0.1")
    monkeypatch.setenv("JAVA_HOME", str(runtime(tmp_path / "named", "21.0.2")))
    chosen = java.find()
    assert chosen is not None
    assert (chosen.home, chosen.version) == (tmp_path / "named", "21.0.2")
    (tmp_path / "named" / "bin" / "java").unlink()
    chosen = java.find()
    assert chosen is not None
    assert chosen.version == "17.0.1"


def test_of_etc_nothing_is_shown_but_what_is_java_s(place: Path) -> None:
    home = runtime(place / "one", "17.0.1")
    (home / "conf").mkdir()
    (home / "conf" / "passwd").symlink_to("/etc/passwd")
    (home / "conf" / "hosts").symlink_to("/etc/ssl/../hosts")
    chosen = java.find()
    assert chosen is not None
    assert chosen.shown() == {home: home}


def test_half_of_the_memory_is_for_objects() -> None:
    assert spark.heap_bytes(4 * 2**30) == 2 * 2**30
