"""One job run with all its statements in a file, so that anyone can check it later: no server, no keys, no network."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from jupyter_secure_jobs.crypto import checkpoint as checkpoints
from jupyter_secure_jobs.crypto import merkle
from jupyter_secure_jobs.domain.errors import RefusedError
from jupyter_secure_jobs.domain.job import Scope, runs_refused
from jupyter_secure_jobs.protocol import canonical, codec, places
from jupyter_secure_jobs.protocol import envelope as envelopes
from jupyter_secure_jobs.protocol.decision import Acknowledgement, Decision, Revocation
from jupyter_secure_jobs.protocol.envelope import Envelope  # noqa: TC001 -- the codec reads a bundle's annotations at run time
from jupyter_secure_jobs.protocol.log import Inclusion  # noqa: TC001 -- as above
from jupyter_secure_jobs.protocol.order import RunOrder
from jupyter_secure_jobs.trust import signatures
from jupyter_secure_jobs.trust.approval import CLOCK_SKEW, verify_approval, verify_revocation
from jupyter_secure_jobs.trust.dossier import AuthorisedRun, Dossier, verify_run
from jupyter_secure_jobs.trust.evidence import FRESH, salted, verify_evidence, verify_grant, verify_receipt

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from jupyter_secure_jobs.protocol.order import Evidence, KeyGrant, Receipt

TYPE: Final = "jupyter-secure-jobs/bundle/v1"
# Rosters, decisions and sealed keys of 300 members have about 2 MiB; a chain of several such rosters must fit.
MOST_BYTES: Final = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What a recipient adds so that others can check the rows: the salt, and the digest of the logical result.

    Whoever has them can test guesses of the whole result against the receipt; the rows themselves are not in them.
    """

    salt: bytes
    logical: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """Everything about one job run, unverified. The chains of rosters and worker lists end with those of the run."""

    type: str
    dossier: Dossier
    evidence: Envelope
    grants: tuple[Envelope, ...]
    receipt: Envelope
    acknowledgements: tuple[Envelope, ...]
    inclusions: tuple[Inclusion, ...]
    opened: Opened | None

    def to_bytes(self) -> bytes:
        """Return the file: canonical JSON (RFC 8785).

        Raises:
            RefusedError: a part has no canonical form.
        """
        return canonical.encode(codec.to_json(self))

    @classmethod
    def from_bytes(cls, data: bytes) -> Bundle:
        """Read a file of at most 16 MiB; every field must be there, no other may be, in the one spelling.

        Raises:
            RefusedError: it is no bundle of this version.
        """
        try:
            return codec.from_json(cls, _typed(canonical.decode(data, most=MOST_BYTES)))
        except RefusedError as error:
            raise RefusedError(
                error.code,
                f"The file is no bundle that this version reads: {error.detail}",
                "Ask for it again, or use the version of this program that wrote it.",
            ) from error


def _typed(value: object) -> object:
    # Another version may have other fields; what it is called says so better than the first field that is missing.
    if not isinstance(value, dict) or value.get("type") != TYPE:
        raise RefusedError("bundle_type", f"It is not of type {TYPE}.")
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedBundle:
    """A run of which everything in the bundle was verified.

    `revoked_before` were in the log before the order, `revoked_after` came later. `index` gives each statement's place
    in the log by hash. `logical` is the digest of the result's rows, if a recipient disclosed it.
    """

    bundle: Bundle
    run: AuthorisedRun
    decisions: tuple[Decision, ...]
    evidence: Evidence
    grants: tuple[KeyGrant, ...]
    receipt: Receipt
    revoked_before: tuple[Revocation, ...]
    revoked_after: tuple[Revocation, ...]
    acknowledgements: tuple[Acknowledgement, ...]
    index: Mapping[str, int]
    logical: str | None


