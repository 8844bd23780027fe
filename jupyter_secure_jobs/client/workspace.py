"""Routes about workspaces, their members and the log of statements."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_secure_jobs.client.connection import LARGEST_LIST, path
from jupyter_secure_jobs.wire.log import LogEntryWire, LogProofWire
from jupyter_secure_jobs.wire.workspace import (
    MemberWire,
    RosterSignatures,
    RosterWire,
    ServerWire,
    WorkersNew,
    WorkspaceNew,
    WorkspaceWire,
)

if TYPE_CHECKING:
    from jupyter_secure_jobs.client.connection import Connection


class WorkspaceRoutes:
    """Workspaces as the caller may see them. Every method raises what `Connection.get` raises."""

    connection: Connection

    def server(self) -> ServerWire:
        """Return what the server says of itself."""
        return self.connection.get("server", ServerWire)

    def workspaces(self) -> list[WorkspaceWire]:
        """Return the caller's workspaces."""
        return self.connection.all("workspaces", WorkspaceWire)

    def workspace(self, workspace: str) -> WorkspaceWire:
        """Return one workspace."""
        return self.connection.get(path("workspaces", workspace), WorkspaceWire)

    def create_workspace(self, new: WorkspaceNew) -> WorkspaceWire:
        """Create a workspace from a signed genesis roster and worker list."""
        return self.connection.post("workspaces", new, WorkspaceWire)

    def roster(self, workspace: str) -> RosterWire:
        """Return the signed chain of rosters and worker lists, unverified."""
        return self.connection.get(path("workspaces", workspace, "roster"), RosterWire, largest=LARGEST_LIST)

    def sign_roster(self, workspace: str, signatures: RosterSignatures) -> WorkspaceWire:
        """Add one's signatures to the newest roster or worker list."""
        return self.connection.post(path("workspaces", workspace, "roster", "signatures"), signatures, WorkspaceWire)

    def enroll_workers(self, workspace: str, new: WorkersNew) -> WorkspaceWire:
        """Put a newer worker list, signed by every member, in force."""
        return self.connection.post(path("workspaces", workspace, "workers"), new, WorkspaceWire)

    def members(self, workspace: str) -> list[MemberWire]:
        """Return the members of the newest roster."""
        return self.connection.all(path("workspaces", workspace, "members"), MemberWire)

    def checkpoint(self, workspace: str, *, from_size: int = 0, also: int = 0) -> LogProofWire:
        """Return the newest checkpoint, unverified, with proofs that it continues the logs of these sizes."""
        where = path("workspaces", workspace, "log", "checkpoint")
        return self.connection.get(where, LogProofWire, query={"from_size": from_size, "also": also})

    def log_entries(self, workspace: str) -> list[LogEntryWire]:
        """Return the log's entries."""
        return self.connection.all(path("workspaces", workspace, "log", "entries"), LogEntryWire)
