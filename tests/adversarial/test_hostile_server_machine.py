"""A hostile server between real key services and real enclaves: no sequence of its steps opens data that it may not.

Members, key services and enclaves are honest and real. The server in between holds every statement that was ever
signed and the log's key, and hands over what it likes: mixed, old, altered, forged, doubled, at any stage. What really
happened is kept beside it (`release_rules`), and every release is compared with that. Where an honest server would
succeed, the parts must succeed too, so that the machine is not content with refusals alone.
"""

from __future__ import annotations

import random
import shutil
import tempfile
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final

import pytest
from hypothesis import HealthCheck, Phase, event, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test

from jupyter_secure_jobs.crypto import merkle
from jupyter_secure_jobs.domain.errors import RefusedError, SecureJobsError
from jupyter_secure_jobs.domain.job import Grant, Scope
from jupyter_secure_jobs.domain.review import Verdict
from jupyter_secure_jobs.keyservice.service import KeyService
from jupyter_secure_jobs.keyservice.state import State
from jupyter_secure_jobs.protocol import envelope as envelopes
from jupyter_secure_jobs.protocol import places
from jupyter_secure_jobs.protocol.order import Evidence, KeyGrant
from tests.support.bare_enclave import BareEnclave
from tests.support.living_workspace import JOINING, MEASUREMENTS, OWNERS, PLATFORMS, LivingWorkspace
from tests.support.lying_server import MALLORY, LyingServer, altered, resigned, stolen
from tests.support.release_rules import (
    Attested,
    Released,
    Witness,
    against_enclave,
    against_release,
    against_run,
    enrolled,
    leaves_of,
)
from tests.support.world import PEOPLE, WORKSPACE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jupyter_secure_jobs.protocol.envelope import Envelope
    from jupyter_secure_jobs.trust.dossier import Dossier

SEEDS: Final = st.integers(0, 2**32 - 1)
RARELY: Final = st.sampled_from([False, False, False, True])
OFTEN: Final = RARELY.map(lambda rarely: not rarely)
STAGES: Final = ("nonce", "prepare", "grant")
MOST: Final = 8


