"""A bench of children that start ahead of time, so that tests do not wait for imports."""

from __future__ import annotations

import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jupyter_secure_jobs.engines.run import run_job, start_child
from jupyter_secure_jobs.engines.spec import JobOutcome, JobSpec
from jupyter_secure_jobs.sandbox.limits import MEBIBYTE, Limits

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from jupyter_secure_jobs.engines.spec import InputValue, Language, LogPolicy
    from jupyter_secure_jobs.sandbox.child import Child

LIMITS = Limits(
    seconds=60, memory_bytes=1024 * MEBIBYTE, processes=32, scratch_bytes=64 * MEBIBYTE, result_bytes=16 * MEBIBYTE
)
PLANES = pa.table({"tail": ["N1", "N2", None], "seats": pa.array([2, 180, 55], pa.int64())})


class Bench:
    """Runs jobs, each in a fresh child, while the next child warms up."""

    def __init__(self) -> None:
        """Start the first child."""
        self._children: list[Child] = []
        self._next = self._start()
        self.child = self._next

    def _start(self) -> Child:
        child = start_child(Path(tempfile.mkdtemp(dir="/dev/shm")), ceiling=LIMITS)
        self._children.append(child)
        return child

    def run(
        self,
        code: str,
        *,
        language: Language = "python",
        policy: LogPolicy = "full",
        inputs: Mapping[str, tuple[str, InputValue]] | None = None,
        limits: Limits = LIMITS,
        cancelled: threading.Event | None = None,
    ) -> JobOutcome:
        """Run one job over the table `planes`."""
        self.child, self._next = self._next, self._start()
        pq.write_table(PLANES, self.child.tables / "planes-0.parquet")
        spec = JobSpec(
            language=language,
            code=code,
            tables={"planes": ("planes-0.parquet",)},
            inputs=inputs or {},
            log_policy=policy,
            limits=limits,
        )
        return run_job(self.child, spec, cancelled or threading.Event())

    def close(self) -> None:
        """Close all children."""
        for child in self._children:
            child.close()


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    """Give one bench to all tests of a file."""
    made = Bench()
    yield made
    made.close()
