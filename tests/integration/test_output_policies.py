"""Output policies from the owner's publishing to what the author opens, against real parts."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Final

import pyarrow.parquet as pq
import pytest

from jupyter_secure_jobs.domain.audit import Purpose
from jupyter_secure_jobs.domain.errors import InvalidError
from jupyter_secure_jobs.member import deciding, opening
from jupyter_secure_jobs.protocol import envelope as envelopes
from jupyter_secure_jobs.protocol.dataset import Manifest
from jupyter_secure_jobs.protocol.version import Version
from jupyter_secure_jobs.wire.job import DraftChange
from jupyter_secure_jobs.wire.member_side import WITHHELD
from jupyter_secure_jobs.wire.output import OutputPolicyWire
from tests.support import tampering
from tests.support.parts import ANA, BEN, MIA, WEI, Draft, Parts
from tests.support.refusal import refused

if TYPE_CHECKING:
    from pathlib import Path

RARE: Final = "Quittenmarderfels"
PATIENTS: Final = "station,nurse\n" + "".join(
    f"{station},nurse {number}\n"
    for station, many in (("north", 13), ("south", 22), (RARE, 3))
    for number in range(many)
)
POLICY: Final = OutputPolicyWire(smallest_group=10, withheld_columns=["nurse"])
GROUPED: Final = Draft(
    code="SELECT station, count(*) AS n, max(nurse) AS nurse FROM patients GROUP BY station ORDER BY station",
    tables=("patients",),
    inputs=(),
    counts=("n",),
    output_policy=OutputPolicyWire(round_counts_to=5),
)
PRINTING: Final = Draft(
    code="rows = spark.table('patients').groupBy('station').count()\nprint(rows.collect())\nrows",
    language="python",
    tables=("patients",),
    inputs=(),
    counts=("count",),
    log_policy="full",
)


@pytest.fixture
def patients(parts: Parts) -> str:
    """Give the id of the Weather Service's dataset with a policy; published once."""
    if "patients" not in parts.datasets:
        parts.publish(WEI, "patients", PATIENTS, public=("station",), output_policy=POLICY)
    return parts.datasets["patients"]


@pytest.mark.usefixtures("patients")
def test_rows_of_small_groups_are_nowhere_in_what_the_author_opens(parts: Parts, tmp_path: Path) -> None:
    job = parts.accepted(GROUPED)
    run = parts.ended(parts.order(job.id))
    assert (run.status, run.error_class, run.rows) == ("Succeeded", None, 2)
    wanted = [["north", "15"], ["south", "20"]]
    for who in (ANA, BEN):
        seen = opening.preview(parts.acting(who), parts.workspace, run.id)
        assert (seen.columns, seen.rows, seen.total) == (["station", "n"], wanted, 2)
        asked = "asked by Weather Service for patients."
        assert seen.withheld == [
            f"1 row was withheld: it counts fewer than 10, or nothing that is a count. Rule: smallest group, {asked}",
            "Counts (n) were rounded to multiples of 5. Rule: rounding of counts, asked by the job.",
            f"Column nurse was left out. Rule: withheld column, {asked}",
        ]
    table = opening.export(parts.ana, parts.workspace, run.id, "csv", tmp_path)
    assert list(csv.reader(table.read_text().splitlines())) == [["station", "n"], *wanted]
    rows = opening.export(parts.ana, parts.workspace, run.id, "parquet", tmp_path)
    assert pq.read_table(rows).column_names == ["station", "n"]
    assert WITHHELD.encode() not in (pq.read_schema(rows).metadata or {})
    opened = opening.export(parts.ana, parts.workspace, run.id, "parquet", tmp_path, purpose=Purpose.OPEN)
    assert json.loads(pq.read_schema(opened).metadata[WITHHELD.encode()]) == seen.withheld
    assert pq.read_table(opened).to_pylist() == [{"station": "north", "n": 15}, {"station": "south", "n": 20}]
    log = opening.export(parts.ana, parts.workspace, run.id, "txt", tmp_path)
    for file in (table, rows, log):
        assert RARE.encode() not in file.read_bytes()
        assert b"nurse 1" not in file.read_bytes()


@pytest.mark.usefixtures("patients")
def test_printing_is_no_way_around_a_rule(parts: Parts) -> None:
    run = parts.ended(parts.order(parts.accepted(PRINTING).id))
    assert (run.status, run.rows) == ("Succeeded", 2)
    log = opening.log_text(parts.ana, parts.workspace, run.id).text
    assert RARE not in log
    assert "stay in the enclave" in log


