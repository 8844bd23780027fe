"""The queue: a run's turn in it, who comes next, and what queued runs wait for, fetched once for a whole page."""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Final

from jupyter_secure_jobs.domain import queue as rules
from jupyter_secure_jobs.domain.job import JobLimits
from jupyter_secure_jobs.domain.profile import for_others
from jupyter_secure_jobs.domain.run import RunKind
from jupyter_secure_jobs.services import profiles, terms
from jupyter_secure_jobs.store import jobs, queue, runs, workspaces
from jupyter_secure_jobs.store.tables import RunRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from jupyter_secure_jobs.domain.compute import Compute
    from jupyter_secure_jobs.domain.queue import Turn
    from jupyter_secure_jobs.services.unit import Unit
    from jupyter_secure_jobs.store.tables import ServiceKeyRow


# How far a worker looks past runs that are better taken by another one.
_LOOKED_AT: Final = 100


def present(unit: Unit, service: ServiceKeyRow) -> bool:
    """Tell whether a worker or key service has called lately."""
    return service.seen is not None and unit.now - service.seen < timedelta(seconds=unit.server.settings.away_seconds)


def check_room(unit: Unit, workspace: str, organisation: str) -> None:
    """Return if another run of an organisation may wait.

    Raises:
        BusyError: too many wait already.
    """
    there = any(present(unit, worker) for worker in workspaces.services(unit.session, workspace, "worker"))
    waiting = queue.waiting(unit.session, workspace)
    rules.check_room(unit.server.settings.queue, waiting, organisation, worker=there)


def turn(unit: Unit, workspace: str, organisation: str, kind: RunKind) -> int:
    """Return the turn of a run that is ordered now."""
    last = queue.last(unit.session, workspace, organisation, str(kind))
    return rules.turn(kind, taken=queue.taken(unit.session), last=last)


def let_others_first(unit: Unit, run: RunRow) -> None:
    """Give a run that could not get its keys a new turn, after the next of every line; its own line stays as it is."""
    run.turn = rules.turn(RunKind(run.kind), taken=queue.taken(unit.session), last=None)


def next_run(unit: Unit, served: Mapping[str, ServiceKeyRow]) -> RunRow | None:
    """Take the run that comes next for a worker, which has a row in each workspace that it serves; or none.

    A run whose key services are not there is passed by. So is one that lacks something at this worker and nothing at
    another that is there.
    """
    while True:
        heads = [head for worker in served.values() if (head := _head(unit, worker)) is not None]
        if not heads:
            return None
        if (run := queue.take(unit.session, min(heads)[1])) is not None:
            return run


def _head(unit: Unit, worker: ServiceKeyRow) -> Turn | None:
    line = Queue(unit, worker.workspace, ())
    own = profiles.offer_of(worker)
    there = [each for each in line.workers if each.name != worker.name and present(unit, each)]
    others = [offer for each in there if (offer := profiles.offer_of(each)) is not None and offer != own]
    if own is None or not others:
        return next(iter(line.order(most=1)), None)
    for head in line.order(most=_LOOKED_AT):
        compute, limits = _asked(unit, head[1])
        if not for_others(compute, limits, own, others):
            return head
    return None


def _asked(unit: Unit, run: str) -> tuple[Compute, JobLimits]:
    row = unit.session.get_one(RunRow, run)
    version = jobs.version(unit.session, row.job, row.version) if row.kind == RunKind.JOB else None
    text = row.text if version is None else version.terms
    return terms.compute_of(text), JobLimits(**text["limits"])


def anything(unit: Unit, served: Mapping[str, ServiceKeyRow]) -> bool:
    """Tell whether a worker, which has a row in each workspace that it serves, could take a run now."""
    return any(_head(unit, worker) is not None for worker in served.values())


class Queue:
    """The queue of one workspace as it is when it is first asked; places and services are fetched if a run waits."""

    def __init__(self, unit: Unit, workspace: str, shown: Iterable[RunRow]) -> None:
        """Keep which runs will be asked about."""
        self._unit, self._workspace = unit, workspace
        self._asked = [run.id for run in shown]

    @cached_property
    def workers(self) -> Sequence[ServiceKeyRow]:
        """The workspace's workers."""
        return workspaces.services(self._unit.session, self._workspace, "worker")

    @cached_property
    def services(self) -> Mapping[str, ServiceKeyRow]:
        """The workspace's key services by organisation."""
        found = workspaces.services(self._unit.session, self._workspace, "keyservice")
        return {service.name: service for service in found}

    @cached_property
    def _granted(self) -> Mapping[str, Mapping[str, bool]]:
        return runs.granted(self._unit.session, self._asked)

    @cached_property
    def _order(self) -> Sequence[Turn]:
        return self.order()

    def order(self, *, most: int | None = None) -> Sequence[Turn]:
        """Return the turns of the runs that a worker could take now, the next one first."""
        there = [name for name, service in self.services.items() if present(self._unit, service)]
        return queue.order(self._unit.session, self._workspace, there, most=most)

    def granted(self, run: RunRow) -> Mapping[str, bool]:
        """Return the organisations whose key services a run needs, by name, and whether each gave its key."""
        return self._granted.get(run.id, {})

    def owners(self, run: RunRow) -> Sequence[str]:
        """Return the organisations whose key services a run needs, by name."""
        return list(self.granted(run))

    def place(self, run: RunRow) -> int:
        """Return the place of a run, from 1, among those of the workspace that a worker could take now."""
        return rules.place(self._order, (run.turn, run.id))
