"""Is a reviewer's test the same as the author's? Real workers sign both; a server that swaps something is caught."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pyarrow.parquet as pq
import pytest

from jupyter_secure_jobs.domain.errors import InvalidError
from jupyter_secure_jobs.domain.run import RunKind
from jupyter_secure_jobs.member import comparing, opening
from jupyter_secure_jobs.store.tables import RunRow, VersionRow
from jupyter_secure_jobs.wire.job import DraftChange
from tests.support import tampering
from tests.support.parts import ANA, BEN, MIA, WEI, Draft, Parts
from tests.support.refusal import refused

if TYPE_CHECKING:
    from pathlib import Path

    from jupyter_secure_jobs.wire.member_side import ComparisonWire
    from jupyter_secure_jobs.wire.run import InputValue, RunWire

BY_CHANCE = Draft(code="SELECT flight, rand() AS chance FROM flights", inputs=())


def tried(parts: Parts, who: str, job: str, **inputs: InputValue) -> RunWire:
    run = parts.ended(parts.acting(who).client.test(parts.workspace, job, inputs))
    assert run.status == "Succeeded", run.error_text
    return run


def compared(parts: Parts, who: str, run: RunWire) -> ComparisonWire:
    return comparing.compare(parts.acting(who), parts.workspace, run.id)


@pytest.fixture(scope="module")
def job(running: Parts) -> str:
    """Give a job under review that its author tested with two values."""
    running.start_all()
    made = running.draft()
    for low in (2, 3):
        tried(running, ANA, made.id, low=low)
    return made.id


def test_same_as_the_authors(parts: Parts, job: str) -> None:
    for who in (WEI, BEN):
        found = compared(parts, who, tried(parts, who, job, low=2))
        assert (found.same, found.authors_run is not None) == (True, True), found.text
        assert "author's test run 1" in found.text


def test_author_tested_with_other_inputs(parts: Parts, job: str) -> None:
    found = compared(parts, MIA, tried(parts, MIA, job, low=5))
    assert (found.same, "other input values: low=3" in found.text) == (None, True), found.text


def test_authors_own_and_none_by_the_author(parts: Parts, job: str) -> None:
    own = next(run for run in parts.ana.client.runs(parts.workspace, job, kind=RunKind.TEST) if run.member == ANA)
    assert "author's own" in compared(parts, ANA, own).text
    other = parts.draft()
    assert "no test run with a result" in compared(parts, WEI, tried(parts, WEI, other.id, low=2)).text


def test_author_tested_another_text(parts: Parts) -> None:
    made = parts.draft()
    tried(parts, ANA, made.id, low=2)
    change = DraftChange(code="SELECT count(*) AS n FROM flights WHERE month >= :low")
    parts.ana.client.change_draft(parts.workspace, made.id, change, revision=made.revision)
    found = compared(parts, WEI, tried(parts, WEI, made.id, low=2))
    assert (found.same, "exactly this text" in found.text) == (None, True), found.text


def test_job_that_throws_dice(parts: Parts) -> None:
    made = parts.draft(BY_CHANCE)
    tried(parts, ANA, made.id)
    found = compared(parts, WEI, tried(parts, WEI, made.id))
    assert (found.same, "calls rand" in found.text) == (None, True), found.text
    # A server that shows other code, to explain a difference away or to hide what explains it, is not believed.
    with tampering.database(parts) as session:
        row = session.get_one(VersionRow, (made.id, 1))
        row.terms = {**row.terms, "code": "SELECT flight, uuid() AS chance FROM flights"}
    newest = parts.acting(WEI).client.runs(parts.workspace, made.id, kind=RunKind.TEST)[0]
    found = compared(parts, WEI, newest)
    assert (found.same, "uuid" in found.text) == (False, False), found.text


def test_two_columns_of_one_name_are_compared_opened_and_exported(parts: Parts, tmp_path: Path) -> None:
    """A join of two tables with all their columns has them."""
    months = "(SELECT DISTINCT month FROM flights)"
    code = f"SELECT * FROM {months} a JOIN {months} b ON a.month = b.month ORDER BY a.month"
    made = parts.draft(Draft(code=code, inputs=()))
    own = tried(parts, ANA, made.id)
    assert compared(parts, WEI, tried(parts, WEI, made.id)).same is True
    seen = opening.preview(parts.ana, parts.workspace, own.id)
    assert seen.columns == ["month", "month"]
    assert seen.rows
    assert all(left == right for left, right in seen.rows)
    text = opening.export(parts.ana, parts.workspace, own.id, "csv", tmp_path).read_text()
    assert text.splitlines() == ["month,month", *(",".join(map(str, row)) for row in seen.rows)]
    rows = pq.ParquetFile(opening.export(parts.ana, parts.workspace, own.id, "parquet", tmp_path)).read()
    assert rows.column(0).to_pylist() == rows.column(1).to_pylist() != []


def test_job_run_is_not_compared(parts: Parts) -> None:
    run = parts.ended(parts.order(parts.accepted(replace(Draft(), tables=("flights",))).id, {"low": 2}))
    with refused("not_a_test", kind=InvalidError):
        compared(parts, WEI, run)


def test_server_that_shows_another_outcome_as_this_tests(parts: Parts, job: str) -> None:
    """The author's outcome is handed over as the reviewer's own: the same by construction, and found out."""
    mine = tried(parts, WEI, job, low=4)
    own = next(run for run in parts.ana.client.runs(parts.workspace, job, kind=RunKind.TEST) if run.member == ANA)
    with tampering.database(parts) as session:
        row, other = session.get_one(RunRow, mine.id), session.get_one(RunRow, own.id)
        kept, row.test, row.inputs = row.test, other.test, other.inputs
    found = compared(parts, WEI, mine)
    assert (found.same, "not verified" in found.text) == (None, True), found.text
    with tampering.database(parts) as session:
        session.get_one(RunRow, mine.id).test = kept


def test_test_on_tables_that_the_owner_did_not_sign(parts: Parts) -> None:
    """The worker takes the server's word on which file is a synthetic table; whoever opens the test does not."""
    made = parts.draft()
    run = tried(parts, WEI, made.id, low=2)
    acting = parts.acting(WEI)
    assert opening.preview(acting, parts.workspace, run.id).total > 0
    with tampering.database(parts) as session:
        kept = session.get_one(RunRow, run.id).test
        assert kept is not None
        envelope = tampering.Envelope.from_bytes(kept)
        forged = tampering.altered(
            envelope, synthetic=[{"dataset": parts.datasets["flights"], "digest": "sha256:" + "0" * 64}]
        )
        # The worker itself was lied to: what it signed is genuine, and names a table of the server's own.
        signed = tampering.signed_again(forged, parts.worker_ring())
        session.get_one(RunRow, run.id).test = signed.to_bytes()
    with refused("synthetic_altered", saying="flights"):
        opening.preview(acting, parts.workspace, run.id)
    assert compared(parts, WEI, run).same is None


