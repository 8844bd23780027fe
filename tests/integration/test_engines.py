"""Jobs for Spark on the whole road: the version says the engine, and a worker without it asks for no key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pyarrow.parquet as pq
import pytest

from jupyter_secure_jobs.domain.compute import EngineName
from jupyter_secure_jobs.domain.errors import InvalidError
from jupyter_secure_jobs.engines import found, java
from jupyter_secure_jobs.member import deciding, opening
from jupyter_secure_jobs.wire.compute import ComputeWire
from jupyter_secure_jobs.wire.job import DraftChange, LimitsWire
from tests.integration.test_parts_that_die import counted
from tests.support.parts import REVIEWERS, Draft, Parts
from tests.support.refusal import refused

if TYPE_CHECKING:
    from pathlib import Path

    from jupyter_secure_jobs.wire.job import JobDetailWire

WITHOUT: Final = found.find(EngineName.SPARK).problem
pytestmark = pytest.mark.skipif(bool(WITHOUT), reason=WITHOUT)
RECURSIVE: Final = (
    "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 5)\nSELECT sum(n) AS s FROM r"
)


def draft(parts: Parts, code: str, engine: EngineName) -> JobDetailWire:
    """Create a job for an engine."""
    job = parts.draft(Draft(code=code, inputs=()))
    change = DraftChange(compute=ComputeWire(engine=engine), limits=LimitsWire(memory_bytes=2 * 2**30, cores=1))
    return parts.ana.client.change_draft(parts.workspace, job.id, change, revision=job.revision)


def accepted(parts: Parts, code: str) -> JobDetailWire:
    """Create a job for Spark that everybody has accepted."""
    job = draft(parts, code, EngineName.SPARK)
    deciding.submit(parts.ana, parts.workspace, job.id)
    for who in REVIEWERS:
        parts.decide(who, job.id)
    return parts.job(job.id)


def without_java(words: list[str]) -> list[str]:
    """Return the command line of a process that cannot read which version any Java runtime is of."""
    homes = {home.resolve() for home in java._homes()}
    hide = " && ".join(f"mount --bind /dev/null {home / 'release'}" for home in sorted(homes) if _is_home(home))
    return ["unshare", "--map-root-user", "--mount", "sh", "-c", f'{hide} && exec "$@"', "sh", *words]


def _is_home(home: Path) -> bool:
    return (home / "release").exists()


def test_what_sail_lacks_is_refused_at_submission_with_its_place(parts: Parts) -> None:
    job = draft(parts, RECURSIVE, EngineName.SAIL)
    with refused("engine_lacks", kind=InvalidError, saying="engine spark can.*line 1, column 1"):
        deciding.submit(parts.ana, parts.workspace, job.id)
    assert parts.job(job.id).status == "Draft"


def test_job_for_spark_goes_the_whole_road(parts: Parts, tmp_path: Path) -> None:
    job = accepted(parts, RECURSIVE)
    ended = parts.ended(parts.order(job.id), seconds=240)
    assert (ended.status, ended.rows) == ("Succeeded", 1), ended
    exported = opening.export(parts.ana, parts.workspace, ended.id, "parquet", tmp_path)
    assert pq.read_table(exported).to_pylist() == [{"s": 15}]


def test_worker_without_java_asks_for_no_key(parts: Parts) -> None:
    job = accepted(parts, "SELECT count(*) AS n FROM flights")
    worker = parts.parts["worker"]
    worker.stop()
    kept = worker.words
    run = parts.order(job.id)
    worker.words = without_java(kept)
    try:
        worker.start()
        ended = parts.ended(run)
    finally:
        worker.stop()
        worker.words = kept
        parts.start_all()
    assert (ended.status, ended.error_class, ended.used_up) == ("Failed", "EngineMissing", False)
    assert "openjdk-17-jre-headless" in (ended.error_text or "")
    assert counted(parts, run) == (0, 0)
