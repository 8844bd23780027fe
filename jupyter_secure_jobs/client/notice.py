"""Routes about what happened that concerns oneself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_secure_jobs.client.connection import path
from jupyter_secure_jobs.wire.base import Nothing
from jupyter_secure_jobs.wire.notice import NoticesSeen, NoticeWire

if TYPE_CHECKING:
    from jupyter_secure_jobs.client.connection import Connection, Query


class NoticeRoutes:
    """One's own notices. Every method raises what `Connection.get` raises."""

    connection: Connection

    def notices(self, workspace: str, *, unseen: bool = False) -> list[NoticeWire]:
        """Return one's notices, newest first; with `unseen` those alone that were not seen yet."""
        query: Query = {"unseen": "true"} if unseen else {}
        return self.connection.all(path("workspaces", workspace, "notices"), NoticeWire, query=query)

    def notices_seen(self, workspace: str, up_to: str) -> None:
        """Keep that all notices up to the one of this id were seen."""
        where = path("workspaces", workspace, "notices", "seen")
        self.connection.post(where, NoticesSeen(up_to=up_to), Nothing)
