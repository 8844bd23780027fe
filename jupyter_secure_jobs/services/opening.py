"""What opening a run's result or log takes, in one answer: each part by itself costs a member's side a round trip."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Final

from jupyter_secure_jobs.domain.audit import output_event
from jupyter_secure_jobs.domain.errors import InvalidError
from jupyter_secure_jobs.services import dossiers, runs
from jupyter_secure_jobs.wire.at_once import OpeningWire

if TYPE_CHECKING:
    from jupyter_secure_jobs.services.unit import Unit

KINDS: Final = ("result", "log")
# A larger file is streamed by a request of its own.
COMES_ALONG: Final = 256 * 1024


def opening(
    unit: Unit, workspace: str, run: str, kind: str, *, seen: int | None, purpose: str, form: str
) -> OpeningWire:
    """Return what a recipient verifies and opens, for who has `seen` that much of the log.

    If the file comes along, the audit log says what it was fetched for, as when it is fetched by itself.

    Raises:
        NotAllowedError: the caller is not of the author's organisation, and it is a job run.
        InvalidError: the kind, the purpose or the format is unknown.
    """
    if kind not in KINDS:
        raise InvalidError("kind", "A run has a result and a log, nothing else.", "Ask for result or log.")
    output_event(kind, purpose, form)
    row, job, member = runs.readable(unit, workspace, run)
    dossier = dossiers.of_run(unit, row, seen=seen) if row.statement is not None else None
    digest = row.result if kind == "result" else row.log
    file = None
    if digest is not None and unit.server.blobs.path(digest).stat().st_size <= COMES_ALONG:
        path = runs.handed_out(unit, row, member, kind, purpose=purpose, form=form)
        file = base64.b64encode(path.read_bytes())
    return OpeningWire(
        run=runs.shown(unit, row, job, member),
        outcome=runs.outcome_of(unit, row, member, dossier=dossier),
        dossier=dossier,
        file=file,
    )
