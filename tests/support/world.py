"""A small workspace in memory, with real keys: three organisations, four members, one accepted job that has run.

Every statement is made by a builder of the same name, whose keyword arguments replace fields before it is signed. So
a test says only what its attack changes, and all that follows from it is signed again or not, as the attack needs.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from jupyter_secure_jobs.crypto.sealing import seal
from jupyter_secure_jobs.domain.compute import STANDARD, Compute
from jupyter_secure_jobs.domain.inputs import InputType, InputVariable
from jupyter_secure_jobs.domain.job import Assurance, Grant, JobLimits, Language, LogPolicy, Scope
from jupyter_secure_jobs.domain.output import OutputPolicy
from jupyter_secure_jobs.domain.review import Verdict
from jupyter_secure_jobs.domain.run import RunStatus
from jupyter_secure_jobs.protocol import canonical, places
from jupyter_secure_jobs.protocol.dataset import SealedKey
from jupyter_secure_jobs.protocol.decision import Decision, Revocation
from jupyter_secure_jobs.protocol.order import (
    Evidence,
    GrantedKey,
    KeyGrant,
    KeyRequest,
    Nonce,
    Receipt,
    Reseal,
    RunOrder,
    SealedOutput,
    SyntheticRead,
    TestResult,
)
from jupyter_secure_jobs.protocol.version import ANY_ENROLLED, DatasetRead, Recipient, Version
from jupyter_secure_jobs.trust.dossier import AuthorisedRun, Dossier, verify_run
from jupyter_secure_jobs.trust.evidence import PROFILE, salted
from tests.support.ground import (
    AUTHOR,
    COLLEAGUE,
    LAST_REVIEWER,
    LOG_LEAVES,
    MEASUREMENT,
    NOW,
    ORGANISATIONS,
    PEOPLE,
    REVIEWER,
    WORKSPACE,
    Ground,
)
from tests.support.keys import digest

if TYPE_CHECKING:
    from jupyter_secure_jobs.protocol.envelope import Envelope

__all__ = ["AUTHOR", "COLLEAGUE", "LAST_REVIEWER", "LOG_LEAVES", "MEASUREMENT", "NOW", "PEOPLE", "REVIEWER", "ROWS",
           "WORKSPACE", "World"]  # fmt: skip

NONCES: Final = (Nonce(organisation="Alpha", nonce="nonce-of-alpha"), Nonce(organisation="Beta", nonce="nonce-of-beta"))
ROWS: Final = canonical.digest(b"the rows of the result")


@dataclass(slots=True)
class World(Ground):
    """The statements of one run, each signed by those who must. Attacks replace some of them."""

    decisions: list[Envelope] = field(default_factory=list)
    revocations: list[Envelope] = field(default_factory=list)
    version: Envelope = field(init=False)
    order: Envelope = field(init=False)
    evidence: Envelope = field(init=False)

    def __post_init__(self) -> None:
        """Go on from the founded workspace to an accepted job that has run."""
        Ground.__post_init__(self)
        self.accept(self.sign(self.version_statement(), AUTHOR))

    def accept(self, version: Envelope) -> None:
        """Take `version`, let everybody accept it, order a run, and attest the enclave that has it."""
        self.version = version
        self.decisions = [self.sign(self.decision(who), who) for who in PEOPLE if who != AUTHOR]
        self.run(self.sign(self.run_order(), AUTHOR))

    def run(self, order: Envelope) -> None:
        """Take `order` and attest the enclave that has it."""
        self.order = order
        self.evidence = self.sign(self.evidence_statement(), "platform")

    # -- what is checked ------------------------------------------------------------------------------------------

    def dossier(self, **changes: Any) -> Dossier:
        """Return what a worker carries."""
        made = Dossier(
            rosters=tuple(self.rosters),
            workers=tuple(self.workers),
            manifests=tuple(self.manifests),
            version=self.version,
            decisions=tuple(self.decisions),
            revocations=tuple(self.revocations),
            order=self.order,
            log=self.log_proof(),
        )
        return replace(made, **changes)

    def authorised(self, *, now: datetime = NOW) -> AuthorisedRun:
        """Return the run if everything holds at `now`."""
        return verify_run(self.dossier(), genesis=self.genesis, now=now)

    # -- statements -----------------------------------------------------------------------------------------------

    def version_statement(self, **changes: Any) -> Version:
        """Return the version that everybody accepts."""
        made = Version(
            workspace=WORKSPACE,
            genesis=self.genesis,
            epoch=len(self.rosters),
            roster=self.rosters[-1].hash,
            job="job-1",
            number=1,
            nonce="submission-1",
            name="Delays by carrier",
            description="Mean delay of one month",
            author=AUTHOR,
            language=Language.SQL,
            code="SELECT carrier, count(*) FROM a JOIN b USING (carrier) WHERE a.month = :month GROUP BY carrier",
            datasets=(
                DatasetRead(table="a", dataset="dataset-alpha", manifest=self.manifests[0].hash),
                DatasetRead(table="b", dataset="dataset-beta", manifest=self.manifests[1].hash),
            ),
            inputs=(InputVariable(name="month", type=InputType.INTEGER, low="1", high="12"),),
            grant=Grant(reruns=True, most_runs=5, until=NOW + timedelta(days=60)),
            profile=STANDARD,
            compute=Compute(),
            measurement=ANY_ENROLLED,
            lowest_assurance=Assurance.SOFTWARE,
            limits=JobLimits(),
            log_policy=LogPolicy.STANDARD,
            output_policy=OutputPolicy(),
            counts=(),
            recipients=tuple(
                Recipient(member=email, sealing_key=self.keys[email].sealing.public)
                for email, organisation in PEOPLE.items()
                if organisation == "Alpha"
            ),
            time=NOW - timedelta(days=2),
        )
        return replace(made, **changes)

    def decision(self, who: str, **changes: Any) -> Decision:
        """Return a member's acceptance of the version."""
        made = Decision(
            workspace=WORKSPACE,
            genesis=self.genesis,
            epoch=len(self.rosters),
            version=self.version.hash,
            verdict=Verdict.ACCEPT,
            comment=places.comment(salt="salt", text="fine"),
            member=who,
            time=NOW - timedelta(days=1),
            expires=NOW + timedelta(days=89),
            checkpoint=self.note(7),
        )
        return replace(made, **changes)

    def revocation(self, who: str, scope: Scope, **changes: Any) -> Revocation:
        """Return a member's revocation of the version."""
        made = Revocation(
            workspace=WORKSPACE,
            genesis=self.genesis,
            epoch=len(self.rosters),
            version=self.version.hash,
            scope=scope,
            member=who,
            time=NOW,
            checkpoint=self.note(8),
        )
        return replace(made, **changes)

    def run_order(self, **changes: Any) -> RunOrder:
        """Return the author's order of a run for month 7."""
        made = RunOrder(
            workspace=WORKSPACE,
            genesis=self.genesis,
            epoch=len(self.rosters),
            version=self.version.hash,
            member=AUTHOR,
            inputs={"month": 7},
            nonce="order-1",
            time=NOW - timedelta(minutes=5),
            expires=NOW + timedelta(days=6),
            checkpoint=self.note(9),
        )
        return replace(made, **changes)

    def evidence_statement(self, **changes: Any) -> Evidence:
        """Return the evidence of the enclave that has the order."""
        made = Evidence(
            eat_profile=PROFILE,
            eat_nonce=tuple(each.nonce for each in NONCES),
            iat=NOW - timedelta(seconds=5),
            dbgstat="enabled",
            assurance="software",
            measurement=MEASUREMENT,
            worker="worker-1",
            genesis=self.genesis,
            roster=self.rosters[-1].hash,
            workers=self.workers[-1].hash,
            order=self.order.hash,
            signing_key=self.keys["enclave"].signing.public,
            sealing_key=self.keys["enclave"].sealing.public,
        )
        return replace(made, **changes)

    def key_request(self, **changes: Any) -> KeyRequest:
        """Return the enclave's request for the keys of the run."""
        made = KeyRequest(
            workspace=WORKSPACE,
            genesis=self.genesis,
            order=self.order.hash,
            version=self.version.hash,
            manifests=tuple(envelope.hash for envelope in self.manifests),
            nonces=NONCES,
            evidence=self.evidence.hash,
        )
        return replace(made, **changes)

    def granted_key(self, owner: str, key: bytes | None = None, **changes: Any) -> GrantedKey:
        """Return the key of an owner's dataset, sealed to the enclave."""
        data = key or self.data_key(owner)
        manifest = self.manifests[ORGANISATIONS.index(owner)].hash
        info = places.granted_key(order=self.order.hash, manifest=manifest, key_id=places.key_id(data))
        made = GrantedKey(
            manifest=manifest,
            key_id=places.key_id(data),
            sealed=seal(self.keys["enclave"].sealing.public, data, info=info),
        )
        return replace(made, **changes)

    def key_grant(self, owner: str, **changes: Any) -> KeyGrant:
        """Return the grant of an owner's key service."""
        made = KeyGrant(
            workspace=WORKSPACE,
            genesis=self.genesis,
            organisation=owner,
            order=self.order.hash,
            evidence=self.evidence.hash,
            keys=(self.granted_key(owner),),
            attempt=1,
            time=NOW,
        )
        return replace(made, **changes)

    def receipt(self, **changes: Any) -> Receipt:
        """Return the enclave's receipt of the run that succeeded."""
        alphas = (self.keys[AUTHOR].sealing.public, self.keys[COLLEAGUE].sealing.public)
        made = Receipt(
            workspace=WORKSPACE,
            genesis=self.genesis,
            order=self.order.hash,
            version=self.version.hash,
            evidence=self.evidence.hash,
            manifests=tuple(envelope.hash for envelope in self.manifests),
            grants=(digest("grant of alpha"), digest("grant of beta")),
            status=RunStatus.SUCCEEDED,
            error_class=None,
            error_line=None,
            result=SealedOutput(digest=digest("sealed result"), bytes=2048),
            rows=16,
            log=SealedOutput(digest=digest("sealed log"), bytes=64),
            logical=salted(ROWS, b"salt of 32 bytes, sealed with it"),
            keys=tuple(SealedKey(recipient=public, sealed=b"sealed outcome keys") for public in alphas),
            started=NOW + timedelta(seconds=1),
            finished=NOW + timedelta(seconds=4),
        )
        return replace(made, **changes)

    def reseal(self, to: str, **changes: Any) -> Reseal:
        """Return the outcome's keys, sealed again by the colleague of the author."""
        made = Reseal(
            workspace=WORKSPACE,
            genesis=self.genesis,
            order=self.order.hash,
            receipt=digest("receipt"),
            member=COLLEAGUE,
            recipient=to,
            sealing_key=self.keys[to].sealing.public,
            sealed=b"sealed outcome keys",
            time=NOW,
        )
        return replace(made, **changes)

    def test_result(self, **changes: Any) -> TestResult:
        """Return what the worker saw on synthetic tables."""
        made = TestResult(
            workspace=WORKSPACE,
            genesis=self.genesis,
            run="run-1",
            text=digest("text"),
            synthetic=(SyntheticRead(dataset="dataset-alpha", digest=digest("twin")),),
            inputs={"month": 7},
            status=RunStatus.SUCCEEDED,
            error_class=None,
            error_line=None,
            rows=16,
            result=ROWS,
            withheld=(),
            flow=None,
            worker="worker-1",
            measurement=MEASUREMENT,
            time=NOW,
        )
        return replace(made, **changes)
