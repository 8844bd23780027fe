"""The audit log: who did what, when, in one workspace."""

from __future__ import annotations

from datetime import datetime

from jupyter_secure_jobs.domain.audit import Event
from jupyter_secure_jobs.wire.base import Wire


class AuditWire(Wire):
    """One event. `index` is the place of its own leaf in the log; null for events older than the audit log.

    `actor` is a member, `key service of …`, `worker …` or the workspace server. `statement` is the hash of the signed
    statement behind the event. With `salt` the leaf can be computed again (see `protocol.event`).
    """

    time: datetime
    actor: str
    organisation: str
    event: Event
    label: str
    job: str | None
    job_name: str
    version: int | None
    run: str | None
    detail: str
    statement: str | None
    index: int | None
    salt: str


class AuditFilter(Wire):
    """Which events are wanted; what is left out does not narrow. Times are RFC 3339, or dates in UTC.

    `kinds` are names of events. `job` is an id or a name, also of a job that was deleted.
    """

    kinds: list[str] = []
    member: str | None = None
    organisation: str | None = None
    job: str | None = None
    since: str | None = None
    until: str | None = None

    def query(self) -> dict[str, str]:
        """Return the parameters of the query."""
        named = {"kind": ",".join(self.kinds), "member": self.member, "organisation": self.organisation,
                 "job": self.job, "since": self.since, "until": self.until}  # fmt: skip
        return {name: value for name, value in named.items() if value}
