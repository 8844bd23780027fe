"""What a member's side remembers of each workspace, so that no server can swap, roll back or fork it."""

from __future__ import annotations

import fcntl
import json
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from jupyter_secure_jobs.crypto import checkpoint as checkpoints
from jupyter_secure_jobs.crypto.keyfile import write_private
from jupyter_secure_jobs.domain.errors import RefusedError
from jupyter_secure_jobs.protocol import codec, places
from jupyter_secure_jobs.protocol.clock import utc_now

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from jupyter_secure_jobs.crypto.checkpoint import Checkpoint
    from jupyter_secure_jobs.trust.log import TrustedLog

_MOST_WARNINGS: Final = 20


def _continues(chain: Sequence[str], length: int, newest: str | None) -> bool:
    return len(chain) >= length and (newest is None or chain[length - 1] == newest)


class Pins:
    """A small file: by workspace the genesis, the newest epoch and checkpoint of the log seen, and what was wrong.

    Several threads and processes of one member may use it at once.
    """

    def __init__(self, path: Path) -> None:
        """Use `path`; it is made at the first pin."""
        self._path = path

    def _read(self) -> dict[str, dict[str, Any]]:
        if not self._path.exists():
            return {}
        broken = RefusedError("pins_broken", "The file of pinned workspaces is not readable.", "Restore it.")
        try:
            found = json.loads(self._path.read_text())
        except ValueError as error:
            raise broken from error
        if not isinstance(found, dict) or not all(isinstance(entry, dict) for entry in found.values()):
            raise broken
        return found

    @contextmanager
    def _changing(self) -> Iterator[dict[str, dict[str, Any]]]:
        """Give the content to change; nobody else changes it meanwhile, and it is written whole."""
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(self._path.with_suffix(".lock"), os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            pins = self._read()
            before = json.dumps(pins)
            yield pins
            if json.dumps(pins) != before:
                write_private(self._path, json.dumps(pins, indent=1).encode())
        finally:
            os.close(lock)

    def workspaces(self) -> tuple[str, ...]:
        """Return the ids of the workspaces that are pinned."""
        return tuple(self._read())

    def genesis(self, workspace: str) -> str:
        """Return the pinned genesis.

        Raises:
            RefusedError: this member has not accepted the workspace on this machine.
        """
        found = self._read().get(workspace, {}).get("genesis")
        if not isinstance(found, str):
            raise RefusedError(
                "not_pinned",
                "This machine has not accepted the workspace's roster.",
                "Run `jupyter secure-jobs roster accept` and compare the fingerprint of the invitation.",
            )
        return found

    def epoch(self, workspace: str) -> int:
        """Return the newest epoch that this machine has seen.

        Raises:
            RefusedError: the workspace is not pinned.
        """
        self.genesis(workspace)
        found = self._read()[workspace].get("epoch")
        return found if isinstance(found, int) else 1

    def knows(self, workspace: str) -> bool:
        """Tell whether a genesis of this workspace is pinned."""
        return workspace in self._read()

    def pin(self, workspace: str, genesis: str) -> None:
        """Remember a genesis that the member has compared.

        Raises:
            RefusedError: another one is pinned.
        """
        with self._changing() as pins:
            entry = pins.setdefault(workspace, {"genesis": genesis, "epoch": 1, "checkpoint": None})
            if entry["genesis"] != genesis:
                raise RefusedError("other_genesis", "Another genesis is pinned for this workspace.", "Warn the others.")

    def saw(self, workspace: str, *, rosters: Sequence[str], workers: Sequence[str]) -> None:
        """Remember how far the verified chains of rosters and of worker lists go; both are given by their hashes.

        Raises:
            RefusedError: one of them is older than what was seen before, or another one.
        """
        with self._changing() as pins:
            entry = pins[workspace]
            seen = {"stale_epoch": (entry["epoch"], entry.get("roster")),
                    "stale_workers": (entry.get("workers") or 0, entry.get("worker_list"))}  # fmt: skip
            older = [code for code, chain in (("stale_epoch", rosters), ("stale_workers", workers))
                     if not _continues(chain, *seen[code])]  # fmt: skip
            if not older:
                entry["epoch"], entry["roster"] = len(rosters), rosters[-1]
                entry["workers"], entry["worker_list"] = len(workers), workers[-1]
                return
        what = "roster" if older[0] == "stale_epoch" else "worker list"
        stale = RefusedError(older[0], f"The server shows an older or another {what} than before.", "Warn the others.")
        self._warn(
            workspace, stale, seen=str(seen), shown=f"{len(rosters)} {rosters[-1]}, {len(workers)} {workers[-1]}"
        )
        raise stale

    def checkpoint(self, workspace: str) -> Checkpoint | None:
        """Return the newest checkpoint of the workspace's log that this side has verified."""
        note = self._read().get(workspace, {}).get("checkpoint")
        return checkpoints.parse(note, origin=places.log_origin(workspace)) if isinstance(note, str) else None

    def note(self, workspace: str) -> str | None:
        """Return that checkpoint as the signed note that it came in."""
        note = self._read().get(workspace, {}).get("checkpoint")
        return note if isinstance(note, str) else None

    def newest_note(self, workspace: str) -> str:
        """Return that note, to stand in a statement.

        Raises:
            RefusedError: no checkpoint was verified here yet.
        """
        note = self.note(workspace)
        if note is None:
            raise RefusedError("checkpoint", "No checkpoint of the workspace's log was verified here.", "Try again.")
        return note

    def log_size(self, workspace: str) -> int:
        """Return how many entries of the workspace's log this side has seen."""
        seen = self.checkpoint(workspace)
        return seen.size if seen is not None else 0

    def follow_log(self, workspace: str, log: TrustedLog) -> bool:
        """Remember a verified checkpoint if it continues the one seen before; keep the proof if it does not.

        Returns False if the log comes without a proof from there, as when another thread went on meanwhile.

        Raises:
            RefusedError: the log was rolled back or forked. Both notes are kept as evidence.
        """
        seen, before = self.checkpoint(workspace), self.note(workspace)
        if seen is not None and 0 < seen.size < log.newest.size and seen.size not in log.proofs:
            return False
        if seen is not None:
            try:
                log.follows(seen)
            except RefusedError as error:
                self._warn(workspace, error, seen=before or "", shown=log.note)
                raise
        with self._changing() as pins:
            if pins[workspace].get("checkpoint") != before:
                return False
            if seen is None or log.newest.size > seen.size:
                pins[workspace]["checkpoint"] = log.note
        return True

    def _warn(self, workspace: str, error: RefusedError, *, seen: str, shown: str) -> None:
        with self._changing() as pins:
            kept = pins[workspace].setdefault("warnings", [])
            new = {"code": error.code, "detail": error.detail, "seen": seen, "shown": shown}
            if all({**old, "time": None} != {**new, "time": None} for old in kept):
                kept.append({**new, "time": codec.time_text(utc_now())})
                del kept[:-_MOST_WARNINGS]

    def warnings(self) -> list[str]:
        """Return what the workspace server was caught at, newest first, in words."""
        found = [each for entry in self._read().values() for each in entry.get("warnings", [])]
        found.sort(key=lambda each: str(each["time"]), reverse=True)
        return [f"{each['time']}: {each['detail']}" for each in found]
