"""The filler fills as it says: names that break careless pages, every status, and runs that no worker takes."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from bench.ui_workspace import main
from jupyter_secure_jobs.domain.lifecycle import Status
from jupyter_secure_jobs.domain.text import NAME_LENGTH, clean_name
from jupyter_secure_jobs.services import jobs
from jupyter_secure_jobs.store import queue, runs
from jupyter_secure_jobs.store.history_tables import HistoryRow
from jupyter_secure_jobs.store.tables import DecisionRow, JobRow, RevocationRow, RunRow, VersionRow
from tests.support.filled import ANA, HERE, NOW, Filled

if TYPE_CHECKING:
    from pathlib import Path


def test_it_fills_what_it_was_asked_for(tmp_path: Path) -> None:
    filled = Filled(tmp_path, jobs=100, runs=50)
    with closing(filled.database), filled.unit(ANA) as unit:
        session = unit.session
        assert set(filled.statuses.values()) == set(Status)
        assert len(filled.statuses) == 100
        made = session.scalars(select(JobRow).where(JobRow.workspace == HERE)).all()
        names = [job.name for job in made]
        assert all(clean_name(name) == name for name in names)
        for part in ("<script>", "<img", "🛫", "תוצאות", "رحلات", "=HYPERLINK", "%"):
            assert any(part in name for name in names), part
        assert max(map(len, names)) == NAME_LENGTH
        assert session.scalar(select(func.count()).where(RunRow.workspace == HERE)) == 50
        newest = select(RunRow.kind, func.max(RunRow.number)).group_by(RunRow.kind)
        kinds = {kind: number for kind, number in session.execute(newest)}  # noqa: C416 -- rows are no pairs to mypy
        assert set(kinds) == {"test", "job"}
        assert kinds["job"] > 5, "one job has run often"
        assert len({vote.verdict for vote in session.scalars(select(DecisionRow))}) == 2
        assert session.scalar(select(func.count()).select_from(RevocationRow))
        assert any(job.open_version and job.live_version for job in made), "a draft stands beside a live version"
        assert all(job.created <= job.updated for job in made)
        for job in made:
            detail = jobs.get(unit, HERE, job.id)
            assert detail.history
            assert detail.version.code


def test_no_worker_takes_or_loses_a_filled_run(tmp_path: Path) -> None:
    filled = Filled(tmp_path, jobs=40, runs=20)
    later = NOW + timedelta(days=3650)
    with closing(filled.database), filled.unit(ANA) as unit:
        assert {"Queued", "Running"} <= set(unit.session.scalars(select(RunRow.status)))
        assert not queue.order(unit.session, HERE, [])
        assert not runs.lost(unit.session, now=later)
        assert not runs.overdue(unit.session, now=later)


def test_the_same_seed_makes_the_same_rows(tmp_path: Path) -> None:
    found = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        filled = Filled(tmp_path / name, jobs=10, runs=5)
        with closing(filled.database), filled.unit(ANA) as unit:
            found.append([
                [tuple(row) for row in unit.session.execute(select(*table.__table__.columns))]
                for table in (JobRow, VersionRow, DecisionRow, RunRow, HistoryRow)
            ])  # fmt: skip
    assert repr(found[0]) == repr(found[1])


def test_odd_numbers_of_jobs_and_runs(tmp_path: Path) -> None:
    for number, (some, ran) in enumerate(((1, 0), (1, 5), (2, 1), (3, 40))):
        (tmp_path / str(number)).mkdir()
        filled = Filled(tmp_path / str(number), jobs=some, runs=ran)
        with closing(filled.database):
            assert len(filled.listed(filter="all")) == some


def test_the_command_fills_every_workspace(tmp_path: Path) -> None:
    filled = Filled(tmp_path, jobs=0, runs=0)
    with closing(filled.database):
        assert filled.listed(filter="all") == []
        assert main([filled.database.url, "--jobs", "12", "--runs", "4"]) == 0
        assert len(filled.listed(filter="all")) == 12
        with filled.unit(ANA) as unit:
            assert unit.session.scalar(select(func.count()).select_from(JobRow)) == 24
