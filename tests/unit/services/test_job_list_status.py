"""The list works out statuses in SQL: in every state they are those of the table of actions."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

from sqlalchemy import select

from jupyter_secure_jobs.domain.lifecycle import Status, status
from jupyter_secure_jobs.domain.run import RunStatus
from jupyter_secure_jobs.services.job_view import View
from jupyter_secure_jobs.store import job_list as lists
from jupyter_secure_jobs.store import jobs as rows
from jupyter_secure_jobs.store.tables import JobRow, RunRow, VersionRow
from tests.support.filled import ANA, HERE, copied

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.filled import Filled


def test_every_filled_job_has_the_status_it_is_to_have(filled: Filled) -> None:
    shown = {job.id: job.status for job in filled.listed(filter="all")}
    assert shown == {job: str(wanted) for job, wanted in filled.statuses.items()}
    assert set(filled.statuses.values()) == set(Status), "every status is there"


def test_a_status_filter_finds_what_is_shown_so(filled: Filled) -> None:
    for wanted in Status:
        found = filled.listed(filter="all", status=wanted)
        assert {job.id for job in found} == {job for job, has in filled.statuses.items() if has is wanted}
        assert found
    both = filled.listed(status="Draft, Failed")
    assert {job.status for job in both} == {"Draft", "Failed"}


def test_archived_jobs_stand_only_where_they_are_asked_for(filled: Filled) -> None:
    archived = {job for job, has in filled.statuses.items() if has is Status.ARCHIVED}
    assert {job.id for job in filled.listed()} == set(filled.statuses) - archived
    for query in ({"filter": "archived"}, {"status": "Archived"}, {"filter": "all", "status": "Archived"}):
        assert {job.id for job in filled.listed(**query)} == archived
    assert {job.id for job in filled.listed(status="Archived,Draft")} > archived
    assert {job.id for job in filled.listed(filter="all")} == set(filled.statuses)


def _reachable() -> Iterator[tuple[bool, str | None, bool, RunStatus | None, RunStatus | None, bool]]:
    for archived, stage, live, newest, other, tested in product(
        (False, True), (None, "draft", "review"), (False, True), (None, *RunStatus),
        (None, RunStatus.RUNNING, RunStatus.SUCCEEDED), (False, True),
    ):  # fmt: skip
        if (stage is None and not live) or (newest is not None and not live):
            continue
        yield archived, stage, live, newest, other, tested


def test_the_status_in_sql_is_that_of_the_table_in_every_state(small: Filled) -> None:
    """All states: archived or not, what is open, what is live, its newest run, a newer run of another version, a test.

    Beside the newest run there is always an older one that ended otherwise.
    """
    with small.unit(ANA, reading=False) as unit:
        session = unit.session
        form = session.scalars(select(RunRow).where(RunRow.workspace == HERE, RunRow.kind == "job").limit(1)).one()
        version = session.get_one(VersionRow, (form.job, form.version))
        job = session.get_one(JobRow, form.job)
        made = []
        for number, (archived, stage, live, newest, other, tested) in enumerate(_reachable()):
            one = f"01900000-0000-7000-8000-{number:012}"
            made.append(one)
            session.add(copied(job, id=one, name=f"s{number}", folded=f"s{number}", searched="", archived=archived,
                              open_version=3 if stage else None, live_version=2 if live else None))  # fmt: skip
            session.flush()
            for each, its in ((1, "accepted"), (2, "accepted"), (3, stage or "discarded")):
                session.add(copied(version, job=one, number=each, stage=its, statement=f"{one}-{each}"))
            ran = [(2, "job", RunStatus.FAILED), (2, "job", newest), (1, "job", other),
                   (2, "test", RunStatus.CANCELLED if tested else None)]  # fmt: skip
            for place, (of, kind, its) in enumerate(ran if newest else ran[2:]):
                if its is not None:
                    session.add(copied(form, id=f"01900000-0000-7000-{place:04}-{number:012}", job=one, version=of,
                                      kind=kind, number=place, status=str(its), statement=None))  # fmt: skip
        session.flush()
        view = View(unit, unit.member(HERE))
        found = rows.bundles(session, session.scalars(select(JobRow).where(JobRow.id.in_(made))).all())
        expected = {bundle.job.id: str(status(view.facts(bundle))) for bundle in found}
        asked = select(JobRow.id, lists.status()).where(JobRow.id.in_(made))
        assert {row[0]: row[1] for row in session.execute(asked)} == expected
        assert set(expected.values()) == set(Status)
        assert len(expected) == len(made) > 100
