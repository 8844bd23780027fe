"""The embedded demonstration with several workers: each takes a run of its own; more can be had later."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bench import sample, secure_job
from jupyter_secure_jobs.domain.errors import InvalidError
from jupyter_secure_jobs.domain.run import RunStatus
from jupyter_secure_jobs.member import deciding
from jupyter_secure_jobs.rest.embedded import MOST_WORKERS, Embedded
from tests.support.parts import wait_until
from tests.support.refusal import refused

if TYPE_CHECKING:
    from pathlib import Path


def test_a_demonstration_gets_a_second_worker_and_both_take_runs(tmp_path: Path) -> None:
    folder = tmp_path / "parts"
    table = sample.write_table(tmp_path)
    with secure_job.started(folder) as parts:
        assert set(parts.pids()) == {"server", "keyservices", "worker"}
        accepted = secure_job.accepted_job(parts.host, table)
        jobs = [accepted, secure_job.another_job(parts.host, accepted, "Another")]
    with secure_job.started(folder, workers=2) as parts:
        assert set(parts.pids()) == {"server", "keyservices", "worker", "worker-2"}
        client = parts.host.acting(secure_job.AUTHOR).client
        took: set[str | None] = set()

        def both_took_runs() -> bool:
            # Accepted by the same members before there was a second worker: that voided nothing.
            runs = [deciding.run(parts.host.acting(secure_job.AUTHOR), job.workspace, job.job, {}) for job in jobs]
            for run in runs:
                ended = client.wait(run, timeout=120)
                assert ended.status is RunStatus.SUCCEEDED
                took.add(ended.worker)
            return took == {"embedded", "embedded-2"}

        wait_until(both_took_runs, "a run by each of the two workers", seconds=120)


@pytest.mark.parametrize("workers", [0, -1, MOST_WORKERS + 1])
def test_a_number_of_workers_that_makes_no_sense(tmp_path: Path, workers: int) -> None:
    with refused("workers", kind=InvalidError):
        Embedded(tmp_path, workers=workers)
    assert not list(tmp_path.iterdir())
