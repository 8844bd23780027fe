"""The gate: where output rules are applied to a result, in a sandbox of its own, before anything is sealed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from jupyter_secure_jobs.domain.errors import RefusedError, UnavailableError
from jupyter_secure_jobs.domain.output import OutputFailure, OutputRules, failure_words
from jupyter_secure_jobs.engines.release import gate_limits, release, start_gate
from jupyter_secure_jobs.sandbox.errors import SandboxUnavailableError

if TYPE_CHECKING:
    import threading

    from jupyter_secure_jobs.crypto.memory import Memory
    from jupyter_secure_jobs.engines.spec import Form, JobOutcome, LogPolicy
    from jupyter_secure_jobs.sandbox.child import Child
    from jupyter_secure_jobs.sandbox.limits import Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """The output rules of one run, and the sandbox that applies them; without rules there is none."""

    rules: OutputRules
    child: Child | None

    @classmethod
    def start(cls, memory: Memory, rules: OutputRules, limits: Limits) -> Self:
        """Start the sandbox, if there are rules; it comes up while other things are done.

        Raises:
            RefusedError: a rule about counts holds, and none is declared: the run could only fail.
            UnavailableError: no sandbox can be made here.
        """
        if rules.about_counts and not rules.counts:
            raise RefusedError("no_counts", failure_words(rules, OutputFailure.NO_COUNT))
        if rules.empty:
            return cls(rules=rules, child=None)
        try:
            return cls(rules=rules, child=start_gate(memory.new("gate"), ceiling=gate_limits(limits)))
        except SandboxUnavailableError as error:
            raise UnavailableError("no_sandbox", error.reason, error.next_step) from error

    @property
    def form(self) -> Form:
        """How the job is to hand its rows over."""
        return "parquet" if self.child is None else "arrow"

    def log_policy(self, accepted: LogPolicy) -> LogPolicy:
        """Return what of the log may leave: what must not leave in the rows must not leave in printed text either."""
        return accepted if self.child is None else "errors"

    def wait(self) -> None:
        """Return once it is ready; call it before a key is asked for.

        Raises:
            UnavailableError: it does not come up.
        """
        try:
            if self.child is not None:
                self.child.wait_until_ready()
        except SandboxUnavailableError as error:
            raise UnavailableError("no_sandbox", error.reason, error.next_step) from error

    def let_out(self, outcome: JobOutcome, limits: Limits, cancelled: threading.Event, *, printed: bool) -> JobOutcome:
        """Return what may be sealed of an outcome; see `engines.release.release`.

        Raises:
            UnavailableError: the sandbox did not come up.
        """
        if self.child is None:
            return outcome
        self.wait()
        return release(self.child, outcome, self.rules, limits=limits, printed=printed, cancelled=cancelled)

    def close(self) -> None:
        """Forget it and what was handed over."""
        if self.child is not None:
            self.child.close()
