"""A run as the server tells of it, held to the id and the workspace that were asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_secure_jobs.domain.errors import RefusedError

if TYPE_CHECKING:
    from jupyter_secure_jobs.member.context import Acting
    from jupyter_secure_jobs.wire.run import RunWire


def run_asked(acting: Acting, workspace: str, run: str) -> RunWire:
    """Return a run's record. What stands in it is the server's word, and yet no other run's may stand in for it.

    Raises:
        NotFoundError: there is no such run.
        RefusedError: the server sent the record of another run or workspace.
    """
    return same_run(acting.client.run_of(workspace, run), workspace, run)


def same_run(known: RunWire, workspace: str, run: str) -> RunWire:
    """Return a run's record if it is of the run that was asked for.

    Raises:
        RefusedError: it is of another run or workspace.
    """
    if (known.workspace, known.id) != (workspace, run):
        raise RefusedError("other_run", "The server sent another run than the one asked for.", "Warn the others.")
    return known
