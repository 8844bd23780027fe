"""Run one job in one child: what the enclave calls."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from typing import TYPE_CHECKING, Final

from jupyter_secure_jobs.domain.compute import EngineName
from jupyter_secure_jobs.domain.plan_flow import MOST_BYTES
from jupyter_secure_jobs.engines import found
from jupyter_secure_jobs.engines.errors import is_known
from jupyter_secure_jobs.engines.log import EPILOGUE_BYTES, failure_line
from jupyter_secure_jobs.engines.spec import JobOutcome
from jupyter_secure_jobs.sandbox.child import Child
from jupyter_secure_jobs.sandbox.limits import Limits

if TYPE_CHECKING:
    import threading
    from pathlib import Path

    from jupyter_secure_jobs.engines.spec import JobSpec
    from jupyter_secure_jobs.sandbox.child import Exit

HARNESS: Final = "jupyter_secure_jobs.engines.harness"
_DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")
_MOST_ROWS: Final = 2**53
WITHOUT_REPLY: Final = {"timed_out": "TimeLimit", "cancelled": "Cancelled", "lost": "WorkerLost"}


def arguments(engine: EngineName = EngineName.SAIL, ceiling: Limits | None = None) -> tuple[str, str]:
    """Return the words after the harness's name: which engine, and the most that a run may ask for."""
    return str(engine), json.dumps(asdict(ceiling or Limits()))


def start_child(root: Path, *, engine: EngineName = EngineName.SAIL, ceiling: Limits | None = None) -> Child:
    """Start a child that waits for a job; see `sandbox.child.Child.start`.

    With Spark the ceiling is what the virtual machine is made for: it should be the job's own limits.

    Raises:
        SandboxUnavailableError: it cannot be made here.
        UnavailableError: the engine is not on this machine.
    """
    ceiling = ceiling or Limits()
    return Child.start(
        root, module=HARNESS, ceiling=ceiling, arguments=arguments(engine, ceiling), needs=found.needs(engine)
    )


def run_job(child: Child, spec: JobSpec, cancelled: threading.Event) -> JobOutcome:
    """Run the job and return what may be believed of it; no process of the child is left afterwards.

    The tables' files must lie in `child.tables`. The result and the log lie in `child.out` until `child.close()`.

    Raises:
        SandboxUnavailableError: the child did not come up; nothing has run.
        ValueError: the job asks for more than the child's ceiling.
    """
    if spec.limits.within(child.ceiling) != spec.limits:
        message = "The job's limits are above the child's ceiling; start the child with a ceiling that covers them."
        raise ValueError(message)
    files = {"log": spec.limits.log_bytes + EPILOGUE_BYTES, "result": spec.limits.result_bytes}
    if spec.flow:
        files["flow"] = MOST_BYTES
    ended = child.run(spec.to_bytes(), spec.limits, cancelled, files=files)
    if ended.kind == "finished":
        checked = _checked(ended, spec.code.count("\n") + 1, examined=spec.form == "parquet")
        if checked is not None:
            return checked
    return _without_reply(child, WITHOUT_REPLY.get(ended.kind, "WorkerLost"))


def _without_reply(child: Child, error_class: str) -> JobOutcome:
    log = child.out / "log.txt"
    log.write_text(failure_line(error_class, None) + "\n")
    return JobOutcome(
        status="cancelled" if error_class == "Cancelled" else "failed",
        error_class=error_class,
        error_line=None,
        rows=None,
        result=None,
        log=log,
        logical_digest=None,
    )


def is_examined(rows: object, digest: object) -> bool:
    """Whether these have the form of a number of rows and of a logical digest."""
    counted = type(rows) is int and 0 <= rows < _MOST_ROWS
    return counted and isinstance(digest, str) and _DIGEST.fullmatch(digest) is not None


def _checked(ended: Exit, lines: int, *, examined: bool) -> JobOutcome | None:
    """Return the outcome if every field keeps to its closed form.

    A hostile result may have taken over process 1, so that nothing it says is believed as it comes.
    """
    message = ended.message
    if set(message) != {"error_class", "error_line", "rows", "digest", "ordered"} or "log" not in ended.files:
        return None
    name, line, rows, digest = (message[key] for key in ("error_class", "error_line", "rows", "digest"))
    if line is not None and not (type(line) is int and 1 <= line <= lines):
        return None
    if name is None:
        good = is_examined(rows, digest) if examined else rows is None and digest is None
        if line is not None or "result" not in ended.files or not good:
            return None
    elif (
        not isinstance(name, str)
        or not is_known(name)
        or rows is not None
        or digest is not None
        or "result" in ended.files
    ):
        return None
    return JobOutcome(
        status="succeeded" if name is None else "failed",
        error_class=name,
        error_line=line,
        rows=rows if isinstance(rows, int) else None,
        result=ended.files.get("result"),
        log=ended.files["log"],
        logical_digest=digest if isinstance(digest, str) else None,
        ordered=message["ordered"] is True,
        flow=ended.files.get("flow"),
    )
