"""The secure side of `tpch`: encrypted tables in a workspace, accepted jobs over them, and their timed runs."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import pyarrow.parquet as pq

from bench import secure_job, tpch_data
from bench.secure_job import OWNER
from jupyter_secure_jobs.domain.job import Language
from jupyter_secure_jobs.member import opening, publishing
from jupyter_secure_jobs.wire.job import DatasetReadWire, GrantWire, JobNew
from jupyter_secure_jobs.wire.member_side import DatasetAsked

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import pyarrow as pa

    from bench.secure_job import AcceptedJob, Timing
    from jupyter_secure_jobs.member.context import Acting
    from jupyter_secure_jobs.rest.member_host import MemberHost
    from jupyter_secure_jobs.wire.run import RunWire

_RUN_SECONDS: Final = 900.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Tables:
    """The workspace and its datasets by table; how long it took to publish them all."""

    workspace: str
    datasets: Mapping[str, str]
    milliseconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run from the order to the opened rows, and what it answered."""

    timing: Timing
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
    read = sorted({table for number in numbers for table in tpch_data.tables_of(number)})
    draft = JobNew(
        name=name,
        language=Language.PYTHON,
        code=tpch_data.code(numbers),
        datasets=[DatasetReadWire(table=table, dataset=tables.datasets[table]) for table in read],
        grant=GrantWire(reruns=True),
    )
    return secure_job.accepted(host, tables.workspace, draft)


def timed_run(author: Acting, job: AcceptedJob) -> Run:
    """Order one run, wait for its end, verify and open the result.

    Raises:
        RunFailedError: it did not succeed.
    """

    def look(run: RunWire) -> pa.Table:
        with opening.opened(author, job.workspace, run.id, "result") as found:
            return pq.read_table(found.path)

    rows, timing = secure_job.timed(author, job, look, seconds=_RUN_SECONDS)
    return Run(timing=timing, answers=tpch_data.answers(rows))
