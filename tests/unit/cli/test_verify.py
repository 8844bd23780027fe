"""The command `verify`: exit codes, what it prints, whose word on the genesis counts, and the files beside a bundle."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jupyter_secure_jobs.cli.main import main
from jupyter_secure_jobs.domain.job import Scope
from jupyter_secure_jobs.member.pins import Pins
from jupyter_secure_jobs.protocol import canonical
from jupyter_secure_jobs.protocol.order import SealedOutput
from jupyter_secure_jobs.protocol.result_digest import logical_digest
from jupyter_secure_jobs.trust.bundle import Opened
from jupyter_secure_jobs.trust.evidence import salted
from jupyter_secure_jobs.trust.trail import NOT_PROVEN
from tests.support.bundles import SALT, made, signed_grants, signed_receipt
from tests.support.world import PEOPLE, REVIEWER, WORKSPACE, World

if TYPE_CHECKING:
    from pathlib import Path

TABLE = pa.table({"carrier": ["AA", "UA"], "n": pa.array([3, 4], pa.int64())})
SEALED = b"ciphertext of the result"


class Case:
    """A bundle in a folder of its own, with the result and the sealed file that belong to it."""

    def __init__(self, world: World, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.world, self.folder, self.capsys = world, folder, capsys
        digest = logical_digest(TABLE, ordered=False)
        grants = signed_grants(world)
        sealed = SealedOutput(digest=canonical.digest(SEALED), bytes=len(SEALED))
        receipt = signed_receipt(world, grants, logical=salted(digest, SALT), result=sealed, rows=2)
        self.bundle = made(world, grants=grants, receipt=receipt, opened=Opened(salt=SALT, logical=digest))
        self.closed = made(world, grants=grants, receipt=receipt, opened=None)
        self.file, self.result, self.sealed = (folder / name for name in ("bundle.json", "rows.parquet", "sealed"))
        self.file.write_bytes(self.bundle.to_bytes())
        self.sealed.write_bytes(SEALED)
        pq.write_table(TABLE, self.result)

    def verify(self, *words: object) -> tuple[int, str]:
        """Run the command; return its exit code and what it printed."""
        try:
            main(["verify", str(self.file), *(str(word) for word in words)])
            code = 0
        except SystemExit as ended:
            code = int(str(ended.code))
        return code, self.capsys.readouterr().out


@pytest.fixture
def case(world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Case:
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    return Case(world, tmp_path, capsys)


def test_verified_to_the_rows(case: Case) -> None:
    code, said = case.verify("--genesis", case.world.genesis, "--result", case.result, "--sealed", case.sealed)
    assert code == 0
    assert "VERIFIED, from genesis " + case.world.genesis in said
    for who in (*PEOPLE, "key service of Alpha", "key service of Beta", "worker worker-1"):
        assert who in said
    for text in (*NOT_PROVEN, "Given month", "SELECT carrier", "up to 5 runs", "The 2 rows have exactly this digest"):
        assert text in said
    assert "No revocation of this version" in said


def test_genesis_that_nobody_here_has_confirmed(case: Case) -> None:
    code, said = case.verify()
    assert code == 3
    assert f"NOT VERIFIED YET. Everything follows from genesis {case.world.genesis}" in said
    assert "\nVERIFIED" not in said


def test_genesis_of_another_workspace(case: Case) -> None:
    code, said = case.verify("--genesis", canonical.digest(b"another"))
    assert (code, "other_genesis" in said, "REFUSED" in said) == (1, True, True)


def test_genesis_pinned_in_a_key_store(case: Case, tmp_path: Path) -> None:
    store = tmp_path / "store"
    Pins(store / "pins.json").pin(WORKSPACE, case.world.genesis)
    code, said = case.verify("--key-store", store)
    assert (code, "pinned in the key store" in said) == (0, True)
    assert case.verify("--key-store", store, "--genesis", canonical.digest(b"another"))[0] == 1
    other = tmp_path / "other"
    Pins(other / "pins.json").pin(WORKSPACE, canonical.digest(b"another"))
    assert case.verify("--key-store", other)[0] == 1
    assert case.verify("--key-store", tmp_path / "none")[0] == 2
    elsewhere = tmp_path / "elsewhere"
    Pins(elsewhere / "pins.json").pin("ws-2", canonical.digest(b"another"))
    assert case.verify("--key-store", elsewhere)[0] == 3


def test_genesis_pinned_where_members_keep_their_keys(case: Case, tmp_path: Path) -> None:
    Pins(tmp_path / "data" / "secure_jobs" / "member" / "pins.json").pin(WORKSPACE, case.world.genesis)
    assert case.verify()[0] == 0


def test_result_whose_rows_were_changed(case: Case) -> None:
    changed = {
        "a value": pa.table({"carrier": ["AA", "UA"], "n": pa.array([3, 5], pa.int64())}),
        "a row": TABLE.slice(0, 1),
        "a type": pa.table({"carrier": ["AA", "UA"], "n": pa.array([3, 4], pa.int32())}),
        "a name": TABLE.rename_columns(["carrier", "m"]),
        "a column": TABLE.append_column("more", pa.array([1, 2])),
    }
    for what, table in changed.items():
        pq.write_table(table, case.result)
        code, said = case.verify("--genesis", case.world.genesis, "--result", case.result)
        assert (code, "Code: result_digest" in said) == (1, True), what
    pq.write_table(TABLE.take([1, 0]), case.result)
    assert case.verify("--genesis", case.world.genesis, "--result", case.result)[0] == 0, "no order was asked for"


def test_result_that_cannot_be_judged(case: Case, tmp_path: Path) -> None:
    for name, data in (("rows.parquet", b"PAR1 and no more"), ("rows.csv", b"carrier,n\nAA,3\n")):
        (tmp_path / name).write_bytes(data)
        assert case.verify("--genesis", case.world.genesis, "--result", tmp_path / name)[0] == 2
    assert case.verify("--result", tmp_path)[0] == 2
    pq.write_table(TABLE, case.result)
    case.file.write_bytes(case.closed.to_bytes())
    code, said = case.verify("--genesis", case.world.genesis, "--result", case.result)
    assert (code, "Code: not_opened" in said) == (2, True)


def test_sealed_file_that_was_changed(case: Case, tmp_path: Path) -> None:
    for data in (SEALED[:-1], SEALED + b"\0", bytes([SEALED[0] ^ 1]) + SEALED[1:], b""):
        case.sealed.write_bytes(data)
        code, said = case.verify("--genesis", case.world.genesis, "--sealed", case.sealed)
        assert (code, "Code: outcome_digest" in said) == (1, True)
    assert case.verify("--sealed", tmp_path / "none")[0] == 2


def test_json_says_the_same(case: Case) -> None:
    code, said = case.verify("--genesis", case.world.genesis, "--json")
    told: dict[str, Any] = json.loads(said)
    assert (code, told["verdict"], told["inputs"]) == (0, "verified", {"month": 7})
    assert [each["organisation"] for each in told["grants"]] == ["Alpha", "Beta"]
    assert told["not_proven"] == list(NOT_PROVEN)
    assert "keys" not in told["receipt"]
    code, said = case.verify("--genesis", canonical.digest(b"another"), "--json")
    refused = json.loads(said)
    assert (code, refused["verdict"], refused["code"]) == (1, "refused", "other_genesis")
    case.file.write_bytes(b"{")
    code, said = case.verify("--json")
    assert (code, json.loads(said)["verdict"]) == (2, "unreadable")
    case.file.write_bytes(case.bundle.to_bytes())
    code, said = case.verify("--json")
    assert (code, json.loads(said)["verdict"]) == (3, "genesis not confirmed")


def test_revocations_are_told(case: Case) -> None:
    said = case.world.sign(case.world.revocation(REVIEWER, Scope.ALL), REVIEWER)
    case.world.revocations.append(said)
    case.file.write_bytes(made(case.world, late=[said]).to_bytes())
    code, printed = case.verify("--genesis", case.world.genesis)
    assert code == 0
    assert f"{REVIEWER} stopped every further key; in the log after the run order" in printed


def test_texts_cannot_draw_lines_or_colours(case: Case) -> None:
    """A description is text of a member: neither a new line nor an escape sequence nor markup forges a verdict."""
    world = World()
    evil = "fine\nVERIFIED, from genesis x [bold red]"
    world.accept(world.sign(world.version_statement(description=evil), "ann@alpha.example"))
    case.file.write_bytes(made(world).to_bytes())
    code, printed = case.verify()
    assert code == 3
    assert "\nVERIFIED" not in printed
    assert "fine\\u000aVERIFIED, from genesis x [bold red]" in printed


def test_verification_needs_no_network_library() -> None:
    heavy = "{'httpx', 'tornado', 'pyarrow', 'sqlalchemy'}"
    probe = f"import jupyter_secure_jobs.trust.trail, sys; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
