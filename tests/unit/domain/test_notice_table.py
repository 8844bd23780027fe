"""The table of notices: who is told of which event, written out here by hand, and who never is."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import pytest

from jupyter_secure_jobs.domain.audit import Event
from jupyter_secure_jobs.domain.notice import TELLS, Happening, Level, Tie, told
from jupyter_secure_jobs.domain.run import RunStatus

IT: Final = Happening(event=Event.SUBMITTED, actor="wei@weather.example", organisation="Weather Service",
                      job="Delays", version=2, detail="planes", run=3, status=RunStatus.SUCCEEDED)  # fmt: skip
EXPECTED: Final[dict[Event, dict[Tie, Level]]] = {
    Event.FOUNDED: {Tie.ASKED: Level.WARNING},
    Event.SUBMITTED: {Tie.ASKED: Level.WARNING},
    Event.ACCEPTED: {Tie.AUTHOR: Level.INFO},
    Event.DECLINED: {Tie.AUTHOR: Level.WARNING},
    Event.REVIEW_CANCELLED: {Tie.AUTHOR: Level.WARNING},
    Event.RUN_ENDED: {Tie.AUTHOR: Level.SUCCESS, Tie.COLLEAGUE: Level.SUCCESS},
    Event.RERUNS_REVOKED: {Tie.AUTHOR: Level.WARNING, Tie.ACCEPTER: Level.INFO},
    Event.ACCEPTANCE_WITHDRAWN: {Tie.AUTHOR: Level.WARNING, Tie.ACCEPTER: Level.INFO},
    Event.CHANGE_PROPOSED: {Tie.ASKED: Level.WARNING},
    Event.CHANGE_REFUSED: {Tie.PROPOSER: Level.WARNING},
    Event.MEMBERS_CHANGED: {Tie.MEMBER: Level.INFO},
    Event.WORKERS_CHANGED: {Tie.MEMBER: Level.INFO},
    Event.DATASET_WITHDRAWN: {Tie.READER: Level.WARNING},
}


@pytest.mark.parametrize("event", Event)
@pytest.mark.parametrize("tie", Tie)
def test_cell(event: Event, tie: Tie) -> None:
    it = replace(IT, event=event)
    said = told(it, ties={tie}, own=False)
    level = EXPECTED.get(event, {}).get(tie)
    assert (said.level if said is not None else None) == level
    assert told(it, ties={tie}, own=True) is None, "nobody is told of their own deeds"
    if said is not None:
        assert said.text.endswith(".")


def test_the_table_is_as_long_as_the_one_here() -> None:
    assert set(TELLS) == set(EXPECTED)


def test_how_a_run_ended_is_told_to_nobody_outside_the_authors_organisation() -> None:
    outside = {tie for tie in Tie if tie not in (Tie.AUTHOR, Tie.COLLEAGUE)}
    assert told(replace(IT, event=Event.RUN_ENDED), ties=outside, own=False) is None


@pytest.mark.parametrize(
    ("status", "error", "level", "words"),
    [
        (RunStatus.SUCCEEDED, None, Level.SUCCESS, "Run 3 of “Delays” succeeded."),
        (RunStatus.FAILED, "CAST_ERROR", Level.ERROR, "Run 3 of “Delays” failed (CAST_ERROR)."),
        (RunStatus.FAILED, None, Level.ERROR, "Run 3 of “Delays” failed."),
        (RunStatus.CANCELLED, "Cancelled", Level.INFO, "Run 3 of “Delays” cancelled."),
    ],
)
def test_words_for_the_end_of_a_run(status: RunStatus, error: str | None, level: Level, words: str) -> None:
    it = replace(IT, event=Event.RUN_ENDED, status=status, error_class=error)
    said = told(it, ties={Tie.COLLEAGUE}, own=False)
    assert said is not None
    assert (said.level, said.text) == (level, words)


def test_what_the_author_cancelled_is_no_news_to_the_author() -> None:
    it = replace(IT, event=Event.RUN_ENDED, status=RunStatus.CANCELLED, cancel_asked=True)
    assert told(it, ties={Tie.AUTHOR, Tie.COLLEAGUE}, own=False) is None
    assert told(it, ties={Tie.COLLEAGUE}, own=False) is not None
    assert told(replace(it, cancel_asked=False), ties={Tie.AUTHOR}, own=False) is not None
    assert told(replace(it, status=RunStatus.SUCCEEDED), ties={Tie.AUTHOR}, own=False) is not None


def test_the_last_acceptance_says_that_it_is_the_last() -> None:
    it = replace(IT, event=Event.ACCEPTED, completes=True, commented=True)
    said = told(it, ties={Tie.AUTHOR}, own=False)
    assert said is not None
    assert said.level is Level.SUCCESS
    assert said.text == (
        "wei@weather.example (Weather Service) accepted version 2 of “Delays”, with a comment. "
        "Every member has accepted it now: it can run."
    )
