"""Routes of the audit log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from jupyter_secure_jobs.client.connection import MOST_PAGES, PAGE_SIZE, path
from jupyter_secure_jobs.domain.errors import TooLargeError
from jupyter_secure_jobs.domain.job import GIB
from jupyter_secure_jobs.wire.audit import AuditFilter, AuditWire
from jupyter_secure_jobs.wire.base import Page

if TYPE_CHECKING:
    from typing import BinaryIO

    from jupyter_secure_jobs.client.connection import Connection, Query

ALL_EVENTS: Final = AuditFilter()


class AuditRoutes:
    """The audit log of one workspace. Every method raises what `Connection.get` raises."""

    connection: Connection

    def audit(self, workspace: str, wanted: AuditFilter = ALL_EVENTS, *, most: int | None = None) -> list[AuditWire]:
        """Return the wanted events, newest first, all or at most `most`."""
        where, found = path("workspaces", workspace, "audit"), list[AuditWire]()
        query: Query = {"limit": min(PAGE_SIZE, most or PAGE_SIZE), **wanted.query()}
        for _ in range(MOST_PAGES):
            page = self.connection.get(where, Page[AuditWire], query=query)
            found += page.items
            if page.next is None or (most is not None and len(found) >= most):
                return found[:most]
            query["after"] = page.next
        raise TooLargeError("list_endless", "The audit log does not end.", "Narrow it with a filter.")

    def export_audit(self, workspace: str, sink: BinaryIO, wanted: AuditFilter = ALL_EVENTS) -> int:
        """Write the wanted events into `sink` as CSV; return its bytes."""
        where = path("workspaces", workspace, "audit.csv")
        return self.connection.download(where, sink, largest=GIB, query={**wanted.query()})