class HostileServer(RuleBasedStateMachine):
    """One workspace, two key services, two enclaves, and a server that lies."""

    tally: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        """Found the workspace and pin its genesis at the key services."""
        super().__init__()
        self.kept = LivingWorkspace()
        self.server = LyingServer(self.kept)
        self.folder = Path(tempfile.mkdtemp())
        self.witnesses = {owner: Witness(owner) for owner in OWNERS}
        self.services: dict[str, KeyService] = {}
        for owner in OWNERS:
            self._start(owner)
            self._state(owner).pin(WORKSPACE, self.kept.genesis)
        self.enclaves = {
            number: BareEnclave(
                platform=self.kept.world.keys[PLATFORMS[number]].signing,
                name=f"worker-{number}",
                measurement=MEASUREMENTS[number],
                clock=lambda: self.kept.now,
            )
            for number in PLATFORMS
        }
        self.prepared: dict[int, Dossier] = {}
        self.attested: dict[str, Attested] = {}
        self.asked: list[tuple[Envelope, Envelope, Dossier]] = []
        self.granted: list[Envelope] = []
        self.releases = self.steps = 0

    def _chance(self, seed: int) -> random.Random:
        """Return what decides in one step; small numbers come often, so that the step counts as well."""
        self.steps += 1
        return random.Random(f"{seed} {self.steps}")

    def teardown(self) -> None:
        """Close what is open, and count."""
        for owner in OWNERS:
            self._state(owner).close()
        shutil.rmtree(self.folder)
        event("released" if self.releases else "nothing released")
        HostileServer.tally["sequences"] += 1
        HostileServer.tally["sequences with a release"] += bool(self.releases)

    def _state(self, owner: str) -> State:
        return self.services[owner]._state

    def _start(self, owner: str) -> None:
        ring = self.kept.world.ring(f"key service of {owner}")
        self.services[owner] = KeyService(ring, State(self.folder / f"{owner}.sqlite"))

    # -- what members do ----------------------------------------------------------------------------------------------

    @initialize(seed=SEEDS)
    def begins(self, seed: int) -> None:
        """A job that everybody accepted and that its author ordered."""
        chance = self._chance(seed)
        self._accepted(chance)
        self._order(chance)

    def _accepted(self, chance: random.Random) -> None:
        version = self._submit(chance)
        for who in self.kept.undecided(version):
            self.kept.decide(version, who, Verdict.ACCEPT, days=90)

    def _submit(self, chance: random.Random) -> str:
        until = chance.choice([None, self.kept.now + timedelta(days=3)])
        reruns = Grant(reruns=True, most_runs=chance.choice([None, 1, 2, 3]), until=until)
        owners = chance.choice([OWNERS, OWNERS, OWNERS[:1], OWNERS[1:]])
        return self.kept.submit(chance.choice(self.kept.emails), chance.choice([Grant(), reruns, reruns]), owners)

    def _log(self, chance: random.Random) -> int:
        return chance.randrange(len(self.kept.logs)) if chance.random() < 0.04 else 0

    @rule(seconds=st.sampled_from([1, 1, 60, 119, 121, 3600, 3600, 86_000, 86_500, 3 * 86_400, 80 * 86_400]))
    def time_passes(self, seconds: int) -> None:
        self.kept.now += timedelta(seconds=seconds)

    @precondition(lambda self: len(self.kept.versions) < MOST)
    @rule(seed=SEEDS, accepted=st.booleans())
    def author_submits(self, seed: int, *, accepted: bool) -> None:
        if accepted:
            self._accepted(self._chance(seed))
        else:
            self._submit(self._chance(seed))

    @precondition(lambda self: any(self.kept.undecided(each) for each in self.kept.open_versions()))
    @rule(seed=SEEDS, everybody=st.booleans())
    def members_decide(self, seed: int, *, everybody: bool) -> None:
        chance = self._chance(seed)
        version = chance.choice([each for each in self.kept.open_versions() if self.kept.undecided(each)])
        waiting = self.kept.undecided(version)
        for who in waiting if everybody else [chance.choice(waiting)]:
            verdict = Verdict.DECLINE if not everybody and chance.random() < 0.3 else Verdict.ACCEPT
            self.kept.decide(version, who, verdict, days=chance.choice([90, 90, 1]), log=self._log(chance))

    @precondition(lambda self: len(self.kept.orders) < 3 * MOST)
    @rule(seed=SEEDS)
    def somebody_orders(self, seed: int) -> None:
        """Mostly the author, in good faith or not; what is wrong with it must be found."""
        chance = self._chance(seed)
        version = chance.choice(self.kept.open_versions() or list(self.kept.versions))
        author = self.kept.versions[version][1].author
        who = author if chance.random() < 0.85 else chance.choice(self.kept.emails)
        month: Any = 7 if chance.random() < 0.8 else chance.choice([0, 13, "7", True, 7.5])
        self.kept.order(version, who, month=month, hours=chance.choice([144, 144, 1, 200]), log=self._log(chance))

    @rule(seed=SEEDS, scope=st.sampled_from(Scope))
    def member_revokes(self, seed: int, scope: Scope) -> None:
        chance = self._chance(seed)
        version = chance.choice(list(self.kept.versions))
        self.kept.revoke(version, chance.choice(self.kept.emails), scope, log=self._log(chance))

    @rule(owner=st.sampled_from(OWNERS), back=RARELY)
    def owner_publishes_or_withdraws(self, owner: str, *, back: bool) -> None:
        ours = [each.email for each in self.kept.roster.members if each.organisation == owner]
        publisher = next(email for email, organisation in PEOPLE.items() if organisation == owner)
        if back and ours:
            self.kept.withdraw(owner, ours[0])
        elif publisher in ours:
            self.kept.publish(owner)

    @precondition(lambda self: len(self.kept.rosters) < MOST)
    @rule(seed=SEEDS, kind=st.sampled_from(["joins", "leaves", "keys", "waits"]), listed=OFTEN)
    def members_change(self, seed: int, kind: str, *, listed: bool) -> None:
        chance = self._chance(seed)
        absent = [email for email in (*PEOPLE, *JOINING) if email not in self.kept.emails]
        if kind == "keys":
            self.kept.changes_keys(chance.choice(self.kept.emails))
        elif kind == "joins" and absent:
            self.kept.joins(chance.choice(absent))
        elif kind == "leaves" and len(self.kept.emails) > 2:
            self.kept.leaves(chance.choice(self.kept.emails))
        elif len(self.kept.emails) > 1:
            self.kept.leaves(chance.choice(self.kept.emails[:-1]), signed=False)
            return
        if listed:
            self.kept.list_workers(*self.kept.workers.workers)

    @precondition(lambda self: len(self.kept.lists) < MOST)
    @rule(numbers=st.sampled_from([(1,), (2,), (1, 2), (1, 2)]))
    def workers_change(self, numbers: tuple[int, ...]) -> None:
        self.kept.list_workers(*(self.kept.worker(number) for number in numbers))

    # -- what the server does -----------------------------------------------------------------------------------------

    @precondition(lambda self: len(self.kept.logs) < 3)
    @rule(seed=SEEDS)
    def server_forks_the_log(self, seed: int) -> None:
        chance = self._chance(seed)
        fork = list(chance.choice(self.kept.logs))
        at = chance.randrange(len(fork))
        if chance.random() < 0.5:
            fork[at] = merkle.leaf_hash(f"fork {seed}".encode())
        else:
            del fork[at]
        self.kept.logs.append(fork)

    @rule(owner=st.sampled_from(OWNERS))
    def key_service_starts_again(self, owner: str) -> None:
        self._state(owner).close()
        self._start(owner)

    @precondition(lambda self: self.kept.revocations or self.kept.withdrawals)
    @rule(owner=st.sampled_from(OWNERS), seed=SEEDS)
    def server_delivers_a_stop(self, owner: str, seed: int) -> None:
        """A revocation or withdrawal reaches a key service: as it was signed, or forged."""
        chance = self._chance(seed)
        stops = [*self.kept.revocations.values(), *self.kept.withdrawals.values()]
        envelope, said = chance.choice(stops)
        chain = self.kept.rosters if chance.random() < 0.8 else self.kept.rosters[:-1]
        forged = chance.random() < 0.2
        if forged:
            other = altered(envelope, time="2026-11-02T12:34:56.789Z")
            envelope = chance.choice([resigned(envelope), other, resigned(other)])
        try:
            if envelope.hash in self.kept.revocations or hasattr(said, "scope"):
                self.services[owner].hear_revocation(envelope, chain, workspace=WORKSPACE, now=self.kept.now)
                assert not forged, "a forged revocation was heard"
                self.witnesses[owner].heard.setdefault(said.version, set()).add(said.scope)
            else:
                made = next(m for m, of in self.kept.manifests.values() if of.dataset == said.dataset)
                self.services[owner].hear_withdrawal(envelope, made, chain, workspace=WORKSPACE, now=self.kept.now)
                assert not forged, "a forged withdrawal was heard"
                self.witnesses[owner].withdrawn.add(said.dataset)
            self._settle(owner, len(chain), 0)
        except RefusedError as error:
            self._note(error)

    def _order(self, chance: random.Random) -> str | None:
        """An order to try: often a new one by an author in good faith, else any that was ever signed."""
        if not self.kept.open_versions() and len(self.kept.versions) < 2 * MOST and chance.random() < 0.5:
            self._accepted(chance)
        accepted = [each for each in self.kept.open_versions() if not self.kept.undecided(each)]
        if accepted and chance.random() < 0.6:
            version = chance.choice(accepted)
            made = self.kept.order(version, self.kept.versions[version][1].author, month=7, hours=144)
            if made is not None:
                return made
        return chance.choice(list(self.kept.orders)) if self.kept.orders else None

    @rule(seed=SEEDS)
    def honest_attempt(self, seed: int) -> None:
        """The server tells the truth for once: what may work must work."""
        chance = self._chance(seed)
        order = self._order(chance)
        if order is None:
            return
        dossier = self._truth(order)
        owners = self._owners(order)
        number = chance.choice([n for n in PLATFORMS if enrolled(self.kept, dossier.workers, n)] or [1])
        wrong = {why for owner in owners for why in against_release(
            self.kept, self.witnesses[owner], dossier, self.kept.now, shown=True)}  # fmt: skip
        if not enrolled(self.kept, dossier.workers, number):
            wrong.add("no enclave is enrolled")
        done = self._attempt(number, owners, dict.fromkeys(STAGES, dossier), chance, lying=False)
        if not wrong:
            assert done, f"an honest run of {order} was refused: {self.last}"
            HostileServer.tally["honest runs"] += 1
        else:
            assert not done, f"a run went through although {wrong}"
            HostileServer.tally["honest runs that were rightly refused"] += 1

    @rule(seed=SEEDS, lies=st.integers(1, 3))
    def hostile_attempt(self, seed: int, lies: int) -> None:
        """Lies at any stage, each told to one of the parts or to all."""
        chance = self._chance(seed)
        order = self._order(chance)
        if order is None:
            return
        told = dict.fromkeys(STAGES, self._truth(order))
        for _ in range(lies):
            if chance.random() < 0.6:
                lie = self.server.lie(told["nonce"], chance)
                told = dict.fromkeys(STAGES, lie)
            else:
                stage = chance.choice(STAGES)
                told[stage] = self.server.lie(told[stage], chance)
        self._attempt(chance.choice(list(PLATFORMS)), self._owners(order), told, chance, lying=True)

    @precondition(lambda self: self.asked)
    @rule(seed=SEEDS, owner=st.sampled_from(OWNERS))
    def server_replays_a_request(self, seed: int, owner: str) -> None:
        """An old request with its evidence, an invented enclave, or another's evidence, for any run."""
        chance = self._chance(seed)
        request, evidence, dossier = chance.choice(self.asked)
        self._grant(owner, self._told(chance, dossier), *self._invented(request, evidence, chance))

    @precondition(lambda self: self.granted)
    @rule(seed=SEEDS)
    def server_replays_grants(self, seed: int) -> None:
        """Old grants, altered and forged ones, in any number, to an enclave that has a run in hand."""
        chance = self._chance(seed)
        grants = [chance.choice(self.granted) for _ in range(chance.randrange(1, 4))]
        at = chance.randrange(len(grants))
        grants[at] = chance.choice([grants[at], resigned(grants[at]), altered(grants[at], attempt=9)])
        for number, enclave in self.enclaves.items():
            if enclave.busy and number in self.prepared:
                self._hand_over(number, grants)

    # -- the road of one run ------------------------------------------------------------------------------------------

    last = ""

    def _note(self, error: SecureJobsError) -> None:
        self.last = f"{error.code}: {error.detail}"
        HostileServer.tally[f"refused: {error.code}"] += 1

    def _truth(self, order: str) -> Dossier:
        self.server.sizes = {len(witness.log) for witness in self.witnesses.values()}
        return self.server.dossier(order)

    def _told(self, chance: random.Random, dossier: Dossier) -> Dossier:
        return self.server.lie(dossier, chance) if chance.random() < 0.5 else dossier

    def _owners(self, order: str) -> list[str]:
        version = self.kept.versions[self.kept.orders[order][1].version][1]
        return sorted({self.kept.manifests[read.manifest][1].owner for read in version.datasets})

    def _attempt(
        self, number: int, owners: list[str], told: dict[str, Dossier], chance: random.Random, *, lying: bool
    ) -> bool:
        nonces = {owner: self._nonce(owner, told["nonce"]) for owner in owners}
        asked = self._ask(number, told["prepare"], {owner: nonce or "made-up" for owner, nonce in nonces.items()})
        if lying:
            self.kept.now += timedelta(seconds=chance.choice([0, 0, 0, 0, 1, 60, 119, 121]))
        if asked is None:
            return False
        request, evidence = asked
        if lying and chance.random() < 0.3:
            request, evidence = self._invented(request, evidence, chance)
        made = [self._grant(owner, told["grant"], request, evidence) for owner in owners]
        grants = [grant for grant in made if grant is not None]
        if lying and grants and chance.random() < 0.3:
            grants.append(chance.choice([*self.granted, resigned(grants[0])]))
        return self._hand_over(number, grants) if number in self.prepared else False

    def _invented(self, request: Envelope, evidence: Envelope, chance: random.Random) -> tuple[Envelope, Envelope]:
        """Return a request and evidence of which something is not what it was."""
        honest = envelopes.read(Evidence, evidence)
        old_request, old_evidence, _ = chance.choice(self.asked) if self.asked else (request, evidence, None)
        forged = self.server.evidence(honest, chance)
        return chance.choice(
            [
                (request, evidence),
                (request, old_evidence),
                (old_request, evidence),
                (resigned(request), evidence),
                (altered(request, nonces=[]), evidence),
                (request, stolen(evidence)),
                (resigned(altered(request, evidence=forged.hash)), forged),
            ]
        )

    def _nonce(self, owner: str, dossier: Dossier) -> str | None:
        witness, now = self.witnesses[owner], self.kept.now
        try:
            nonce = self.services[owner].nonce(dossier, workspace=WORKSPACE, now=now)
        except SecureJobsError as error:
            self._refused(owner, dossier, error)
            return None
        self._nothing_against(against_release(self.kept, witness, dossier, now), "gave a nonce")
        witness.nonces[dossier.order.hash] = (nonce, now)
        self._shown(owner, dossier)
        return nonce

    def _ask(self, number: int, dossier: Dossier, nonces: dict[str, str]) -> tuple[Envelope, Envelope] | None:
        enclave = self.enclaves[number]
        self.prepared.pop(number, None)
        try:
            enclave.prepare(dossier)
            self._nothing_against(against_run(self.kept, dossier, self.kept.now), "an enclave prepared a run")
            request, evidence = enclave.ask(nonces)
        except SecureJobsError as error:
            self._note(error)
            return None
        assert enrolled(self.kept, dossier.workers, number), "an enclave asked for keys that is not enrolled"
        self.prepared[number] = dossier
        self.attested[evidence.hash] = Attested(
            number, dossier.order.hash, dict(nonces), self.kept.now, enclave.sealing
        )
        self.asked.append((request, evidence, dossier))
        return request, evidence

    def _grant(self, owner: str, dossier: Dossier, request: Envelope, evidence: Envelope) -> Envelope | None:
        witness, now, order = self.witnesses[owner], self.kept.now, dossier.order.hash
        try:
            grant = self.services[owner].grant(dossier, request, evidence, workspace=WORKSPACE, now=now)
        except SecureJobsError as error:
            self._refused(owner, dossier, error)
            return None
        attested = self.attested.get(evidence.hash)
        self._nothing_against(against_release(self.kept, witness, dossier, now), "released keys")
        self._nothing_against(against_enclave(self.kept, witness, attested, dossier, now), "released keys")
        assert attested is not None
        witness.used.add(witness.nonces[order][0])
        known = witness.released.setdefault(order, Released(dossier.version.hash, now, 0))
        known.times += 1
        self._shown(owner, dossier)
        self._opens_there_alone(owner, grant, attested)
        self.granted.append(grant)
        self.releases += 1
        HostileServer.tally["releases"] += 1
        return grant

    def _opens_there_alone(self, owner: str, grant: Envelope, attested: Attested) -> None:
        keys = envelopes.read(KeyGrant, grant).keys
        assert all(self.kept.manifests[key.manifest][1].owner == owner for key in keys)
        for key in keys:
            place = places.granted_key(order=attested.order, manifest=key.manifest, key_id=key.key_id)
            assert attested.sealing.open(key.sealed, info=place) == self.kept.data_keys[key.manifest]
            for other in (MALLORY.sealing, *(e.sealing for e in self.enclaves.values() if e.busy)):
                if other is not attested.sealing:
                    with pytest.raises(RefusedError):
                        other.open(key.sealed, info=place)

    def _hand_over(self, number: int, grants: list[Envelope]) -> bool:
        dossier = self.prepared[number]
        try:
            keys = self.enclaves[number].opened(grants)
        except SecureJobsError as error:
            self._note(error)
            return False
        assert keys == {each: self.kept.data_keys[each] for each in keys}
        version = self.kept.versions[dossier.version.hash][1]
        assert set(keys) == {read.manifest for read in version.datasets}
        assert all(grant in self.granted for grant in grants), "an enclave took a grant that no key service made"
        HostileServer.tally["enclaves with every key"] += 1
        return True

    # -- what the parts remember --------------------------------------------------------------------------------------

    @staticmethod
    def _nothing_against(reasons: Iterable[str], what: str) -> None:
        found = list(reasons)
        assert not found, f"{what} although {'; '.join(found)}"

    def _shown(self, owner: str, dossier: Dossier) -> None:
        """A dossier was believed: what it shows counts from now on."""
        witness = self.witnesses[owner]
        for each in dossier.revocations:
            said = self.kept.revocations[each.hash][1]
            witness.heard.setdefault(said.version, set()).add(said.scope)
        self._settle(owner, len(dossier.rosters), len(dossier.workers), dossier)

    def _refused(self, owner: str, dossier: Dossier, error: SecureJobsError) -> None:
        self._note(error)
        self._settle(owner, 0, 0, dossier)
        if error.code == "withdrawn":
            # The key service has seen it now, whoever leaves it out later.
            for each in dossier.revocations:
                found = self.kept.revocations.get(each.hash)
                if found is not None and found[1].version == dossier.version.hash:
                    self.witnesses[owner].heard.setdefault(found[1].version, set()).add(found[1].scope)

    def _settle(self, owner: str, epoch: int, lists: int, dossier: Dossier | None = None) -> None:
        """Note what a key service remembers now; it forgets nothing, and goes on with true statements alone."""
        witness, pin = self.witnesses[owner], self._state(owner).pinned(WORKSPACE)
        assert pin is not None
        assert max(witness.epoch, epoch) <= pin.epoch, "a roster that was seen is not remembered"
        assert pin.roster == self.kept.rosters[pin.epoch - 1].hash, "a roster that the members did not sign is pinned"
        assert max(witness.lists, lists) <= pin.workers <= len(self.kept.lists), "a worker list is not remembered"
        witness.epoch, witness.lists = pin.epoch, pin.workers
        size = self.services[owner].log_sizes().get(WORKSPACE, 0)
        assert size >= len(witness.log), "the log that was seen became shorter"
        if size > len(witness.log):
            assert dossier is not None
            leaves = leaves_of(self.kept, dossier.log)
            assert leaves is not None
            assert leaves[: len(witness.log)] == witness.log, "another log is remembered"
            assert len(leaves) == size
            witness.log = leaves

    @invariant()
    def nothing_is_forgotten_and_nothing_made_up(self) -> None:
        for owner, witness in self.witnesses.items():
            state = self._state(owner)
            for version in self.kept.versions:
                true = {said.scope for _, said in self.kept.revocations.values() if said.version == version}
                remembered, heard = state.revoked(version), witness.heard.get(version, set())
                assert remembered is None or remembered in true, "a revocation that nobody made is remembered"
                assert remembered is not None or not heard, "a revocation that was heard is forgotten"
                assert remembered is Scope.ALL or Scope.ALL not in heard, "a withdrawal that was heard is forgotten"
                assert state.used(version) == sum(each.version == version for each in witness.released.values())
            assert all(state.withdrawn(dataset) for dataset in witness.withdrawn)


