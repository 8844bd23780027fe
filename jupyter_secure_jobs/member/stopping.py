"""Stopping without trust in the server: revocations, withdrawals and rosters in files that any channel may carry."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from jupyter_secure_jobs.crypto.keyfile import write_private
from jupyter_secure_jobs.domain.errors import InvalidError, NotFoundError
from jupyter_secure_jobs.member import deciding, publishing, statements
from jupyter_secure_jobs.member.context import PINS_FILE
from jupyter_secure_jobs.member.identity import card_of
from jupyter_secure_jobs.member.kept import Kept
from jupyter_secure_jobs.member.pins import Pins
from jupyter_secure_jobs.protocol import envelope as envelopes
from jupyter_secure_jobs.protocol.dataset import Withdrawal
from jupyter_secure_jobs.protocol.notice import Notice
from jupyter_secure_jobs.trust.approval import verify_revocation
from jupyter_secure_jobs.trust.manifest import verify_withdrawal

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from jupyter_secure_jobs.crypto.keyfile import KeyRing
    from jupyter_secure_jobs.domain.job import Scope
    from jupyter_secure_jobs.member.context import Acting
    from jupyter_secure_jobs.protocol.envelope import Envelope
    from jupyter_secure_jobs.trust.roster import TrustedRosters

_HASH: Final = re.compile(r"sha256:[0-9a-f]{64}\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Alone:
    """An unlocked member without a connection: keys, pins, and what was kept."""

    ring: KeyRing
    pins: Pins
    kept: Kept

    @classmethod
    def of(cls, folder: Path, ring: KeyRing) -> Alone:
        """Return the member whose folder this is."""
        return cls(ring=ring, pins=Pins(folder / PINS_FILE), kept=Kept(folder))

    @property
    def email(self) -> str:
        """The member's e-mail address."""
        return card_of(self.ring).name

    def rosters(self, workspace: str) -> tuple[tuple[Envelope, ...], TrustedRosters]:
        """Return the kept chain, verified now from the pinned genesis.

        Raises:
            NotFoundError: none was kept.
            RefusedError: it does not verify, or is older than one that was seen.
        """
        return self.kept.rosters(workspace, genesis=self.pins.genesis(workspace), epoch=self.pins.epoch(workspace))

    def workspace(self, named: str | None) -> str:
        """Return the pinned workspace that is named by id or by the name in its roster, or the only one.

        Raises:
            InvalidError: it is not clear which is meant.
        """
        known = self.pins.workspaces()
        chosen = [each for each in known if named is None or named == each]
        if named is not None and not chosen:
            chosen = [each for each in known if self.rosters(each)[1].newest.name == named]
        if len(chosen) != 1:
            raise InvalidError(
                "which_workspace",
                "It is not clear which workspace is meant.",
                f"Give --workspace; pinned here: {', '.join(known) or 'none'}.",
            )
        return chosen[0]


def revocation(acting: Acting, workspace: str, job: str, scope: Scope, *, version_hash: str | None = None) -> Notice:
    """Sign a revocation of the live version as the server shows it; hand it in with `deciding.hand_in`.

    Raises:
        ConflictError: no version is live, or another one than `version_hash`.
    """
    signed = deciding.revocation(acting, workspace, job, scope, version_hash=version_hash)
    chain, _ = Alone.of(acting.folder, acting.ring).rosters(workspace)
    return Notice(rosters=chain, statement=signed, manifest=None)


def revocation_alone(alone: Alone, workspace: str, version_hash: str, scope: Scope, *, now: datetime) -> Notice:
    """Sign a revocation of the version with this hash from the kept roster and the newest pinned checkpoint.

    Raises:
        InvalidError: that is no hash.
        NotFoundError: no roster was kept.
        RefusedError: the kept roster does not verify, or does not name this member's key.
    """
    if not _HASH.match(version_hash):
        raise InvalidError("version_hash", "That is not a version's hash.", "It begins with sha256: and was shown with "
                           "your review.")  # fmt: skip
    chain, trusted = alone.rosters(workspace)
    checkpoint = alone.pins.note(workspace)
    if checkpoint is None:
        raise NotFoundError(
            "no_checkpoint", "This machine has not seen the workspace's log yet.", "Revoke where you have reviewed."
        )
    made = statements.revocation_of(
        version_hash, trusted, scope=scope, member=alone.email, now=now, checkpoint=checkpoint
    )
    signed = envelopes.sign(made, alone.ring.signing)
    verify_revocation(signed, trusted, version_hash)
    return Notice(rosters=chain, statement=signed, manifest=None)


def withdrawal(acting: Acting, workspace: str, name: str) -> Notice:
    """Sign the withdrawal of one's organisation's dataset; hand it in with `publishing.hand_in`.

    Raises:
        InvalidError: there is none of this name, or another organisation owns it.
        RefusedError: the roster or the manifest that the server sent does not verify.
    """
    signed, manifest = publishing.withdrawal(acting, workspace, name)
    chain, _ = Alone.of(acting.folder, acting.ring).rosters(workspace)
    return Notice(rosters=chain, statement=signed, manifest=manifest)


def withdrawal_alone(alone: Alone, workspace: str, name: str, *, now: datetime) -> Notice:
    """Sign the withdrawal of a dataset that was published from this machine.

    Raises:
        NotFoundError: no roster, or no manifest of that name, was kept.
        RefusedError: one of them does not verify, or another organisation owns the dataset.
    """
    chain, trusted = alone.rosters(workspace)
    envelope, manifest = alone.kept.manifest(name, trusted)
    made = Withdrawal(
        workspace=workspace, genesis=trusted.genesis, dataset=manifest.dataset, member=alone.email, time=now
    )
    signed = envelopes.sign(made, alone.ring.signing)
    verify_withdrawal(signed, trusted, manifest)
    return Notice(rosters=chain, statement=signed, manifest=envelope)


def roster(alone: Alone, workspace: str) -> Notice:
    """Return the kept roster chain, for key services to follow.

    Raises:
        NotFoundError: none was kept.
        RefusedError: it does not verify.
    """
    chain, _ = alone.rosters(workspace)
    return Notice(rosters=chain, statement=None, manifest=None)


def key_services(alone: Alone, workspace: str) -> list[str]:
    """Return the organisations of the kept roster that have a key service."""
    _, trusted = alone.rosters(workspace)
    return [each.name for each in trusted.newest.organisations if each.key_service is not None]


def statement_of(notice: Notice) -> Envelope:
    """Return the statement that a notice brings.

    Raises:
        InvalidError: it brings a roster alone.
    """
    if notice.statement is None:
        raise InvalidError("no_statement", "The notice brings a roster alone.", "Hand in a revocation or withdrawal.")
    return notice.statement


def save(notice: Notice, path: Path) -> None:
    """Write a notice; complete under its name, or not at all.

    Raises:
        InvalidError: there is a file of that name, or it cannot be written.
    """
    try:
        write_private(path, notice.to_bytes(), replace=False)
    except OSError as error:
        # Where a part of the path is a file, the system says that a file exists too.
        if isinstance(error, FileExistsError) and path.exists():
            raise InvalidError(
                "file_exists", f"There is a file {path.name!r} already.", "Choose another name."
            ) from error
        raise InvalidError("cannot_write", f"{path.name!r} cannot be written.", "Choose another folder.") from error