def test_synthetic_data_published_anew_since(parts: Parts) -> None:
    rows = "month,colour\n" + "".join(f"{month},red\n" for month in range(1, 13))
    parts.publish(MIA, "repainted", rows)
    made = parts.draft(Draft(code="SELECT month, colour FROM repainted", tables=("repainted",), inputs=()))
    tried(parts, ANA, made.id)
    run = tried(parts, WEI, made.id)
    assert compared(parts, WEI, run).same is True
    parts.publish(MIA, "repainted", rows.replace("red", "blue"), public=("month", "colour"))
    found = compared(parts, WEI, run)
    assert (found.same, "repainted was published anew" in found.text) == (None, True), found.text
    shown = opening.preview(parts.acting(WEI), parts.workspace, run.id).verified
    assert any(line.startswith("NOT checked: the synthetic data of repainted") for line in shown)
    found = compared(parts, WEI, tried(parts, WEI, made.id))
    assert (found.same, "published anew after" in found.text) == (None, True), found.text


def test_worker_that_is_told_another_hash_of_the_text_refuses(parts: Parts) -> None:
    """The text under one hash, the hash of another: nothing is signed that says that the other text was tested."""
    made = parts.draft()
    parts.parts["worker"].stop()
    run = parts.acting(WEI).client.test(parts.workspace, made.id, {"low": 2})
    with tampering.database(parts) as session:
        row = session.get_one(RunRow, run.id)
        row.text = {**row.text, "code": "SELECT 1 AS n FROM flights WHERE :low > 0"}
    parts.start("worker")
    ended = parts.ended(run)
    assert (ended.status, "tested_text" in (ended.error_text or "")) == ("Failed", True), ended.error_text
