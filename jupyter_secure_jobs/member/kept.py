"""Verified statements that a member's side keeps, so that it can stop things without the server."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from jupyter_secure_jobs.crypto.keyfile import write_private
from jupyter_secure_jobs.domain.errors import InvalidError, NotFoundError, RefusedError
from jupyter_secure_jobs.domain.text import folded
from jupyter_secure_jobs.protocol import envelope as envelopes
from jupyter_secure_jobs.protocol.dataset import Manifest
from jupyter_secure_jobs.protocol.envelope import Envelope
from jupyter_secure_jobs.protocol.notice import Notice
from jupyter_secure_jobs.trust.manifest import verify_manifest
from jupyter_secure_jobs.trust.roster import verify_rosters

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from jupyter_secure_jobs.trust.roster import TrustedRosters

_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}\Z")


def _plain(name: str) -> str:
    if not _ID.match(name):
        raise InvalidError("bad_id", "That is not an id.", "Take the id from a list.")
    return name


class Kept:
    """`chains/`, `manifests/` and `orders/` in a member's folder. Statements are verified again when they are read."""

    def __init__(self, folder: Path) -> None:
        """Use the member's folder; nothing is made before something is kept."""
        self._folder = folder

    def _chain(self, workspace: str) -> Path:
        return self._folder / "chains" / f"{_plain(workspace)}.json"

    def keep_rosters(self, workspace: str, chain: Sequence[Envelope]) -> None:
        """Keep a chain that was verified just now; it takes the place of whatever was kept."""
        data = Notice(rosters=tuple(chain), statement=None, manifest=None).to_bytes()
        path = self._chain(workspace)
        if not path.is_file() or path.read_bytes() != data:
            write_private(path, data)

    def rosters(self, workspace: str, *, genesis: str, epoch: int) -> tuple[tuple[Envelope, ...], TrustedRosters]:
        """Return the kept chain, as envelopes and as it was verified now; `epoch` is the newest that was ever seen.

        Raises:
            NotFoundError: none was kept.
            RefusedError: the file is broken, does not verify from `genesis`, or is older than `epoch`.
        """
        path = self._chain(workspace)
        if not path.is_file():
            raise NotFoundError(
                "no_chain", "No roster of this workspace was kept on this machine.", "Call the server once, then again."
            )
        chain = Notice.from_bytes(path.read_bytes()).rosters
        trusted = verify_rosters(chain, genesis=genesis)
        if trusted.workspace != workspace or trusted.newest.epoch < epoch:
            raise RefusedError(
                "stale_epoch", "The kept roster is older than one that was seen here.", "Call the server once."
            )
        return chain, trusted

    def keep_order(self, workspace: str, run: str, order: str) -> None:
        """Keep the hash of the order behind a run that was ordered from here."""
        path = self._folder / "orders" / _plain(workspace) / _plain(run)
        write_private(path, order.encode())

    def order(self, workspace: str, run: str) -> str | None:
        """Return the hash of the order behind a run, if it was ordered from here."""
        path = self._folder / "orders" / _plain(workspace) / _plain(run)
        return path.read_text().strip() if path.is_file() else None

    def keep_manifest(self, workspace: str, dataset: str, manifest: Envelope) -> None:
        """Keep the newest manifest of a dataset that was published from here."""
        path = self._folder / "manifests" / _plain(workspace) / f"{_plain(dataset)}.json"
        write_private(path, manifest.to_bytes())

    def newest(self, workspace: str, name: str) -> Manifest | None:
        """Return the kept manifest of the dataset called so as it was signed here, or None; nothing is verified."""
        for path in sorted((self._folder / "manifests" / _plain(workspace)).glob("*.json")):
            found = envelopes.read(Manifest, Envelope.from_bytes(path.read_bytes()))
            if folded(found.name) == folded(name):
                return found
        return None

    def manifest(self, name: str, rosters: TrustedRosters) -> tuple[Envelope, Manifest]:
        """Return the kept manifest of the dataset called so, verified now.

        Raises:
            NotFoundError: none was kept.
            RefusedError: it does not verify.
        """
        for path in sorted((self._folder / "manifests" / _plain(rosters.workspace)).glob("*.json")):
            envelope = Envelope.from_bytes(path.read_bytes())
            if folded(envelopes.read(Manifest, envelope).name) == folded(name):
                return envelope, verify_manifest(envelope, rosters)
        raise NotFoundError(
            "no_manifest",
            "No manifest of a dataset of that name was kept on this machine.",
            "Withdraw it on the machine that published it, or while the server answers.",
        )
