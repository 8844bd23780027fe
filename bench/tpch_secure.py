"""The secure side of `tpch`: encrypted tables in a workspace, accepted jobs over them, and their timed runs."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import pyarrow.parquet as pq

from bench import tpch_data
from bench.secure_job import AUTHOR, OWNER, AcceptedJob, RunFailedError
from jupyter_secure_jobs.domain.job import Language
from jupyter_secure_jobs.domain.review import Verdict
from jupyter_secure_jobs.domain.run import RunStatus
from jupyter_secure_jobs.member import deciding, opening, publishing
from jupyter_secure_jobs.rest.embedded import DEMO_MEMBERS
from jupyter_secure_jobs.wire.job import DatasetReadWire, GrantWire, JobNew
from jupyter_secure_jobs.wire.member_side import DatasetAsked

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from jupyter_secure_jobs.member.context import Acting
    from jupyter_secure_jobs.rest.member_host import MemberHost

_RUN_SECONDS: Final = 900.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Tables:
    """The workspace and its datasets by table; how long it took to publish them all."""

    workspace: str
    datasets: Mapping[str, str]
    milliseconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run from the order to the opened rows, in milliseconds, and what it answered."""

    total: float
    answers: tpch_data.Answers


def publish(host: MemberHost, files: Mapping[str, Path]) -> Tables:
    """Publish every table."""
    owner = host.acting(OWNER)
    workspace = owner.client.workspaces()[0].id
    tick = time.perf_counter()
    for table, path in files.items():
        publishing.publish(owner, workspace, DatasetAsked(name=table, files=[str(path)]), agree=lambda _proposal: True)
    taken = (time.perf_counter() - tick) * 1000
    found = {each.name: each.id for each in owner.client.datasets(workspace)}
    return Tables(workspace=workspace, datasets={table: found[table] for table in files}, milliseconds=taken)


def accepted(host: MemberHost, tables: Tables, name: str, numbers: Sequence[int]) -> AcceptedJob:
    """Draft a job of these queries over the tables that they read, submit it, and let everybody accept it."""
    author = host.acting(AUTHOR)
    read = sorted({table for number in numbers for table in tpch_data.tables_of(number)})
    draft = JobNew(
        name=name,
        language=Language.PYTHON,
        code=tpch_data.code(numbers),
        datasets=[DatasetReadWire(table=table, dataset=tables.datasets[table]) for table in read],
        grant=GrantWire(reruns=True),
    )
    job = author.client.create_job(tables.workspace, draft).id
    deciding.submit(author, tables.workspace, job)
    for email, _ in DEMO_MEMBERS:
        if email != AUTHOR:
            member = host.acting(email)
            seen = deciding.review(member, tables.workspace, job)
            deciding.decide(
                member, tables.workspace, job, version_hash=seen.version_hash, verdict=Verdict.ACCEPT, comment="Timed."
            )
    return AcceptedJob(workspace=tables.workspace, job=job)


def timed_run(author: Acting, job: AcceptedJob) -> Run:
    """Order one run, wait for its end, verify and open the result.

    Raises:
        RunFailedError: it did not succeed.
    """
    tick = time.perf_counter()
    ordered = deciding.run(author, job.workspace, job.job, {})
    run = author.client.wait(ordered, timeout=_RUN_SECONDS)
    if run.status is not RunStatus.SUCCEEDED:
        raise RunFailedError(f"The run is {run.status}: {run.error_class} {run.error_text or ''}")
    with opening.opened(author, job.workspace, run.id, "result") as found:
        table = pq.read_table(found.path)
        taken = (time.perf_counter() - tick) * 1000
    return Run(total=taken, answers=tpch_data.answers(table))
