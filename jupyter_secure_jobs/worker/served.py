"""Whose runs a worker takes: a server that hands out another workspace's is refused before the enclave hears of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_secure_jobs.domain.errors import RefusedError
from jupyter_secure_jobs.protocol import envelope as envelopes
from jupyter_secure_jobs.protocol.version import Version

if TYPE_CHECKING:
    from collections.abc import Collection

    from jupyter_secure_jobs.wire.mailbox import LeaseWire


def check_served(lease: LeaseWire, workspaces: Collection[str]) -> None:
    """Return if a run is of one of these workspaces, given by their ids; without any, every run is.

    A job run's workspace is also what its version says, which the enclave verifies; a test's is the server's word.

    Raises:
        RefusedError: it is another workspace's, or its version is none.
    """
    if not workspaces:
        return
    named = {lease.workspace}
    if lease.dossier is not None:
        version = envelopes.Envelope.from_json(lease.dossier.version.model_dump())
        named.add(envelopes.read(Version, version).workspace)
    if not named <= set(workspaces):
        raise RefusedError(
            "not_served",
            f"The workspace server handed out run {lease.run} of a workspace that this worker does not serve.",
            "Nothing was run. Ask who runs the server; `worker run --workspace` says which workspaces are served.",
        )
