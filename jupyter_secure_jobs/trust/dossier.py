"""Everything that the verification of one run needs, as it is carried by those whom nobody trusts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from jupyter_secure_jobs.domain.errors import InvalidError, RefusedError
from jupyter_secure_jobs.domain.inputs import Value, check_values
from jupyter_secure_jobs.domain.run import ORDER_DAYS
from jupyter_secure_jobs.protocol import canonical, codec
from jupyter_secure_jobs.protocol import envelope as envelopes
from jupyter_secure_jobs.protocol.envelope import Envelope  # noqa: TC001 -- the codec reads a dossier's annotations at run time
from jupyter_secure_jobs.protocol.log import LogProof  # noqa: TC001 -- as above
from jupyter_secure_jobs.protocol.order import RunOrder
from jupyter_secure_jobs.trust import signatures
from jupyter_secure_jobs.trust.approval import CLOCK_SKEW, verify_approval
from jupyter_secure_jobs.trust.log import TrustedLog, verify_log
from jupyter_secure_jobs.trust.manifest import verify_manifest
from jupyter_secure_jobs.trust.roster import TrustedRosters, verify_rosters, verify_workers
from jupyter_secure_jobs.trust.version import verify_version

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from jupyter_secure_jobs.domain.job import Scope
    from jupyter_secure_jobs.protocol.dataset import Manifest
    from jupyter_secure_jobs.protocol.roster import Worker
    from jupyter_secure_jobs.protocol.version import Version

_DAY_SECONDS = 86400


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """The envelopes, unverified, and how the log stands."""

    rosters: tuple[Envelope, ...]
    workers: tuple[Envelope, ...]
    manifests: tuple[Envelope, ...]
    version: Envelope
    decisions: tuple[Envelope, ...]
    revocations: tuple[Envelope, ...]
    order: Envelope
    log: LogProof

    @classmethod
    def from_json(cls, value: object) -> Dossier:
        """Read a dossier from a JSON value.

        Raises:
            RefusedError: it has another shape.
        """
        return codec.from_json(cls, value)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorisedRun:
    """A run of which every statement was verified. `inputs` holds a value for each variable, in its canonical form.

    `workers_hash` names the newest worker list.
    `rerun_revoked` is the scope of a revocation that leaves the first run alone; who counts runs must look at it.
    """

    rosters: TrustedRosters
    workers: Mapping[str, Worker]
    workers_hash: str
    manifests: Mapping[str, Manifest]
    version: Version
    version_hash: str
    order: RunOrder
    order_hash: str
    inputs: Mapping[str, Value]
    rerun_revoked: Scope | None
    log: TrustedLog

    @property
    def owners(self) -> tuple[str, ...]:
        """The organisations whose keys the run needs, sorted."""
        return tuple(sorted({self.manifests[read.manifest].owner for read in self.version.datasets}))


def verify_order(
    envelope: Envelope, rosters: TrustedRosters, version: Version, version_hash: str, now: datetime
) -> tuple[RunOrder, dict[str, Value]]:
    """Return the author's order and its input values, checked against the version's constraints.

    Raises:
        RefusedError: of another workspace, epoch or version, not by the author, expired, from the future, valid for
            longer than 7 days, or with input values that the version does not allow or that are not canonical.
    """
    order = envelopes.read(RunOrder, envelope)
    named = (order.workspace, order.genesis, order.epoch, order.version)
    if named != (rosters.workspace, rosters.genesis, rosters.newest.epoch, version_hash):
        raise RefusedError("other_version", "The run order is for another version, epoch or workspace.")
    if order.member != version.author:
        raise RefusedError("not_the_author", "The run order is not by the author.")
    author = rosters.member(version.author)
    signatures.require(envelope, author.keys.signing, who=f"the author, {author.email}")
    if order.time > now + CLOCK_SKEW:
        raise RefusedError("from_the_future", "The run order is dated in the future.", "Check the clocks.")
    if now > order.expires + CLOCK_SKEW or (order.expires - order.time).total_seconds() > ORDER_DAYS * _DAY_SECONDS:
        raise RefusedError("order_expired", "The run order has expired, or is valid for too long.", "Run it again.")
    try:
        values = check_values(version.inputs, order.inputs)
    except InvalidError as error:
        raise RefusedError(error.code, error.detail, error.next_step) from error
    # Bytes are compared, not values: Python holds 1, 1.0 and True for equal.
    if canonical.encode(codec.to_json(values)) != canonical.encode(codec.to_json(order.inputs)):
        raise RefusedError("inputs_not_canonical", "The input values are not all there in their canonical form.")
    return order, values


def verify_run(dossier: Dossier, *, genesis: str, now: datetime) -> AuthorisedRun:
    """Return the run if everything that can be checked without state holds.

    Order of checks: roster chain to the genesis; worker list; manifests; version; approval by all; order and inputs;
    the log continues every checkpoint that these carry. Counts of runs, pins and nonces are the key services' own.

    Raises:
        RefusedError: with the first check that failed.
    """
    rosters = verify_rosters(dossier.rosters, genesis=genesis)
    workers = verify_workers(dossier.workers, rosters)
    manifests = verified_manifests(dossier.manifests, rosters)
    version = verify_version(dossier.version, rosters, manifests)
    version_hash = dossier.version.hash
    approval = verify_approval(
        rosters=rosters,
        version=version,
        version_hash=version_hash,
        decisions=dossier.decisions,
        revocations=dossier.revocations,
        now=now,
    )
    order, values = verify_order(dossier.order, rosters, version, version_hash, now)
    log = verify_log(dossier.log, rosters, (*approval.checkpoints, order.checkpoint))
    return AuthorisedRun(
        rosters=rosters,
        workers=workers,
        workers_hash=dossier.workers[-1].hash,
        manifests=manifests,
        version=version,
        version_hash=version_hash,
        order=order,
        order_hash=dossier.order.hash,
        inputs=values,
        rerun_revoked=approval.revoked,
        log=log,
    )


def verified_manifests(found: Sequence[Envelope], rosters: TrustedRosters) -> dict[str, Manifest]:
    """Return manifests by hash, each verified.

    Raises:
        RefusedError: one does not verify.
    """
    return {envelope.hash: verify_manifest(envelope, rosters) for envelope in found}


def as_of(dossier: Dossier, *, roster: str, workers: str) -> Dossier:
    """Return the dossier as it was when the roster and the worker list with these hashes were the newest.

    What came later is left out, so that an old run can be verified after the members or workers have changed. Whoever
    calls verifies the whole chains first: only then is it certain that they are no older than what was seen.

    Raises:
        RefusedError: the chains do not hold these statements.
    """
    return replace(dossier, rosters=_up_to(dossier.rosters, roster), workers=_up_to(dossier.workers, workers))


def _up_to(chain: Sequence[Envelope], digest: str) -> tuple[Envelope, ...]:
    for place, envelope in enumerate(chain, start=1):
        if envelope.hash == digest:
            return tuple(chain[:place])
    raise RefusedError("not_in_chain", "The run names a roster or worker list that was never in force.")
