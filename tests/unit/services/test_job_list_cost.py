"""What a page of a list costs: a fixed number of queries, found and ordered by indexes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import insert, select, update

from jupyter_secure_jobs.domain.lifecycle import Status
from jupyter_secure_jobs.services import job_list, jobs, runs
from jupyter_secure_jobs.store.history_tables import HistoryRow
from jupyter_secure_jobs.store.tables import KeyMailRow, RunRow, ServiceKeyRow, VersionRow
from tests.support.filled import ANA, HERE, NOW, copied

if TYPE_CHECKING:
    from tests.support.filled import Filled


def test_a_longer_page_asks_no_more_queries(small: Filled) -> None:
    """Also where every run of the page waits in the queue for a key service."""
    with small.unit(ANA, reading=False) as unit:
        unit.session.execute(update(RunRow).values(status="Queued", lease=None))
        unit.session.add(ServiceKeyRow(workspace=HERE, kind="worker", name="worker", key="k", seen=NOW))
        for run in unit.session.scalars(select(RunRow).where(RunRow.workspace == HERE)):
            unit.session.add(_mail(run))
    asked = {}
    for limit in (3, 20):
        with small.unit(ANA) as unit, small.queries() as queries:
            page = job_list.page(unit, HERE, {"sort": "run"}, after=None, limit=limit)
        assert len(page.items) == min(limit, sum(each is not Status.ARCHIVED for each in small.statuses.values()))
        assert page.items[0].newest_run is not None
        assert page.items[0].newest_run.waiting == "waiting for the key service of Airline"
        asked[limit] = len(queries)
    assert asked[3] == asked[20]
    with small.unit(ANA) as unit, small.queries() as queries:
        assert len(runs.listed(unit, HERE, job=None, kind="job", after=None, limit=2).items) == 2
        few = len(queries)
        queries.clear()
        assert len(runs.listed(unit, HERE, job=None, kind="job", after=None, limit=50).items) > 2
        assert len(queries) <= few


def _mail(run: RunRow) -> Any:
    return KeyMailRow(run=run.id, organisation="Airline", workspace=HERE, nonce=None, grant=None, refusal=None)


@pytest.mark.parametrize("query", [{}, {"sort": "updated"}, {"sort": "name"}, {"filter": "archived", "sort": "updated"},
                                   {"filter": "others", "sort": "updated"}, {"status": "Failed"}, {"filter": "all"},
                                   {"filter": "mine"}, {"filter": "mine", "sort": "updated"},
                                   {"sort": "author"}, {"sort": "organisation"}, {"sort": "status"}, {"sort": "run"},
                                   {"filter": "all", "sort": "updated"}, {"filter": "needs_me", "sort": "updated"},
                                   {"status": "Draft", "sort": "updated"}])  # fmt: skip
def test_an_index_gives_the_order_of_what_is_listed_most(filled: Filled, query: dict[str, str]) -> None:
    with filled.unit(ANA) as unit, filled.queries() as queries:
        after = job_list.page(unit, HERE, query, after=None, limit=2).next
        assert after is not None
        job_list.page(unit, HERE, query, after=after, limit=2)
    ordered = [each for each in queries if "ORDER BY job." in each[0]]
    assert len(ordered) == 2
    with filled.database.engine.connect() as connection:
        for statement, parameters in ordered:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)  # type: ignore[arg-type]
            found = [row[3] for row in plan]
            assert any(line.startswith("SEARCH job USING") for line in found), found
            assert not [line for line in found if "TEMP B-TREE FOR ORDER BY" in line or line.startswith("SCAN")], found


def test_the_history_of_a_long_lived_job_is_its_newest_hundred(small: Filled) -> None:
    job = next(iter(small.statuses))
    with small.unit(ANA, reading=False) as unit:
        form = unit.session.scalars(select(HistoryRow).where(HistoryRow.job == job).limit(1)).one()
        values = {
            column.key: getattr(form, column.key) for column in HistoryRow.__table__.columns if column.key != "id"
        }
        unit.session.execute(insert(HistoryRow), [{**values, "detail": f"event {each}"} for each in range(150)])
    with small.unit(ANA) as unit:
        assert [each.detail for each in jobs.get(unit, HERE, job).history] == [f"event {149 - n}" for n in range(100)]


def test_a_page_of_a_jobs_runs_is_found_and_ordered_by_an_index(filled: Filled) -> None:
    with filled.unit(ANA) as unit, filled.queries() as queries:
        most = select(RunRow.job).where(RunRow.workspace == HERE, RunRow.kind == "job").order_by(RunRow.number.desc())
        job = unit.session.scalars(most.limit(1)).one()
        queries.clear()
        page = runs.listed(unit, HERE, job=job, kind="job", after=None, limit=3)
        assert len(page.items) == 3
        assert page.next is not None
        rest = runs.listed(unit, HERE, job=job, kind="job", after=page.next, limit=100)
        numbers = [run.number for run in (*page.items, *rest.items)]
        assert numbers == list(range(len(numbers), 0, -1))
    asked = [each for each in queries if "ORDER BY run.id DESC" in each[0]]
    assert len(asked) == 2
    with filled.database.engine.connect() as connection:
        for statement, parameters in asked:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)  # type: ignore[arg-type]
            found = [row[3] for row in plan]
            assert found == [line for line in found if line.startswith("SEARCH run USING INDEX")], found


def test_a_job_with_more_versions_asks_no_more_queries(small: Filled) -> None:
    """Also where each version has a test of its own text, and the newest of several counts."""
    with small.unit(ANA, reading=False) as unit:
        session = unit.session
        form = session.scalars(select(RunRow).where(RunRow.workspace == HERE, RunRow.kind == "test").limit(1)).one()
        version = session.get_one(VersionRow, (form.job, form.version))
        asked = {}
        for number in range(10, 30):
            session.add(copied(version, number=number, stage="discarded", statement=None, text_hash=f"text {number}"))
            for place, status in enumerate(("Failed", "Succeeded")):
                one = f"01900000-0000-7000-{place:04}-{number:012}"
                session.add(copied(form, id=one, number=2 * number + place, status=status, text_hash=f"text {number}"))
            session.flush()
            with small.queries() as queries:
                found = jobs.versions(unit, HERE, form.job).items
            asked[number] = len(queries)
            assert (found[0].number, found[0].tested, found[0].tested_run) == (number, True, one)
    assert len(found) > 20
    assert asked[29] == asked[11]