@pytest.mark.usefixtures("patients")
def test_author_sees_the_rules_beforehand_in_the_test(parts: Parts) -> None:
    draft = parts.draft(GROUPED)
    tested = parts.ended(parts.ana.client.test(parts.workspace, draft.id, {}))
    assert (tested.status, tested.error_text) == ("Succeeded", None)
    for who in (ANA, MIA):
        seen = opening.preview(parts.acting(who), parts.workspace, tested.id)
        assert seen.columns == ["station", "n"]
        assert all(int(row[1] or 0) >= 10 and int(row[1] or 0) % 5 == 0 for row in seen.rows)
        assert any("nurse was left out" in line for line in seen.withheld)


@pytest.mark.usefixtures("patients")
def test_result_over_the_most_rows_fails_and_the_sealed_log_says_by_which_rule(parts: Parts) -> None:
    draft = Draft(code=GROUPED.code, tables=GROUPED.tables, inputs=(), counts=("n",),
                  output_policy=OutputPolicyWire(most_rows=1))  # fmt: skip
    run = parts.ended(parts.order(parts.accepted(draft).id))
    assert (run.status, run.error_class, run.rows, run.has_result) == ("Failed", "OutputPolicy", None, False)
    assert run.error_text is None
    log = opening.log_text(parts.ana, parts.workspace, run.id).text
    assert "more than 1 rows (asked by the job)" in log


@pytest.mark.usefixtures("patients")
def test_job_without_counts_is_not_submitted(parts: Parts) -> None:
    workspace, client = parts.workspace, parts.ana.client
    draft = parts.draft(Draft(code=GROUPED.code, tables=GROUPED.tables, inputs=()))
    with refused("no_counts", kind=InvalidError, saying="Weather Service for patients"):
        deciding.submit(parts.ana, workspace, draft.id)
    tested = parts.ended(client.test(workspace, draft.id, {}))
    assert (tested.status, tested.error_class) == ("Failed", "Refused")
    change = DraftChange(counts=["n"])
    client.change_draft(workspace, draft.id, change, revision=parts.job(draft.id).revision)
    assert deciding.submit(parts.ana, workspace, draft.id).status == "Under Review"


@pytest.mark.usefixtures("patients")
def test_reviewer_reads_the_combined_rules_and_what_the_counts_are(parts: Parts) -> None:
    job = parts.submitted(GROUPED)
    seen = deciding.review(parts.acting(MIA), parts.workspace, job.id)
    facts = {fact.name: fact.value for fact in seen.facts}
    assert facts["Counts"] == "n"
    rule = "rows that count fewer than 10 are withheld (asked by Weather Service for patients)"
    assert rule in facts["Output rules"]
    assert rule in seen.sentence
    assert "Declared count n is count(*) of each group." in [note.text for note in seen.notes]


def test_publishing_again_keeps_the_policy_unless_the_owner_says_otherwise(parts: Parts) -> None:
    asked = OutputPolicyWire(smallest_group=3, most_rows=7)
    parts.publish(MIA, "keepers", PATIENTS, output_policy=asked)
    first = parts.ana.client.dataset(parts.workspace, parts.datasets["keepers"])
    parts.publish(MIA, "keepers", PATIENTS)
    second = parts.ana.client.dataset(parts.workspace, parts.datasets["keepers"])
    assert (second.version, second.output_policy) == (2, asked)
    parts.publish(MIA, "keepers", PATIENTS, output_policy=OutputPolicyWire())
    third = parts.ana.client.dataset(parts.workspace, parts.datasets["keepers"])
    assert (first.output_policy, third.output_policy) == (asked, OutputPolicyWire())


@pytest.mark.usefixtures("patients")
def test_server_that_loosens_an_accepted_policy_is_refused(parts: Parts) -> None:
    """The server writes another policy and other counts into the statements that it keeps."""
    job = parts.accepted(GROUPED)
    seen = deciding.verified(parts.ana, parts.workspace, job.id, number=1)
    loose = {"smallest_group": None, "round_counts_to": None, "most_rows": None, "withheld_columns": []}
    (manifest,) = (read.manifest for read in seen.version.datasets)
    for digest, kind in ((seen.hash, Version), (manifest, Manifest)):
        with tampering.database(parts) as session:
            row = session.get_one(tampering.StatementRow, (parts.workspace, digest))
            kept = row.envelope
            forged = tampering.altered(envelopes.Envelope.from_bytes(kept), output_policy=loose)
            envelopes.read(kind, forged)
            row.envelope = forged.to_bytes()
        try:
            with refused("bad_signature"):
                deciding.run(parts.ana, parts.workspace, job.id, {})
        finally:
            with tampering.database(parts) as session:
                session.get_one(tampering.StatementRow, (parts.workspace, digest)).envelope = kept
    assert parts.ended(parts.order(job.id)).rows == 2
