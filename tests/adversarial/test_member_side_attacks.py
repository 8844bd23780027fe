"""Attacks on a member's side: the server shows old members, other jobs, other results; nothing is signed or opened."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jupyter_secure_jobs.crypto import files
from jupyter_secure_jobs.crypto.sealing import seal
from jupyter_secure_jobs.domain.errors import ConflictError
from jupyter_secure_jobs.domain.job import Grant, Scope
from jupyter_secure_jobs.domain.review import Verdict
from jupyter_secure_jobs.domain.run import RunKind
from jupyter_secure_jobs.domain.workspace import KeyPair
from jupyter_secure_jobs.member import bundles, comparing, deciding, opening
from jupyter_secure_jobs.member.context import Acting
from jupyter_secure_jobs.member.identity import Card
from jupyter_secure_jobs.member.pins import Pins
from jupyter_secure_jobs.protocol import canonical, codec, places
from jupyter_secure_jobs.protocol import envelope as envelopes
from jupyter_secure_jobs.protocol.dataset import SealedKey
from jupyter_secure_jobs.protocol.order import SealedOutput
from jupyter_secure_jobs.protocol.result_digest import logical_digest
from jupyter_secure_jobs.trust.evidence import salted
from jupyter_secure_jobs.wire.base import EnvelopeWire
from jupyter_secure_jobs.wire.log import LogProofWire
from tests.support.keys import digest
from tests.support.living_workspace import LivingWorkspace
from tests.support.lying_server import LyingServer
from tests.support.refusal import refused
from tests.support.world import AUTHOR, COLLEAGUE, NOW, PEOPLE, REVIEWER, WORKSPACE, World

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from jupyter_secure_jobs.client.facade import Client
    from jupyter_secure_jobs.protocol.envelope import Envelope
    from jupyter_secure_jobs.protocol.log import LogProof
    from jupyter_secure_jobs.wire.member_side import ReviewStatement

ROWS = pa.table({"carrier": ["AA", "DL"], "n": [3, 4]})


def wires(envelopes: Sequence[Envelope]) -> list[EnvelopeWire]:
    return [EnvelopeWire.model_validate(each.to_json()) for each in envelopes]


def log_wire(log: LogProof) -> LogProofWire:
    return LogProofWire.model_validate(codec.to_json(log))


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


def side(server: Any, holder: Any, email: str, folder: Path, genesis: str) -> Acting:
    """Return a member's side that has pinned the genesis."""
    ring = holder.ring(email, PEOPLE[email])
    public = KeyPair(signing=ring.signing.public, sealing=ring.sealing.public)
    pins = Pins(folder / "pins.json")
    pins.pin(WORKSPACE, genesis)
    return Acting(
        card=Card(kind="member", name=email, organisation=PEOPLE[email], keys=public),
        ring=ring,
        client=cast("Client", server),
        pins=pins,
        folder=folder,
    )


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


# -- results ----------------------------------------------------------------------------------------------------------


class Finished:
    """A run that has ended: its statements, its sealed result, and what the server says of them."""

    def __init__(self, folder: Path, world: World) -> None:
        self.world = world
        self.sealed = folder / "result.sealed"
        salt, key, log_key = b"s" * 32, files.new_key(), files.new_key()
        pq.write_table(ROWS, folder / "result.parquet")
        place = places.outcome_file(order=world.order.hash, kind="result")
        files.encrypt(folder / "result.parquet", self.sealed, key=key, place=place)
        logical = logical_digest(ROWS, ordered=False)
        secret = canonical.encode(
            {"result": key.hex(), "log": log_key.hex(), "salt": salt.hex(), "logical": logical, "withheld": []}
        )
        self.receipt = world.receipt(
            result=self.output(),
            rows=2,
            logical=salted(logical, salt),
            keys=tuple(self._sealed_key(who, secret) for who in (AUTHOR, COLLEAGUE)),
        )
        self.job = "job-1"
        self.swapped: dict[str, str] = {}
        self.inputs = {"month": 7}

    def output(self) -> SealedOutput:
        data = self.sealed.read_bytes()
        return SealedOutput(digest="sha256:" + hashlib.sha256(data).hexdigest(), bytes=len(data))

    def _sealed_key(self, who: str, secret: bytes) -> SealedKey:
        own = self.world.keys[who].sealing.public
        info = places.outcome_keys(order=self.world.order.hash, recipient=own)
        return SealedKey(recipient=own, sealed=seal(own, secret, info=info))

    def run_of(self, _workspace: str, _run: str) -> Any:
        said = {"id": "run-1", "workspace": WORKSPACE, **self.swapped}
        return SimpleNamespace(**said, job=self.job, version=1, kind=RunKind.JOB,
                               has_result=True, has_log=False, status="Succeeded", error_class=None,
                               version_hash=self.world.version.hash, inputs=self.inputs)  # fmt: skip

    def outcome(self, _workspace: str, _run: str, **_seen: int) -> Any:
        receipt, evidence, order = wires(
            [self.world.sign(self.receipt, "enclave"), self.world.evidence, self.world.order]
        )
        return SimpleNamespace(receipt=receipt, evidence=evidence, order=order, test=None,
                               log=log_wire(self.world.log_proof()), reseals=[])  # fmt: skip

    def roster(self, _workspace: str) -> Any:
        return SimpleNamespace(rosters=wires(self.world.rosters), workers=wires(self.world.workers))

    def review_statements(self, *_words: Any, **_seen: int) -> Any:
        (version,) = wires([self.world.version])
        return SimpleNamespace(version=version, decisions=wires(self.world.decisions), revocations=[],
                               acknowledgements=[], manifests=wires(self.world.manifests), previous=None,
                               log=log_wire(self.world.log_proof()))  # fmt: skip

    def download_sealed(self, _workspace: str, _run: str, _kind: str, sink: Any, *, largest: int, **_why: str) -> None:
        sink.write(self.sealed.read_bytes()[: largest + 1])


