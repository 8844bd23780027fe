"""Routes about compute profiles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_secure_jobs.client.connection import path
from jupyter_secure_jobs.wire.profile import ComputeOffer, ProfileChange, ProfileNew, ProfileWire

if TYPE_CHECKING:
    from jupyter_secure_jobs.client.connection import Connection

_KIND = "compute-profiles"


class ProfileRoutes:
    """The workspace's compute profiles. Every method raises what `Connection.get` raises."""

    connection: Connection

    def profiles(self, workspace: str) -> list[ProfileWire]:
        """Return the profiles, the built-in one first."""
        return self.connection.all(path("workspaces", workspace, _KIND), ProfileWire)

    def profile(self, workspace: str, profile: str) -> ProfileWire:
        """Return a profile by its id."""
        return self.connection.get(path("workspaces", workspace, _KIND, profile), ProfileWire)

    def create_profile(self, workspace: str, new: ProfileNew) -> ProfileWire:
        """Keep a profile for the workspace."""
        return self.connection.post(path("workspaces", workspace, _KIND), new, ProfileWire)

    def change_profile(self, workspace: str, profile: str, change: ProfileChange, *, revision: int) -> ProfileWire:
        """Change a profile that is at this revision; nothing that was made with it changes."""
        return self.connection.patch(
            path("workspaces", workspace, _KIND, profile), change, ProfileWire, revision=revision
        )

    def delete_profile(self, workspace: str, profile: str) -> None:
        """Delete a profile by its id; what was made with it keeps its copy."""
        self.connection.delete(path("workspaces", workspace, _KIND, profile))

    def compute_offer(self, workspace: str) -> ComputeOffer:
        """Return what a profile can be made of here."""
        return self.connection.get(path("workspaces", workspace, "compute-offer"), ComputeOffer)
