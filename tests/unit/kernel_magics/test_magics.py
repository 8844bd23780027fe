"""`%%securejob` and `%securejob` in a real IPython shell against a member side in memory."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from IPython.core.formatters import DisplayFormatter

from jupyter_secure_jobs.domain.run import RunStatus
from kernel_magics.quiet import JobsError
from kernel_magics.verbs import VERBS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.kernel_magics.conftest import Notebook
    from tests.unit.kernel_magics.side import MemberSide

HEAD = '%%securejob "Delays" --lang sql --rerun --max-runs 5 --until 2026-12-31 --input "month integer 1..12 = 1"'
SQL = "SELECT count(*) FROM flights JOIN planes USING (tailnum)\nWHERE month = :month"
SECRET = "row-4711"


def test_a_cell_creates_a_draft_with_all_that_its_line_says(notebook: Notebook, side: MemberSide) -> None:
    shown = notebook.cell(f"{HEAD}\n{SQL}")
    version = side.detail("j1").version
    assert version.code == SQL
    assert [(read.table, read.dataset) for read in version.datasets] == [
        ("flights", "id-flights"),
        ("planes", "id-planes"),
    ]
    assert version.grant.most_runs == 5
    assert str(version.grant.until) == "2026-12-31 23:59:59+00:00"
    assert version.inputs[0].constraint == "integer 1..12"
    assert version.inputs[0].default == 1
    assert "Created the job" in shown
    assert "Software enclave, not hardware" in shown
    assert {"secure_jobs": {"workspace": "w", "job": "j1", "member": "ana@airline.example"}} in notebook.metadata


def test_an_unchanged_cell_does_nothing_and_a_changed_one_updates(notebook: Notebook, side: MemberSide) -> None:
    notebook.cell(f"{HEAD}\n{SQL}")
    assert "Nothing changed" in notebook.cell(f"{HEAD}\n{SQL}")
    assert side.sent("PATCH") == []
    assert "Updated the draft: code." in notebook.cell(f"{HEAD}\n{SQL}0")
    assert side.detail("j1").version.code == SQL + "0"
    assert len(side.jobs) == 1


def test_an_unchanged_cell_does_not_undo_what_was_changed_elsewhere(notebook: Notebook, side: MemberSide) -> None:
    notebook.cell(f"{HEAD}\n{SQL}")
    side.jobs["j1"]["version"] = side.jobs["j1"]["version"].model_copy(update={"code": "SELECT 2"})
    with pytest.raises(JobsError, match="changed elsewhere") as error:
        notebook.cell(f"{HEAD}\n{SQL}")
    assert error.value.code == "draft_changed_elsewhere"
    notebook.cell(f"{HEAD} --overwrite\n{SQL}")
    assert side.detail("j1").version.code == SQL


def test_under_review_a_changed_cell_is_refused_with_the_way_out(notebook: Notebook, side: MemberSide) -> None:
    notebook.cell(f"{HEAD}\n{SQL}")
    notebook.cell('%securejob submit "Delays"')
    assert "Nothing changed" in notebook.cell(f"{HEAD}\n{SQL}")
    with pytest.raises(JobsError, match="cancel-review"):
        notebook.cell(f"{HEAD}\nSELECT 2")
    notebook.cell('%securejob cancel-review "Delays"')
    notebook.cell(f"{HEAD}\nSELECT 2")
    assert side.detail("j1").version.code == "SELECT 2"


def test_a_test_is_cancelled_by_its_number_or_as_the_newest(notebook: Notebook, side: MemberSide) -> None:
    notebook.cell(f"{HEAD}\n{SQL}")
    notebook.cell('for _ in range(3): session.job("Delays").test(month=1)')
    assert "Asked to stop: test run 3" in notebook.cell('%securejob cancel "Delays" --test')
    assert "cancel asked" in notebook.cell('%securejob cancel "Delays" --test --run 1')
    assert [run.cancel_requested for run in side.runs.values()] == [True, False, True]
    side.accept_all("j1")
    notebook.cell('session.job("Delays").run(month=1)')
    assert "job run 1" in notebook.cell('%securejob cancel "Delays" --run 1')
    assert side.runs["job1"].cancel_requested


def test_a_description_can_change_at_any_time(notebook: Notebook, side: MemberSide) -> None:
    notebook.cell(f"{HEAD}\n{SQL}")
    notebook.cell('%securejob submit "Delays"')
    assert "description" in notebook.cell(f"{HEAD} --description late\n{SQL}")
    assert side.detail("j1").status == "Under Review"
    assert side.detail("j1").description == "late"


def test_a_frozen_version_is_changed_only_by_a_new_draft(notebook: Notebook, side: MemberSide) -> None:
    notebook.cell(f"{HEAD}\n{SQL}")
    side.accept_all("j1")
    with pytest.raises(JobsError, match="new-draft"):
        notebook.cell(f"{HEAD}\nSELECT 2")
    assert side.detail("j1").version.code == SQL
    assert "Opened a new draft" in notebook.cell(f"{HEAD} --new-draft\nSELECT 2")
    assert side.detail("j1").version.code == "SELECT 2"


def test_a_fatal_problem_is_shown_with_its_place_and_fails_the_cell(notebook: Notebook, side: MemberSide) -> None:
    with pytest.raises(JobsError, match="errors"):
        notebook.cell(f"{HEAD} --test\nSELECT 1;\n  SELEC 2")
    assert "Error: Line 2, column 3: Expected SELECT." in notebook.saved()
    assert side.runs == {}


@pytest.mark.parametrize(
    ("code", "language"),
    [
        ("-- count\nSELECT 1", "sql"),
        ("WITH a AS (SELECT 1) SELECT * FROM a", "sql"),
        ("result = spark.table('flights')", "python"),
        ("from pyspark.sql import functions\nspark.table('flights')", "python"),
        ("with open('x') as f:\n    pass", "python"),
    ],
)
def test_the_language_is_guessed_and_said(notebook: Notebook, side: MemberSide, code: str, language: str) -> None:
    shown = notebook.cell(f"%%securejob A\n{code}")
    assert f"Language: {language} (guessed" in shown
    assert str(side.detail("j1").version.language) == language


def test_a_slip_in_the_first_word_does_not_change_the_language(notebook: Notebook, side: MemberSide) -> None:
    notebook.cell("%%securejob A\nSELECT 1")
    with pytest.raises(JobsError):
        notebook.cell("%%securejob A\nSELEC 1")
    assert str(side.detail("j1").version.language) == "sql"


def test_explicit_datasets_and_braces_in_patterns_reach_the_draft(notebook: Notebook, side: MemberSide) -> None:
    notebook.cell('%%securejob A --dataset fl=flights --input "c string /[A-Z]{2}/"\nSELECT * FROM fl')
    version = side.detail("j1").version
    assert [(read.table, read.dataset) for read in version.datasets] == [("fl", "id-flights")]
    assert version.inputs[0].pattern == "[A-Z]{2}"
    with pytest.raises(JobsError, match="errors"):
        notebook.cell("%%securejob B --dataset fl=flights\nSELECT * FROM fl, ghosts")
    assert "Table 'ghosts' is not among" in notebook.saved()


def test_a_test_run_is_watched_and_its_synthetic_rows_are_saved_and_marked(notebook: Notebook) -> None:
    notebook.cell(f"{HEAD} --test-input month=7\n{SQL}")
    last = notebook.shown[-1]
    assert "Synthetic data · 2 of 2 rows" in last["text/plain"]
    assert SECRET in last["text/html"]
    assert "month=7" in last["text/plain"]


def test_rows_of_a_job_run_are_never_saved_unasked(notebook: Notebook, side: MemberSide) -> None:
    notebook.cell(f"{HEAD}\n{SQL}")
    side.accept_all("j1")
    notebook.cell('%securejob run "Delays" month=7 --wait   # a comment')
    notebook.cell('delays = %securejob results "Delays"\nbefore = len(delays)\ndelays')
    notebook.cell('%securejob results "Delays"\nprint(delays)')
    frame = notebook.shell.user_ns["delays"]
    assert list(frame["who"]) == [SECRET, None]
    assert frame.equals(pd.DataFrame(frame))
    data, _ = DisplayFormatter().format(frame)  # type: ignore[no-untyped-call]  # IPython has no annotations there
    assert "2 of 2 rows, not saved" in data["text/plain"]
    assert "application/vnd.jupyter.widget-view+json" in data
    assert SECRET not in notebook.saved() + str(data) + repr(frame)
    assert type(frame.head()) is pd.DataFrame
    notebook.cell('%securejob results "Delays" --save-rows')
    assert SECRET in notebook.saved()


def test_a_failed_run_fails_the_cell_with_class_and_line(notebook: Notebook, side: MemberSide) -> None:
    notebook.cell(f"{HEAD}\n{SQL}")
    side.accept_all("j1")
    side.outcome = RunStatus.FAILED
    with pytest.raises(JobsError, match="CAST_ERROR in line 4"):
        notebook.cell('%securejob run "Delays" --wait')
    with pytest.raises(JobsError, match="has no result"):
        notebook.cell('%securejob results "Delays"')


def test_input_values_are_checked_before_anything_is_sent(notebook: Notebook, side: MemberSide) -> None:
    notebook.cell(f"{HEAD}\n{SQL}")
    for values in ("month=13", "moth=1", "month"):
        with pytest.raises(JobsError):
            notebook.cell(f'%securejob test "Delays" {values}')
    assert side.runs == {}


def test_export_writes_whole_private_files_and_never_over_another(
    notebook: Notebook, side: MemberSide, tmp_path: Path
) -> None:
    notebook.cell(f"{HEAD}\n{SQL}")
    side.accept_all("j1")
    notebook.cell('%securejob run "Delays" --wait')
    target = tmp_path / "delays.csv"
    command = f'%securejob export "Delays" {shlex.quote(str(target))}'
    notebook.cell(command)
    assert target.read_bytes() == b"year,who\n"
    assert target.stat().st_mode & 0o777 == 0o600
    target.write_text("mine")
    with pytest.raises(JobsError, match="--overwrite"):
        notebook.cell(command)
    assert target.read_text() == "mine"
    notebook.cell(f"{command} --overwrite")
    assert [each.name for each in tmp_path.iterdir()] == ["delays.csv"]
    with pytest.raises(JobsError, match="parquet"):
        notebook.cell('%securejob export "Delays" delays.xlsx')


def test_receipt_writes_the_bundle_of_the_run_and_discloses_only_when_told(
    notebook: Notebook, side: MemberSide, tmp_path: Path
) -> None:
    notebook.cell(f"{HEAD}\n{SQL}")
    side.accept_all("j1")
    notebook.cell('%securejob run "Delays" --wait')
    (run,) = [each.id for each in side.runs.values()]
    target = tmp_path / "delays.bundle.json"
    command = f'%securejob receipt "Delays" {shlex.quote(str(target))}'
    notebook.cell(f"{command} --run 1")
    assert json.loads(target.read_text()) == {"run": run, "opened": None}
    assert target.stat().st_mode & 0o777 == 0o600
    with pytest.raises(JobsError, match="--overwrite"):
        notebook.cell(f"{command} --opened")
    notebook.cell(f"{command} --opened --overwrite")
    assert json.loads(target.read_text()) == {"run": run, "opened": "true"}


def test_accept_shows_the_hash_and_decides_nothing(notebook: Notebook, side: MemberSide) -> None:
    notebook.cell(f"{HEAD}\n{SQL}")
    notebook.cell('%securejob submit "Delays"')
    posts = side.sent("POST")
    shown = notebook.cell('%securejob accept "Delays"     # shows hash')
    assert "sha256:" + "ab" * 32 in shown
    assert 'jupyter secure-jobs decide "Delays"' in shown
    assert side.sent("POST") == posts
    with pytest.raises(Exception, match="cannot decide"):
        notebook.cell('session.job("Delays").accept()')


def test_what_cannot_be_undone_is_asked_first(notebook: Notebook, side: MemberSide) -> None:
    notebook.cell(f"{HEAD}\n{SQL}")
    assert "Nothing was done yet" in notebook.cell('%securejob revoke "Delays"')
    assert "revoked" not in side.jobs["j1"]
    notebook.cell('%securejob revoke "Delays" --yes')
    assert side.jobs["j1"]["revoked"] == "reruns"
    notebook.cell('%securejob withdraw "Delays" --yes')
    assert side.jobs["j1"]["revoked"] == "all"
    assert "Nothing was done yet" in notebook.cell('%securejob delete "Delays"')
    notebook.cell('%securejob delete "Delays" --yes')
    assert side.jobs == {}


def test_publish_shows_what_the_twin_reveals_and_waits_for_yes(notebook: Notebook) -> None:
    line = "%securejob publish flights a.csv b.csv --public carrier,origin --key-group tailnum=tail --bounds d=1..9"
    shown = notebook.cell(line)
    assert "lengths 5 to 6" in shown
    assert "Nothing was published yet" in shown
    assert "Published flights" in notebook.cell(f"{line} --yes")


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("lst", "'list'"),
        ("list --mein", "--mine"),
        ("show Delays by plane", "quotes"),
        ('show "Delays', "Close it"),
        ('show "Dealys"', 'Did you mean "Delays"'),
        ("wait", "Write it so"),
    ],
)
def test_a_slip_is_answered_with_what_was_meant(notebook: Notebook, line: str, hint: str) -> None:
    notebook.cell(f"{HEAD}\n{SQL}")
    with pytest.raises(JobsError) as error:
        notebook.cell(f"%securejob {line}")
    assert hint in str(error.value)
    assert error.value._render_traceback_() == [str(error.value)]


def test_nobody_s_text_becomes_markup(notebook: Notebook) -> None:
    notebook.cell('%%securejob "<b>x</b>"\nSELECT 1 -- <script>alert(1)</script>')
    for line in ("list", 'show "<b>x</b>"', "datasets", "datasets flights", "members", 'history "<b>x</b>"'):
        notebook.cell(f"%securejob {line}")
    notebook.cell('%securejob accept "<b>x</b>"')
    markup = "".join(data.get("text/html", "") for data in notebook.shown)
    assert "&lt;img" in markup
    for tag in ("<img", "<script", "<b>"):
        assert tag not in markup


def test_lists_and_places(notebook: Notebook, side: MemberSide) -> None:
    assert "No jobs here. Run a" in notebook.cell("%securejob list --needs-me")
    assert "Flights" in notebook.cell("%securejob workspaces")
    assert "Using workspace" in notebook.cell('%securejob use "flights"')
    with pytest.raises(JobsError, match="cannot act as"):
        notebook.cell("%securejob as eve@evil.example")
    notebook.cell("%securejob as lin@maker.example")
    notebook.cell("%securejob status")
    assert side.requests[-1].headers["X-Secure-Jobs-Member"] == "lin@maker.example"
    assert side.requests[-1].headers["X-Secure-Jobs-Token"] == "token"


def test_pinned_queries_come_and_go(notebook: Notebook) -> None:
    notebook.cell(f"{HEAD}\n{SQL}")
    notebook.cell('%securejob pin "mine" --job "Delays"')
    assert SQL in notebook.cell('%securejob pinned "mine"')
    notebook.cell('%securejob unpin "mine"')
    assert "No pinned queries" in notebook.cell("%securejob pinned")
    assert "count(*)" in notebook.cell("%securejob scripts")


def test_archived_jobs_are_found_by_name(notebook: Notebook, side: MemberSide) -> None:
    notebook.cell(f"{HEAD}\n{SQL}")
    notebook.cell('%securejob archive "Delays"')
    assert "Take out of Archive" in notebook.cell('%securejob show "delays"')
    notebook.cell('%securejob unarchive "Delays"')
    assert not side.jobs["j1"]["archived"]


def test_the_manuals_name_every_verb_and_option(notebook: Notebook) -> None:
    magics = notebook.shell.magics_manager.magics
    line, cell = (magics[kind]["securejob"].__doc__ for kind in ("line", "cell"))
    assert all(f"    {name} " in line for name in VERBS)
    assert "--new-draft" in cell
    assert notebook.cell("%securejob help").strip() == line.strip()


def test_without_a_member_side_the_error_says_what_to_do(notebook: Notebook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SECURE_JOBS_URL", raising=False)
    with pytest.raises(Exception, match="%securejob connect URL"):
        notebook.cell("import kernel_magics; kernel_magics.connect()")
