"""What is verified before a run's result or log is opened, in one answer: each part by itself costs a round trip.

The sealed file is fetched afterwards: the audit log says that a result was opened only if its receipt held.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_secure_jobs.services import dossiers, runs
from jupyter_secure_jobs.wire.at_once import OpeningWire

if TYPE_CHECKING:
    from jupyter_secure_jobs.services.unit import Unit


def opening(unit: Unit, workspace: str, run: str, *, seen: int | None) -> OpeningWire:
    """Return how a run ended and all that stands behind it, for who has `seen` that much of the log.

    Raises:
        NotAllowedError: the caller is not of the author's organisation, and it is a job run.
    """
    row, job, member = runs.readable(unit, workspace, run)
    dossier = dossiers.of_run(unit, row, seen=seen) if row.statement is not None else None
    return OpeningWire(
        run=runs.shown(unit, row, job, member),
        outcome=runs.outcome_of(unit, row, member, dossier=dossier),
        dossier=dossier,
    )
