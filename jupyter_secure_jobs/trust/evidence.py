"""Evidence of an enclave, and what it signs: key requests, grants to it, receipts and test results from it."""

from __future__ import annotations

import hashlib
import hmac
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from jupyter_secure_jobs.domain.errors import RefusedError
from jupyter_secure_jobs.domain.job import Assurance
from jupyter_secure_jobs.protocol import envelope as envelopes
from jupyter_secure_jobs.protocol.order import Evidence, KeyGrant, KeyRequest, Receipt, TestResult
from jupyter_secure_jobs.protocol.version import ANY_ENROLLED
from jupyter_secure_jobs.trust import signatures

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from jupyter_secure_jobs.protocol.envelope import Envelope
    from jupyter_secure_jobs.protocol.roster import Worker
    from jupyter_secure_jobs.trust.dossier import AuthorisedRun

PROFILE: Final = "tag:jupyter-secure-jobs,2026:software-enclave"
FRESH: Final = timedelta(seconds=120)


def verify_evidence(envelope: Envelope, run: AuthorisedRun) -> Evidence:
    """Return the evidence of the enclave that has this run, apart from its freshness.

    Order of checks: platform key enrolled and signature; profile; measurement enrolled and, if the version pins one,
    that one; binding to genesis, roster, worker list and order; assurance at least what the version and every owner
    ask. Software evidence with `dbgstat` other than enabled is refused: it would claim what it is not.

    Raises:
        RefusedError: with the first check that failed.
    """
    evidence = envelopes.read(Evidence, envelope)
    worker = next((w for key, w in run.workers.items() if any(s.keyid == key for s in envelope.signatures)), None)
    if worker is None:
        raise RefusedError("unknown_platform", "The evidence is not signed by an enrolled worker's platform key.")
    signatures.require(envelope, worker.platform_key, who=f"the worker {worker.name}")
    if evidence.eat_profile != PROFILE or evidence.worker != worker.name:
        raise RefusedError("evidence_profile", "The evidence is of an unknown kind or names another worker.")
    if evidence.assurance != Assurance.SOFTWARE or evidence.dbgstat != "enabled":
        raise RefusedError("evidence_assurance", "Software evidence must say that it is software and open to debug.")
    if evidence.measurement not in worker.measurements:
        raise RefusedError("measurement", "The enclave's measurement is not on the list of the members.")
    pinned = run.version.measurement
    if pinned not in (ANY_ENROLLED, evidence.measurement):
        raise RefusedError("measurement", "The version pins another measurement.")
    named = (evidence.genesis, evidence.roster, evidence.workers, evidence.order)
    if named != (run.rosters.genesis, run.rosters.hash, run.workers_hash, run.order_hash):
        raise RefusedError("evidence_binding", "The evidence is for another run, roster or worker list.")
    asked = [run.version.lowest_assurance]
    asked += [run.manifests[read.manifest].lowest_assurance for read in run.version.datasets]
    if not all(Assurance(evidence.assurance).meets(lowest) for lowest in asked):
        raise RefusedError("assurance", "A stronger enclave is asked for than this worker has.")
    return evidence


def verify_key_request(
    request: Envelope, evidence: Envelope, run: AuthorisedRun, *, organisation: str, nonce: str, now: datetime
) -> Evidence:
    """Return the evidence if the request is that enclave's, fresh, and for exactly this run's manifests.

    `nonce` is the one that this organisation's key service gave out for the order.

    Raises:
        RefusedError: with the first check that failed.
    """
    seen = verify_evidence(evidence, run)
    asked = envelopes.read(KeyRequest, request)
    signatures.require(request, seen.signing_key, who="the enclave")
    named = (asked.workspace, asked.genesis, asked.order, asked.version, asked.evidence)
    wanted = (run.rosters.workspace, run.rosters.genesis, run.order_hash, run.version_hash, evidence.hash)
    if named != wanted:
        raise RefusedError("key_request", "The key request is for another run, or with other evidence.")
    if asked.manifests != tuple(read.manifest for read in run.version.datasets):
        raise RefusedError("key_request", "The key request names other datasets than the version.")
    own = [given.nonce for given in asked.nonces if given.organisation == organisation]
    if own != [nonce] or nonce not in seen.eat_nonce:
        raise RefusedError("nonce", "The evidence does not carry this key service's own nonce.")
    if abs(now - seen.iat) > FRESH:
        raise RefusedError("evidence_stale", "The evidence is not fresh.", "Check the clocks.")
    return seen


