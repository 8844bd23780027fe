"""Let a result out under output rules, in a sandbox of its own: what the enclave calls after `run_job`."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Final, cast

from jupyter_secure_jobs.domain.output import KEPT_IN, OutputFailure, OutputRules, failure_words, withheld_by
from jupyter_secure_jobs.engines.errors import is_known
from jupyter_secure_jobs.engines.log import failure_line
from jupyter_secure_jobs.engines.run import WITHOUT_REPLY, is_examined
from jupyter_secure_jobs.protocol import codec
from jupyter_secure_jobs.sandbox.child import EXAMINATION_SECONDS, Child
from jupyter_secure_jobs.sandbox.limits import Limits

if TYPE_CHECKING:
    import threading
    from pathlib import Path

    from jupyter_secure_jobs.engines.spec import JobOutcome
    from jupyter_secure_jobs.sandbox.child import Exit

GATE: Final = "jupyter_secure_jobs.engines.gate"
HANDED_OVER: Final = "rows.arrow"
_FIELDS: Final = {"error_class", "failure", "rows", "digest", "withheld", "dropped"}
_BITS: Final = re.compile(r"[0-9a-f]{1,4000}")
_MOST_ROWS: Final = 2**53


@dataclass(frozen=True, slots=True, kw_only=True)
class GateSpec:
    """What the gate needs to know: the rules, whether the job fixes the order of its rows, and the limits."""

    rules: OutputRules
    ordered: bool
    limits: Limits

    def to_bytes(self) -> bytes:
        """Return it as JSON."""
        parts = {"rules": codec.to_json(self.rules), "ordered": self.ordered, "limits": asdict(self.limits)}
        return json.dumps(parts).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> GateSpec:
        """Return what `to_bytes` wrote."""
        parts = json.loads(data)
        return cls(
            rules=codec.from_json(OutputRules, parts["rules"]),
            ordered=bool(parts["ordered"]),
            limits=Limits(**parts["limits"]),
        )


def start_gate(root: Path, *, ceiling: Limits) -> Child:
    """Start a child that waits for a result; see `sandbox.child.Child.start`.

    Raises:
        SandboxUnavailableError: it cannot be made here.
    """
    return Child.start(root, module=GATE, ceiling=ceiling)


def gate_limits(limits: Limits) -> Limits:
    """Return what the gate may use: what the job may, for as long as an examination may take."""
    return replace(limits, seconds=EXAMINATION_SECONDS)


def release(
    gate: Child, outcome: JobOutcome, rules: OutputRules, *, limits: Limits, printed: bool, cancelled: threading.Event
) -> JobOutcome:
    """Return the outcome with the rows that may leave, or a failed one of class `OutputPolicy` whose log says why.

    Args:
        gate: what `start_gate` returned; no code of the author's ever ran in it.
        outcome: what `run_job` gave; its rows are an Arrow stream.
        rules: what holds.
        limits: those of the job.
        printed: whether the log holds what the job printed (a test on synthetic tables); if not, it says that it
            does not.
        cancelled: set it from another thread to stop.

    Raises:
        SandboxUnavailableError: the gate did not come up; nothing leaves.
    """
    before = outcome.log.read_text(encoding="utf-8", errors="replace") if printed or outcome.error_class else ""
    if outcome.result is None:
        _write(outcome.log, before, "" if printed else KEPT_IN)
        return outcome
    outcome.result.replace(gate.tables / HANDED_OVER)
    bounds = gate_limits(limits)
    spec = GateSpec(rules=rules, ordered=outcome.ordered, limits=bounds)
    ended = gate.run(spec.to_bytes(), bounds, cancelled, files={"result": limits.result_bytes})
    released, failure = _checked(ended, rules, outcome)
    said = [] if failure is None else [failure_words(rules, failure)]
    if released.error_class is not None:
        said.append(failure_line(released.error_class, None))
    _write(outcome.log, before, *said, "" if printed else KEPT_IN)
    return released


def _checked(ended: Exit, rules: OutputRules, outcome: JobOutcome) -> tuple[JobOutcome, OutputFailure | None]:
    """Return the outcome if every field of the gate's reply keeps to its closed form, and why nothing leaves, if so.

    A hostile stream may have taken over the process that reads it; what it then says is still of this form.
    """
    failed = replace(outcome, status="failed", error_class="WorkerLost", result=None, ordered=False)
    if ended.kind != "finished":
        lost = WITHOUT_REPLY[ended.kind]
        return replace(failed, status="cancelled" if lost == "Cancelled" else "failed", error_class=lost), None
    message = ended.message
    if set(message) != _FIELDS:
        return failed, None
    name, failure = message["error_class"], message["failure"]
    if name is not None:
        return replace(failed, error_class=name if isinstance(name, str) and is_known(name) else "Error"), None
    if failure is not None:
        known = next((each for each in OutputFailure if each == failure), None)
        return (failed if known is None else replace(failed, error_class="OutputPolicy")), known
    rows, digest, withheld, dropped = (message[key] for key in ("rows", "digest", "withheld", "dropped"))
    columns = _columns(dropped, len(rules.withheld_columns))
    good = is_examined(rows, digest) and type(withheld) is int and 0 <= withheld < _MOST_ROWS
    if not good or columns is None or "result" not in ended.files:
        return failed, None
    released = replace(
        outcome,
        rows=cast("int", rows),
        logical_digest=cast("str", digest),
        result=ended.files["result"],
        withheld=withheld_by(rules, rows=cast("int", withheld), columns=columns),
    )
    return released, None


def _columns(dropped: object, known: int) -> list[int] | None:
    if not isinstance(dropped, str) or not _BITS.fullmatch(dropped) or int(dropped, 16) >> known:
        return None
    return [index for index in range(known) if int(dropped, 16) >> index & 1]


def _write(log: Path, *parts: str) -> None:
    log.write_text("".join(f"{part.removesuffix(chr(10))}\n" for part in parts if part), encoding="utf-8")
