"""The kinds of events: each has its words, the page shows them all, and filters are read strictly."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from jupyter_secure_jobs.domain import audit
from jupyter_secure_jobs.domain.audit import MEANINGS, OF_ACTION, Event, Purpose
from jupyter_secure_jobs.domain.errors import InvalidError
from jupyter_secure_jobs.domain.lifecycle import Action
from jupyter_secure_jobs.domain.text import harmless
from tests.support.refusal import refused

PAGE = Path(__file__).parents[3] / "docs" / "audit.md"


def test_every_event_has_its_words() -> None:
    assert list(MEANINGS) == list(Event)
    labels = [said.label for said in MEANINGS.values()]
    assert len(set(labels)) == len(labels)
    assert all(len(event) <= 30 for event in Event), "the column of the database holds 30 characters"


def test_page_shows_the_table_as_it_is() -> None:
    assert audit.table() in PAGE.read_text()


def test_every_action_that_changes_something_is_an_event() -> None:
    # The others only read, or are parts of editing; opening and exporting are recorded where the file is fetched.
    assert set(Action) - set(OF_ACTION) == {
        Action.STARTER_SCRIPTS,
        Action.ADD_INPUT,
        Action.REQUEST_RERUNS,
        Action.VIEW_RESULTS,
        Action.EXPORT_RESULTS,
        Action.VIEW_LOGS,
        Action.EXPORT_LOGS,
    }


def test_no_member_is_named_like_a_part() -> None:
    assert not any("@" in name for name in (audit.SERVER, audit.key_service("Airline"), audit.worker(None)))


def test_purpose_and_format_make_the_event() -> None:
    assert audit.output_event("result", Purpose.OPEN, "parquet") == (Event.RESULT_OPENED, "")
    assert audit.output_event("result", Purpose.EXPORT, "csv") == (Event.RESULT_EXPORTED, ", as csv")
    assert audit.output_event("log", Purpose.EXPORT, "") == (Event.LOG_EXPORTED, "")
    with refused("purpose", kind=InvalidError):
        audit.output_event("result", "peek", "")
    with refused("format", kind=InvalidError):
        audit.output_event("result", Purpose.EXPORT, "exe")


def test_kinds_are_read_once_each_and_unknown_ones_refused() -> None:
    assert audit.events_of("accepted, declined,accepted") == (Event.ACCEPTED, Event.DECLINED)
    for wrong in ("opened", "accepted,ACCEPTED", "accepted;declined"):
        with refused("audit_kind", kind=InvalidError):
            audit.events_of(wrong)


@pytest.mark.parametrize(
    ("text", "end", "moment"),
    [
        ("2026-11-01", False, datetime(2026, 11, 1, tzinfo=UTC)),
        ("2026-11-01", True, datetime(2026, 11, 1, 23, 59, 59, 999_999, tzinfo=UTC)),
        ("2026-11-01T12:00:00+02:00", True, datetime(2026, 11, 1, 10, tzinfo=UTC)),
        ("2026-11-01T12:00:00.5Z", False, datetime(2026, 11, 1, 12, 0, 0, 500_000, tzinfo=UTC)),
    ],
)
def test_moments_are_read_in_utc(text: str, end: bool, moment: datetime) -> None:  # noqa: FBT001 -- a parameter
    assert audit.moment(text, end=end) == moment


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01", "0001-01-01T00:00:00+14:00", "9" * 400])
def test_what_is_no_moment_is_refused(text: str) -> None:
    with refused("audit_time", kind=InvalidError):
        audit.moment(text, end=False)


def test_detail_is_one_visible_line_of_bounded_length() -> None:
    assert audit.clean_detail("a\n\tb  c ") == "a b c"
    assert audit.clean_detail("x\u202ey\u200bz\x1b[2J\ud800") == "x\ufffdy\ufffdz\ufffd[2J\ufffd"
    assert audit.clean_detail("e\u0301") == "\u00e9"
    assert len(audit.clean_detail("x" * 1_000)) == 500


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_cells_that_a_spreadsheet_would_run_are_texts(cell: str) -> None:
    assert harmless(cell) == "'" + cell
    assert harmless("x" + cell) == "x" + cell
