"""An outcome's keys sealed again: by a recipient, to a colleague in the newest roster, for exactly this run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_secure_jobs.domain.errors import RefusedError
from jupyter_secure_jobs.protocol import envelope as envelopes
from jupyter_secure_jobs.protocol.order import Reseal
from jupyter_secure_jobs.trust import signatures

if TYPE_CHECKING:
    from jupyter_secure_jobs.protocol.envelope import Envelope
    from jupyter_secure_jobs.trust.dossier import AuthorisedRun
    from jupyter_secure_jobs.trust.roster import TrustedRosters


def verify_reseal(envelope: Envelope, run: AuthorisedRun, *, receipt: str, newest: TrustedRosters) -> Reseal:
    """Return the re-sealed keys of `run`, which was verified as of then, with the receipt of this hash.

    Order of checks: workspace, genesis, order and receipt; the signer is a recipient of the accepted version, with the
    keys of then; the recipient is a member of the author's organisation in the newest roster, with that sealing key.

    Raises:
        RefusedError: with the first check that failed.
    """
    said = envelopes.read(Reseal, envelope)
    named = (said.workspace, said.genesis, said.order, said.receipt)
    if named != (run.rosters.workspace, run.rosters.genesis, run.order_hash, receipt):
        raise RefusedError("reseal", "The re-sealed keys are of another run.")
    signer = run.rosters.newest.member(said.member)
    if signer is None or (said.member, signer.keys.sealing) not in {
        (who.member, who.sealing_key) for who in run.version.recipients
    }:
        raise RefusedError("reseal_signer", "The keys were re-sealed by somebody to whom the result was not sealed.")
    signatures.require(envelope, signer.keys.signing, who=signer.email)
    organisation = run.rosters.member(run.version.author).organisation
    recipient = newest.newest.member(said.recipient)
    if recipient is None or (recipient.organisation, recipient.keys.sealing) != (organisation, said.sealing_key):
        raise RefusedError(
            "reseal_recipient", "The keys were re-sealed to somebody who is not of the author's organisation now."
        )
    return said
