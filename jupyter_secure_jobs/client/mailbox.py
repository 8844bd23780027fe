"""What workers and key services call at the workspace server."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from jupyter_secure_jobs.client.connection import LARGEST_LIST, MIB, path
from jupyter_secure_jobs.domain.errors import ConflictError, UnavailableError
from jupyter_secure_jobs.wire.base import Nothing
from jupyter_secure_jobs.wire.dataset import UploadNew, UploadWire
from jupyter_secure_jobs.wire.mailbox import (
    Acknowledged,
    Finished,
    Heartbeat,
    HeartbeatAnswer,
    KeyReply,
    KeysAnswer,
    KeysAsked,
    KeyTasks,
    KeyTasksAsked,
    LeaseAnswer,
    LeaseNew,
    LeaseWire,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path
    from typing import BinaryIO

    from jupyter_secure_jobs.client.connection import Connection
    from jupyter_secure_jobs.wire.profile import OfferWire

WAIT_SECONDS: Final = 20.0
_PART: Final = 8 * MIB
_TRIES: Final = 5


class WorkerMailbox:
    """A worker's side of the mailbox."""

    def __init__(self, connection: Connection, *, workspaces: Collection[str] = ()) -> None:
        """Use a connection that is logged in with the worker's platform key.

        `workspaces` are the ids of those that it serves; without any it serves every one that lists it.
        """
        self._connection = connection
        self._workspaces = sorted(workspaces) or None

    def lease(self, offer: OfferWire | None = None) -> LeaseWire | None:
        """Wait for a run, up to about 20 seconds; tell what runs can have here."""
        address = f"worker/leases?wait={WAIT_SECONDS}"
        return self._connection.post(
            address,
            LeaseNew(offer=offer, workspaces=self._workspaces),
            LeaseAnswer,
            timeout=WAIT_SECONDS + 10,
            largest=LARGEST_LIST,
        ).lease

    def _of(self, lease: LeaseWire, what: str) -> str:
        return path("worker", "workspaces", lease.workspace, "runs", lease.run, what)

    def heartbeat(self, lease: LeaseWire, beat: Heartbeat) -> HeartbeatAnswer:
        """Give a sign of life."""
        return self._connection.post(self._of(lease, "heartbeat"), beat, HeartbeatAnswer)

    def release(self, lease: LeaseWire) -> None:
        """Give the run back."""
        self._connection.post(self._of(lease, "release"), Heartbeat(lease=lease.lease), Nothing)

    def keys(self, lease: LeaseWire, asked: KeysAsked, *, wait: float) -> KeysAnswer:
        """Ask for nonces, or with a request for grants; wait up to `wait` seconds until all have answered."""
        address = f"{self._of(lease, 'keys')}?wait={wait}"
        return self._connection.post(address, asked, KeysAnswer, timeout=wait + 15)

    def finish(self, lease: LeaseWire, outcome: Finished) -> None:
        """Report the end of a run."""
        self._connection.post(self._of(lease, "outcome"), outcome, Nothing)

    def fetch(self, workspace: str, digest: str, sink: BinaryIO, *, largest: int) -> None:
        """Download a stored file."""
        address = path("worker", "workspaces", workspace, "files", digest)
        self._connection.download(address, sink, largest=largest)

    def upload(self, workspace: str, source: Path) -> str:
        """Upload a file in parts; return the upload's id."""
        with source.open("rb") as file:
            digest = "sha256:" + hashlib.file_digest(file, "sha256").hexdigest()
            new = UploadNew(bytes=source.stat().st_size, digest=digest)
            state = self._connection.post(path("worker", "workspaces", workspace, "uploads"), new, UploadWire)
            where = path("workspaces", workspace, "uploads", state.id)
            tries = 0
            while state.received < state.bytes:
                file.seek(state.received)
                try:
                    state = self._connection.put(where, file.read(_PART), UploadWire, query={"offset": state.received})
                except (UnavailableError, ConflictError):
                    tries += 1
                    if tries >= _TRIES:
                        raise
                    state = self._connection.get(where, UploadWire)
        return state.id


class KeyServiceMailbox:
    """A key service's side of the mailbox."""

    def __init__(self, connection: Connection) -> None:
        """Use a connection that is logged in with the key service's signing key."""
        self._connection = connection

    def tasks(self, seen: Mapping[str, int]) -> KeyTasks:
        """Wait for something to answer, up to about 20 seconds; `seen` is how much of each workspace's log was."""
        address = f"keyservice/tasks?wait={WAIT_SECONDS}"
        asked = KeyTasksAsked(seen=dict(seen))
        return self._connection.post(address, asked, KeyTasks, timeout=WAIT_SECONDS + 10, largest=LARGEST_LIST)

    def reply(self, workspace: str, run: str, answer: KeyReply) -> None:
        """Answer an enclave."""
        address = path("keyservice", "workspaces", workspace, "runs", run, "reply")
        self._connection.post(address, answer, Nothing)

    def acknowledge(self, workspace: str, answer: Acknowledged) -> None:
        """Say that a revocation was heard."""
        self._connection.post(path("keyservice", "workspaces", workspace, "acknowledgements"), answer, Nothing)
