"""Attacks on what a member's side opens: another run, another job, other rows than those of the receipt."""

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
from jupyter_secure_jobs.domain.run import RunKind
from jupyter_secure_jobs.member import bundles, comparing, opening
from jupyter_secure_jobs.protocol import canonical, places
from jupyter_secure_jobs.protocol.dataset import SealedKey
from jupyter_secure_jobs.protocol.order import SealedOutput
from jupyter_secure_jobs.protocol.result_digest import logical_digest
from jupyter_secure_jobs.trust.evidence import salted
from tests.support.keys import digest
from tests.support.own_side import log_wire, side, wires
from tests.support.refusal import refused
from tests.support.world import AUTHOR, COLLEAGUE, REVIEWER, WORKSPACE, World

if TYPE_CHECKING:
    from pathlib import Path

    from jupyter_secure_jobs.client.facade import Client
    from jupyter_secure_jobs.member.context import Acting

ROWS = pa.table({"carrier": ["AA", "DL"], "n": [3, 4]})


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

    def opening(self, workspace: str, run: str, **_seen: int) -> Any:
        about, chains, outcome = self.review_statements(), self.roster(workspace), self.outcome(workspace, run)
        dossier = SimpleNamespace(**{**vars(about), **vars(chains)}, order=outcome.order)
        return SimpleNamespace(run=self.run_of(workspace, run), outcome=outcome, dossier=dossier)

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


@pytest.mark.parametrize(
    "kind",
    [pa.dictionary(pa.int32(), pa.string()), pa.large_string(), pa.string_view(), pa.json_()],
    ids=["dictionary", "large string", "string view", "type of its own"],
)
def test_formulas_are_neutralised_in_every_kind_of_text(tmp_path: Path, kind: pa.DataType) -> None:
    cells = pa.array(["=1+1", "plain", None])
    column = pa.ExtensionArray.from_storage(kind, cells) if isinstance(kind, pa.BaseExtensionType) else cells.cast(kind)
    pq.write_table(pa.table({"a": column}), tmp_path / "in.parquet")
    opening.write_csv(tmp_path / "in.parquet", tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_text(encoding="utf-8").splitlines()[:3] == ["a", "'=1+1", "plain"]
