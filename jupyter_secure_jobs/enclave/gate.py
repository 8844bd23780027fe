"""The gate: where output rules are applied to a result, in a sandbox of its own, before anything is sealed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from jupyter_secure_jobs.domain.errors import RefusedError
from jupyter_secure_jobs.domain.output import OutputFailure, OutputRules, failure_words
from jupyter_secure_jobs.engines.release import release

if TYPE_CHECKING:
    import threading

    from jupyter_secure_jobs.enclave.pool import Sandboxes, Taken
    from jupyter_secure_jobs.engines.spec import Form, JobOutcome, LogPolicy
    from jupyter_secure_jobs.sandbox.limits import Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """The output rules of one run, and the sandbox that applies them; without rules there is none."""

    rules: OutputRules
    sandbox: Taken | None

    @classmethod
    def start(cls, sandboxes: Sandboxes, rules: OutputRules, limits: Limits) -> Self:
        """Take a sandbox, if there are rules; it comes up while other things are done.

        Raises:
            RefusedError: a rule about counts holds, and none is declared: the run could only fail.
            UnavailableError: no sandbox can be made here.
        """
        if rules.about_counts and not rules.counts:
            raise RefusedError("no_counts", failure_words(rules, OutputFailure.NO_COUNT))
        if rules.empty:
            return cls(rules=rules, sandbox=None)
        return cls(rules=rules, sandbox=sandboxes.gate(limits))

    @property
    def form(self) -> Form:
        """How the job is to hand its rows over."""
        return "parquet" if self.sandbox is None else "arrow"

    def log_policy(self, accepted: LogPolicy) -> LogPolicy:
        """Return what of the log may leave: what must not leave in the rows must not leave in printed text either."""
        return accepted if self.sandbox is None else "errors"

    def wait(self) -> None:
        """Return once it is ready; call it before a key is asked for.

        Raises:
            UnavailableError: it does not come up.
        """
        if self.sandbox is not None:
            self.sandbox.wait()

    def let_out(self, outcome: JobOutcome, limits: Limits, cancelled: threading.Event, *, printed: bool) -> JobOutcome:
        """Return what may be sealed of an outcome; see `engines.release.release`.

        Raises:
            UnavailableError: the sandbox did not come up.
        """
        if self.sandbox is None:
            return outcome
        self.wait()
        return release(self.sandbox.child, outcome, self.rules, limits=limits, printed=printed, cancelled=cancelled)

    def close(self) -> None:
        """Forget it and what was handed over."""
        if self.sandbox is not None:
            self.sandbox.child.close()
