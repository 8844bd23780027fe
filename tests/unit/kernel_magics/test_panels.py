"""Panels without a front end: what they draw, what their buttons do, that they refresh and stop."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

import httpx
import ipywidgets as widgets
import pytest

from jupyter_secure_jobs.domain.errors import InvalidError, StaleError
from jupyter_secure_jobs.domain.run import RunStatus
from kernel_magics import panels
from kernel_magics.panels.follower import Follower
from kernel_magics.panels.panel import shown
from kernel_magics.rows import NULL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jupyter_secure_jobs.domain.errors import SecureJobsError
    from kernel_magics.api import SecureJobs
    from tests.unit.kernel_magics.side import MemberSide

SECRET = "row-4711"
CODE = "SELECT 1 FROM flights"


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    widgets.Widget.close_all()


def inside(widget: Any) -> Iterator[Any]:
    yield widget
    for child in getattr(widget, "children", ()):
        yield from inside(child)


def button(panel: Any, label: str) -> Any:
    return next(each for each in inside(panel) if isinstance(each, widgets.Button) and each.description == label)


def state(panel: Any) -> str:
    return json.dumps([each.get_state() for each in inside(panel)], default=str)


def test_a_job_s_buttons_are_what_the_server_offers(session: SecureJobs, side: MemberSide) -> None:
    job = session.draft("Delays", CODE)
    panel = panels.job(job)
    assert button(panel, "Discard Draft").disabled
    assert "no accepted version" in button(panel, "Discard Draft").tooltip
    button(panel, "Submit for Review").click()
    assert side.detail("j1").status == "Under Review"
    button(panel, "Cancel Review").click()
    assert "Draft" in state(panel)
    button(panel, "Delete").click()
    assert "j1" in side.jobs
    button(panel, "Really: Delete?").click()
    assert side.jobs == {}


def test_a_job_run_s_rows_come_into_the_state_by_a_click_alone(session: SecureJobs, side: MemberSide) -> None:
    job = session.draft("Delays", CODE)
    side.accept_all("j1")
    run = job.refresh().run().wait(10)
    panel = panels.job(job)
    button(panel, "View Results").click()
    view = panels.results(run)
    saved = state(panel) + state(view) + json.dumps(view._repr_mimebundle_()) + repr(view)
    assert SECRET not in saved
    assert "2 of 2 rows, not saved" in saved
    button(view, "Show rows").click()
    assert SECRET in state(view)
    assert NULL in state(view)
    button(view, "Hide rows").click()
    assert SECRET not in state(view)


def test_the_input_form_gives_checked_values_and_edits_a_draft(session: SecureJobs, side: MemberSide) -> None:
    declared = ("month integer 1..12 = 1", "late boolean = true", "carrier choice AA|UA = UA", "code string 1..3")
    form = panels.inputs(session.draft("Delays", CODE, inputs=declared))
    fields = [
        each for each in inside(form) if hasattr(each, "placeholder") and each.placeholder == "string length 1..3"
    ]
    with pytest.raises(InvalidError, match="code"):
        form.values()
    fields[0].value = "abc"
    assert form.values() == {"month": 1, "late": True, "carrier": "UA", "code": "abc"}
    deleting = next(each for each in inside(form) if getattr(each, "tooltip", "") == "Delete late")
    deleting.click()
    assert [variable.name for variable in side.detail("j1").version.inputs] == ["month", "carrier", "code"]
    form._declaration.value = "month integer 1..6"
    button(form, "Add or change").click()
    assert side.detail("j1").version.inputs[-1].constraint == "integer 1..6"
    form._declaration.value = "nonsense"
    button(form, "Add or change").click()
    assert "cannot be read" in state(form)


def test_a_test_with_inputs_asks_for_them_first(session: SecureJobs, side: MemberSide) -> None:
    panel = panels.job(session.draft("Delays", CODE, inputs=["month integer 1..12 = 1"]))
    button(panel, "Test on Synthetic Data").click()
    assert side.runs == {}
    starts = [each for each in inside(panel) if getattr(each, "button_style", "") == "primary"]
    starts[0].click()
    assert side.runs["test1"].inputs == {"month": 1}


@pytest.mark.parametrize("outcome", [RunStatus.SUCCEEDED, RunStatus.FAILED])
def test_a_test_that_was_started_in_a_panel_is_followed_to_its_outcome(
    session: SecureJobs, side: MemberSide, outcome: RunStatus
) -> None:
    side.outcome = outcome
    panel = panels.job(session.draft("Delays", CODE))
    panel._followed.remove(panel)
    button(panel, "Test on Synthetic Data").click()
    assert "Test run 1" in state(panel)
    for _ in range(2):  # the first look finds it queued
        panel.moved()
    assert str(outcome) in panel._text()
    if outcome is RunStatus.FAILED:
        assert "CAST_ERROR" in panel._text()
        assert "The log policy lets errors out alone." in state(panel)
        return
    assert "Test run 1: rows are not saved with the notebook." in state(panel)
    button(panel, "Show rows").click()
    assert "2 of 2 rows \\u00b7 Synthetic data" in state(panel)
    panel.moved()
    assert button(panel, "Hide rows"), "what was opened stays open"
    shown = repr(panel._below.children[0])
    assert "test run 1" in shown
    assert "--run 1 --test`" in shown


def test_lists_choose_and_filter(session: SecureJobs, side: MemberSide) -> None:
    session.draft("Delays", CODE)
    session.draft("Other", CODE)
    listed = panels.jobs(session)
    assert len(listed._list.options) == 2
    listed._filter.value = "oth"
    assert [identifier for _, identifier in listed._list.options] == ["j2"]
    listed._list.value = "j2"
    assert button(listed, "Submit for Review")
    datasets = panels.datasets(session)
    datasets._list.value = "id-flights"
    assert "tailnum" in state(datasets)
    session.pin("mine", CODE, "sql")
    kept = panels.pinned(session)
    kept._list.value = "p0"
    assert kept._text.value == CODE
    button(kept, "Delete").click()
    assert side.pinned == []
    approval = panels.approval(session.job("Delays"))
    assert "lin@maker.example" in state(approval)
    for panel in (listed, datasets, kept, approval):
        data, _ = panel._repr_mimebundle_()
        assert "<img" not in data["text/html"]
        assert repr(panel) == data["text/plain"]


def test_panels_refresh_by_themselves_and_stop_when_closed(session: SecureJobs, side: MemberSide) -> None:
    session.draft("Delays", CODE)
    drawn = threading.Event()
    panel = panels.job(session.job("Delays"))
    panel._body.observe(lambda change: drawn.set() if "Under Review" in str(change["new"]) else None, names="outputs")
    side.submit(side.requests[-1], "j1")
    assert drawn.wait(10)
    threads = [each for each in threading.enumerate() if each.name == "secure-jobs events"]
    panel.close()
    for thread in threads:
        thread.join(10)
        assert not thread.is_alive()


def _beside(late: Any, held: threading.Event, pressing: Any, go: threading.Event) -> None:
    """Hold a panel's refreshing in a thread where `held` is set, press meanwhile, then let it end."""
    threads = [threading.Thread(target=late), threading.Thread(target=pressing)]
    threads[0].start()
    assert held.wait(10)
    threads[1].start()
    threads[1].join(0.5)  # over by now if nothing makes it wait
    go.set()
    for thread in threads:
        thread.join(10)
        assert not thread.is_alive()


