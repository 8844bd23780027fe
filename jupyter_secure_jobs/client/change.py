"""Routes about changes of the members or workers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_secure_jobs.client.connection import LARGEST_LIST, path
from jupyter_secure_jobs.wire.change import (
    ChangeNew,
    ChangeRefusal,
    ChangeSignatures,
    ChangesWire,
    InvitationWire,
)

if TYPE_CHECKING:
    from jupyter_secure_jobs.client.connection import Connection


class ChangeRoutes:
    """Changes of one workspace. Every method raises what `Connection.get` raises."""

    connection: Connection

    def invitations(self) -> list[InvitationWire]:
        """Return the changes that would make the caller a member."""
        return self.connection.all("invitations", InvitationWire)

    def changes(self, workspace: str) -> ChangesWire:
        """Return the chains in force and the change that waits, unverified."""
        return self.connection.get(path("workspaces", workspace, "changes"), ChangesWire, largest=LARGEST_LIST)

    def propose_change(self, workspace: str, new: ChangeNew) -> ChangesWire:
        """Propose a change that the caller has signed."""
        return self.connection.post(path("workspaces", workspace, "changes"), new, ChangesWire, largest=LARGEST_LIST)

    def sign_change(self, workspace: str, signatures: ChangeSignatures) -> ChangesWire:
        """Add signatures to the change that waits."""
        return self.connection.post(
            path("workspaces", workspace, "changes", "signatures"), signatures, ChangesWire, largest=LARGEST_LIST
        )

    def refuse_change(self, workspace: str, refusal: ChangeRefusal) -> ChangesWire:
        """Refuse the change that waits, or take it back."""
        return self.connection.post(
            path("workspaces", workspace, "changes", "refusal"), refusal, ChangesWire, largest=LARGEST_LIST
        )
