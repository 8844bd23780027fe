"""Results and logs are kept for a time, then their files go. Every statement stays: each run can still be verified."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from jupyter_secure_jobs.domain import audit
from jupyter_secure_jobs.protocol import envelope as envelopes
from jupyter_secure_jobs.protocol.dataset import Manifest
from jupyter_secure_jobs.services.run_state import words
from jupyter_secure_jobs.services.unit import Waiting
from jupyter_secure_jobs.store import datasets, runs, statements

if TYPE_CHECKING:
    from datetime import datetime

    from jupyter_secure_jobs.services.unit import Unit
    from jupyter_secure_jobs.store.tables import RunRow

# A server that finds very much that is old removes it bit by bit, so that no other writer waits long.
_AT_ONCE: Final = 50


def remove_old(unit: Unit) -> None:
    """Remove the results and logs that are past their time, some at once, and record each."""
    days = unit.server.settings.results_days
    if days <= 0:
        return
    before = unit.now - timedelta(days=days)
    published: dict[str, set[str]] = {}
    for run in runs.kept_since(unit.session, before=before, limit=_AT_ONCE):
        gone = [digest for digest in (run.result, run.log) if digest is not None]
        run.result = run.log = None
        run.removed = unit.now
        if run.workspace not in published:
            published[run.workspace] = _published(unit, run.workspace)
        for digest in gone:
            # What tests give is not sealed: a dataset's synthetic rows or a later test may be the same file.
            needed = digest in published[run.workspace] or not unit.server.blobs.is_older(digest, than=before)
            if not needed and datasets.forget_file(unit.session, run.workspace, digest):
                unit.server.blobs.remove(digest)
        unit.record(workspace=run.workspace, member=audit.SERVER, organisation="", action=audit.Event.OUTPUT_REMOVED,
                    job=run.job, version=run.version, run=run.id,
                    detail=f"{words(run)}, after {days:g} days")  # fmt: skip
        unit.changes(run.workspace, Waiting.NEWS)


def _published(unit: Unit, workspace: str) -> set[str]:
    """Return the digests of every file that a version of a dataset has."""
    found: set[str] = set()
    for row in statements.of_kind(unit.session, workspace, "dataset"):
        manifest = envelopes.read(Manifest, envelopes.Envelope.from_bytes(row.envelope))
        found |= {manifest.synthetic.digest, *(file.digest for file in manifest.files)}
    return found


def kept_until(unit: Unit, run: RunRow) -> datetime | None:
    """Return when a run's result and log will be removed; None if it has none, or for ever."""
    days = unit.server.settings.results_days
    if days <= 0 or run.finished is None or (run.result is None and run.log is None):
        return None
    return run.finished + timedelta(days=days)
