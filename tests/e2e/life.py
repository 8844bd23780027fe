"""Jobs of a Lab in every status of their life, made through the API."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from jupyter_secure_jobs.domain.lifecycle import Status
from tests.support.parts import ANA, BEN, MIA, WEI, wait_until

if TYPE_CHECKING:
    from jupyter_secure_jobs.wire.job import JobDetailWire
    from tests.e2e.conftest import Place

_numbers = itertools.count(1)
SLOW = "SELECT count(*) AS n FROM range(3000000) a CROSS JOIN range(3000000) b, flights WHERE month >= :low"
FAILING = "SELECT raise_error('no') AS n FROM flights WHERE month >= :low"


def accepted(place: Place, name: str, **more: object) -> JobDetailWire:
    """Return a job that everybody has accepted."""
    job = place.submitted(name, **more)
    for who in (BEN, WEI, MIA):
        place.accept(who, job.id)
    return job


def in_status(place: Place, status: Status) -> str:
    """Make a job that is in `status` now, and return its name."""
    name = f"Table {next(_numbers)} {status}"
    client = place.lab.client(ANA)
    if status is Status.DRAFT:
        place.draft(name)
    elif status is Status.UNDER_REVIEW:
        place.submitted(name)
    elif status is Status.ACCEPTED:
        accepted(place, name)
    elif status is Status.ARCHIVED:
        job = accepted(place, name)
        finished(place, client.run(place.workspace, job.id, {"low": 1}).id)
        client.act(place.workspace, job.id, "archive")
    else:
        code = {Status.SUCCEEDED: None, Status.FAILED: FAILING}.get(status, SLOW)
        job = accepted(place, name, **({} if code is None else {"code": code}))
        run = client.run(place.workspace, job.id, {"low": 1}).id
        if status is Status.CANCELLED:
            client.act(place.workspace, job.id, "cancel")
        wait_until(lambda: client.job(place.workspace, job.id).status == status, f"the status {status}", seconds=90)
        assert run
    return name


def finished(place: Place, run: str) -> None:
    """Wait for a run's end."""
    client = place.lab.client(ANA)
    wait_until(lambda: client.run_of(place.workspace, run).finished is not None, "the end of the run", seconds=90)
