"""Process 1 of a job's sandbox: `python -m jupyter_secure_jobs.engines.harness ENGINE CEILING`.

It lets a forked process start the engine ahead of time, waits for one job, lets the forked process run it, ends every
process of the author's, lets another one examine the result, and sends the one reply.
"""

from __future__ import annotations

import gc
import json
import os
import select
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from jupyter_secure_jobs.domain.compute import EngineName
from jupyter_secure_jobs.sandbox import channel, supervisor
from jupyter_secure_jobs.sandbox.limits import Limits

supervisor.guard()
# Modules are no garbage: to look for some while they are imported costs a tenth of the start.
gc.disable()

from jupyter_secure_jobs.engines import log  # noqa: E402 -- nothing may run before the guard
from jupyter_secure_jobs.engines import report as report_files  # noqa: E402 -- as above
from jupyter_secure_jobs.engines.errors import is_known  # noqa: E402 -- as above
from jupyter_secure_jobs.engines.examiner import Examiner  # noqa: E402 -- as above
from jupyter_secure_jobs.engines.plan_reader import read_plans  # noqa: E402 -- as above
from jupyter_secure_jobs.engines.record import MOST_RECORD  # noqa: E402 -- as above
from jupyter_secure_jobs.engines.runner import MOST_MESSAGE, Runner  # noqa: E402 -- as above
from jupyter_secure_jobs.engines.spec import JobSpec  # noqa: E402 -- as above

if TYPE_CHECKING:
    from jupyter_secure_jobs.sandbox.supervisor import Ended

# An engine that is not there by then is waited for no longer: the job's time begins, and ends the run.
_START_SECONDS: Final = 240
# JSON may write a character in twelve bytes.
_MOST_REPORT: Final = 12 * MOST_MESSAGE + 4096


@dataclass(slots=True, kw_only=True)
class _Told:
    error_class: str | None = None
    line: int | None = None
    message: str = ""
    ordered: bool = False
    rows: int | None = None
    digest: str | None = None


def _told(ended: Ended, report: int, lines: int) -> _Told:
    """Turn the runner's report into checked fields; the report may be forged, so each field is of a closed form."""
    if ended.reason != "exited":
        return _Told(error_class=report_files.OVER[ended.reason])
    parts = report_files.read(report, _MOST_REPORT)
    if ended.code != 0 or "class" not in parts:
        return _Told(error_class="WorkerLost")
    name, line, message = parts["class"], parts.get("line"), parts.get("message")
    if name is not None and not (isinstance(name, str) and is_known(name)):
        name = "Error"
    return _Told(
        error_class=name,
        line=line if name is not None and type(line) is int and 1 <= line <= lines else None,
        message=message if isinstance(message, str) else "",
        ordered=parts.get("ordered") is True,
    )


class _Run:
    """The open files of the one run, and the process that waits for the job."""

    def __init__(self, engine: EngineName, ceiling: Limits) -> None:
        files = tuple(report_files.unnamed() for _ in range(5))
        self.description, self.printed, self.rows, self.plans, self.report = files
        handed, self._handing = os.pipe()
        self._prepared, prepared = os.pipe()
        runner = Runner(
            engine=engine,
            ceiling=ceiling,
            handed=handed,
            prepared=prepared,
            description=self.description,
            printed=self.printed,
            rows=self.rows,
            plans=self.plans,
            report=self.report,
        )
        self._forked = supervisor.fork(runner, kept=(handed, prepared, *files))
        os.close(handed)
        os.close(prepared)

    def prepare(self) -> None:
        """Return once the engine is there, or is known not to come: the job's time is that of its own code."""
        poll = select.poll()
        poll.register(self._prepared, select.POLLHUP)
        poll.poll(_START_SECONDS * 1000)
        os.close(self._prepared)

    def hand(self, job: JobSpec, spec: bytes) -> Ended:
        """Hand the job over and watch it to its end; every process but this one has been killed then."""
        # A file takes the description whole whatever the other process does; a pipe could keep this one waiting.
        view = memoryview(spec)
        while view:
            view = view[os.write(self.description, view) :]
        os.close(self._handing)
        watched = (
            supervisor.Watched(reason="log", descriptor=self.printed, most=job.limits.log_bytes),
            supervisor.Watched(reason="result", descriptor=self.rows, most=job.limits.result_bytes),
            supervisor.Watched(reason="disk", descriptor=self.report, most=_MOST_REPORT),
            supervisor.Watched(reason="disk", descriptor=self.plans, most=MOST_RECORD),
            supervisor.Watched(reason="disk", descriptor=self.description, most=channel.MOST_SPEC_BYTES),
        )
        return supervisor.watch(self._forked, job.limits, watched=watched)


def _serve(run: _Run, spec: bytes, reply: int) -> None:
    job = JobSpec.from_bytes(spec)
    ended = run.hand(job, spec)
    printed, rows, report = run.printed, run.rows, run.report
    # An Arrow stream is examined where the output rules are applied: what leaves is not what was written here.
    examiner = Examiner.fork(rows, job.limits) if ended.reason == "exited" and job.form == "parquet" else None
    supervisor.alone(but=examiner.forked if examiner is not None else None)
    told = _told(ended, report, job.code.count("\n") + 1)
    if told.error_class is None and examiner is not None:
        told.error_class, told.rows, told.digest = examiner.examine(ordered=told.ordered)
    flow = read_plans(job, plans=run.plans, rows=rows) if job.flow and told.error_class is None else None
    most = job.limits.log_bytes
    text, fitted = log.compose(
        os.pread(printed, most + 1, 0),
        policy=job.log_policy,
        most=most,
        error_class=told.error_class,
        line=told.line,
        message=told.message,
    )
    if not fitted and told.error_class is None:
        # Writing control characters out can make a log longer than what was printed.
        told = _Told(error_class="LogTooLarge")
    written = report_files.unnamed()
    os.write(written, text)
    attachments = [channel.Attachment(name="log", descriptor=written, length=len(text))]
    if told.error_class is None:
        attachments.append(channel.Attachment(name="result", descriptor=rows, length=os.fstat(rows).st_size))
    if flow is not None and told.error_class is None:
        attachments.append(channel.Attachment(name="flow", descriptor=flow, length=os.fstat(flow).st_size))
    message = {
        "error_class": told.error_class,
        "error_line": told.line,
        "rows": told.rows,
        "digest": told.digest,
        "ordered": told.ordered,
    }
    channel.write_reply(reply, message, attachments)


def main() -> None:
    """Serve one job and end; with process 1 the namespace ends."""
    reply, request = os.dup(1), os.dup(0)
    os.write(reply, channel.READY)
    # From here on nothing but the reply may reach the parent.
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nowhere, standard)
    run = _Run(EngineName(sys.argv[1]), Limits(**json.loads(sys.argv[2])))
    gc.freeze()
    gc.enable()
    run.prepare()
    os.write(reply, channel.PREPARED)
    spec = channel.read_spec(request)
    if spec:
        _serve(run, spec, reply)


if __name__ == "__main__":
    main()
    sys.stdout.flush()
    # Process 1 has nothing to tidy up: leaving at once spares the interpreter's shutdown.
    os._exit(0)
