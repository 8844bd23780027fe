"""A job run's receipt as a page shows it: for every member, from what this side verified, in the words of `verify`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from jupyter_secure_jobs.cli.verdict import Found, as_json
from jupyter_secure_jobs.domain.audit import Event
from jupyter_secure_jobs.domain.errors import InvalidError, NotFoundError, RefusedError
from jupyter_secure_jobs.member import bundles, proof
from jupyter_secure_jobs.store.tables import RunRow
from jupyter_secure_jobs.wire.audit import AuditFilter
from tests.support import tampering
from tests.support.parts import ANA, BEN, MIA, REVIEWERS, WEI, Draft, Parts
from tests.support.refusal import refused

if TYPE_CHECKING:
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
    assert run.status == "Succeeded", run.error_text
    return run


def exports(parts: Parts, run: RunWire) -> list[tuple[str, str]]:
    """Return who exported the run's receipt and what the event says, oldest first."""
    kinds = [str(Event.RECEIPT_EXPORTED)]
    found = parts.ana.client.audit(parts.workspace, AuditFilter(job=run.job, kinds=kinds))
    return [(event.actor, event.detail) for event in reversed(found) if event.run == run.id]


def test_every_member_reads_it_and_learns_no_row(parts: Parts, finished: RunWire) -> None:
    told = [proof.receipt(parts.acting(who), parts.workspace, finished.id) for who in (ANA, *REVIEWERS)]
    for seen in told:
        assert seen.verdict.startswith(f"VERIFIED, from genesis {parts.ana.pins.genesis(parts.workspace)}")
        found = [line.what for line in seen.lines if line.verified]
        assert {"Roster 1, the genesis", "Worker list", "Dataset", "Version", "Decision", "Run order", "Evidence",
                "Key grant", "Receipt", "Log", "Result digest"} <= set(found)  # fmt: skip
        assert sorted(line.by[0] for line in seen.lines if line.what == "Decision") == sorted(REVIEWERS)
        version = next(line for line in seen.lines if line.what == "Version")
        assert (version.statement, version.at is not None, version.entry is not None) == (
            finished.version_hash,
            True,
            True,
        )
        assert "A software enclave" in next(line.found for line in seen.lines if line.what == "Evidence")
        assert sum(line.what == "Key grant" for line in seen.lines) == 2
        assert any("software" in line.found for line in seen.lines if not line.verified)
        assert seen.hash == next(line.statement for line in seen.lines if line.what == "Receipt")
    assert exports(parts, finished) == [], "looking at a receipt is no export"


def test_words_are_those_of_verify(parts: Parts, finished: RunWire) -> None:
    seen = proof.receipt(parts.acting(MIA), parts.workspace, finished.id)
    verified = bundles.verified(parts.acting(MIA), parts.workspace, finished.id).verified
    said = as_json(Found(verified=verified, known_from=proof.PINNED))
    assert seen.verdict == said["sentence"]
    assert [(step["subject"], step["found"]) for step in said["steps"]] == [
        (line.what, line.found) for line in seen.lines
    ][: len(said["steps"])]
    assert said["not_proven"] == [line.found for line in seen.lines if not line.verified]


def test_exporting_the_bundle_is_an_event(parts: Parts, finished: RunWire) -> None:
    before = len(exports(parts, finished))
    bundles.bundle(parts.acting(WEI), parts.workspace, finished.id, opened=False)
    bundles.bundle(parts.acting(BEN), parts.workspace, finished.id, opened=True)
    assert exports(parts, finished)[before:] == [
        (WEI, "job run 1"),
        (BEN, "job run 1, with the digest of its rows"),
    ]
    with refused("purpose", kind=InvalidError):
        parts.ana.client.run_statements(parts.workspace, finished.id, purpose="curiosity")


def test_receipt_of_another_run_is_refused(parts: Parts, finished: RunWire) -> None:
    other = parts.ended(parts.order(finished.job, {"low": 5}))
    with tampering.database(parts) as session:
        row, swapped = session.get_one(RunRow, finished.id), session.get_one(RunRow, other.id)
        kept, row.receipt, row.evidence = (row.receipt, row.evidence), swapped.receipt, swapped.evidence
    try:
        with pytest.raises(RefusedError):
            proof.receipt(parts.acting(WEI), parts.workspace, finished.id)
    finally:
        with tampering.database(parts) as session:
            row = session.get_one(RunRow, finished.id)
            row.receipt, row.evidence = kept
    assert proof.receipt(parts.acting(WEI), parts.workspace, finished.id).run == finished.id


def test_run_without_a_receipt(parts: Parts) -> None:
    test = parts.ended(parts.ana.client.test(parts.workspace, parts.draft().id, {"low": 1}))
    with refused("no_receipt", kind=NotFoundError):
        proof.receipt(parts.ana, parts.workspace, test.id)
