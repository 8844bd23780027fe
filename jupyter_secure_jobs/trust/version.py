"""A version: signed by its author, for the roster in force, with results for the author's organisation alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_secure_jobs.domain.errors import RefusedError
from jupyter_secure_jobs.protocol import envelope as envelopes
from jupyter_secure_jobs.protocol.version import Recipient, Version
from jupyter_secure_jobs.trust import signatures

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jupyter_secure_jobs.protocol.dataset import Manifest
    from jupyter_secure_jobs.protocol.envelope import Envelope
    from jupyter_secure_jobs.trust.roster import TrustedRosters


def recipients_of(rosters: TrustedRosters, author: str) -> tuple[Recipient, ...]:
    """Return who may open the author's results: every member of the author's organisation, in the roster's order."""
    organisation = rosters.member(author).organisation
    return tuple(
        Recipient(member=member.email, sealing_key=member.keys.sealing)
        for member in rosters.organisation_members(organisation)
    )


def verify_version(envelope: Envelope, rosters: TrustedRosters, manifests: Mapping[str, Manifest]) -> Version:
    """Return the version; `manifests` are verified ones, by hash.

    Order of checks: workspace and genesis; epoch and hash of the newest roster; the author is a member and signed;
    the recipients are exactly the author's organisation; each dataset's manifest is known and of that dataset.

    Raises:
        RefusedError: with the first check that failed.
    """
    version = envelopes.read(Version, envelope)
    if (version.workspace, version.genesis) != (rosters.workspace, rosters.genesis):
        raise RefusedError("other_workspace", "The version is of another workspace.")
    if (version.epoch, version.roster) != (rosters.newest.epoch, rosters.hash):
        raise RefusedError("stale_epoch", "The members changed since this version was submitted.", "Submit it again.")
    author = rosters.member(version.author)
    signatures.require(envelope, author.keys.signing, who=f"the author, {author.email}")
    if version.recipients != recipients_of(rosters, version.author):
        raise RefusedError("recipients", "The recipients are not exactly the author's organisation.")
    for read in version.datasets:
        manifest = manifests.get(read.manifest)
        if manifest is None or manifest.dataset != read.dataset:
            raise RefusedError("manifest_missing", f"The manifest of table {read.table!r} is missing or of another.")
    return version
