"""A run's bundle from real parts: exported by members, checked by anyone, in a box without network and keys."""

from __future__ import annotations

import io
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from jupyter_secure_jobs.crypto.keyfile import write_private
from jupyter_secure_jobs.domain.errors import NotAllowedError, NotFoundError, RefusedError
from jupyter_secure_jobs.domain.job import Scope
from jupyter_secure_jobs.member import bundles, deciding, opening
from jupyter_secure_jobs.protocol.clock import utc_now
from jupyter_secure_jobs.trust.bundle import Bundle, verify_bundle
from tests.support import tampering
from tests.support.parts import ANA, BEN, MIA, REVIEWERS, STRANGER, WEI, Draft, Parts, wait_until
from tests.support.process import clean_environment, command
from tests.support.refusal import refused

if TYPE_CHECKING:
    from pathlib import Path

    from jupyter_secure_jobs.wire.run import RunWire

TWO_OWNERS = Draft(
    code="SELECT month, count(*) AS n FROM flights JOIN weather USING (month) WHERE month >= :low GROUP BY month",
    tables=("flights", "weather"),
)


@pytest.fixture(scope="module")
def finished(running: Parts) -> RunWire:
    """Give a run that read the data of two organisations."""
    running.start_all()
    run = running.ended(running.order(running.accepted(TWO_OWNERS).id, {"low": 3}))
    assert run.has_result
    return run


