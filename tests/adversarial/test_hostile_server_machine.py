"""A hostile server between real key services and real enclaves: no sequence of its steps opens data that it may not.

Members, key services and enclaves are honest and real. The server in between holds every statement that was ever
signed and the log's key, and hands over what it likes: mixed, old, altered, forged, doubled, at any stage. What really
happened is kept beside it (`release_rules`), and every release is compared with that. Where an honest server would
succeed, the parts must succeed too, so that the machine is not content with refusals alone.
"""

from __future__ import annotations

import functools
import random
import shutil
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import HealthCheck, Phase, event, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from jupyter_secure_jobs.crypto import merkle
from jupyter_secure_jobs.domain.errors import RefusedError
from jupyter_secure_jobs.domain.job import Grant, Scope
from jupyter_secure_jobs.domain.review import Verdict
from jupyter_secure_jobs.protocol.decision import Revocation
from tests.support.living_workspace import JOINING, OWNERS, PLATFORMS
from tests.support.lying_server import altered, resigned
from tests.support.release_rules import against_release, enrolled
from tests.support.watched_parts import WatchedParts
from tests.support.world import PEOPLE, WORKSPACE

if TYPE_CHECKING:
    from collections import Counter

    from jupyter_secure_jobs.protocol.dataset import Withdrawal
    from jupyter_secure_jobs.protocol.envelope import Envelope
    from jupyter_secure_jobs.trust.dossier import Dossier

SEEDS: Final = st.integers(0, 2**32 - 1)
RARELY: Final = st.sampled_from([False, False, False, True])
OFTEN: Final = RARELY.map(lambda rarely: not rarely)
STAGES: Final = ("nonce", "prepare", "grant")
MOST: Final = 8


class HostileServer(WatchedParts, RuleBasedStateMachine):
    """One workspace, two key services, two enclaves, and a server that lies."""

    def __init__(self) -> None:
        """Found the workspace and pin its genesis at the key services."""
        super().__init__()
        self.found_workspace()
        self.steps = 0

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
        # Often the newest entry, which no statement carries yet and a key service may have seen.
        at = len(fork) - 1 if chance.random() < 0.6 else chance.randrange(len(fork))
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
        stops: list[tuple[Envelope, Revocation | Withdrawal]] = [
            *self.kept.revocations.values(),
            *self.kept.withdrawals.values(),
        ]
        envelope, said = chance.choice(stops)
        chain = self.kept.rosters if chance.random() < 0.8 else self.kept.rosters[:-1]
        forged = chance.random() < 0.2
        if forged:
            other = altered(envelope, time="2026-11-02T12:34:56.789Z")
            envelope = chance.choice([resigned(envelope), other, resigned(other)])
        try:
            if isinstance(said, Revocation):
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

    def _order(self, chance: random.Random, *, lying: bool = False) -> str | None:
        """An order to try: often a new one by an author in good faith, else any that was ever signed."""
        waiting = [each for each in self.kept.open_versions() if self.kept.undecided(each)]
        if lying and chance.random() < 0.3:
            # What not everybody has accepted, with an author who orders too early.
            version = chance.choice(waiting) if waiting else self._submit(chance)
            return self.kept.order(version, self.kept.versions[version][1].author, month=7, hours=144)
        if not self.kept.open_versions() and len(self.kept.versions) < 2 * MOST and chance.random() < 0.5:
            self._accepted(chance)
        accepted = [each for each in self.kept.open_versions() if not self.kept.undecided(each)]
        if accepted and chance.random() < (0.4 if lying else 0.6):
            version = chance.choice(accepted)
            made = self.kept.order(version, self.kept.versions[version][1].author, month=7, hours=144)
            if made is not None:
                return made
        old = list(self.kept.orders)
        return chance.choice(old[-3:] if chance.random() < 0.6 else old) if old else None

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
    def hostile_attempts(self, seed: int, lies: int) -> None:
        """Lies at any stage, each told to one of the parts or to all; a hostile server does not try once."""
        chance = self._chance(seed)
        for _ in range(4):
            order = self._order(chance, lying=True)
            if order is not None:
                self._lie_about(order, chance.randrange(lies) + 1, chance)

    def _lie_about(self, order: str, lies: int, chance: random.Random) -> None:
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
        self.tally["hostile attempts" if lying else "honest attempts"] += 1
        self.tally["hostile attempts that got a nonce"] += lying and any(nonces.values())
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
        before = chance.choice(self.asked)[:2] if self.asked else (request, evidence)
        return self.server.invented((request, evidence), before, chance)

    @invariant()
    def nothing_is_forgotten_and_nothing_made_up(self) -> None:
        for owner, witness in self.witnesses.items():
            state = self._state(owner)
            for version in self.kept.versions:
                true = {said.scope for _, said in self.kept.revocations.values() if said.version == version}
                remembered, heard = state.revoked(WORKSPACE, version), witness.heard.get(version, set())
                assert remembered is None or remembered in true, "a revocation that nobody made is remembered"
                assert remembered is not None or not heard, "a revocation that was heard is forgotten"
                assert remembered is Scope.ALL or Scope.ALL not in heard, "a withdrawal that was heard is forgotten"
                assert state.used(version) == sum(each.version == version for each in witness.released.values())
            assert all(state.withdrawn(WORKSPACE, dataset) for dataset in witness.withdrawn)


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
    return HostileServer.tally.copy()


def check_that_it_was_worth_something(tally: Counter[str]) -> None:
    """Many sequences reach a release, honest runs go through, and lies are refused for many reasons."""
    assert tally["sequences with a release"] * 3 > tally["sequences"], tally
    assert tally["honest runs"] * 5 > tally["sequences"], tally
    assert tally["enclaves with every key"] > tally["sequences"] // 5, tally
    reasons = {name for name in tally if name.startswith("refused: ")}
    assert len(reasons) >= 15, sorted(reasons)


@functools.cache
def played() -> Counter[str]:
    """Play the sequences that every run of the tests plays, once."""
    return play(examples=100, steps=40, derandomized=True, shrinking=False)


@pytest.mark.timeout(900)
def test_no_sequence_opens_data_without_all_acceptances() -> None:
    assert played()["releases"] > 0


@pytest.mark.timeout(900)
def test_sequences_are_worth_something() -> None:
    check_that_it_was_worth_something(played())


@pytest.mark.long
@pytest.mark.timeout(7200)
def test_no_long_sequence_opens_data_without_all_acceptances() -> None:
    check_that_it_was_worth_something(play(examples=1500, steps=60, derandomized=False, shrinking=True))
