"""What queued runs wait for, fetched once for a whole page of them."""

from __future__ import annotations

from bisect import bisect_left
from functools import cached_property
from typing import TYPE_CHECKING

from jupyter_secure_jobs.store import runs, workspaces

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from jupyter_secure_jobs.services.unit import Unit
    from jupyter_secure_jobs.store.tables import RunRow, ServiceKeyRow


class Queue:
    """The queue of one workspace as it is when it is first asked; nothing is fetched for runs that do not wait."""

    def __init__(self, unit: Unit, workspace: str, waiting: Iterable[RunRow]) -> None:
        """Keep which runs will be asked about."""
        self._unit, self._workspace = unit, workspace
        self._asked = [run.id for run in waiting]

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
    def _owners(self) -> Mapping[str, list[str]]:
        return runs.owners(self._unit.session, self._asked)

    @cached_property
    def _places(self) -> Sequence[str]:
        return runs.queued(self._unit.session, self._workspace)

    def owners(self, run: RunRow) -> Sequence[str]:
        """Return the organisations whose key services a run needs, by name."""
        return self._owners.get(run.id, [])

    def before(self, run: RunRow) -> int:
        """Return how many queued runs of the workspace come before this one."""
        return bisect_left(self._places, run.id)
