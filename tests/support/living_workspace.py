"""A workspace that lives: members join and leave, submit, decide, revoke and order. All that was ever signed is kept.

Everything here is honest and signed with real keys. What a hostile server makes of it is `lying_server`.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from jupyter_secure_jobs.crypto import merkle
from jupyter_secure_jobs.crypto.sealing import seal
from jupyter_secure_jobs.protocol import envelope as envelopes
from jupyter_secure_jobs.protocol import places
from jupyter_secure_jobs.protocol.dataset import Manifest, SealedKey, Withdrawal
from jupyter_secure_jobs.protocol.roster import Roster, Worker, WorkerList
from jupyter_secure_jobs.protocol.version import DatasetRead, Recipient, Version
from tests.support.keys import Keys, digest
from tests.support.world import MEASUREMENT, NOW, PEOPLE, WORKSPACE, World

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jupyter_secure_jobs.domain.job import Grant, Scope
    from jupyter_secure_jobs.domain.review import Verdict
    from jupyter_secure_jobs.domain.workspace import Member
    from jupyter_secure_jobs.protocol.decision import Decision, Revocation
    from jupyter_secure_jobs.protocol.envelope import Envelope
    from jupyter_secure_jobs.protocol.order import RunOrder

OWNERS: Final = ("Alpha", "Beta")
SECOND_MEASUREMENT: Final = digest("the enclave's files, one version later")
JOINING: Final = {"dan@beta.example": "Beta", "eve@gamma.example": "Gamma"}
Log = tuple[bytes, ...]


class LivingWorkspace:
    """The honest side. `logs[0]` is the log as it should be; the others are what a server may show instead.

    `forks` are logs that it made up for one moment.
    """

    def __init__(self) -> None:
        """Found it: three organisations, four members, two datasets, one worker."""
        self.now: datetime = NOW
        self.world = World()
        for name in (*JOINING, "platform-2"):
            self.world.keys[name] = Keys.of(name)
        self.genesis = self.world.genesis
        self.rosters: list[Envelope] = self.world.rosters
        self.pending: list[Envelope] = []
        self.lists: list[Envelope] = self.world.workers
        self.manifests: dict[str, tuple[Envelope, Manifest]] = {}
        self.current: dict[str, str] = {}
        self.data_keys: dict[str, bytes] = {}
        self.versions: dict[str, tuple[Envelope, Version]] = {}
        self.decisions: dict[tuple[str, str], tuple[Envelope, Decision]] = {}
        self.revocations: dict[str, tuple[Envelope, Revocation]] = {}
        self.withdrawals: dict[str, tuple[Envelope, Withdrawal]] = {}
        self.orders: dict[str, tuple[Envelope, RunOrder]] = {}
        self.logs: list[list[bytes]] = [[]]
        self.forks: list[list[bytes]] = []
        self.seen: dict[str, Log] = {}
        self.carried: dict[str, Log] = {}
        self._key_names = {email: email for email in (*PEOPLE, *JOINING)}
        self.world.manifests.clear()
        for owner in OWNERS:
            self.publish(owner)
        for envelope in (*self.rosters, *self.lists):
            self._append(envelope)

    # -- reading ------------------------------------------------------------------------------------------------------

    @property
    def roster(self) -> Roster:
        """The members in force."""
        return envelopes.read(Roster, self.rosters[-1])

    @property
    def workers(self) -> WorkerList:
        """The workers in force."""
        return envelopes.read(WorkerList, self.lists[-1])

    @property
    def emails(self) -> list[str]:
        """The members in force by address."""
        return [member.email for member in self.roster.members]

    def key(self, email: str) -> Keys:
        """Return a member's keys as they are now."""
        return self.world.keys[self._key_names[email]]

    def open_versions(self) -> list[str]:
        """Return the versions that the members in force may still decide on."""
        return [made for made, (_, version) in self.versions.items() if version.epoch == len(self.rosters)]

    def undecided(self, version: str) -> list[str]:
        """Return who has not decided on a version of this epoch yet."""
        if version not in self.versions:
            return []
        author = self.versions[version][1].author
        return [who for who in self.emails if who != author and (version, who) not in self.decisions]

    # -- the log ------------------------------------------------------------------------------------------------------

    def _append(self, envelope: Envelope) -> None:
        for log in self.logs:
            log.append(merkle.leaf_hash(envelope.payload))

    def shown(self, email: str, log: int) -> str | None:
        """Show a member the newest checkpoint of a log; None if their side refuses, since it saw another before."""
        leaves = tuple(self.logs[log])
        before = self.seen.get(email, ())
        if leaves[: len(before)] != before:
            return None
        self.seen[email] = leaves
        return self.world.note(len(leaves), leaves)

    def _signed(self, statement: Any, email: str, log: int) -> Envelope:
        envelope = envelopes.sign(statement, self.key(email).signing)
        self.carried[envelope.hash] = tuple(self.logs[log])
        self._append(envelope)
        return envelope

    # -- what members do ----------------------------------------------------------------------------------------------

    def publish(self, owner: str) -> str:
        """Publish the owner's dataset, or its next version; return the manifest's hash."""
        before = self.current.get(owner)
        number = self.manifests[before][1].version + 1 if before else 1
        key = f"dataset key of {owner}, version {number}".encode()
        dataset, name = f"dataset-{owner.lower()}", places.key_id(key)
        info = places.dataset_key(workspace=WORKSPACE, dataset=dataset, version=number, key_id=name)
        recipient = self.world.keys[f"key service of {owner}"].sealing.public
        made = self.world.manifest(
            owner,
            version=number,
            previous=before,
            key_id=name,
            keys=(SealedKey(recipient=recipient, sealed=seal(recipient, key, info=info)),),
            time=self.now,
        )
        envelope = envelopes.sign(made, self.key(made.publisher).signing)
        self.manifests[envelope.hash] = (envelope, made)
        self.data_keys[envelope.hash] = key
        self.current[owner] = envelope.hash
        self._append(envelope)
        return envelope.hash

    def withdraw(self, owner: str, email: str) -> None:
        """Let a member of the owner take its dataset back."""
        made = self.world.withdrawal(email, dataset=f"dataset-{owner.lower()}", time=self.now)
        envelope = envelopes.sign(made, self.key(email).signing)
        self.withdrawals[envelope.hash] = (envelope, made)
        self._append(envelope)

    def submit(self, author: str, grant: Grant, owners: Sequence[str]) -> str:
        """Submit a version; return its hash."""
        organisation = next(each.organisation for each in self.roster.members if each.email == author)
        recipients = tuple(
            Recipient(member=each.email, sealing_key=each.keys.sealing)
            for each in self.roster.members
            if each.organisation == organisation
        )
        made = self.world_version(
            nonce=f"submission-{len(self.versions)}",
            number=len(self.versions) + 1,
            author=author,
            recipients=recipients,
            grant=grant,
            datasets=tuple(
                DatasetRead(table=owner.lower(), dataset=f"dataset-{owner.lower()}", manifest=self.current[owner])
                for owner in owners
            ),
        )
        envelope = envelopes.sign(made, self.key(author).signing)
        self.versions[envelope.hash] = (envelope, made)
        self._append(envelope)
        return envelope.hash

    def world_version(self, **changes: Any) -> Version:
        """Return a version for the members in force."""
        # The builder names two manifests unless it is told others; those of now always exist.
        self.world.manifests[:] = [self.manifests[self.current[owner]][0] for owner in OWNERS]
        return self.world.version_statement(time=self.now, **changes)

    def decide(self, version: str, email: str, verdict: Verdict, *, days: float, log: int = 0) -> None:
        """Let a member decide, once, unless their side refuses the log that it is shown."""
        note = self.shown(email, log)
        if note is None or (version, email) in self.decisions:
            return
        made = self.world.decision(
            email,
            version=version,
            verdict=verdict,
            time=self.now,
            expires=self.now + timedelta(days=days),
            checkpoint=note,
        )
        self.decisions[version, email] = (self._signed(made, email, log), made)

    def revoke(self, version: str, email: str, scope: Scope, *, log: int = 0) -> None:
        """Let a member take back an acceptance, or a part of it."""
        note = self.shown(email, log)
        if note is not None:
            made = self.world.revocation(email, scope, version=version, time=self.now, checkpoint=note)
            envelope = self._signed(made, email, log)
            self.revocations[envelope.hash] = (envelope, made)

    def order(self, version: str, email: str, *, month: Any, hours: float, log: int = 0) -> str | None:
        """Let somebody order a run; an author may be dishonest, and others may try."""
        note = self.shown(email, log)
        if note is None:
            return None
        made = self.world.run_order(
            version=version,
            epoch=self.versions[version][1].epoch,
            member=email,
            inputs={"month": month},
            nonce=f"order-{len(self.orders)}",
            time=self.now,
            expires=self.now + timedelta(hours=hours),
            checkpoint=note,
        )
        envelope = self._signed(made, email, log)
        self.orders[envelope.hash] = (envelope, made)
        return envelope.hash

    # -- changes of members and workers -------------------------------------------------------------------------------

    def change_members(self, members: Sequence[Member], *joining: str, signed: bool = True) -> None:
        """Put a next roster in force, signed by all of the last one and by who joins; or leave it waiting for most."""
        made = self.world.next_roster(members, time=self.now)
        before = [self.key(email).signing for email in self.emails]
        new = [self.world.keys[name].signing for name in joining]
        if not signed:
            self.pending.append(envelopes.sign(made, *before[:-1], *new))
            return
        self.rosters.append(envelopes.sign(made, *before, *new))
        self._append(self.rosters[-1])

    def joins(self, email: str, *, signed: bool = True) -> None:
        """Let somebody join."""
        member = self.world.member(email, JOINING.get(email) or PEOPLE[email], self.key(email))
        self.change_members([*self.roster.members, member], self._key_names[email], signed=signed)

    def leaves(self, email: str, *, signed: bool = True) -> None:
        """Let somebody leave."""
        self.change_members([each for each in self.roster.members if each.email != email], signed=signed)

    def changes_keys(self, email: str) -> None:
        """Let a member change keys, with the old and the new one."""
        name = f"{email} again {len(self.rosters)}"
        self.world.keys[name] = Keys.of(name)
        changed = self.world.member(
            email, next(each.organisation for each in self.roster.members if each.email == email), self.world.keys[name]
        )
        self.change_members([changed if each.email == email else each for each in self.roster.members], name)
        self._key_names[email] = name

    def list_workers(self, *workers: Worker) -> None:
        """Put a next worker list in force, signed by all members."""
        made = self.world.worker_list(
            epoch=len(self.lists) + 1, previous=self.lists[-1].hash, workers=tuple(workers), time=self.now
        )
        self.lists.append(envelopes.sign(made, *(self.key(email).signing for email in self.emails)))
        self._append(self.lists[-1])

    def worker(self, number: int) -> Worker:
        """Return one of two workers, each with a measurement of its own."""
        if number == 1:
            return self.world.worker()
        made = self.world.worker("platform-2", "worker-2")
        return Worker(name=made.name, platform_key=made.platform_key, measurements=(SECOND_MEASUREMENT,))


MEASUREMENTS: Final = {1: MEASUREMENT, 2: SECOND_MEASUREMENT}
PLATFORMS: Final = {1: "platform", 2: "platform-2"}
