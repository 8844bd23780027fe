"""Every route of the API as a typed method."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_secure_jobs.client.audit import AuditRoutes
from jupyter_secure_jobs.client.change import ChangeRoutes
from jupyter_secure_jobs.client.dataset import DatasetRoutes
from jupyter_secure_jobs.client.job import JobRoutes
from jupyter_secure_jobs.client.member_side import MemberRoutes
from jupyter_secure_jobs.client.notice import NoticeRoutes
from jupyter_secure_jobs.client.pinned import PinnedRoutes
from jupyter_secure_jobs.client.profile import ProfileRoutes
from jupyter_secure_jobs.client.run import RunRoutes
from jupyter_secure_jobs.client.waiting import next_sequence, wait_for_end
from jupyter_secure_jobs.client.workspace import WorkspaceRoutes

if TYPE_CHECKING:
    from collections.abc import Callable

    from jupyter_secure_jobs.client.connection import Connection
    from jupyter_secure_jobs.wire.run import RunWire


class Client(
    WorkspaceRoutes,
    ChangeRoutes,
    DatasetRoutes,
    JobRoutes,
    RunRoutes,
    PinnedRoutes,
    ProfileRoutes,
    NoticeRoutes,
    AuditRoutes,
    MemberRoutes,
):
    """The whole API over one connection: the workspace server's routes, and the member side's where it is one.

    Ids go in and shapes come out; every method raises what `Connection.get` raises.
    """

    def __init__(self, connection: Connection) -> None:
        """Keep the connection; nothing is sent yet."""
        self.connection = connection

    def events(self, after: int = 0) -> int:
        """Return the newest change's number: at once if it is not `after`, else at the change or after 25 s."""
        return next_sequence(self, after)

    def wait(
        self, run: RunWire, *, timeout: float | None = None, changed: Callable[[RunWire], None] | None = None
    ) -> RunWire:
        """Return the run once it has ended; see `client.waiting`."""
        return wait_for_end(self, run, timeout=timeout, changed=changed)
