"""The bundle of a job run, for others to check: verified here first, then written."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from jupyter_secure_jobs.domain.audit import Purpose
from jupyter_secure_jobs.domain.errors import NotFoundError, RefusedError
from jupyter_secure_jobs.member import receipts
from jupyter_secure_jobs.member.asked import run_asked
from jupyter_secure_jobs.member.context import envelope_of, envelopes_of, log_proof_of
from jupyter_secure_jobs.protocol import canonical, codec
from jupyter_secure_jobs.protocol.clock import utc_now
from jupyter_secure_jobs.protocol.log import Inclusion
from jupyter_secure_jobs.trust.bundle import TYPE, Bundle, Opened, verify_bundle
from jupyter_secure_jobs.trust.dossier import Dossier

if TYPE_CHECKING:
    from jupyter_secure_jobs.member.context import Acting
    from jupyter_secure_jobs.trust.bundle import VerifiedBundle
    from jupyter_secure_jobs.wire.mailbox import Dossier as DossierWire
    from jupyter_secure_jobs.wire.receipt import RunStatementsWire
    from jupyter_secure_jobs.wire.run import RunWire


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A job run, and everything about it that was verified."""

    run: RunWire
    verified: VerifiedBundle


def bundle(acting: Acting, workspace: str, run: str, *, opened: bool) -> Bundle:
    """Return the bundle of a job run, verified up to the pinned genesis; the log is followed as with any statement.

    With `opened` it also holds the salt and the digest of the rows, so that whoever gets the result's file too can
    check it. They reveal no row, but whoever has them can test guesses of the whole result. They are sealed to the
    members of the author's organisation, who alone can add them.

    Raises:
        NotFoundError: there is no such run, it has no receipt, or `opened` is asked of a run without a result.
        NotAllowedError: `opened` is asked by who is no recipient.
        RefusedError: a check failed; nothing is returned.
    """
    found = verified(acting, workspace, run, purpose=Purpose.EXPORT, opened=opened)
    if not opened:
        return found.verified.bundle
    shown = replace(found.verified.bundle, opened=_opened(acting, found.run, found.verified))
    verify_bundle(shown, genesis=found.verified.run.rosters.genesis, now=utc_now())
    return shown


def verified(
    acting: Acting, workspace: str, run: str, *, purpose: Purpose = Purpose.OPEN, opened: bool = False
) -> Found:
    """Return what the statements about a job run show, verified up to the pinned genesis; the log is followed.

    `purpose` and `opened` are what the audit log says of an export.

    Raises:
        NotFoundError: there is no such run, or it has no receipt.
        RefusedError: a check failed.
    """
    known = run_asked(acting, workspace, run)
    said = acting.client.run_statements(
        workspace, run, seen=acting.pins.log_size(workspace), purpose=str(purpose), opened=opened
    )
    made = _bundle(said)
    checked = verify_bundle(made, genesis=acting.pins.genesis(workspace), now=utc_now())
    acting.follow_log(workspace, checked.run.rosters, checked.run.log)
    # Which run the server calls by this id is its word alone; what it shows of the run must be what was ordered.
    ordered = (workspace, known.job, known.version_hash, canonical.encode(codec.to_json(known.inputs)))
    if ordered != (
        checked.run.rosters.workspace,
        checked.run.version.job,
        checked.run.version_hash,
        canonical.encode(codec.to_json(checked.run.inputs)),
    ):
        raise RefusedError("other_run", "The server sent the statements of another run.", "Warn the others.")
    return Found(run=known, verified=checked)


def _opened(acting: Acting, known: RunWire, verified: VerifiedBundle) -> Opened:
    if verified.receipt.logical is None:
        raise NotFoundError(
            "no_result", "The run has no result whose digest could be shown.", "Leave out --opened, or opened=true."
        )
    outcome = acting.client.outcome(known.workspace, known.id, seen=acting.pins.log_size(known.workspace))
    keys = receipts.outcome_keys(acting, receipts.checked(acting, known, outcome), outcome)
    return Opened(salt=bytes.fromhex(keys["salt"]), logical=str(keys["logical"]))


def _bundle(said: RunStatementsWire) -> Bundle:
    return Bundle(
        type=TYPE,
        dossier=_dossier(said.dossier),
        evidence=envelope_of(said.evidence),
        grants=envelopes_of(said.grants),
        receipt=envelope_of(said.receipt),
        acknowledgements=envelopes_of(said.acknowledgements),
        inclusions=tuple(codec.from_json(Inclusion, each.model_dump()) for each in said.inclusions),
        opened=None,
    )


def _dossier(said: DossierWire) -> Dossier:
    return Dossier(
        rosters=envelopes_of(said.rosters),
        workers=envelopes_of(said.workers),
        manifests=envelopes_of(said.manifests),
        version=envelope_of(said.version),
        decisions=envelopes_of(said.decisions),
        revocations=envelopes_of(said.revocations),
        order=envelope_of(said.order),
        log=log_proof_of(said.log),
    )
