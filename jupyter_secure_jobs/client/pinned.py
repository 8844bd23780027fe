"""Routes about pinned queries and starter scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_secure_jobs.client.connection import path
from jupyter_secure_jobs.wire.pinned import PinnedNew, PinnedWire, ScriptWire

if TYPE_CHECKING:
    from jupyter_secure_jobs.client.connection import Connection


class PinnedRoutes:
    """One's own pinned queries, and the workspace's scripts. Every method raises what `Connection.get` raises."""

    connection: Connection

    def pinned(self, workspace: str) -> list[PinnedWire]:
        """Return one's pinned queries."""
        return self.connection.all(path("workspaces", workspace, "pinned-queries"), PinnedWire)

    def pin(self, workspace: str, new: PinnedNew) -> PinnedWire:
        """Keep a query."""
        return self.connection.post(path("workspaces", workspace, "pinned-queries"), new, PinnedWire)

    def unpin(self, workspace: str, pinned: str) -> None:
        """Drop a pinned query by its id."""
        self.connection.delete(path("workspaces", workspace, "pinned-queries", pinned))

    def scripts(self, workspace: str) -> list[ScriptWire]:
        """Return the starter scripts, filled in with the workspace's tables."""
        return self.connection.all(path("workspaces", workspace, "starter-scripts"), ScriptWire)
