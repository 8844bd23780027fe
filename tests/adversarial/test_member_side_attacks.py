"""Attacks on what a member's side signs: the server shows old members, other jobs and versions in vain."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from jupyter_secure_jobs.domain.errors import ConflictError
from jupyter_secure_jobs.domain.job import Grant, Scope
from jupyter_secure_jobs.domain.review import Verdict
from jupyter_secure_jobs.member import deciding
from jupyter_secure_jobs.protocol import envelope as envelopes
from tests.support.keys import digest
from tests.support.living_workspace import LivingWorkspace
from tests.support.lying_server import LyingServer
from tests.support.own_side import log_wire, side, wires
from tests.support.refusal import refused
from tests.support.world import AUTHOR, COLLEAGUE, NOW, PEOPLE, REVIEWER, WORKSPACE

if TYPE_CHECKING:
    from pathlib import Path

    from jupyter_secure_jobs.member.context import Acting
    from jupyter_secure_jobs.protocol.envelope import Envelope
    from jupyter_secure_jobs.wire.log import LogProofWire
    from jupyter_secure_jobs.wire.member_side import ReviewStatement


class Server:
    """Answers a member's side as the test says, and keeps what it is sent."""

    def __init__(self) -> None:
        self.kept = LivingWorkspace()
        self.lying = LyingServer(self.kept)
        self.version = self.kept.submit(AUTHOR, Grant(), ("Alpha", "Beta"))
        self.shown = self.version
        self.rosters, self.lists = self.kept.rosters, self.kept.lists
        self.log = self.live = 0
        self.previous: list[Envelope] = []
        self.acceptances: list[Envelope] = []
        self.signed: list[Any] = []

    def roster(self, _workspace: str) -> Any:
        return SimpleNamespace(rosters=wires(self.rosters), workers=wires(self.lists))

    def _proof(self) -> LogProofWire:
        self.lying.sizes = set(range(1, len(self.kept.logs[self.log])))
        return log_wire(self.lying.log(self.kept.logs[self.log]))

    def checkpoint(self, _workspace: str, **_sizes: int) -> LogProofWire:
        return self._proof()

    def job(self, _workspace: str, _job: str) -> Any:
        number = self.kept.versions[self.version][1].number
        version = SimpleNamespace(number=number, hash=self.version)
        return SimpleNamespace(version=version, live_version=self.live or number)

    def review_statements(self, _workspace: str, _job: str, _number: int, **_seen: int) -> Any:
        manifests = wires([made for made, _ in self.kept.manifests.values()])
        (version,) = wires([self.kept.versions[self.shown][0]])
        return SimpleNamespace(version=version, decisions=[], revocations=[], acknowledgements=[], comments=[],
                               manifests=manifests, previous=next(iter(wires(self.previous)), None),
                               previous_manifests=manifests, previous_decisions=wires(self.acceptances),
                               log=self._proof())  # fmt: skip

    def live_statements(self, workspace: str, job: str, **_seen: int) -> Any:
        number = self.job(workspace, job).live_version
        about, chains = self.review_statements(workspace, job, number), self.roster(workspace)
        return SimpleNamespace(number=number, review=about, chains=chains)

    def accepted_before(self, version: Envelope | None = None, *, without: str = "") -> None:
        """Put another version under review; show `version`, else the one of before, as accepted by all but one."""
        before = self.kept.versions[self.version][0] if version is None else version
        who = [email for email in PEOPLE if email not in (AUTHOR, without)]
        made = [self.kept.world.decision(email, version=before.hash, time=NOW) for email in who]
        self.acceptances = [envelopes.sign(each, self.kept.key(each.member).signing) for each in made]
        self.previous = [before]
        self.version = self.shown = self.kept.submit(AUTHOR, Grant(), ("Alpha", "Beta"))

    def decide_signed(self, _workspace: str, _job: str, body: Any) -> None:
        self.signed.append(body)

    order_signed = revoke_signed = decide_signed


@pytest.fixture
def server() -> Server:
    """Give a server with one job under review."""
    return Server()


@pytest.fixture
def reviewer(server: Server, tmp_path: Path) -> Acting:
    """Give a reviewer's side."""
    return side(server, server.kept.world, REVIEWER, tmp_path, server.kept.genesis)


def accept(acting: Acting, version: str) -> None:
    deciding.decide(acting, WORKSPACE, "job-1", version_hash=version, verdict=Verdict.ACCEPT, comment="")


def test_honest_decision(server: Server, reviewer: Acting) -> None:
    accept(reviewer, server.version)
    assert len(server.signed) == 1


def test_older_roster_than_was_seen(server: Server, reviewer: Acting) -> None:
    before = list(server.kept.rosters), list(server.kept.lists)
    server.kept.changes_keys(COLLEAGUE)
    server.kept.list_workers(*server.kept.workers.workers)
    assert reviewer.rosters(WORKSPACE).newest.epoch == 2
    server.rosters, server.lists = before
    with refused("stale_epoch"):
        reviewer.rosters(WORKSPACE)
    with refused("stale_epoch"):
        accept(reviewer, server.version)
    assert server.signed == []


def test_workspace_of_the_servers_own_making(server: Server, reviewer: Acting) -> None:
    world = server.kept.world
    server.rosters = [world.sign(world.roster(name="of the server"), *PEOPLE)]
    with refused("other_genesis"):
        accept(reviewer, server.version)
    assert server.signed == []


def test_genesis_is_not_pinned_over_another(reviewer: Acting) -> None:
    with refused("other_genesis"):
        reviewer.pins.pin(WORKSPACE, digest("another"))