def test_an_answer_that_comes_late_is_not_shown_over_a_newer_one(session: SecureJobs, side: MemberSide) -> None:
    panel = panels.job(session.draft("Delays", CODE))
    panel._followed.remove(panel)
    held, go, answer = threading.Event(), threading.Event(), side.job

    def holding(request: httpx.Request, job: str) -> Any:
        early = answer(request, job)
        if not held.is_set():
            held.set()
            go.wait(10)
        return early

    side.job = holding  # type: ignore[method-assign]
    _beside(panel.moved, held, button(panel, "Submit for Review").click, go)
    assert panel.job.status == "Under Review"
    assert "Under Review" in state(panel)
    assert not button(panel, "Cancel Review").disabled


def test_a_panel_is_drawn_by_one_thread_at_a_time(session: SecureJobs) -> None:
    panel = panels.job(session.draft("Delays", CODE))
    panel._followed.remove(panel)
    press = button(panel, "Submit for Review").click
    held, go, made = threading.Event(), threading.Event(), panel._button

    def holding(offer: Any) -> Any:
        if not held.is_set():
            held.set()
            go.wait(10)
        return made(offer)

    panel._button, panel._offered = holding, None
    _beside(panel.moved, held, press, go)
    assert not button(panel, "Cancel Review").disabled


def test_an_input_that_was_added_elsewhere_meanwhile_is_not_undone(session: SecureJobs, side: MemberSide) -> None:
    job = session.draft("Delays", CODE)
    session.job("Delays").add_input("other integer 1..12")
    held, go, edit, failed = threading.Event(), threading.Event(), job.edit, []

    def holding(change: Any) -> Any:
        held.set()
        go.wait(10)
        return edit(change)

    def adding() -> None:
        try:
            job.add_input("month integer 1..12")
        except StaleError as error:
            failed.append(error)

    job.edit = holding  # type: ignore[method-assign]
    _beside(adding, held, job.refresh, go)
    assert len(failed) == 1
    assert [each.name for each in side.detail("j1").version.inputs] == ["other"]


def test_an_unreachable_member_side_is_said_and_found_again(session: SecureJobs, side: MemberSide) -> None:
    told: list[str] = []
    lost, found = threading.Event(), threading.Event()

    class Listening:
        def moved(self) -> None:
            found.set()

        def lost(self, error: SecureJobsError) -> None:
            told.append(error.code)
            lost.set()

    good = side.events
    side.events = lambda request: httpx.Response(503)  # type: ignore[method-assign]
    follower = Follower(session.client)
    listener = Listening()
    follower.add(listener)
    assert lost.wait(10)
    side.events = good  # type: ignore[method-assign]
    assert found.wait(10)
    follower.remove(listener)
    assert told[0] == "unexpected_answer"


def test_text_with_mathematics_is_not_typeset() -> None:
    assert isinstance(shown(r"$\href{javascript:alert(1)}{x}$"), widgets.Text)
    assert isinstance(shown("plain <b>"), widgets.Label)


def test_no_panel_holds_a_widget_that_renders_markup(session: SecureJobs, side: MemberSide) -> None:
    job = session.draft("Delays", CODE, inputs=["month integer 1..12 = 1"])
    side.accept_all("j1")
    run = job.refresh().run(month=1).wait(10)
    made = (panels.jobs(session), panels.job(job), panels.datasets(session), panels.inputs(job))
    for panel in (*made, panels.pinned(session), panels.approval(job), panels.results(run)):
        kinds = [type(each) for each in inside(panel)]
        assert len(kinds) > 1
        assert not [kind for kind in kinds if issubclass(kind, widgets.HTML | widgets.HTMLMath)]
