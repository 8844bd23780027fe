"""A Python job's columns in its review: from the plan of a test run that a real worker signed, and never as known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from jupyter_secure_jobs.domain.run import RunKind
from jupyter_secure_jobs.member import deciding
from jupyter_secure_jobs.store.tables import RunRow
from jupyter_secure_jobs.wire.job import DraftChange
from tests.support import tampering
from tests.support.parts import ANA, WEI, Draft, Parts

if TYPE_CHECKING:
    from jupyter_secure_jobs.wire.member_side import FlowWire

TOTALS = Draft(
    language="python",
    inputs=(),
    code=(
        "from pyspark.sql import functions as F\n"
        'late = spark.table("flights").filter("delay > 0")\n'
        'late.groupBy("month").agg(F.count("*").alias("n"), F.sum("delay").alias("late"))\n'
    ),
)


def tried(parts: Parts, who: str, job: str) -> None:
    run = parts.ended(parts.acting(who).client.test(parts.workspace, job, {}))
    assert run.status == "Succeeded", run.error_text


def flow(parts: Parts, who: str, job: str) -> FlowWire:
    return deciding.review(parts.acting(who), parts.workspace, job).flow


@pytest.fixture(scope="module")
def job(running: Parts) -> str:
    """Give a Python job under review that its author tested."""
    running.start_all()
    made = running.draft(TOTALS)
    tried(running, ANA, made.id)
    deciding.submit(running.ana, running.workspace, made.id)
    return made.id


def test_review_shows_what_the_plan_said_and_says_that_it_proves_nothing(parts: Parts, job: str) -> None:
    seen = flow(parts, WEI, job)
    columns = {each.output: (each.how, [f"{one.table}.{one.column}" for one in each.sources]) for each in seen.columns}
    assert columns == {
        "month": ("as it is", ["flights.month"]),
        "n": ("count", []),
        "late": ("sum", ["flights.delay"]),
    }
    assert {f"{each.table}.{each.column}" for each in seen.conditions} == {"flights.month", "flights.delay"}
    assert not seen.known
    assert "It proves nothing" in seen.why
    assert f"test run 1 by {ANA}" in seen.why


def test_flow_of_another_text_is_not_shown(parts: Parts) -> None:
    made = parts.draft(TOTALS)
    tried(parts, ANA, made.id)
    change = DraftChange(code='spark.table("flights").select("month")')
    parts.ana.client.change_draft(parts.workspace, made.id, change, revision=made.revision)
    deciding.submit(parts.ana, parts.workspace, made.id)
    assert not flow(parts, WEI, made.id).columns


def test_server_that_shows_another_tests_outcome_is_not_believed(parts: Parts, job: str) -> None:
    """A server says that another text's test is of this one: what the worker signed says otherwise."""
    other = parts.draft(Draft(language="python", inputs=(), code='spark.table("flights").limit(1).select("month")'))
    tried(parts, ANA, other.id)
    mine, theirs = (parts.ana.client.runs(parts.workspace, each, kind=RunKind.TEST)[0] for each in (job, other.id))
    with tampering.database(parts) as session:
        row = session.get_one(RunRow, mine.id)
        kept, row.test = row.test, session.get_one(RunRow, theirs.id).test
    assert not flow(parts, WEI, job).columns
    with tampering.database(parts) as session:
        session.get_one(RunRow, mine.id).test = kept
    assert flow(parts, WEI, job).columns