def verify_bundle(bundle: Bundle, *, genesis: str, now: datetime) -> VerifiedBundle:
    """Return the run if everything in the bundle holds, judged as of the times of the run.

    Order of checks: every statement has one place in the log; the run as of its order's time, with the revocations
    that were in the log before it (`verify_run`); later revocations; each statement is in the log at its place, and
    the places follow the order in which a run comes about; evidence; grants: exactly those that the receipt names, one
    of each owner, made while order and acceptances held and the evidence was fresh, none after that key service
    acknowledged a withdrawal; receipt, by the attested key, with times that fit; the disclosed digest.

    Raises:
        RefusedError: with the first check that failed.
    """
    dossier = bundle.dossier
    proofs = _proofs(bundle)
    ordered_at = proofs[dossier.order.hash].index
    before = tuple(each for each in dossier.revocations if proofs[each.hash].index < ordered_at)
    after = tuple(each for each in dossier.revocations if proofs[each.hash].index >= ordered_at)
    ordered = envelopes.read(RunOrder, dossier.order).time
    _not_future("run order", ordered, now)
    run = verify_run(replace(dossier, revocations=before), genesis=genesis, now=ordered)
    if [each.hash for each in dossier.manifests] != list(dict.fromkeys(each.manifest for each in run.version.datasets)):
        raise RefusedError("manifest_missing", "The bundle does not hold exactly the manifests of the version.")
    later = tuple(_later_revocation(each, run) for each in after)
    _check_places(bundle, run, proofs)
    evidence = verify_evidence(bundle.evidence, run)
    acknowledgements = tuple(_acknowledgement(each, bundle, run) for each in bundle.acknowledgements)
    grants = _grants(bundle, run, evidence, acknowledgements)
    receipt = _receipt(bundle, run, evidence, grants, now)
    return VerifiedBundle(
        bundle=bundle,
        run=run,
        decisions=tuple(envelopes.read(Decision, each) for each in dossier.decisions),
        evidence=evidence,
        grants=grants,
        receipt=receipt,
        revoked_before=tuple(envelopes.read(Revocation, each) for each in before),
        revoked_after=later,
        acknowledgements=acknowledgements,
        index={each.statement: each.index for each in bundle.inclusions},
        logical=_logical(bundle.opened, receipt),
    )


def statements_of(dossier: Dossier) -> tuple[Envelope, ...]:
    """Return a dossier's statements in the order in which they come to be, revocations left out."""
    first = (*dossier.rosters, *dossier.workers, *dossier.manifests)
    return (*first, dossier.version, *dossier.decisions, dossier.order)


def _logged(bundle: Bundle) -> tuple[Envelope, ...]:
    own = (*bundle.grants, bundle.receipt, *bundle.acknowledgements)
    return (*statements_of(bundle.dossier), *bundle.dossier.revocations, *own)


def _not_future(what: str, time: datetime, now: datetime) -> None:
    if time > now + CLOCK_SKEW:
        raise RefusedError("from_the_future", f"The {what} is dated in the future.", "Check the clocks.")


def _proofs(bundle: Bundle) -> dict[str, Inclusion]:
    proofs = {each.statement: each for each in bundle.inclusions}
    held = [each.hash for each in _logged(bundle)]
    if len(proofs) != len(bundle.inclusions) or len(set(held)) != len(held) or set(proofs) != set(held):
        raise RefusedError("log_inclusion", "The bundle does not prove for each of its statements that the log has it.")
    return proofs


def _check_places(bundle: Bundle, run: AuthorisedRun, proofs: Mapping[str, Inclusion]) -> None:
    newest = run.log.newest
    for envelope in _logged(bundle):
        found = proofs[envelope.hash]
        leaf = merkle.leaf_hash(envelope.payload)
        merkle.check_inclusion(leaf, found.index, newest.size, found.proof, newest.root)
    dossier = bundle.dossier
    made = [proofs[each.hash].index for each in dossier.manifests] + [proofs[dossier.rosters[-1].hash].index]
    decided = [proofs[each.hash].index for each in dossier.decisions]
    version, order = (proofs[each.hash].index for each in (dossier.version, dossier.order))
    granted, receipt = [proofs[each.hash].index for each in bundle.grants], proofs[bundle.receipt.hash].index
    stages = (made, [version], decided, [order], granted, [receipt])
    chains = (dossier.rosters, dossier.workers)
    grown = all(proofs[a.hash].index < proofs[b.hash].index for chain in chains for a, b in pairwise(chain))
    follow = all(max(one) < min(other) for one, other in pairwise(stage for stage in stages if stage))
    if not (grown and follow):
        raise RefusedError("log_order", "The log has the run's statements in an order in which no run comes about.")


