"""What queued runs wait for, fetched once for a whole page of them."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from jupyter_secure_jobs.store import runs, workspaces

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from jupyter_secure_jobs.services.unit import Unit
    from jupyter_secure_jobs.store.tables import RunRow, ServiceKeyRow


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
    def _places(self) -> Mapping[str, int]:
        return {run: before for before, run in enumerate(runs.queued(self._unit.session, self._workspace))}

    def granted(self, run: RunRow) -> Mapping[str, bool]:
        """Return the organisations whose key services a run needs, by name, and whether each gave its key."""
        return self._granted.get(run.id, {})

    def owners(self, run: RunRow) -> Sequence[str]:
        """Return the organisations whose key services a run needs, by name."""
        return list(self.granted(run))

    def before(self, run: RunRow) -> int:
        """Return how many of the workspace's runs that wait for a worker come before this one."""
        return self._places.get(run.id, 0)
