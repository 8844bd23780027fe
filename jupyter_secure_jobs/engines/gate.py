"""Process 1 of the sandbox where output rules are applied: `python -m jupyter_secure_jobs.engines.gate`.

No code of the author's was ever in it. It reads the rows that the job's own sandbox handed over, lets a forked process
write what the rules let out, lets another one examine that, and sends the one reply.
"""

from __future__ import annotations

import gc
import os
import sys
from typing import TYPE_CHECKING, Final

from jupyter_secure_jobs.sandbox import channel, supervisor

supervisor.guard()
# As in the harness.
gc.disable()

from jupyter_secure_jobs.engines import report as report_files  # noqa: E402 -- nothing may run before the guard
from jupyter_secure_jobs.engines.examiner import Examiner  # noqa: E402 -- as above
from jupyter_secure_jobs.engines.release import HANDED_OVER, GateSpec  # noqa: E402 -- as above
from jupyter_secure_jobs.engines.withholding import Withholder  # noqa: E402 -- as above

if TYPE_CHECKING:
    from typing import Any

_MOST_REPORT: Final = 2**20


def _withhold(task: GateSpec, rows: int) -> dict[str, Any]:
    """Write what leaves into the open file `rows`; return the report, or the class of the error."""
    report = report_files.unnamed()
    withholder = Withholder(rules=task.rules, source=f"/tables/{HANDED_OVER}", rows=rows, report=report)
    watched = (supervisor.Watched(reason="result", descriptor=rows, most=task.limits.result_bytes),)
    ended = supervisor.run_watched(withholder, task.limits, watched=watched, kept=(rows, report))
    if ended.reason != "exited":
        return {"class": report_files.OVER[ended.reason]}
    return report_files.read(report, _MOST_REPORT) if ended.code == 0 else {"class": "ResultInvalid"}


def _serve(spec: bytes, reply: int) -> None:
    task = GateSpec.from_bytes(spec)
    rows = report_files.unnamed()
    parts = _withhold(task, rows)
    name, count, digest = parts.get("class"), None, None
    if name is None and parts["failure"] is None:
        name, count, digest = Examiner.fork(rows, task.limits).examine(ordered=task.ordered)
    left = name is None and parts["failure"] is None
    message = {
        "error_class": name,
        "failure": None if name else parts["failure"],
        "rows": count,
        "digest": digest,
        "withheld": parts["withheld"] if left else 0,
        # As bits of one number: the reply's header is small.
        "dropped": f"{sum(1 << index for index in parts['dropped']) if left else 0:x}",
    }
    attachments = [channel.Attachment(name="result", descriptor=rows, length=os.fstat(rows).st_size)] if left else []
    channel.write_reply(reply, message, attachments)


def main() -> None:
    """Serve one result and end."""
    reply, request = os.dup(1), os.dup(0)
    os.write(reply, channel.READY + channel.PREPARED)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nowhere, standard)
    gc.freeze()
    gc.enable()
    spec = channel.read_spec(request)
    if spec:
        _serve(spec, reply)


if __name__ == "__main__":
    main()
    sys.stdout.flush()
    # As in the harness: with process 1 the namespace ends.
    os._exit(0)