def play(*, examples: int, steps: int, derandomized: bool, shrinking: bool) -> Counter[str]:
    """Let the machine play; return what happened how often. Shrinking a failure takes longer than to find it."""
    HostileServer.tally.clear()
    run_state_machine_as_test(
        HostileServer,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            derandomize=derandomized,
            database=None,
            deadline=None,
            print_blob=True,
            phases=(Phase.generate, *([Phase.shrink] if shrinking else [])),
            suppress_health_check=list(HealthCheck),
        ),
    )
    return HostileServer.tally


def check_that_it_was_worth_something(tally: Counter[str]) -> None:
    """Many sequences reach a release, honest runs go through, and lies are refused for many reasons."""
    assert tally["sequences with a release"] * 3 > tally["sequences"], tally
    assert tally["honest runs"] * 5 > tally["sequences"], tally
    assert tally["enclaves with every key"] > tally["sequences"] // 5, tally
    reasons = {name for name in tally if name.startswith("refused: ")}
    assert len(reasons) >= 20, sorted(reasons)


@pytest.mark.timeout(900)
def test_no_sequence_opens_data_without_all_acceptances() -> None:
    check_that_it_was_worth_something(play(examples=80, steps=40, derandomized=True, shrinking=False))


@pytest.mark.long
@pytest.mark.timeout(7200)
def test_no_long_sequence_opens_data_without_all_acceptances() -> None:
    check_that_it_was_worth_something(play(examples=1500, steps=60, derandomized=False, shrinking=True))
