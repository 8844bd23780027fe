"""A job from its draft to an exported result, seen from outside, against real parts."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import pyarrow.parquet as pq
import pytest

from jupyter_secure_jobs.domain.errors import ConflictError, NotAllowedError
from jupyter_secure_jobs.domain.review import Verdict
from jupyter_secure_jobs.member import deciding, opening
from jupyter_secure_jobs.wire.job import DraftChange, GrantWire
from tests.support.parts import ANA, BEN, FLIGHTS, LOW, MIA, REVIEWERS, WEI, Draft, Parts
from tests.support.refusal import refused

if TYPE_CHECKING:
    from pathlib import Path

JOINED_SQL = Draft(
    code="SELECT f.month, count(*) AS n, max(w.wind) AS wind FROM flights f JOIN weather w ON f.month = w.month "
    "WHERE f.month >= :low GROUP BY f.month ORDER BY f.month",
    tables=("flights", "weather"),
    grant=GrantWire(reruns=True, most_runs=2),
)
JOINED_PYTHON = Draft(
    language="python",
    code="flights = spark.table('flights')\nweather = spark.table('weather')\nprint('joined')\n"
    "from pyspark.sql import functions as F\n"
    "joined = flights.join(weather, 'month').where(F.col('month') >= inputs['low'])\n"
    "joined.groupBy('month').agg(F.count('*').alias('n'), F.max('wind').alias('wind')).orderBy('month')",
    tables=("flights", "weather"),
    grant=GrantWire(reruns=True, most_runs=2),
    log_policy="full",
)


def expected(low: int) -> list[list[str | None]]:
    """Compute the joined jobs' rows from the raw text, without any of the product's code."""
    months = [int(row["month"]) for row in csv.DictReader(FLIGHTS.splitlines())]
    return [[str(m), str(months.count(m)), str(m * 3)] for m in range(1, 13) if m >= low and m in months]


@pytest.mark.parametrize("draft", [JOINED_SQL, JOINED_PYTHON], ids=["sql", "python"])
def test_job_goes_from_draft_to_export(parts: Parts, draft: Draft, tmp_path: Path) -> None:
    workspace, client = parts.workspace, parts.ana.client
    job = parts.draft(draft)
    assert job.status == "Draft"

    tested = parts.ended(client.test(workspace, job.id, {"low": 2}))
    assert (tested.status, tested.error_text) == ("Succeeded", None)
    assert opening.preview(parts.acting(MIA), workspace, tested.id).synthetic

    assert deciding.submit(parts.ana, workspace, job.id).status == "Under Review"
    declined = parts.decide(WEI, job.id, Verdict.DECLINE, "Please round the numbers.")
    assert declined.status == "Under Review"
    assert [each.comment for each in declined.approval if each.decision == "Declined"] == ["Please round the numbers."]
    with pytest.raises(NotAllowedError, match="final"):
        parts.decide(WEI, job.id)

    assert client.act(workspace, job.id, "cancel-review").status == "Draft"
    edited = client.change_draft(
        workspace, job.id, DraftChange(description="Revised"), revision=parts.job(job.id).revision
    )
    assert edited.description == "Revised"
    assert deciding.submit(parts.ana, workspace, job.id).status == "Under Review"
    for who in REVIEWERS:
        assert parts.job(job.id, who).needs_me
        parts.decide(who, job.id)
        assert not parts.job(job.id, who).needs_me
    assert parts.job(job.id).status == "Accepted"

    first = parts.ended(parts.order(job.id, {"low": 3}))
    assert (first.status, first.error_class, first.error_text) == ("Succeeded", None, None)
    assert first.used_up
    assert first.rows == len(expected(3))
    for who in (ANA, BEN):
        seen = opening.preview(parts.acting(who), workspace, first.id)
        assert (seen.rows, seen.total, seen.synthetic) == (expected(3), len(expected(3)), False)
        assert seen.verified

    table = opening.export(parts.ana, workspace, first.id, "csv", tmp_path).read_text()
    assert list(csv.reader(table.splitlines())) == [["month", "n", "wind"], *expected(3)]
    rows = pq.read_table(opening.export(parts.acting(BEN), workspace, first.id, "parquet", tmp_path)).to_pylist()
    assert [[str(value) for value in row.values()] for row in rows] == expected(3)
    if draft.language == "python":
        assert "joined" in opening.export(parts.ana, workspace, first.id, "txt", tmp_path).read_text()

    second = parts.ended(parts.order(job.id, {"low": 11}))
    assert opening.preview(parts.ana, workspace, second.id).rows == expected(11)
    with pytest.raises(NotAllowedError, match="All 2 approved runs are used up"):
        parts.order(job.id)


def test_single_run_is_used_up(parts: Parts) -> None:
    job = parts.accepted(Draft(grant=GrantWire()))
    assert parts.ended(parts.order(job.id)).status == "Succeeded"
    with pytest.raises(NotAllowedError, match="used up"):
        parts.order(job.id)


def test_new_draft_beside_the_live_version(parts: Parts) -> None:
    workspace, client = parts.workspace, parts.ana.client
    job = parts.accepted()
    drafted = client.act(workspace, job.id, "new-draft")
    assert (drafted.status_text, drafted.live_version, drafted.open_version) == ("Draft · v1 live", 1, 2)
    change = DraftChange(code="SELECT count(*) AS n FROM flights WHERE month >= :low")
    client.change_draft(workspace, job.id, change, revision=drafted.revision)
    deciding.submit(parts.ana, workspace, job.id)
    review = deciding.review(parts.acting(WEI), workspace, job.id)
    assert review.diff is not None
    assert "+SELECT count(*) AS n" in review.diff
    live = parts.ended(parts.order(job.id))
    assert (live.version, live.rows) == (1, 12)

    for who in REVIEWERS:
        parts.decide(who, job.id)
    accepted = parts.job(job.id)
    assert (accepted.live_version, accepted.open_version) == (2, None)
    assert parts.ended(parts.order(job.id)).rows == 1

    back = client.activate(workspace, job.id, 1)
    assert back.live_version == 1
    assert parts.ended(parts.order(job.id)).rows == 12


def test_draft_beside_a_live_version_is_discarded(parts: Parts) -> None:
    workspace, client = parts.workspace, parts.ana.client
    job = parts.accepted()
    client.act(workspace, job.id, "new-draft")
    assert client.act(workspace, job.id, "discard-draft").status == "Accepted"


def test_archived_job_rests_until_it_is_taken_out(parts: Parts) -> None:
    workspace, client = parts.workspace, parts.ana.client
    job = parts.submitted()
    assert client.act(workspace, job.id, "archive").status == "Archived"
    assert job.id not in {each.id for each in client.jobs(workspace)}
    assert job.id in {each.id for each in client.jobs(workspace, which="archived")}
    with pytest.raises(NotAllowedError):
        parts.order(job.id) if parts.job(job.id).live_version else client.test(workspace, job.id, {})
    # A review does not survive the archive: its decisions would count for something nobody looks at.
    assert client.act(workspace, job.id, "unarchive").status == "Draft"


def test_only_a_draft_that_never_ran_is_deleted(parts: Parts) -> None:
    workspace, client = parts.workspace, parts.ana.client
    fresh = parts.draft()
    client.delete_job(workspace, fresh.id)
    with refused("no_job", kind=Exception):  # type: ignore[arg-type]  # the kind is the code's
        client.job(workspace, fresh.id)
    with pytest.raises(NotAllowedError):
        parts.acting(BEN).client.delete_job(workspace, parts.draft().id)
    for kept in (parts.submitted(), parts.accepted()):
        with pytest.raises(NotAllowedError):
            client.delete_job(workspace, kept.id)
    tested = parts.draft()
    assert parts.ended(client.test(workspace, tested.id, {})).status == "Succeeded"
    client.delete_job(workspace, tested.id)


def test_reviewer_decides_on_what_was_shown_only(parts: Parts) -> None:
    workspace, client = parts.workspace, parts.ana.client
    job = parts.submitted()
    seen = deciding.review(parts.acting(WEI), workspace, job.id)
    client.act(workspace, job.id, "cancel-review")
    revision = parts.job(job.id).revision
    client.change_draft(workspace, job.id, DraftChange(code="SELECT * FROM flights WHERE month > :low"),
                        revision=revision)  # fmt: skip
    deciding.submit(parts.ana, workspace, job.id)
    with refused("version_changed", kind=ConflictError):
        deciding.decide(parts.acting(WEI), workspace, job.id, version_hash=seen.version_hash, verdict=Verdict.ACCEPT,
                        comment="")  # fmt: skip


def test_inputs_are_held_to_their_constraint(parts: Parts) -> None:
    job = parts.accepted(Draft(inputs=(LOW,)))
    with pytest.raises(Exception, match="low") as caught:
        parts.order(job.id, {"low": 13})
    assert getattr(caught.value, "status", None) == 422
    assert parts.job(job.id).status == "Accepted"