@pytest.fixture
def finished(tmp_path: Path, world: World) -> Finished:
    """Give a finished run."""
    return Finished(tmp_path, world)


@pytest.fixture
def author(finished: Finished, tmp_path: Path) -> Acting:
    """Give its author's side."""
    return side(finished, finished.world, AUTHOR, tmp_path, finished.world.genesis)


def total(acting: Acting) -> int:
    return opening.preview(acting, WORKSPACE, "run-1").total


def test_honest_result(author: Acting) -> None:
    assert total(author) == 2


@pytest.mark.parametrize("swapped", [{"id": "run-2"}, {"workspace": "another"}])
def test_record_of_another_run_in_the_place_of_this_one(
    finished: Finished, author: Acting, swapped: dict[str, str]
) -> None:
    """Else a server answers each question about a run with whichever run it likes."""
    finished.swapped = swapped
    for ask in (opening.preview, opening.log_text, comparing.compare, bundles.verified):
        with refused("other_run", saying="another run than the one asked for"):
            ask(author, WORKSPACE, "run-1")


def test_test_is_not_compared_with_itself_or_with_another_jobs(author: Acting, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reviewer's own test, shown as the author's too, would be the same by construction."""
    mine = SimpleNamespace(id="run-1", workspace=WORKSPACE, job="job-1", kind=RunKind.TEST, member=REVIEWER)
    outcome = SimpleNamespace(result=SimpleNamespace(result=digest("rows")), replaced=())
    monkeypatch.setattr(comparing, "_verified", lambda *_: outcome)
    listed = SimpleNamespace(**{**vars(mine), "member": AUTHOR, "has_result": True, "inputs": {}})
    server = SimpleNamespace(
        run_of=lambda *_: mine,
        job=lambda *_: SimpleNamespace(id="job-1", workspace=WORKSPACE, author=AUTHOR),
        runs=lambda *_, **_kind: [listed],
    )
    lied_to = replace(author, client=cast("Client", server))
    with refused("other_run", saying="this very run"):
        comparing.compare(lied_to, WORKSPACE, "run-1")
    listed.id, listed.job = "run-2", "job-2"
    with refused("other_run", saying="another job"):
        comparing.compare(lied_to, WORKSPACE, "run-1")
    server.job = lambda *_: SimpleNamespace(id="job-2", workspace=WORKSPACE, author=AUTHOR)
    with refused("other_job"):
        comparing.compare(lied_to, WORKSPACE, "run-1")


def test_stored_result_is_not_the_one_of_the_receipt(finished: Finished, author: Acting) -> None:
    finished.sealed.write_bytes(finished.sealed.read_bytes()[:-1] + b"\0")
    with refused("outcome_digest"):
        total(author)


def test_result_of_another_run_in_the_place_of_this_one(finished: Finished, author: Acting) -> None:
    """Even an enclave that signs a foreign ciphertext does not make it open."""
    key = files.new_key()
    source = finished.sealed.with_name("result.parquet")
    other = finished.sealed.with_name("other.sealed")
    files.encrypt(source, other, key=key, place=places.outcome_file(order=digest("another"), kind="result"))
    finished.sealed.write_bytes(other.read_bytes())
    finished.receipt = replace(finished.receipt, result=finished.output())
    with refused("file_altered"):
        total(author)


def test_rows_that_are_not_those_of_the_receipt(finished: Finished, author: Acting) -> None:
    finished.receipt = replace(finished.receipt, logical=salted(digest("other rows"), b"s" * 32))
    with refused("result_digest"):
        total(author)


def test_rows_are_compared_with_the_digest(tmp_path: Path, finished: Finished) -> None:
    logical = logical_digest(ROWS, ordered=False)
    pq.write_table(ROWS.slice(0, 1), tmp_path / "fewer.parquet")
    keys = {"logical": logical, "salt": (b"s" * 32).hex()}
    opening._check_logical(tmp_path / "result.parquet", keys, finished.receipt)
    with refused("result_digest"):
        opening._check_logical(tmp_path / "fewer.parquet", keys, finished.receipt)


def test_outcome_of_another_job(finished: Finished, author: Acting) -> None:
    finished.job = "job-2"
    with refused("receipt", saying="another job"):
        total(author)


def test_outcome_of_a_run_with_other_inputs(finished: Finished, author: Acting) -> None:
    finished.inputs = {"month": 8}
    with refused("other_run"):
        total(author)


def test_formulas_in_text_cells_are_neutralised_and_numbers_are_not(tmp_path: Path) -> None:
    table = pa.table({"=name": ["=1+1", "+x", "-x", "@x", "\tx", "plain", None], "n": [-1, 2, 3, 4, 5, 6, None]})
    pq.write_table(table, tmp_path / "in.parquet")
    opening.write_csv(tmp_path / "in.parquet", tmp_path / "out.csv")
    lines = (tmp_path / "out.csv").read_text(encoding="utf-8").split("\n")
    assert [line.rstrip("\r") for line in lines[:7]] == [
        "'=name,n", "'=1+1,-1", "'+x,2", "'-x,3", "'@x,4", "'\tx,5", "plain,6",
    ]  # fmt: skip