def test_version_swapped_after_it_was_looked_at(server: Server, reviewer: Acting) -> None:
    """The page showed one version; the server has another under review by the time of the passphrase."""
    looked_at = server.version
    server.version = server.shown = server.kept.submit(AUTHOR, Grant(reruns=True), ("Alpha", "Beta"))
    with refused("version_changed", kind=ConflictError):
        accept(reviewer, looked_at)
    assert server.signed == []


def test_version_of_another_job_or_number(server: Server, reviewer: Acting) -> None:
    server.shown = server.kept.submit(AUTHOR, Grant(reruns=True), ("Alpha", "Beta"))
    with refused("other_job"):
        accept(reviewer, server.shown)
    server.shown = server.version
    with refused("other_job"):
        deciding.verified(reviewer, WORKSPACE, "job-2", number=1)
    assert server.signed == []


def test_nothing_is_signed_on_a_log_that_was_forked(server: Server, reviewer: Acting) -> None:
    accept(reviewer, server.version)
    fork = list(server.kept.logs[0])
    fork[1] = fork[2]
    server.kept.logs.append(fork)
    server.log = 1
    with refused("log_fork"):
        accept(reviewer, server.version)
    assert len(server.signed) == 1
    assert reviewer.pins.warnings()


def test_live_version_swapped_after_it_was_looked_at(server: Server, reviewer: Acting, tmp_path: Path) -> None:
    """What is run, revoked or withdrawn is what was read, not what the server calls live by then."""
    author = side(server, server.kept.world, AUTHOR, tmp_path / "author", server.kept.genesis)
    looked_at = deciding.review(reviewer, WORKSPACE, "job-1", live=True).version_hash
    deciding.revoke(reviewer, WORKSPACE, "job-1", Scope.ALL, version_hash=looked_at)
    deciding.revocation(reviewer, WORKSPACE, "job-1", Scope.ALL)
    server.version = server.shown = server.kept.submit(AUTHOR, Grant(reruns=True), ("Alpha", "Beta"))
    for scope in Scope:
        with refused("version_changed", kind=ConflictError):
            deciding.revoke(reviewer, WORKSPACE, "job-1", scope, version_hash=looked_at)
    with refused("version_changed", kind=ConflictError):
        deciding.run(author, WORKSPACE, "job-1", {"month": 7}, version_hash=looked_at)
    assert len(server.signed) == 1


def test_live_version_is_shown_though_another_is_under_review(server: Server, reviewer: Acting) -> None:
    first = server.kept.versions[server.version]
    server.version = server.kept.submit(AUTHOR, Grant(reruns=True), ("Alpha", "Beta"))
    server.live = first[1].number
    assert deciding.review(reviewer, WORKSPACE, "job-1", live=True).version_hash == first[0].hash
    server.shown = server.version
    assert deciding.review(reviewer, WORKSPACE, "job-1").version_hash == server.version


def test_reviewer_signs_no_order(server: Server, reviewer: Acting) -> None:
    with refused("not_the_author"):
        deciding.run(reviewer, WORKSPACE, "job-1", {"month": 7})
    assert server.signed == []


# -- the version that a review compares with -----------------------------------------------------------------------


def reviewed(acting: Acting) -> ReviewStatement:
    return deciding.review(acting, WORKSPACE, "job-1")


def test_version_that_all_accepted_is_compared_with(server: Server, reviewer: Acting) -> None:
    assert reviewed(reviewer).diff is None
    server.accepted_before()
    seen = reviewed(reviewer)
    assert (seen.previous_number, seen.diff) == (1, "The code is the same.")
    assert any("Version 1, which this one is compared with, was accepted by" in line for line in seen.checked)


def test_version_of_then_is_compared_with_after_the_members_changed(server: Server, reviewer: Acting) -> None:
    before = server.kept.versions[server.version][0]
    made = [server.kept.world.decision(who, version=before.hash, time=NOW) for who in PEOPLE if who != AUTHOR]
    server.kept.changes_keys(COLLEAGUE)
    server.acceptances = [envelopes.sign(each, server.kept.world.keys[each.member].signing) for each in made]
    server.previous = [before]
    server.kept.list_workers(*server.kept.workers.workers)
    server.version = server.shown = server.kept.submit(AUTHOR, Grant(), ("Alpha", "Beta"))
    assert reviewed(reviewer).previous_number == 1


@pytest.mark.parametrize("lie", ["signed by another", "of another job", "of another workspace", "with a later number"])
def test_forged_version_is_not_compared_with(server: Server, reviewer: Acting, lie: str) -> None:
    """A server that shows the new code as the code of before lets a reviewer look at nothing."""
    version = server.kept.versions[server.version][1]
    changes = {
        "signed by another": {},
        "of another job": {"job": "job-2"},
        "of another workspace": {"workspace": "of the server"},
        "with a later number": {"number": 7},
    }
    who = REVIEWER if lie == "signed by another" else AUTHOR
    server.accepted_before(envelopes.sign(replace(version, **changes[lie]), server.kept.key(who).signing))
    with refused("previous_version"):
        reviewed(reviewer)


def test_version_that_somebody_never_accepted_is_not_compared_with(server: Server, reviewer: Acting) -> None:
    server.accepted_before(without=REVIEWER)
    with refused("previous_version", saying=REVIEWER):
        reviewed(reviewer)
    server.acceptances = []
    with refused("previous_version"):
        reviewed(reviewer)


def test_acceptances_of_another_version_do_not_count(server: Server, reviewer: Acting) -> None:
    other = server.kept.submit(AUTHOR, Grant(), ("Alpha",))
    server.accepted_before()
    server.previous = [server.kept.versions[other][0]]
    with refused("previous_version"):
        reviewed(reviewer)
