"""What the workspace server holds contains no real row, no value of a non-public column and no private key."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from jupyter_secure_jobs.crypto import encoding, files
from jupyter_secure_jobs.member import opening
from tests.support.parts import ANA, CANARIES, CANARY_NUMBER, MEMBERS, ORGANISATIONS, PASSPHRASE, Draft, Parts
from tests.support.searching import disguises, search

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

LEAKED = "Wolkenquastenflosser"
LEAKED_NUMBER = 31_415_926_53
LEAKY = f"month,secret,number\n1,first,100\n2,{LEAKED},{LEAKED_NUMBER}\n3,third,9000000000\n"
RESULT_JOB = Draft(
    language="python",
    code="flights = spark.table('flights')\nfor row in flights.collect():\n    print(row.captain, row.ticket)\n"
    "flights.select('captain', 'ticket')",
    inputs=(),
    log_policy="full",
)


def private_parts(parts: Parts) -> dict[str, bytes]:
    """Return every private seed of this world as it could lie in a file."""
    rings = {email: parts.acting(email).ring for email in MEMBERS}
    rings |= {f"key service of {name}": parts.service_ring(name) for name in ORGANISATIONS}
    rings["worker"] = parts.worker_ring()
    found = {"the passphrase": PASSPHRASE.encode()}
    for who, ring in rings.items():
        for what, seed in (("signing", ring.signing.seed()), ("sealing", ring.sealing.seed())):
            found[f"{what} seed of {who}"] = seed
            found[f"{what} seed of {who} in hex"] = seed.hex().encode()
            found[f"{what} seed of {who} in base64"] = encoding.text(seed).rstrip("=")[:-1].encode()
    return found


def held(parts: Parts, into: Path) -> Path:
    """Return a copy of all that the server holds, its log of requests included, while nothing writes."""
    parts.parts["server"].stop()
    shutil.copytree(parts.folder / "server", into / "server")
    shutil.copy2(parts.parts["server"].log, into / "server.log")
    parts.start("server")
    return into


def test_search_sees_through_disguises(tmp_path: Path) -> None:
    for name, data in disguises(LEAKED).items():
        (tmp_path / name).write_bytes(data)
    pq.write_table(pa.table({"a": [LEAKED], "b": [LEAKED_NUMBER]}), tmp_path / "table", compression="zstd")
    found = search(tmp_path, [LEAKED, LEAKED_NUMBER])
    assert {line.partition(" ")[0] for line in found} == {*disguises(LEAKED), "table"}


def test_server_holds_no_plaintext_and_the_search_finds_what_is_not_encrypted(
    parts: Parts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = parts.accepted(RESULT_JOB)
    run = parts.ended(parts.order(job.id))
    assert run.status == "Succeeded"
    shown = opening.preview(parts.ana, parts.workspace, run.id)
    assert [CANARIES[0], str(CANARY_NUMBER)] in shown.rows, "the job must have carried the canaries"
    assert CANARIES[0] in opening.log_text(parts.ana, parts.workspace, run.id).text

    first = held(parts, tmp_path / "encrypted")
    assert sum(path.stat().st_size for path in first.rglob("*") if path.is_file()) > 100_000
    assert search(first, [*CANARIES, CANARY_NUMBER], also=private_parts(parts)) == []

    def copied(source: Path, target: Path, **_: object) -> None:
        shutil.copyfile(source, target)

    monkeypatch.setattr(files, "encrypt", copied)
    parts.publish(ANA, "leaky", LEAKY)
    found = search(held(parts, tmp_path / "leaky"), [LEAKED, LEAKED_NUMBER])
    assert any(LEAKED in line for line in found)
    assert any(str(LEAKED_NUMBER) in line for line in found)
    assert all("files/" in line for line in found), "only the file that was not encrypted may show it"


def test_key_stores_are_locked_and_private(parts: Parts) -> None:
    secrets = {what: seed for what, seed in private_parts(parts).items() if "seed" in what}
    for folder in ("members", "keyservices", "worker"):
        assert search(parts.folder / folder, [], also=secrets) == []
    for path in parts.folder.rglob("keys.locked"):
        assert path.stat().st_mode & 0o077 == 0
    assert (parts.folder / "server").stat().st_mode & 0o077 == 0