def _later_revocation(envelope: Envelope, run: AuthorisedRun) -> Revocation:
    said = verify_revocation(envelope, run.rosters, run.version_hash)
    run.log.follows(checkpoints.parse(said.checkpoint, origin=places.log_origin(run.rosters.workspace)))
    return said


def _acknowledgement(envelope: Envelope, bundle: Bundle, run: AuthorisedRun) -> Acknowledgement:
    said = envelopes.read(Acknowledgement, envelope)
    organisation = run.rosters.newest.organisation(said.organisation)
    if organisation is None or organisation.key_service is None:
        raise RefusedError("acknowledgement", "An acknowledgement comes from an organisation without a key service.")
    signatures.require(envelope, organisation.key_service.signing, who=f"the key service of {organisation.name}")
    named = (said.workspace, said.genesis)
    heard = {each.hash for each in bundle.dossier.revocations}
    if named != (run.rosters.workspace, run.rosters.genesis) or said.revocation not in heard:
        raise RefusedError("acknowledgement", "An acknowledgement is of another revocation.")
    return said


def _grants(
    bundle: Bundle, run: AuthorisedRun, evidence: Evidence, heard: tuple[Acknowledgement, ...]
) -> tuple[KeyGrant, ...]:
    grants = tuple(verify_grant(each, run, evidence_hash=bundle.evidence.hash) for each in bundle.grants)
    if tuple(sorted(each.organisation for each in grants)) != run.owners:
        raise RefusedError("key_grant", "The bundle does not hold one key grant of each owner.")
    scopes = {each.hash: envelopes.read(Revocation, each).scope for each in bundle.dossier.revocations}
    for grant in grants:
        who = f"The key service of {grant.organisation}"
        if not run.order.time - CLOCK_SKEW <= grant.time <= run.order.expires + CLOCK_SKEW:
            raise RefusedError("order_expired", f"{who} released keys outside the order's time.")
        if abs(grant.time - evidence.iat) > FRESH:
            raise RefusedError("evidence_stale", f"{who} released keys when the evidence was not fresh.")
        # The count of runs is the key services' own; what can be judged from here is the time until which it holds.
        alone = len(run.rosters.newest.members) == 1
        terms, at = run.version.grant, grant.time - CLOCK_SKEW
        if grant.attempt == 1 and runs_refused(terms, used=0, revoked=None, now=at, single_member=alone):
            raise RefusedError("no_runs_left", f"{who} released keys after the approval for reruns had expired.")
        for word in heard:
            withdrawn = scopes[word.revocation] is Scope.ALL
            if withdrawn and word.organisation == grant.organisation and grant.time > word.time:
                raise RefusedError("withdrawn", f"{who} released keys after it had acknowledged a withdrawal.")
    last = max([run.order.time, *(grant.time for grant in grants)])
    verify_approval(
        rosters=run.rosters,
        version=run.version,
        version_hash=run.version_hash,
        decisions=bundle.dossier.decisions,
        revocations=(),
        now=last,
    )
    return grants


def _receipt(
    bundle: Bundle, run: AuthorisedRun, evidence: Evidence, grants: tuple[KeyGrant, ...], now: datetime
) -> Receipt:
    receipt = verify_receipt(bundle.receipt, bundle.evidence, run)
    if receipt.grants != tuple(sorted(each.hash for each in bundle.grants)):
        raise RefusedError("receipt", "The receipt names other key grants than the bundle holds.")
    earliest = max([run.order.time, evidence.iat, *(grant.time for grant in grants)])
    latest = run.order.expires
    if not earliest - CLOCK_SKEW <= receipt.started <= latest + CLOCK_SKEW or receipt.finished < receipt.started:
        raise RefusedError("receipt_time", "The receipt's times do not fit those of its order, evidence and grants.")
    _not_future("receipt", receipt.finished, now)
    return receipt


def _logical(opened: Opened | None, receipt: Receipt) -> str | None:
    if opened is None:
        return None
    if receipt.logical is None or salted(opened.logical, opened.salt) != receipt.logical:
        raise RefusedError("result_digest", "The disclosed digest of the rows is not the one of the receipt.")
    return opened.logical
