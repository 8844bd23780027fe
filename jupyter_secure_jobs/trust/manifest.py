"""Dataset manifests and withdrawals: said by a member of the owning organisation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_secure_jobs.domain.errors import RefusedError
from jupyter_secure_jobs.protocol import envelope as envelopes
from jupyter_secure_jobs.protocol.dataset import Manifest, Withdrawal
from jupyter_secure_jobs.trust import signatures

if TYPE_CHECKING:
    from jupyter_secure_jobs.protocol.envelope import Envelope
    from jupyter_secure_jobs.trust.roster import TrustedRosters


def verify_manifest(envelope: Envelope, rosters: TrustedRosters) -> Manifest:
    """Return the manifest.

    Order of checks: workspace and genesis; at least one file; the publisher belongs, or belonged in an earlier roster
    of the chain, to the owning organisation; the publisher's signature.

    Raises:
        RefusedError: with the first check that failed.
    """
    manifest = envelopes.read(Manifest, envelope)
    if (manifest.workspace, manifest.genesis) != (rosters.workspace, rosters.genesis):
        raise RefusedError("other_workspace", "A dataset manifest is of another workspace.")
    if not manifest.files:
        # No engine reads a table without a file: a run of it would end only once it had used up its keys.
        raise RefusedError("no_files", "A dataset manifest names no file.", "Publish the dataset again.")
    publishers = publishers_of(manifest, rosters)
    signatures.require_any(envelope, publishers, who=f"{manifest.publisher}, of the dataset's owner")
    return manifest


def publishers_of(manifest: Manifest, rosters: TrustedRosters) -> list[str]:
    """Return the keys that the manifest's publisher had as a member of the owning organisation, oldest first."""
    return [
        member.keys.signing
        for roster in rosters.chain
        for member in roster.members
        if member.email == manifest.publisher and member.organisation == manifest.owner
    ]


def verify_withdrawal(envelope: Envelope, rosters: TrustedRosters, manifest: Manifest) -> Withdrawal:
    """Return the withdrawal of the manifest's dataset by a member of its owner.

    Raises:
        RefusedError: it is of another dataset or workspace, or signed by somebody else.
    """
    withdrawal = envelopes.read(Withdrawal, envelope)
    named = (withdrawal.workspace, withdrawal.genesis, withdrawal.dataset)
    if named != (rosters.workspace, rosters.genesis, manifest.dataset):
        raise RefusedError("other_workspace", "A withdrawal is of another dataset or workspace.")
    member = rosters.member(withdrawal.member)
    if member.organisation != manifest.owner:
        raise RefusedError("not_the_owner", "A withdrawal was signed by somebody who does not own the dataset.")
    signatures.require(envelope, member.keys.signing, who=member.email)
    return withdrawal
