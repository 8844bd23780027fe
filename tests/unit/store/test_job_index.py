"""What lists filter and sort by is what would be worked out anew, after whatever happens to a job."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import case, func, or_, select, true, update

from jupyter_secure_jobs.domain.job import Language
from jupyter_secure_jobs.domain.lifecycle import Status
from jupyter_secure_jobs.services import jobs
from jupyter_secure_jobs.store import job_index
from jupyter_secure_jobs.store.job_list import newest_run, status
from jupyter_secure_jobs.store.tables import JobRow, RunRow, VersionRow
from jupyter_secure_jobs.wire.job import JobNew
from tests.support.filled import ANA, HERE, Filled, copied

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy.orm import Session


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Filled]:
    """Give a workspace with jobs in every state."""
    made = Filled(tmp_path, jobs=40, runs=30)
    with closing(made.database):
        yield made


def wrong(session: Session) -> list[str]:
    """Return the jobs whose index is not what would be worked out now."""
    places = case({word.value: place for place, word in enumerate(Status)}, value=status())
    newest = func.coalesce(newest_run(RunRow.id.expression), "")
    stale = or_(JobRow.listed_status != places, JobRow.listed_run != newest)
    return list(session.scalars(select(JobRow.name).where(stale)))


def test_the_index_follows_every_change(small: Filled) -> None:
    new = JobNew(name="New", language=Language.SQL, code="SELECT 1")
    with small.unit(ANA, reading=False) as unit:
        session = unit.session
        assert wrong(session) == []
        job = jobs.create(unit, HERE, new).id
        assert wrong(session) == []
        row = session.get_one(JobRow, job)
        jobs.archive(unit, HERE, job)
        session.flush()
        assert wrong(session) == []
        session.refresh(row, ["listed_status"])
        assert row.listed_status == list(Status).index(Status.ARCHIVED)
        jobs.unarchive(unit, HERE, job)
        version = session.get_one(VersionRow, (job, 1))
        version.stage = "review"
        session.flush()
        assert wrong(session) == []
        form = session.scalars(select(RunRow).where(RunRow.kind == "job").limit(1)).one()
        row.open_version, row.live_version, version.stage = None, 1, "accepted"
        for number, ended in enumerate(("Succeeded", "Failed", "Queued", "Running", "Cancelled"), 1):
            session.add(copied(form, id=f"01900000-0000-7000-8000-{number:012}", job=job, version=1, number=number,
                               statement=f"order {number}", status=ended))  # fmt: skip
            session.flush()
            assert wrong(session) == []
            session.refresh(row, ["listed_status"])
            assert list(Status)[row.listed_status] == ended
        row.live_version = None
        row.open_version, version.stage = 1, "draft"
        session.flush()
        assert wrong(session) == []
    with small.unit(ANA, reading=False) as unit:
        removed = jobs.create(unit, HERE, new.model_copy(update={"name": "Gone"})).id
    with small.unit(ANA, reading=False) as unit:
        jobs.delete(unit, HERE, removed)
        unit.session.flush()
        assert unit.session.get(JobRow, removed) is None
        assert wrong(unit.session) == []


def test_what_goes_past_the_session_is_seen_and_mended(small: Filled) -> None:
    with small.unit(ANA, reading=False) as unit:
        unit.session.execute(update(RunRow).values(status="Cancelled"))
        assert wrong(unit.session), "the comparison sees what is wrong"
        job_index.refresh(unit.session, true())
        assert wrong(unit.session) == []
