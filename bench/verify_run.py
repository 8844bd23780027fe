"""One accepted run among any number of members, with real keys and signatures and nothing else: no server, no data."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from jupyter_secure_jobs.crypto import checkpoint as checkpoints
from jupyter_secure_jobs.crypto import merkle, sealing
from jupyter_secure_jobs.crypto.checkpoint import Checkpoint
from jupyter_secure_jobs.crypto.keyfile import KeyRing
from jupyter_secure_jobs.crypto.sealing import SealingKey
from jupyter_secure_jobs.crypto.signing import SigningKey
from jupyter_secure_jobs.domain.compute import STANDARD, Compute
from jupyter_secure_jobs.domain.dataset import Column
from jupyter_secure_jobs.domain.job import Assurance, Grant, JobLimits, Language, LogPolicy
from jupyter_secure_jobs.domain.output import OutputPolicy
from jupyter_secure_jobs.domain.review import Verdict
from jupyter_secure_jobs.domain.run import RunStatus
from jupyter_secure_jobs.domain.workspace import KeyPair, Member, Organisation
from jupyter_secure_jobs.protocol import canonical, places
from jupyter_secure_jobs.protocol import envelope as envelopes
from jupyter_secure_jobs.protocol.clock import utc_now
from jupyter_secure_jobs.protocol.dataset import Manifest, SealedFile, SealedKey, SyntheticTable
from jupyter_secure_jobs.protocol.decision import Decision
from jupyter_secure_jobs.protocol.log import Consistency, Inclusion, LogProof
from jupyter_secure_jobs.protocol.order import Evidence, KeyRequest, Nonce, Receipt, RunOrder, SealedOutput
from jupyter_secure_jobs.protocol.roster import Roster, Worker, WorkerList
from jupyter_secure_jobs.protocol.version import ANY_ENROLLED, DatasetRead, Version
from jupyter_secure_jobs.trust.bundle import TYPE, Bundle
from jupyter_secure_jobs.trust.dossier import AuthorisedRun, Dossier, verify_run
from jupyter_secure_jobs.trust.evidence import PROFILE, verify_evidence, verify_grant
from jupyter_secure_jobs.trust.roster import verify_rosters
from jupyter_secure_jobs.trust.version import recipients_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from jupyter_secure_jobs.crypto.merkle import Tree
    from jupyter_secure_jobs.protocol.envelope import Envelope, Statement

WORKSPACE: Final = "bench"
ORGANISATIONS: Final = ("Airline", "Weather Service", "Aircraft Registry")
OWNERS: Final = ORGANISATIONS[:2]
MEASUREMENT: Final = canonical.digest(b"the enclave's files")
WORKER: Final = "worker-1"
_ORIGIN: Final = places.log_origin(WORKSPACE)
_CODE: Final = (
    "SELECT carrier, count(*) AS flights, avg(delay) AS delay FROM flights JOIN weather USING (month, origin) "
    "WHERE month = 7 GROUP BY carrier HAVING count(*) > 10 ORDER BY carrier"
)


@dataclass(frozen=True, slots=True)
class _Keys:
    signing: SigningKey = field(default_factory=SigningKey.generate)
    sealing: SealingKey = field(default_factory=SealingKey.generate)

    @property
    def public(self) -> KeyPair:
        return KeyPair(signing=self.signing.public, sealing=self.sealing.public)


class Enclave:
    """What an enclave does to verify one run, in its order; it starts no sandbox and reads no data."""

    def __init__(self, platform: SigningKey) -> None:
        """Use the worker's platform key."""
        self._platform = platform
        self.signing, self._sealing = SigningKey.generate(), SealingKey.generate()

    def prepare(self, dossier: Dossier, *, now: datetime) -> AuthorisedRun:
        """Verify the statements, and make the run's own keys."""
        genesis = envelopes.read(Version, dossier.version).genesis
        run = verify_run(dossier, genesis=genesis, now=now)
        self.signing, self._sealing = SigningKey.generate(), SealingKey.generate()
        return run

    def ask(self, run: AuthorisedRun, nonces: Mapping[str, str]) -> tuple[Envelope, Envelope]:
        """Return the key request and the evidence, verified as every key service will."""
        claims = Evidence(
            eat_profile=PROFILE,
            eat_nonce=tuple(nonces[owner] for owner in run.owners),
            iat=utc_now(),
            dbgstat="enabled",
            assurance=str(Assurance.SOFTWARE),
            measurement=MEASUREMENT,
            worker=WORKER,
            genesis=run.rosters.genesis,
            roster=run.rosters.hash,
            workers=run.workers_hash,
            order=run.order_hash,
            signing_key=self.signing.public,
            sealing_key=self._sealing.public,
        )
        evidence = envelopes.sign(claims, self._platform)
        verify_evidence(evidence, run)
        request = KeyRequest(
            workspace=run.rosters.workspace,
            genesis=run.rosters.genesis,
            order=run.order_hash,
            version=run.version_hash,
            manifests=tuple(read.manifest for read in run.version.datasets),
            nonces=tuple(Nonce(organisation=owner, nonce=nonces[owner]) for owner in run.owners),
            evidence=evidence.hash,
        )
        return envelopes.sign(request, self.signing), evidence

    def open(self, run: AuthorisedRun, grants: Sequence[Envelope], evidence: Envelope) -> None:
        """Verify the grants and open the keys in them."""
        for envelope in grants:
            for key in verify_grant(envelope, run, evidence_hash=evidence.hash).keys:
                place = places.granted_key(order=run.order_hash, manifest=key.manifest, key_id=key.key_id)
                self._sealing.open(key.sealed, info=place)


