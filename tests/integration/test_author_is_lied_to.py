"""A server that shows the author one thing and hands another to sign, or passes one run off as another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import update

from jupyter_secure_jobs.domain.errors import ConflictError
from jupyter_secure_jobs.member import deciding, opening
from jupyter_secure_jobs.store.tables import RunRow, VersionRow
from tests.support import tampering
from tests.support.parts import Draft
from tests.support.refusal import refused

if TYPE_CHECKING:
    from tests.support.parts import Parts

OUTCOME = ("statement", "receipt", "evidence", "result", "log")


def test_swapped_draft_is_not_signed(parts: Parts) -> None:
    drafted = parts.draft(Draft())
    for swap in ({"code": "SELECT * FROM flights"}, {"log_policy": "full"}, {"grant": {"reruns": True}}):
        with tampering.database(parts) as session:
            row = session.get_one(VersionRow, (drafted.id, 1))
            honest, row.terms = row.terms, {**row.terms, **swap}
        with refused("draft_changed", kind=ConflictError):
            deciding.submit(parts.ana, parts.workspace, drafted.id, shown=drafted.version)
        with tampering.database(parts) as session:
            session.get_one(VersionRow, (drafted.id, 1)).terms = honest
    deciding.submit(parts.ana, parts.workspace, drafted.id, shown=drafted.version)
    assert parts.job(drafted.id).status == "Under Review"


def test_run_passed_off_as_another_with_the_same_inputs(parts: Parts) -> None:
    """Both are genuine and say the same of themselves; only what was ordered under which id tells them apart."""
    job = parts.accepted(Draft())
    first = parts.ended(parts.order(job.id, {"low": 1}))
    second = parts.ended(parts.order(job.id, {"low": 1}))
    _swap(parts, first.id, second.id)
    try:
        with refused("other_run"):
            opening.preview(parts.ana, parts.workspace, first.id)
    finally:
        _swap(parts, first.id, second.id)
    assert opening.preview(parts.ana, parts.workspace, first.id).total == 12


def _swap(parts: Parts, one: str, two: str) -> None:
    with tampering.database(parts) as session:
        rows = [session.get_one(RunRow, run) for run in (one, two)]
        said = [{name: getattr(row, name) for name in OUTCOME} for row in rows]
        # Two rows never hold one order, not even for a moment.
        session.execute(update(RunRow).where(RunRow.id.in_([one, two])).values(statement=None))
        session.expire_all()
        for row, other in zip(rows, reversed(said), strict=True):
            session.execute(update(RunRow).where(RunRow.id == row.id).values(**other))
