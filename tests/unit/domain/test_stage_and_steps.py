"""The stage of every status, the words of the Job Status panel, and the steps of runs of both kinds."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from jupyter_secure_jobs.domain.job import Grant
from jupyter_secure_jobs.domain.lifecycle import Facts, LiveVersion, Status
from jupyter_secure_jobs.domain.run import Phase, RunKind, RunStatus
from jupyter_secure_jobs.domain.stage import STAGES, Stage, Tried, query_status, stage, words_of_test
from jupyter_secure_jobs.domain.step import LABELS, STEPS, keys_words, steps
from tests.unit.domain.test_lifecycle_table import ACCEPTED, DRAFT, ENDED, PLAIN, REVIEW

START: Final = datetime(2026, 11, 2, tzinfo=UTC)
STALE: Final = "The members changed: submit again."
EXPECTED: Final = {
    "Draft": ("Draft", "Draft"),
    "Under Review": ("Review", "Ready for review"),
    "Accepted": ("Execution", "Ready for execution"),
    "Queued": ("Execution", "In execution"),
    "Running": ("Execution", "In execution"),
    "Succeeded": ("Outcome", "Ready for execution"),
    "Failed": ("Outcome", "Ready for execution"),
    "Cancelled": ("Outcome", "Ready for execution"),
    "Archived": ("Outcome", "Ready for execution"),
}


@pytest.mark.parametrize("name", EXPECTED)
def test_stage_and_query_of_every_status(name: str) -> None:
    facts = PLAIN[name]
    assert (stage(facts), query_status(facts)) == EXPECTED[name]
    archived = replace(facts, archived=True)
    assert (stage(archived), query_status(archived)) == EXPECTED[name], "an archived job stays where it was"


def test_every_status_but_archived_has_a_stage() -> None:
    assert set(STAGES) == set(Status) - {Status.ARCHIVED}
    assert [str(each) for each in Stage] == ["Draft", "Review", "Execution", "Outcome"]


@pytest.mark.parametrize(
    ("live", "why"),
    [
        (replace(ACCEPTED, stale=STALE), STALE),
        (replace(ENDED, grant=Grant(), newest_run=RunStatus.SUCCEEDED), "Accepted for one run, which is used up"),
        (replace(ENDED, grant=Grant(reruns=True, most_runs=1), newest_run=RunStatus.FAILED), "All 1 approved runs"),
    ],
)
def test_what_cannot_run_any_more_is_not_called_ready(live: LiveVersion, why: str) -> None:
    said = query_status(Facts(roles=frozenset(), now=START, member_count=3, live=live, ever_run=True))
    assert said.startswith(f"Accepted, not ready for execution. {why}")


def test_the_open_version_goes_before_the_live_one() -> None:
    both = replace(PLAIN["Succeeded"], open=DRAFT)
    assert (stage(both), query_status(both)) == ("Draft", "Draft")
    assert query_status(replace(both, open=replace(DRAFT, has_code=False))) == "Draft, no code yet"
    assert stage(replace(both, open=REVIEW)) == "Review"


@pytest.mark.parametrize(
    ("exact", "earlier", "words"),
    [
        (None, False, "No test run yet"),
        (None, True, "Tested before the last change, not since"),
        (Tried(status=RunStatus.QUEUED), True, "Test queued"),
        (Tried(status=RunStatus.RUNNING), True, "Test running"),
        (Tried(status=RunStatus.SUCCEEDED, rows=12345), True, "Succeeded on exactly this text, 12,345 rows"),
        (Tried(status=RunStatus.SUCCEEDED, rows=1), True, "Succeeded on exactly this text, 1 row"),
        (Tried(status=RunStatus.SUCCEEDED, rows=0), True, "Succeeded on exactly this text, 0 rows"),
        (Tried(status=RunStatus.SUCCEEDED), True, "Succeeded on exactly this text"),
        (
            Tried(status=RunStatus.FAILED, error_class="CAST_ERROR", error_line=4),
            True,
            "Failed on exactly this text: CAST_ERROR in line 4",
        ),
        (Tried(status=RunStatus.FAILED, error_class="Timeout"), True, "Failed on exactly this text: Timeout"),
        (Tried(status=RunStatus.CANCELLED, error_class="Cancelled"), True, "Cancelled on exactly this text"),
    ],
)
def test_words_of_the_newest_test(exact: Tried | None, words: str, *, earlier: bool) -> None:
    assert words_of_test(exact=exact, earlier=earlier) == words


def test_a_test_run_takes_no_keys() -> None:
    assert STEPS[RunKind.TEST] == (Phase.QUEUED, Phase.RUN)
    assert set(STEPS[RunKind.JOB]) == set(Phase) - {Phase.DONE} == set(LABELS)


@pytest.mark.parametrize("kind", RunKind)
@pytest.mark.parametrize("reached", range(7))
@pytest.mark.parametrize("ended", [False, True])
def test_steps_wherever_a_run_stands(kind: RunKind, reached: int, *, ended: bool) -> None:
    """A run may fail at any step: those before it have a time, those after it none, and all are told."""
    gone = [(phase, START + timedelta(seconds=place)) for place, phase in enumerate(STEPS[kind][:reached])]
    phases = [*gone, (Phase.DONE, START + timedelta(minutes=1))] if ended else gone
    found = steps(kind, phases, waiting=None, granted={"Airline": True}, active=not ended)
    assert tuple(step.phase for step in found) == STEPS[kind]
    assert [step.at for step in found if step.at is not None] == [at for _, at in gone]
    assert all(step.label == LABELS[step.phase] for step in found)


def test_a_run_that_was_taken_back_begins_again() -> None:
    second = START + timedelta(minutes=2)
    phases = [(Phase.QUEUED, START), (Phase.EVIDENCE, START), (Phase.KEYS, START), (Phase.QUEUED, second)]
    found = {step.phase: step for step in steps(
        RunKind.JOB, phases, waiting="place 2 in the queue", granted={}, active=True
    )}  # fmt: skip
    assert found[Phase.QUEUED].at == START
    assert found[Phase.QUEUED].detail == "turn 2; place 2 in the queue"
    assert [found[phase].at for phase in (Phase.EVIDENCE, Phase.KEYS)] == [None, None]
    again = steps(RunKind.JOB, [*phases, (Phase.EVIDENCE, second)], waiting=None, granted={}, active=True)
    assert again[1].at == second


def test_keys_name_for_whom_a_run_waits_and_no_longer_once_it_ended() -> None:
    granted = {"Airline": False, "Registry": True, "Weather Service": False}
    assert keys_words(granted, active=True) == "1 of 3 owners: waits for Airline, Weather Service"
    assert keys_words(granted, active=False) == "1 of 3 owners"
    assert keys_words({"Airline": True}, active=True) == "1 of 1 owner"
    assert keys_words({}, active=True) == "no owner's key is needed"
