"""The ground on which the world of the tests stands: people with real keys, rosters, workers, datasets, and a log.

Every statement is made by a builder of the same name, whose keyword arguments replace fields before it is signed.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from jupyter_secure_jobs.crypto import checkpoint as checkpoints
from jupyter_secure_jobs.crypto import merkle
from jupyter_secure_jobs.crypto.checkpoint import Checkpoint
from jupyter_secure_jobs.crypto.keyfile import KeyRing
from jupyter_secure_jobs.domain.dataset import Column
from jupyter_secure_jobs.domain.job import Assurance
from jupyter_secure_jobs.domain.output import OutputPolicy
from jupyter_secure_jobs.domain.workspace import Member, Organisation
from jupyter_secure_jobs.protocol import canonical, places
from jupyter_secure_jobs.protocol.dataset import Manifest, SealedFile, SealedKey, SyntheticTable, Withdrawal
from jupyter_secure_jobs.protocol.envelope import Envelope, Statement, sign
from jupyter_secure_jobs.protocol.log import Consistency, LogProof
from jupyter_secure_jobs.protocol.roster import Roster, Worker, WorkerList
from jupyter_secure_jobs.trust.roster import TrustedRosters, verify_rosters
from tests.support.keys import Keys, digest

if TYPE_CHECKING:
    from collections.abc import Sequence

NOW: Final = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
WORKSPACE: Final = "ws-1"
MEASUREMENT: Final = canonical.digest(b"the enclave's files")
AUTHOR: Final = "ann@alpha.example"
COLLEAGUE: Final = "abe@alpha.example"
REVIEWER: Final = "bea@beta.example"
LAST_REVIEWER: Final = "cem@gamma.example"
PEOPLE: Final = {AUTHOR: "Alpha", COLLEAGUE: "Alpha", REVIEWER: "Beta", LAST_REVIEWER: "Gamma"}
ORGANISATIONS: Final = ("Alpha", "Beta", "Gamma")
LOG_LEAVES: Final = [merkle.leaf_hash(f"statement {number}".encode()) for number in range(30)]


def _people() -> dict[str, Keys]:
    services = [f"key service of {name}" for name in ORGANISATIONS[:2]]
    recoveries = [f"recovery of {name}" for name in ORGANISATIONS]
    return {name: Keys.of(name) for name in (*PEOPLE, *services, *recoveries, "platform", "enclave", "log", "mallory")}


@dataclass(slots=True)
class Ground:
    """A founded workspace with two datasets, each statement signed by those who must."""

    keys: dict[str, Keys] = field(default_factory=_people)
    rosters: list[Envelope] = field(default_factory=list)
    workers: list[Envelope] = field(default_factory=list)
    manifests: list[Envelope] = field(default_factory=list)
    genesis: str = field(init=False)

    def __post_init__(self) -> None:
        """Make every statement in the order in which a workspace lives."""
        self.rosters.append(self.sign(self.roster(), *PEOPLE))
        self.genesis = self.rosters[0].hash
        self.workers.append(self.sign(self.worker_list(), *PEOPLE))
        self.manifests += [self.sign(self.manifest("Alpha"), AUTHOR), self.sign(self.manifest("Beta"), REVIEWER)]

    def sign(self, statement: Statement, *who: str) -> Envelope:
        """Return the statement signed by these holders."""
        return sign(statement, *(self.keys[name].signing for name in who))

    def ring(self, holder: str, organisation: str | None = None) -> KeyRing:
        """Return a holder's key store, unlocked; a key service's organisation is read off its name."""
        named = organisation or holder.rpartition(" of ")[2]
        keys = self.keys[holder]
        return KeyRing(signing=keys.signing, sealing=keys.sealing, label={"name": holder, "organisation": named})

    def note(self, size: int, leaves: Sequence[bytes] = LOG_LEAVES) -> str:
        """Return the signed checkpoint of the log when it had `size` entries."""
        state = Checkpoint(origin=places.log_origin(WORKSPACE), size=size, root=merkle.Tree.of(leaves).root(size))
        return checkpoints.sign(state, self.keys["log"].signing)

    def log_proof(
        self, size: int = 20, leaves: Sequence[bytes] = LOG_LEAVES, *, seen: Sequence[int] = (7, 8, 9)
    ) -> LogProof:
        """Return how the log stands with `size` entries, proven from the sizes that the statements carry."""
        tree = merkle.Tree.of(leaves[:size])
        proofs = [Consistency(size=old, proof=tuple(tree.consistency(old))) for old in seen if 0 < old <= size]
        return LogProof(checkpoint=self.note(size, leaves), consistency=tuple(proofs))

    def trusted(self) -> TrustedRosters:
        """Return the verified roster chain."""
        return verify_rosters(self.rosters, genesis=self.genesis)

    def member(self, email: str, organisation: str | None = None, keys: Keys | None = None) -> Member:
        """Return a member with the keys of that name."""
        return Member(email=email, organisation=organisation or PEOPLE[email], keys=(keys or self.keys[email]).public)

    def roster(self, **changes: Any) -> Roster:
        """Return the genesis."""
        made = Roster(
            workspace=WORKSPACE,
            name="Flights",
            epoch=1,
            genesis=None,
            previous=None,
            members=tuple(self.member(email) for email in PEOPLE),
            organisations=tuple(
                Organisation(
                    name=name,
                    key_service=self.keys[f"key service of {name}"].public if name != "Gamma" else None,
                    recovery=self.keys[f"recovery of {name}"].public,
                )
                for name in ORGANISATIONS
            ),
            log_key=self.keys["log"].signing.public,
            time=NOW - timedelta(days=30),
        )
        return replace(made, **changes)

    def next_roster(self, members: Sequence[Member] | None = None, **changes: Any) -> Roster:
        """Return a roster that follows the newest one."""
        last = self.roster() if len(self.rosters) == 1 else self.trusted().newest
        people = last.members if members is None else tuple(members)
        follows = {"epoch": last.epoch + 1, "genesis": self.genesis, "previous": self.rosters[-1].hash}
        return replace(last, **{"members": people, **follows, **changes})

    def worker_list(self, **changes: Any) -> WorkerList:
        """Return the first worker list."""
        made = WorkerList(
            workspace=WORKSPACE,
            genesis=self.genesis,
            epoch=1,
            previous=None,
            workers=(self.worker(),),
            time=NOW - timedelta(days=29),
        )
        return replace(made, **changes)

    def worker(self, holder: str = "platform", name: str = "worker-1") -> Worker:
        """Return an enrolled worker."""
        return Worker(name=name, platform_key=self.keys[holder].signing.public, measurements=(MEASUREMENT,))

    def data_key(self, owner: str) -> bytes:
        """Return the key of an owner's dataset."""
        return b"dataset key of " + owner.encode()

    def manifest(self, owner: str, **changes: Any) -> Manifest:
        """Return the manifest of an owner's dataset, published by its first member."""
        publisher = next(email for email, organisation in PEOPLE.items() if organisation == owner)
        key = self.data_key(owner)
        dataset, recipient = f"dataset-{owner.lower()}", self.keys[f"key service of {owner}"].sealing.public
        made = Manifest(
            workspace=WORKSPACE,
            genesis=self.genesis,
            dataset=dataset,
            version=1,
            previous=None,
            name=f"flights_{owner.lower()}",
            description="Departures",
            owner=owner,
            publisher=publisher,
            columns=(Column(name="month", type="int"), Column(name="carrier", type="string", public=True)),
            rows=1000,
            files=(SealedFile(path="part-00000.parquet", bytes=4096, digest=digest("ciphertext")),),
            synthetic=SyntheticTable(digest=digest("twin"), bytes=512, rows=100),
            key_id=places.key_id(key),
            keys=(SealedKey(recipient=recipient, sealed=b"sealed to the key service"),),
            lowest_assurance=Assurance.SOFTWARE,
            output_policy=OutputPolicy(),
            time=NOW - timedelta(days=20),
        )
        return replace(made, **changes)

    def withdrawal(self, member: str, **changes: Any) -> Withdrawal:
        """Return the withdrawal of Beta's dataset."""
        made = Withdrawal(workspace=WORKSPACE, genesis=self.genesis, dataset="dataset-beta", member=member, time=NOW)
        return replace(made, **changes)
