"""What a member's side remembers of each workspace: the genesis, so that no server can swap it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from jupyter_secure_jobs.crypto.keyfile import write_private
from jupyter_secure_jobs.domain.errors import RefusedError

if TYPE_CHECKING:
    from pathlib import Path


class Pins:
    """A small file: genesis by workspace, with the epochs of roster and workers and the newest checkpoint seen."""

    def __init__(self, path: Path) -> None:
        """Use `path`; it is made at the first pin."""
        self._path = path

    def _read(self) -> dict[str, dict[str, str | int | None]]:
        if not self._path.exists():
            return {}
        try:
            found = json.loads(self._path.read_text())
        except ValueError as error:
            raise RefusedError(
                "pins_broken", "The file of pinned workspaces is not readable.", "Restore it."
            ) from error
        if not isinstance(found, dict):
            raise RefusedError("pins_broken", "The file of pinned workspaces is not readable.", "Restore it.")
        return found

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

    def knows(self, workspace: str) -> bool:
        """Tell whether a genesis of this workspace is pinned."""
        return workspace in self._read()

    def pin(self, workspace: str, genesis: str) -> None:
        """Remember a genesis that the member has compared.

        Raises:
            RefusedError: another one is pinned.
        """
        pins = self._read()
        entry = pins.setdefault(workspace, {"genesis": genesis, "epoch": 1, "checkpoint": None})
        if entry["genesis"] != genesis:
            raise RefusedError("other_genesis", "Another genesis is pinned for this workspace.", "Warn the others.")
        write_private(self._path, json.dumps(pins, indent=1).encode())

    def saw(self, workspace: str, *, epoch: int, workers: int) -> None:
        """Remember the epochs of the newest roster and worker list.

        Raises:
            RefusedError: an older one is shown than was seen before.
        """
        pins = self._read()
        entry = pins[workspace]
        known = (entry["epoch"], entry.get("workers"))
        if isinstance(known[0], int) and epoch < known[0]:
            raise RefusedError("stale_epoch", "The server shows an older roster than before.", "Warn the others.")
        if isinstance(known[1], int) and workers < known[1]:
            raise RefusedError(
                "stale_workers", "The server shows an older worker list than before.", "Warn the others."
            )
        if (epoch, workers) != known:
            entry["epoch"], entry["workers"] = epoch, workers
            write_private(self._path, json.dumps(pins, indent=1).encode())