def verify_grant(grant: Envelope, run: AuthorisedRun, *, evidence_hash: str) -> KeyGrant:
    """Return the grant of an organisation's key service to this run's enclave, for its own datasets.

    Raises:
        RefusedError: unsigned, of another run or enclave, or with keys of other datasets.
    """
    granted = envelopes.read(KeyGrant, grant)
    organisation = run.rosters.newest.organisation(granted.organisation)
    if organisation is None or organisation.key_service is None:
        raise RefusedError("key_grant", "A key grant comes from an organisation without a key service.")
    signatures.require(grant, organisation.key_service.signing, who=f"the key service of {organisation.name}")
    named = (granted.workspace, granted.genesis, granted.order, granted.evidence)
    if named != (run.rosters.workspace, run.rosters.genesis, run.order_hash, evidence_hash):
        raise RefusedError("key_grant", "A key grant is for another run or enclave.")
    wanted = {
        read.manifest for read in run.version.datasets if run.manifests[read.manifest].owner == granted.organisation
    }
    if {key.manifest for key in granted.keys} != wanted or len(granted.keys) != len(wanted):
        raise RefusedError("key_grant", "A key grant holds keys of other datasets.")
    for key in granted.keys:
        if key.key_id != run.manifests[key.manifest].key_id:
            raise RefusedError("key_grant", "A key grant holds another key than the manifest names.")
    return granted


def verify_receipt(receipt: Envelope, evidence: Envelope, run: AuthorisedRun) -> Receipt:
    """Return the receipt of this run by the enclave that the evidence attests.

    Raises:
        RefusedError: with the first check that failed.
    """
    seen = verify_evidence(evidence, run)
    done = envelopes.read(Receipt, receipt)
    signatures.require(receipt, seen.signing_key, who="the enclave")
    named = (done.workspace, done.genesis, done.order, done.version, done.evidence)
    wanted = (run.rosters.workspace, run.rosters.genesis, run.order_hash, run.version_hash, evidence.hash)
    if named != wanted:
        raise RefusedError("receipt", "The receipt is of another run.")
    if done.manifests != tuple(read.manifest for read in run.version.datasets):
        raise RefusedError("receipt", "The receipt names other datasets than the version.")
    sealed_to = sorted(key.recipient for key in done.keys)
    if sealed_to != sorted(who.sealing_key for who in run.version.recipients):
        raise RefusedError("recipients", "The result was not sealed to exactly the recipients of the version.")
    return done


def verify_test(
    envelope: Envelope, workers: Mapping[str, Worker], *, earlier: Sequence[Mapping[str, Worker]] = ()
) -> TestResult:
    """Return a test result signed by a worker that is enrolled, or that was on one of the `earlier` lists.

    Raises:
        RefusedError: the worker or the enclave that it names is not enrolled, or that worker did not sign.
    """
    result = envelopes.read(TestResult, envelope)
    # An earlier list counts only if it knows this very key and enclave; otherwise the newest says what is wrong.
    keys = {signature.keyid for signature in envelope.signatures}
    for listed in (workers, *earlier):
        known = (listed[key] for key in keys & set(listed))
        if any(each.name == result.worker and result.measurement in each.measurements for each in known):
            workers = listed
            break
    worker = next((worker for worker in workers.values() if worker.name == result.worker), None)
    if worker is None:
        raise RefusedError("test_worker", "A test result names a worker that is not enrolled.")
    signatures.require(envelope, worker.platform_key, who=f"the worker {worker.name}")
    if result.measurement not in worker.measurements:
        raise RefusedError("test_worker", "A test result names an enclave that is not on the list of the members.")
    return result


def salted(logical: str, salt: bytes) -> str:
    """Return the salted form of a logical result digest, as it stands in a receipt (HMAC-SHA-256, RFC 2104)."""
    return "hmac-sha256:" + hmac.new(salt, logical.encode(), hashlib.sha256).hexdigest()
