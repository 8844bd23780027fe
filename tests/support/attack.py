"""Hostile jobs: each in a fresh child, beside a directory of the parent's that holds a secret."""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.parquet as pq

from jupyter_secure_jobs.domain.compute import EngineName
from jupyter_secure_jobs.engines.run import run_job, start_child
from jupyter_secure_jobs.engines.spec import JobOutcome, JobSpec
from jupyter_secure_jobs.sandbox.limits import MEBIBYTE, Limits

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jupyter_secure_jobs.engines.spec import Language, LogPolicy
    from jupyter_secure_jobs.sandbox.child import Child

LIMITS: Final = Limits(
    seconds=60, memory_bytes=1024 * MEBIBYTE, processes=32, scratch_bytes=64 * MEBIBYTE, result_bytes=16 * MEBIBYTE
)
CANARY: Final = "canary-9d1f"


TABLES: Final = {"t": pa.table({"x": [1]})}


class Attack:
    """Runs hostile jobs, each in a fresh child beside a directory of the parent's that holds a canary."""

    def __init__(self, engine: EngineName = EngineName.SAIL, limits: Limits = LIMITS) -> None:
        """Start the first child with a canary in the parent's environment."""
        self._engine, self.limits = engine, limits
        self.children: list[Child] = []
        self.home = Path(tempfile.mkdtemp(dir="/var/tmp"))
        (self.home / "secret").write_text(CANARY)
        os.environ["SECURE_JOBS_CANARY"] = CANARY
        self._next: Child | None = self._start()
        self.child = self._next

    def _start(self) -> Child:
        self.children.append(
            start_child(Path(tempfile.mkdtemp(dir="/dev/shm")), engine=self._engine, ceiling=self.limits)
        )
        return self.children[-1]

    def run(
        self,
        code: str,
        *,
        language: Language = "python",
        policy: LogPolicy = "full",
        limits: Limits | None = None,
        data: Mapping[str, pa.Table] = TABLES,
        flow: bool = False,
    ) -> JobOutcome:
        """Run the job over its tables; SECRET and PARENT in the text become the parent's file and process number."""
        # The next one comes up beside the job, unless that costs more than it saves: a virtual machine takes a core.
        self.child = self._next or self._start()
        self._next = self._start() if self._engine is EngineName.SAIL else None
        for name, rows in data.items():
            pq.write_table(rows, self.child.tables / f"{name}.parquet")
        code = code.replace("SECRET", str(self.home / "secret")).replace("PARENT", str(os.getpid()))
        tables = {name: (f"{name}.parquet",) for name in data}
        spec = JobSpec(
            language=language,
            code=code,
            tables=tables,
            inputs={},
            log_policy=policy,
            limits=limits or self.limits,
            flow=flow,
            engine=self._engine,
        )
        return run_job(self.child, spec, threading.Event())

    def close(self) -> None:
        """Remove every trace."""
        for child in self.children:
            child.close()
        shutil.rmtree(self.home)
        del os.environ["SECURE_JOBS_CANARY"]


def said(outcome: JobOutcome) -> list[object]:
    """Return the result's column `said`; the job itself must have run to its end."""
    assert outcome.status == "succeeded", (outcome, outcome.log.read_text())
    assert outcome.result is not None
    return list(pq.read_table(outcome.result)["said"].to_pylist())


TRY = """
import ctypes, errno, os, pandas as pd, socket
libc = ctypes.CDLL(None, use_errno=True)
heard = []
def attempt(what):
    try:
        heard.append('got ' + str(what()))
    except OSError as error:
        heard.append(errno.errorcode.get(error.errno, 'other'))
def syscall(number, *args):
    done = libc.syscall(number, *args)
    if done < 0:
        raise OSError(ctypes.get_errno(), 'refused')
    return done
def numbers():
    machine = os.uname().machine
    assert machine == 'x86_64', machine
    return {'ptrace': 101, 'process_vm_readv': 310, 'process_vm_writev': 311, 'unshare': 272, 'mount': 165,
            'keyctl': 250, 'bpf': 321, 'io_uring_setup': 425, 'memfd_create': 319, 'pidfd_getfd': 438,
            'open_by_handle_at': 304, 'setns': 308, 'shmget': 29, 'pidfd_open': 434, 'prlimit64': 302}
"""
END = "\npd.DataFrame({'said': heard})\n"
