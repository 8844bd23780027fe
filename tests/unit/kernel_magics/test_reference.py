"""What a notebook's outputs say of jobs to a page that draws them alive: a reference, and nothing else."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets
import pytest

from jupyter_secure_jobs.domain.run import RunStatus
from kernel_magics import panels
from kernel_magics.bundle import CARD
from kernel_magics.quiet import JobsError
from tests.unit.kernel_magics.place import EVIL

if TYPE_CHECKING:
    from kernel_magics.api import SecureJobs
    from tests.unit.kernel_magics.conftest import Notebook
    from tests.unit.kernel_magics.side import MemberSide

HEAD = '%%securejob "Delays" --lang sql --input "month integer 1..12 = 1"'
SQL = "SELECT count(*) FROM flights WHERE month = :month"
ANA = "ana@airline.example"
JOB = {"workspace": "w", "job": "j1", "member": ANA}
SECRET = "row-4711"


def said(notebook: Notebook) -> list[Any]:
    return [data[CARD] for data in notebook.shown if CARD in data]


def test_a_job_s_output_holds_its_reference_beside_text_and_html(notebook: Notebook) -> None:
    notebook.cell(f"{HEAD}\n{SQL}")
    notebook.cell('%securejob show "Delays"')
    notebook.cell('%securejob submit "Delays"')
    assert said(notebook) == [JOB, JOB, JOB]
    for data in notebook.shown:
        assert {"text/plain", "text/html"} <= set(data)
    assert "application/vnd.jupyter.widget-view+json" not in notebook.saved()


def test_a_cell_that_tests_has_one_output_of_the_job_with_the_rows_below(notebook: Notebook) -> None:
    shown = notebook.cell(f"{HEAD} --test\n{SQL}")
    first, last = notebook.shown[1], notebook.shown[-1]
    assert first[CARD] == last[CARD] == JOB
    assert last["text/plain"].startswith("Delays\n  version 1")
    assert "Synthetic data · 2 of 2 rows" in last["text/plain"]
    assert "Created the job" in shown


def test_a_test_that_fails_leaves_the_job_and_what_went_wrong(notebook: Notebook, side: MemberSide) -> None:
    side.outcome = RunStatus.FAILED
    with pytest.raises(JobsError, match="CAST_ERROR in line 4"):
        notebook.cell(f"{HEAD} --test\n{SQL}")
    assert said(notebook)[-1] == JOB
    assert "CAST_ERROR in line 4" in notebook.shown[-1]["text/plain"]


def test_a_test_that_cannot_start_leaves_the_saved_job(notebook: Notebook, side: MemberSide) -> None:
    with pytest.raises(JobsError):
        notebook.cell(f"{HEAD} --test-input month=13\n{SQL}")
    assert said(notebook) == [JOB]
    assert side.runs == {}


def test_a_run_s_output_names_the_run_and_holds_no_row_of_a_job_run(notebook: Notebook, side: MemberSide) -> None:
    notebook.cell(f"{HEAD}\n{SQL}")
    side.accept_all("j1")
    notebook.cell('%securejob run "Delays" month=7 --wait')
    assert said(notebook)[-1] == {**JOB, "run": "job1"}
    assert "2 of 2 rows, not saved" in notebook.shown[-1]["text/plain"]
    notebook.cell('%securejob test "Delays" month=7')
    assert said(notebook)[-1] == {**JOB, "run": "test1"}
    assert SECRET not in json.dumps(said(notebook))
    assert SECRET not in json.dumps([data for data in notebook.shown if data.get(CARD, {}).get("run") == "job1"])


def test_others_texts_never_come_into_a_reference(session: SecureJobs, side: MemberSide) -> None:
    job = session.draft(EVIL[:50], SQL, description=EVIL)
    data, _ = job._repr_mimebundle_()
    assert data[CARD] == JOB
    assert "<img" in data["text/plain"]
    assert "<img" not in data["text/html"]
    side.accept_all("j1")
    data, _ = job.refresh().run()._repr_mimebundle_()
    assert data[CARD] == {**JOB, "run": "job1"}


def test_who_asks_for_a_panel_gets_a_panel(session: SecureJobs) -> None:
    panel = panels.job(session.draft("Delays", SQL))
    try:
        data, metadata = panel._repr_mimebundle_()
        assert CARD not in data
        assert "application/vnd.jupyter.widget-view+json" in data
        assert metadata["secure_jobs"] == JOB
    finally:
        widgets.Widget.close_all()
