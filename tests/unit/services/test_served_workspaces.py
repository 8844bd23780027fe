"""A worker that says which workspaces it serves gets runs of those alone, and is there for nobody elsewhere."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import delete, select, update

from jupyter_secure_jobs.domain.compute import EngineName
from jupyter_secure_jobs.domain.errors import BusyError, UnauthenticatedError
from jupyter_secure_jobs.domain.queue import Bounds
from jupyter_secure_jobs.services import dispatch, keymail, profiles, queue, run_view
from jupyter_secure_jobs.store.tables import JobRow, KeyMailRow, RunRow, ServiceKeyRow
from jupyter_secure_jobs.wire.mailbox import Heartbeat, KeysAsked
from jupyter_secure_jobs.wire.profile import OfferWire
from tests.support.filled import ANA, ELSEWHERE, HERE, copied
from tests.support.refusal import refused
from tests.unit.services.test_leases import Clocked
from tests.unit.services.test_test_runs import TEXT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from jupyter_secure_jobs.services.unit import Unit

KEY = "key of one"
OFFER = OfferWire(cores=2, memory_bytes=2**33, engines=[EngineName.SAIL])


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Clocked]:
    """Give a server where somebody has listed the worker of `HERE` in `ELSEWHERE` too, and ordered a test there."""
    made = Clocked(tmp_path)
    with made.unit(ANA, reading=False) as unit:
        unit.session.execute(update(RunRow).values(status="Succeeded"))
        unit.session.execute(delete(ServiceKeyRow))
        for where, key in ((HERE, KEY), (ELSEWHERE, KEY), (HERE, "key of two")):
            unit.session.add(
                ServiceKeyRow(workspace=where, kind="worker", name=key[7:], key=key, seen=None, offer=None)
            )
        unit.session.flush()
        form = unit.session.get_one(RunRow, "run-0")
        job = unit.session.scalars(select(JobRow).where(JobRow.workspace == ELSEWHERE)).first()
        assert job is not None
        unit.session.add(copied(form, id="test-there", kind="test", number=9000, status="Queued", workspace=ELSEWHERE,
                                job=job.id, text=TEXT, statement=None))  # fmt: skip
    yield made
    made.database.close()


def claimed(server: Clocked, *serves: str, offer: OfferWire | None = None) -> str | None:
    with server.unit(KEY, reading=False) as unit:
        lease = dispatch.claim(unit, offer, serves=serves or None).lease
        return lease.run if lease is not None else None


def there(unit: Unit, where: str) -> bool:
    return queue.present(unit, unit.session.get_one(ServiceKeyRow, (where, "worker", "one")))


def test_only_runs_of_the_workspaces_that_it_serves_are_handed_out(server: Clocked) -> None:
    assert claimed(server, HERE) is None
    assert claimed(server, HERE, "not listed there") is None
    assert server.row("test-there").status == "Queued"
    assert claimed(server) == "test-there", "who serves all that list it takes it"


def test_who_serves_a_workspace_still_gets_its_runs(server: Clocked) -> None:
    assert claimed(server, ELSEWHERE) == "test-there"


def test_no_workspace_that_lists_it_is_an_error_and_not_a_wait(server: Clocked) -> None:
    with refused("not_enrolled", kind=UnauthenticatedError, saying="--workspace"):
        claimed(server, "not listed there")
    with server.unit(KEY, reading=False) as unit, refused("not_enrolled", kind=UnauthenticatedError):
        dispatch.claim(unit, serves=[])


def test_elsewhere_no_worker_is_connected_for_as_long_as_it_serves_others(server: Clocked) -> None:
    claimed(server, HERE, offer=OFFER)
    with server.unit(ANA, reading=False) as unit:
        unit.session.get_one(RunRow, "run-0").status = "Queued"
    lease = server.taken("run-0")
    for _ in range(10):
        server.now += timedelta(seconds=20)
        with server.unit(KEY, reading=False) as unit:
            dispatch.heartbeat(unit, HERE, "run-0", Heartbeat(lease=lease))
            assert (there(unit, HERE), there(unit, ELSEWHERE)) == (True, False), "nor by its signs of life"
    with server.unit(ANA) as unit:
        row = unit.session.get_one(RunRow, "test-there")
        assert run_view.waiting(unit, row) == "no worker connected"
        assert (len(profiles.offers(unit, HERE)), profiles.offers(unit, ELSEWHERE)) == (1, [])
    server.server.settings = replace(server.server.settings, queue=Bounds(workspace=0, organisation=0))
    with server.unit(ANA) as unit, refused("queue_full", kind=BusyError, saying="none is connected"):
        queue.check_room(unit, ELSEWHERE, "Airline")


def test_one_that_served_all_and_now_serves_some_is_gone_elsewhere_at_once(server: Clocked) -> None:
    with server.unit(ANA, reading=False) as unit:
        unit.session.get_one(RunRow, "test-there").status = "Succeeded"
    assert claimed(server, offer=OFFER) is None
    with server.unit(ANA) as unit:
        assert there(unit, HERE)
        assert there(unit, ELSEWHERE)
        assert len(profiles.offers(unit, ELSEWHERE)) == 1
    claimed(server, HERE, offer=OFFER)
    with server.unit(ANA) as unit:
        assert there(unit, HERE)
        assert not there(unit, ELSEWHERE)
        assert profiles.offers(unit, ELSEWHERE) == [], "what it has is nothing that runs there could have"
    claimed(server, offer=OFFER)
    with server.unit(ANA) as unit:
        assert there(unit, ELSEWHERE)
        assert len(profiles.offers(unit, ELSEWHERE)) == 1


def test_runs_that_it_does_not_serve_are_no_other_work(server: Clocked) -> None:
    """Else it would give a run back for the sake of one that it never gets."""
    claimed(server, HERE)
    with server.unit(ANA, reading=False) as unit:
        unit.session.get_one(RunRow, "run-0").status = "Queued"
        unit.session.add(KeyMailRow(run="run-0", organisation="Silent", workspace=HERE, nonce=None, grant=None,
                                    refusal=None))  # fmt: skip
    lease = server.taken("run-0")
    with server.unit(KEY, reading=False) as unit:
        assert not keymail.ask(unit, HERE, "run-0", KeysAsked(lease=lease)).others
    with server.unit(ANA, reading=False) as unit:
        unit.session.get_one(ServiceKeyRow, (ELSEWHERE, "worker", "one")).seen = server.now
    with server.unit(KEY, reading=False) as unit:
        assert keymail.ask(unit, HERE, "run-0", KeysAsked(lease=lease)).others
