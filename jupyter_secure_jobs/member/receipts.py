"""A run's receipt, verified as of then: whoever was a member or worker, and whichever keys they had."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jupyter_secure_jobs.domain.errors import NotAllowedError, NotFoundError, RefusedError
from jupyter_secure_jobs.member.context import envelope_of, envelopes_of, log_proof_of
from jupyter_secure_jobs.protocol import canonical, codec, places
from jupyter_secure_jobs.protocol import envelope as envelopes
from jupyter_secure_jobs.protocol.order import Evidence, Reseal, RunOrder
from jupyter_secure_jobs.protocol.version import Version
from jupyter_secure_jobs.trust.dossier import AuthorisedRun, Dossier, as_of, verify_run
from jupyter_secure_jobs.trust.evidence import verify_receipt
from jupyter_secure_jobs.trust.reseal import verify_reseal

if TYPE_CHECKING:
    from jupyter_secure_jobs.crypto.keyfile import KeyRing
    from jupyter_secure_jobs.member.context import Acting
    from jupyter_secure_jobs.protocol.order import Receipt
    from jupyter_secure_jobs.trust.roster import TrustedRosters
    from jupyter_secure_jobs.wire.mailbox import Dossier as DossierWire
    from jupyter_secure_jobs.wire.run import OutcomeWire, RunWire


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedRun:
    """A run that ended, with everything behind it verified; `since` says in words what changed after it."""

    run: AuthorisedRun
    receipt: Receipt
    receipt_hash: str
    newest: TrustedRosters
    since: tuple[str, ...]


def checked(acting: Acting, run: RunWire, outcome: OutcomeWire, *, dossier: DossierWire | None = None) -> CheckedRun:
    """Return a job run's receipt with all that it stands on; `dossier`: the statements, if they have come already.

    Order of checks: the whole roster chain and worker lists, no older than what this side has seen; then, cut after
    the roster that the version names and the worker list that the evidence names, every statement behind the order;
    evidence and receipt.

    Raises:
        NotFoundError: the run has no signed outcome.
        RefusedError: a check failed.
    """
    if outcome.receipt is None or outcome.evidence is None or outcome.order is None or outcome.log is None:
        raise NotFoundError("no_outcome", "The run has no signed outcome.", "Only runs that have ended have one.")
    about = dossier or acting.client.review_statements(run.workspace, run.job, run.version)
    chain = dossier or acting.client.roster(run.workspace)
    said = Dossier(
        rosters=envelopes_of(chain.rosters),
        workers=envelopes_of(chain.workers),
        manifests=envelopes_of(about.manifests),
        version=envelope_of(about.version),
        decisions=envelopes_of(about.decisions),
        revocations=(),
        order=envelope_of(outcome.order),
        log=log_proof_of(outcome.log),
    )
    newest = acting.follow(run.workspace, said.rosters, said.workers)
    evidence, receipt = envelope_of(outcome.evidence), envelope_of(outcome.receipt)
    roster = envelopes.read(Version, said.version).roster
    workers = envelopes.read(Evidence, evidence).workers
    # The run was authorised when it was ordered; a revocation or expiry after that does not close what it gave.
    ordered = envelopes.read(RunOrder, said.order).time
    then = as_of(said, roster=roster, workers=workers)
    authorised = verify_run(then, genesis=newest.genesis, now=ordered)
    acting.follow_log(run.workspace, newest, authorised.log)
    if authorised.version.job != run.job:
        raise RefusedError("receipt", "The server sent the outcome of another job.", "Warn the others.")
    # Which run the server calls by this id is its word alone; what it shows of the run must be what was ordered.
    shown = (run.version_hash, canonical.encode(codec.to_json(run.inputs)))
    if shown != (authorised.version_hash, canonical.encode(codec.to_json(authorised.inputs))):
        raise RefusedError(
            "other_run", "The server sent the outcome of a run with other input values.", "Warn the others."
        )
    if acting.kept.order(run.workspace, run.id) not in (None, authorised.order_hash):
        raise RefusedError("other_run", "The server sent the outcome of another run.", "Warn the others.")
    since = []
    if len(then.rosters) < len(said.rosters):
        since.append(f"The members of then: roster {len(then.rosters)}; there are {len(said.rosters)} now.")
    if len(then.workers) < len(said.workers):
        since.append(f"The workers of then: list {len(then.workers)}; there are {len(said.workers)} now.")
    return CheckedRun(
        run=authorised,
        receipt=verify_receipt(receipt, evidence, authorised),
        receipt_hash=receipt.hash,
        newest=newest,
        since=tuple(since),
    )


def outcome_keys(acting: Acting, found: CheckedRun, outcome: OutcomeWire) -> dict[str, Any]:
    """Return the keys of result and log: as the enclave sealed them to this member, or a colleague did later.

    Raises:
        NotAllowedError: they are sealed to other keys than this member's.
        RefusedError: a colleague's re-sealed keys do not verify.
    """
    opened_keys = sealed_to(acting.ring, found)
    if opened_keys is not None:
        return parsed(opened_keys)
    own = acting.ring.sealing.public
    for wire in outcome.reseals:
        envelope = envelope_of(wire)
        if envelopes.read(Reseal, envelope).sealing_key != own:
            continue
        said = verify_reseal(envelope, found.run, receipt=found.receipt_hash, newest=found.newest)
        info = places.outcome_keys(order=found.run.order_hash, recipient=own)
        return parsed(acting.ring.sealing.open(said.sealed, info=info))
    raise NotAllowedError(
        "not_a_recipient",
        "This result is not sealed to your key.",
        "Only the author's organisation can open it. Who joined it later, or changed keys, has a colleague run "
        "`jupyter secure-jobs reseal`.",
    )


def sealed_to(ring: KeyRing, found: CheckedRun) -> bytes | None:
    """Return the outcome's keys if the enclave sealed them to this key store, else None."""
    own = ring.sealing.public
    for key in found.receipt.keys:
        if key.recipient == own:
            return ring.sealing.open(key.sealed, info=places.outcome_keys(order=found.run.order_hash, recipient=own))
    return None


def parsed(keys: bytes) -> dict[str, Any]:
    """Return outcome keys by name."""
    found: dict[str, Any] = canonical.decode(keys)
    return found
