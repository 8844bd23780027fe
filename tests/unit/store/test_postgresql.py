"""The tables, lists and queue on PostgreSQL: the same as on SQLite. Skipped where there is no PostgreSQL."""

from __future__ import annotations

import threading
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import select, update

from jupyter_secure_jobs.domain.job_list import Group, Sort
from jupyter_secure_jobs.domain.run import RunKind
from jupyter_secure_jobs.services import job_list, jobs, queue, runs
from jupyter_secure_jobs.store.tables import Base, QueueRow, RunRow, ServiceKeyRow
from tests.support.filled import ANA, HERE, NOW, PEOPLE, Filled, copied
from tests.support.postgres import postgres

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Filled, Filled]]:
    """Give the same workspace in SQLite and in PostgreSQL."""
    with postgres() as url:
        here = Filled(tmp_path_factory.mktemp("sqlite"), jobs=120, runs=60)
        there = Filled(tmp_path_factory.mktemp("blobs"), jobs=120, runs=60, url=url)
        with closing(here.database), closing(there.database):
            yield here, there


def names(filled: Filled, **query: str) -> list[str]:
    """Return the names of a list's jobs, in its order."""
    return [job.name for job in filled.listed(limit=50, **query)]


def test_migrations_make_the_models_tables(both: tuple[Filled, Filled]) -> None:
    with both[1].database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert list(compare_metadata(context, Base.metadata)) == []


@pytest.mark.parametrize("sort", [sort for sort in Sort if sort is not Sort.NAME])
def test_lists_are_the_same(both: tuple[Filled, Filled], sort: Sort) -> None:
    # Names are sorted by the database's own collation: the same jobs, in another order.
    for group in Group:
        lists = [names(each, sort=sort, filter=group) for each in both]
        assert lists[0] == lists[1]


@pytest.mark.parametrize("query", [{"sort": "name"}, {"q": "plane age"}, {"q": "%"}, {"status": "Failed,Draft"}])
def test_filters_and_counts_are_the_same(both: tuple[Filled, Filled], query: dict[str, str]) -> None:
    lists = [names(each, **query) for each in both]
    assert sorted(lists[0]) == sorted(lists[1])
    counted = []
    for filled in both:
        with filled.unit(ANA) as unit:
            counted.append(job_list.counts(unit, HERE, query))
            assert runs.listed(unit, HERE, job=None, kind="job", after=None, limit=50).items
            assert jobs.get(unit, HERE, job_list.page(unit, HERE, {}, after=None, limit=1).items[0].id)
    assert counted[0] == counted[1]


@pytest.mark.parametrize("behind", [False, True])
def test_workers_that_ask_at_once_get_different_runs(both: tuple[Filled, Filled], *, behind: bool) -> None:
    filled = both[1]
    with filled.unit(ANA, reading=False) as unit:
        unit.session.execute(update(RunRow).values(status="Succeeded", lease=None, lease_expires=None))
        unit.session.merge(ServiceKeyRow(workspace=HERE, kind="worker", name="one", key="k", seen=NOW))
        form = unit.session.scalars(select(RunRow).where(RunRow.kind == "test", RunRow.workspace == HERE)).first()
        assert form is not None
        for number in range(24):
            organisation = list(PEOPLE.values())[number % 4]
            unit.session.add(
                copied(
                    form,
                    id=f"01900000-0000-7000-8000-{number + 100 * behind:012}",
                    number=1000 + number + 100 * behind,
                    status="Queued",
                    lease=None,
                    lease_expires=None,
                    organisation=organisation,
                    turn=queue.turn(unit, HERE, organisation, RunKind.TEST),
                )
            )
            unit.session.flush()
        if behind:
            # As after a key service's absence: each worker that takes a run moves the rest of its line up.
            unit.session.execute(update(QueueRow).values(taken=100_000))
    taken: list[str] = []

    def work() -> None:
        for _ in range(6):
            with filled.unit(ANA, reading=False) as unit:
                run = queue.next_run(unit, {HERE: unit.session.get_one(ServiceKeyRow, (HERE, "worker", "one"))})
                assert run is not None
                run.lease = unit.new_id()
                taken.append(run.id)

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(taken) == len(set(taken)) == 24
