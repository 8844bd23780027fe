"""What a member's side remembers of each workspace: the genesis, so that no server can swap it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from jupyter_secure_jobs.crypto.keyfile import write_private
from jupyter_secure_jobs.domain.errors import RefusedError

if TYPE_CHECKING:
    from pathlib import Path


class Pins:
    """A small file: genesis by workspace, with the epoch and the newest checkpoint seen."""

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

    def workspaces(self) -> list[str]:
        """Return the ids of the workspaces that are pinned."""
        return list(self._read())

    def seen(self, workspace: str) -> tuple[int, str | None]:
        """Return the newest epoch and the newest checkpoint of the log that this machine has seen.

        Raises:
            RefusedError: the workspace is not pinned.
        """
        self.genesis(workspace)
        entry = self._read()[workspace]
        epoch, checkpoint = entry.get("epoch"), entry.get("checkpoint")
        return epoch if isinstance(epoch, int) else 1, checkpoint if isinstance(checkpoint, str) else None

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

    def saw_epoch(self, workspace: str, epoch: int) -> None:
        """Remember the newest epoch.

        Raises:
            RefusedError: an older one is shown than was seen before.
        """
        pins = self._read()
        entry = pins[workspace]
        seen = entry["epoch"]
        if isinstance(seen, int) and epoch < seen:
            raise RefusedError("stale_epoch", "The server shows an older roster than before.", "Warn the others.")
        if epoch != seen:
            entry["epoch"] = epoch
            write_private(self._path, json.dumps(pins, indent=1).encode())
