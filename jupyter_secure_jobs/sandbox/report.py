"""Whether a sandbox can be made here, in words for the operator."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from jupyter_secure_jobs.sandbox.bubblewrap import find_bubblewrap
from jupyter_secure_jobs.sandbox.child import Child
from jupyter_secure_jobs.sandbox.errors import SandboxUnavailableError
from jupyter_secure_jobs.sandbox.limits import Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxReport:
    """What a trial start showed.

    bubblewrap: the program that is used, if one was found. problem, next_step: empty if all is well.
    """

    bubblewrap: Path | None
    problem: str
    next_step: str

    @property
    def available(self) -> bool:
        """Whether runs on real data are possible here."""
        return not self.problem


def check(*, module: str, arguments: tuple[str, ...] = ()) -> SandboxReport:
    """Start a sandbox and stop it again; nothing is left behind.

    Args:
        module: what would run as process 1, so that its imports are tried as well.
        arguments: the words after the module's name.
    """
    found = None
    try:
        found = find_bubblewrap()
        with (
            tempfile.TemporaryDirectory() as root,
            Child.start(Path(root), module=module, ceiling=Limits(), arguments=arguments) as child,
        ):
            child.wait_until_ready()
    except SandboxUnavailableError as error:
        return SandboxReport(bubblewrap=found, problem=error.reason, next_step=error.next_step)
    return SandboxReport(bubblewrap=found, problem="", next_step="")
