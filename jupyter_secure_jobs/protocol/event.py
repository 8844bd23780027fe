"""The record of an event: what the log commits to for each line of the audit log.

It is no signed statement: the workspace server writes it. Its hash is a leaf of the workspace's log, so that a server
that changes or drops an event afterwards is at odds with the checkpoints that members hold. The salt keeps a leaf from
telling its content by guessing, once the content was erased.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 -- the codec reads the annotations at run time
from typing import Final

from jupyter_secure_jobs.protocol import canonical, codec

TYPE: Final = "jupyter-secure-jobs/event/v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRecord:
    """One event. `statement` is the hash of the signed statement behind it, if there is one."""

    workspace: str
    time: datetime
    actor: str
    organisation: str
    event: str
    job: str | None
    job_name: str
    version: int | None
    run: str | None
    detail: str
    statement: str | None
    salt: str

    def to_bytes(self) -> bytes:
        """Return the canonical bytes, which name their type: no statement has such bytes.

        Raises:
            RefusedError: a text is not in NFC.
        """
        return canonical.encode({"type": TYPE, **codec.to_json(self)})

    @property
    def hash(self) -> str:
        """The hash under which the log lists it."""
        return canonical.digest(self.to_bytes())