class AcceptedJob:
    """A job that every one of `members` has accepted; it reads a dataset of each of two owners, for any runs."""

    def __init__(self, members: int) -> None:
        """Make the keys of everybody and sign every statement up to the last decision."""
        self.now: datetime = utc_now()
        self.people = {f"member-{number:03d}@organisation.example": _Keys() for number in range(members)}
        self.services = {owner: _Keys() for owner in OWNERS}
        self.platform, self._log_key = SigningKey.generate(), SigningKey.generate()
        everybody = [keys.signing for keys in self.people.values()]
        self.author = next(iter(self.people))
        self.rosters = (envelopes.sign(self._roster(), *everybody),)
        self.genesis = self.rosters[0].hash
        self.workers = (envelopes.sign(self._worker_list(), *everybody),)
        self.manifests = tuple(self._by(self._publisher(owner), self._manifest(owner)) for owner in OWNERS)
        self.version = self._by(self.author, self._version())
        self._leaves = [merkle.leaf_hash(each.payload) for each in self._before()]
        checkpoint = self._note()
        self.decisions = tuple(
            self._by(email, self._decision(email, checkpoint)) for email in self.people if email != self.author
        )
        self._leaves += [merkle.leaf_hash(each.payload) for each in self.decisions]

    def _before(self) -> tuple[Envelope, ...]:
        return (*self.rosters, *self.workers, *self.manifests, self.version)

    def _by(self, email: str, statement: Statement) -> Envelope:
        return envelopes.sign(statement, self.people[email].signing)

    def _publisher(self, owner: str) -> str:
        return list(self.people)[ORGANISATIONS.index(owner)]

    def ring(self, owner: str) -> KeyRing:
        """Return a key service's keys."""
        keys = self.services[owner]
        return KeyRing(signing=keys.signing, sealing=keys.sealing, label={"name": owner, "organisation": owner})

    def order(self, *, seen: int = 0) -> Dossier:
        """Return the statements of a new run, for who has seen that many entries of the log."""
        checkpoint = self._note()
        order = RunOrder(
            workspace=WORKSPACE,
            genesis=self.genesis,
            epoch=1,
            version=self.version.hash,
            member=self.author,
            inputs={},
            nonce=secrets.token_urlsafe(24),
            time=self.now,
            expires=self.now + timedelta(days=7),
            checkpoint=checkpoint,
        )
        signed = self._by(self.author, order)
        self._leaves.append(merkle.leaf_hash(signed.payload))
        return Dossier(
            rosters=self.rosters,
            workers=self.workers,
            manifests=self.manifests,
            version=self.version,
            decisions=self.decisions,
            revocations=(),
            order=signed,
            log=self._proof(merkle.Tree.of(self._leaves), len(self._leaves) - 1, seen),
        )

    def bundle(self, dossier: Dossier, evidence: Envelope, grants: tuple[Envelope, ...], enclave: SigningKey) -> Bundle:
        """Return the bundle of a run that succeeded, in a log that ends with its receipt."""
        receipt = envelopes.sign(self._receipt(dossier, evidence, grants), enclave)
        logged = (*self._before(), *dossier.decisions, dossier.order, *grants, receipt)
        places_of = {leaf: number for number, leaf in enumerate(self._leaves)}
        for each in (*grants, receipt):
            places_of[merkle.leaf_hash(each.payload)] = len(self._leaves)
            self._leaves.append(merkle.leaf_hash(each.payload))
        tree = merkle.Tree.of(self._leaves)
        found = [(each.hash, places_of[merkle.leaf_hash(each.payload)]) for each in logged]
        proofs = (Inclusion(statement=name, index=at, proof=tuple(tree.inclusion(at))) for name, at in found)
        # The order's own checkpoint was the log just before it.
        order_seen = places_of[merkle.leaf_hash(dossier.order.payload)]
        return Bundle(
            type=TYPE,
            dossier=replace(dossier, log=self._proof(tree, order_seen)),
            evidence=evidence,
            grants=grants,
            receipt=receipt,
            acknowledgements=(),
            inclusions=tuple(proofs),
            opened=None,
        )

    def _note(self) -> str:
        state = Checkpoint(origin=_ORIGIN, size=len(self._leaves), root=merkle.Tree.of(self._leaves).root())
        return checkpoints.sign(state, self._log_key)

    def _proof(self, tree: Tree, *seen: int) -> LogProof:
        state = Checkpoint(origin=_ORIGIN, size=tree.size, root=tree.root())
        sizes = sorted({len(self._before()), *seen} - {0})
        proofs = tuple(Consistency(size=size, proof=tuple(tree.consistency(size))) for size in sizes)
        return LogProof(checkpoint=checkpoints.sign(state, self._log_key), consistency=proofs)

    def _roster(self) -> Roster:
        members = tuple(
            Member(email=email, organisation=ORGANISATIONS[number % len(ORGANISATIONS)], keys=keys.public)
            for number, (email, keys) in enumerate(self.people.items())
        )
        organisations = tuple(
            Organisation(
                name=name,
                key_service=self.services[name].public if name in self.services else None,
                recovery=_Keys().public,
            )
            for name in ORGANISATIONS
        )
        return Roster(
            workspace=WORKSPACE,
            name="Flights",
            epoch=1,
            genesis=None,
            previous=None,
            members=members,
            organisations=organisations,
            log_key=self._log_key.public,
            time=self.now,
        )

    def _worker_list(self) -> WorkerList:
        worker = Worker(name=WORKER, platform_key=self.platform.public, measurements=(MEASUREMENT,))
        return WorkerList(
            workspace=WORKSPACE, genesis=self.genesis, epoch=1, previous=None, workers=(worker,), time=self.now
        )

    def _manifest(self, owner: str) -> Manifest:
        key, dataset = secrets.token_bytes(32), f"dataset of {owner}"
        place = places.dataset_key(workspace=WORKSPACE, dataset=dataset, version=1, key_id=places.key_id(key))
        recipient = self.services[owner].public.sealing
        digest = canonical.digest(owner.encode())
        return Manifest(
            workspace=WORKSPACE,
            genesis=self.genesis,
            dataset=dataset,
            version=1,
            previous=None,
            name=f"table_{OWNERS.index(owner)}",
            description="",
            owner=owner,
            publisher=self._publisher(owner),
            columns=tuple(Column(name=f"column_{number}", type="string") for number in range(20)),
            rows=300_000,
            files=(SealedFile(path="part-00000.parquet", bytes=8_000_000, digest=digest),),
            synthetic=SyntheticTable(digest=digest, bytes=100_000, rows=1000),
            key_id=places.key_id(key),
            keys=(SealedKey(recipient=recipient, sealed=sealing.seal(recipient, key, info=place)),),
            lowest_assurance=Assurance.SOFTWARE,
            output_policy=OutputPolicy(),
            time=self.now,
        )

    def _version(self) -> Version:
        reads = zip(OWNERS, self.manifests, strict=True)
        return Version(
            workspace=WORKSPACE,
            genesis=self.genesis,
            epoch=1,
            roster=self.rosters[-1].hash,
            job="job",
            number=1,
            nonce=secrets.token_urlsafe(24),
            name="Delays by carrier",
            description="",
            author=self.author,
            language=Language.SQL,
            code=_CODE,
            datasets=tuple(
                DatasetRead(table=f"t{number}", dataset=f"dataset of {owner}", manifest=manifest.hash)
                for number, (owner, manifest) in enumerate(reads)
            ),
            inputs=(),
            grant=Grant(reruns=True),
            profile=STANDARD,
            compute=Compute(),
            measurement=ANY_ENROLLED,
            lowest_assurance=Assurance.SOFTWARE,
            limits=JobLimits(),
            log_policy=LogPolicy.STANDARD,
            output_policy=OutputPolicy(),
            counts=(),
            recipients=recipients_of(verify_rosters(self.rosters, genesis=self.genesis), self.author),
            time=self.now,
        )

    def _decision(self, email: str, checkpoint: str) -> Decision:
        return Decision(
            workspace=WORKSPACE,
            genesis=self.genesis,
            epoch=1,
            version=self.version.hash,
            verdict=Verdict.ACCEPT,
            comment=places.comment(salt=email, text="fine"),
            member=email,
            time=self.now,
            expires=self.now + timedelta(days=90),
            checkpoint=checkpoint,
        )

    def _receipt(self, dossier: Dossier, evidence: Envelope, grants: tuple[Envelope, ...]) -> Receipt:
        version = envelopes.read(Version, dossier.version)
        ended = utc_now()
        output = SealedOutput(digest=canonical.digest(b"ciphertext"), bytes=2048)
        return Receipt(
            workspace=WORKSPACE,
            genesis=self.genesis,
            order=dossier.order.hash,
            version=dossier.version.hash,
            evidence=evidence.hash,
            manifests=tuple(each.hash for each in dossier.manifests),
            grants=tuple(sorted(each.hash for each in grants)),
            status=RunStatus.SUCCEEDED,
            error_class=None,
            error_line=None,
            result=output,
            rows=16,
            log=None,
            logical="hmac-sha256:" + "0" * 64,
            keys=tuple(SealedKey(recipient=who.sealing_key, sealed=b"\0" * 1300) for who in version.recipients),
            started=ended,
            finished=ended,
        )
