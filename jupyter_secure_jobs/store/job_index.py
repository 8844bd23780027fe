"""What lists of jobs are filtered and sorted by, kept beside each job and written again with whatever it depends on.

The status is the one that `store.job_list.status` works out, so that there is one rule; it is kept because a list of
100,000 jobs cannot work it out for each of them.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, case, event, func, inspect, update

from jupyter_secure_jobs.domain.lifecycle import Status
from jupyter_secure_jobs.store.job_list import newest_run, status
from jupyter_secure_jobs.store.tables import JobRow, RunRow, VersionRow

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Update
    from sqlalchemy.orm import Session, sessionmaker

_CHUNK: Final = 500
_PAST_SESSION: Final = {"synchronize_session": False}


def keep(sessions: sessionmaker[Session]) -> None:
    """Write the index of jobs again in every transaction that changes one, or a version or job run of it."""
    event.listen(sessions, "after_flush", _flushed)


def _flushed(session: Session, _context: object) -> None:
    gone = {row.id for row in session.deleted if isinstance(row, JobRow)}
    changed = {job for row in (*session.new, *session.dirty, *session.deleted) if (job := _job_of(row)) is not None}
    ids = sorted(changed - gone)
    for start in range(0, len(ids), _CHUNK):
        session.execute(_of_jobs(), {"ids": ids[start : start + _CHUNK]}, execution_options=_PAST_SESSION)


def _job_of(row: Any) -> str | None:  # noqa: ANN401 -- any row of a session
    if isinstance(row, JobRow):
        return row.id
    if isinstance(row, VersionRow):
        return row.job
    if isinstance(row, RunRow) and row.kind == "job" and _counts(row):
        return row.job
    return None


def _counts(run: RunRow) -> bool:
    # A run goes through many phases, of which the index knows nothing.
    state = inspect(run)
    return not state.persistent or any(state.attrs[name].history.has_changes() for name in ("status", "version"))


def refresh(session: Session, which: ColumnElement[bool]) -> None:
    """Write the index of these jobs again; only for who has changed rows past the session need it be called."""
    session.execute(_writing(which), execution_options=_PAST_SESSION)


def _writing(which: ColumnElement[bool]) -> Update:
    places = case({word.value: place for place, word in enumerate(Status)}, value=status())
    values = {"listed_status": places, "listed_run": func.coalesce(newest_run(RunRow.id.expression), "")}
    return update(JobRow).where(which).values(values)


@functools.cache
def _of_jobs() -> Update:
    # Built once: every run asks for it several times, and to build it takes longer than to run it.
    return _writing(JobRow.id.in_(bindparam("ids", expanding=True)))