def boxed(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command where there is no network and nothing can be written, with another home."""
    box = ["bwrap", "--unshare-net", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--die-with-parent"]
    environment = {**clean_environment(), "HOME": str(folder), "JUPYTER_DATA_DIR": str(folder / "data")}
    return subprocess.run([*box, *words], cwd=folder, env=environment, capture_output=True, text=True, check=False)


def verified(folder: Path, *words: object) -> subprocess.CompletedProcess[str]:
    """Run `verify` in the box."""
    return boxed(folder, *command("verify", *(str(word) for word in words)))


def exported(parts: Parts, who: str, run: RunWire, folder: Path, *, opened: bool = False) -> Path:
    """Let a member write the bundle, through the member side's own function."""
    file = folder / "bundle.json"
    file.write_bytes(bundles.bundle(parts.acting(who), parts.workspace, run.id, opened=opened).to_bytes())
    return file


def test_author_exports_and_anyone_verifies_down_to_the_rows(parts: Parts, finished: RunWire, tmp_path: Path) -> None:
    file = tmp_path / "bundle.json"
    words = ("receipt", finished.job_name, "--run", str(finished.number), "--out", str(file), "--opened")
    words += ("--key-store", str(parts.folder / "members" / ANA), "--workspace-url", parts.url)
    done = subprocess.run(
        command(*words, "--passphrase-file", str(parts.passphrase_file)),
        capture_output=True, text=True, check=False, env=clean_environment(),
    )  # fmt: skip
    genesis = parts.ana.pins.genesis(parts.workspace)
    assert done.returncode == 0, done.stderr
    assert genesis in done.stdout
    assert file.stat().st_mode & 0o777 == 0o600
    rows = opening.export(parts.ana, parts.workspace, finished.id, "parquet", tmp_path)
    sealed = io.BytesIO()
    parts.ana.client.download_sealed(parts.workspace, finished.id, "result", sealed, largest=2**20)
    (tmp_path / "sealed").write_bytes(sealed.getvalue())
    probe = f"import socket; socket.create_connection(('127.0.0.1', {parts.port}))"
    assert boxed(tmp_path, command()[0], "-c", probe).returncode != 0, "the box has a network"

    found = verified(tmp_path, file, "--genesis", genesis, "--result", rows, "--sealed", tmp_path / "sealed")
    assert found.returncode == 0, found.stdout + found.stderr
    for who in (ANA, *REVIEWERS, "key service of Airline", "key service of Weather Service", "worker worker-1"):
        assert who in found.stdout
    assert "Given low          3" in found.stdout
    assert verified(tmp_path, file).returncode == 3
    assert verified(tmp_path, file, "--genesis", "sha256:" + "0" * 64).returncode == 1
    again = subprocess.run(
        command(*words, "--passphrase-file", str(parts.passphrase_file)),
        capture_output=True, text=True, check=False, env=clean_environment(),
    )  # fmt: skip
    assert (again.returncode, "such a file already" in again.stderr) == (1, True)


def test_other_organisations_export_too_but_disclose_nothing(parts: Parts, finished: RunWire, tmp_path: Path) -> None:
    for who in (WEI, MIA):
        file = exported(parts, who, finished, tmp_path)
        assert Bundle.from_bytes(file.read_bytes()).opened is None
        found = verified(tmp_path, file, "--key-store", parts.folder / "members" / who)
        assert (found.returncode, "pinned in the key store" in found.stdout) == (0, True)
        with pytest.raises(NotAllowedError, match="not sealed to your key"):
            exported(parts, who, finished, tmp_path, opened=True)
    assert Bundle.from_bytes(exported(parts, BEN, finished, tmp_path, opened=True).read_bytes()).opened is not None


def test_strangers_get_no_statements(parts: Parts, finished: RunWire) -> None:
    where = f"workspaces/{parts.workspace}/runs/{finished.id}/statements"
    for who, status in ((STRANGER, 404), (None, 401), (MIA, 200)):
        with parts.http(who) as http:
            assert http.get(where).status_code == status


def test_runs_without_a_receipt_say_so(parts: Parts, finished: RunWire) -> None:
    job = parts.draft(TWO_OWNERS)
    test = parts.ended(parts.ana.client.test(parts.workspace, job.id, {"low": 1}))
    for run in (test.id, parts.workspace):
        with pytest.raises(NotFoundError) as caught:
            bundles.bundle(parts.ana, parts.workspace, run, opened=False)
        assert caught.value.code in ("no_receipt", "no_run")
    code = "number = int('many')\nspark.table('flights').limit(number)"
    failing = replace(TWO_OWNERS, language="python", code=code, inputs=(), tables=("flights",))
    run = parts.ended(parts.order(parts.accepted(failing).id))
    assert run.error_class == "ValueError"
    assert bundles.bundle(parts.ana, parts.workspace, run.id, opened=False).opened is None
    with pytest.raises(NotFoundError, match="no result"):
        bundles.bundle(parts.ana, parts.workspace, run.id, opened=True)
    assert finished.has_result


def test_revocation_after_the_run_is_in_its_bundle(parts: Parts) -> None:
    run = parts.ended(parts.order(parts.accepted(TWO_OWNERS).id))
    deciding.revoke(parts.acting(WEI), parts.workspace, run.job, Scope.ALL)

    def made() -> Bundle:
        return bundles.bundle(parts.acting(MIA), parts.workspace, run.id, opened=False)

    wait_until(lambda: len(made().acknowledgements) == 2, "the acknowledgements of both key services")
    found = verify_bundle(made(), genesis=parts.ana.pins.genesis(parts.workspace), now=utc_now())
    assert [each.member for each in found.revoked_after] == [WEI]


def test_server_that_sends_the_statements_of_another_run(parts: Parts, finished: RunWire, tmp_path: Path) -> None:
    """The receipt of a second run is put in place of the first one's, and the other way round with its evidence."""
    other = parts.ended(parts.order(parts.accepted(TWO_OWNERS).id))
    with tampering.database(parts) as session:
        first, second = session.get_one(tampering.RunRow, finished.id), session.get_one(tampering.RunRow, other.id)
        first.receipt, kept = second.receipt, first.receipt
    try:
        with pytest.raises(RefusedError):
            exported(parts, ANA, finished, tmp_path)
    finally:
        with tampering.database(parts) as session:
            session.get_one(tampering.RunRow, finished.id).receipt = kept
    exported(parts, ANA, finished, tmp_path)


def test_bundle_whose_parts_come_from_two_runs(parts: Parts, finished: RunWire, tmp_path: Path) -> None:
    other = parts.ended(parts.order(parts.accepted(TWO_OWNERS).id))
    one, two = (bundles.bundle(parts.ana, parts.workspace, each.id, opened=False) for each in (finished, other))
    genesis = parts.ana.pins.genesis(parts.workspace)
    for part in ("evidence", "grants", "receipt", "dossier", "inclusions"):
        mixed = replace(one, **{part: getattr(two, part)})
        with pytest.raises(RefusedError):
            verify_bundle(mixed, genesis=genesis, now=utc_now())
        write_private(tmp_path / "mixed.json", mixed.to_bytes())
        assert verified(tmp_path, tmp_path / "mixed.json", "--genesis", genesis).returncode == 1
    with refused("other_genesis"):
        verify_bundle(one, genesis="sha256:" + "0" * 64, now=utc_now())
