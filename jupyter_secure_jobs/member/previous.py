"""The accepted version that a review compares with: verified as of the members of then, with every acceptance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_secure_jobs.domain.errors import RefusedError
from jupyter_secure_jobs.member.context import envelope_of, envelopes_of
from jupyter_secure_jobs.protocol import envelope as envelopes
from jupyter_secure_jobs.protocol.clock import utc_now
from jupyter_secure_jobs.protocol.decision import Decision
from jupyter_secure_jobs.protocol.version import Version
from jupyter_secure_jobs.trust.approval import verify_approval
from jupyter_secure_jobs.trust.dossier import verified_manifests
from jupyter_secure_jobs.trust.roster import verify_rosters
from jupyter_secure_jobs.trust.version import verify_version

if TYPE_CHECKING:
    from jupyter_secure_jobs.member.context import Acting
    from jupyter_secure_jobs.wire.job import ReviewWire


def accepted_before(acting: Acting, said: ReviewWire, version: Version) -> Version | None:
    """Return the version that the server calls the last accepted one before a verified `version`; None if it has none.

    Verified are its author's signature, its manifests, and that every other member of then accepted it. That none was
    accepted in between is the server's word. Taking an acceptance back later does not count: it was accepted once.

    Raises:
        RefusedError: it does not verify, or is not an earlier version of the same job.
    """
    if said.previous is None:
        return None
    chain = acting.client.roster(version.workspace)
    rosters = envelopes_of(chain.rosters)
    newest = acting.follow(version.workspace, rosters, envelopes_of(chain.workers))
    try:
        envelope = envelope_of(said.previous)
        named = envelopes.read(Version, envelope)
        then = verify_rosters(rosters[: named.epoch], genesis=newest.genesis)
        before = verify_version(envelope, then, verified_manifests(envelopes_of(said.previous_manifests), then))
        decisions = envelopes_of(said.previous_decisions)
        # Acceptances may have expired since: what counts is that all of them stood when the last one was given.
        times = [envelopes.read(Decision, each).time for each in decisions]
        verify_approval(
            rosters=then,
            version=before,
            version_hash=envelope.hash,
            decisions=decisions,
            revocations=(),
            now=min(utc_now(), max(times, default=before.time)),
        )
    except RefusedError as error:
        raise RefusedError(
            "previous_version", f"The version to compare with does not verify: {error.detail}", "Warn the others."
        ) from error
    if before.job != version.job or before.number >= version.number:
        raise RefusedError(
            "previous_version", "The version to compare with is not an earlier one of this job.", "Warn the others."
        )
    return before
