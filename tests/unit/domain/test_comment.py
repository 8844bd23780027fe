"""Comments of a decision: their bounds, their order, and the digest that binds each to its line."""

from __future__ import annotations

import pytest

from jupyter_secure_jobs.domain.comment import LineComment, clean_line_comments
from jupyter_secure_jobs.domain.errors import InvalidError
from jupyter_secure_jobs.protocol import canonical, places
from tests.support.refusal import refused

CODE = "SELECT month,\n  count(*)\nFROM flights"


def said(line: int, text: str = "Why?") -> LineComment:
    return LineComment(line=line, text=text)


def test_order_is_by_line_and_those_on_one_line_keep_theirs() -> None:
    given = [said(3, "c"), said(1, "b"), said(1, "a")]
    assert [(each.line, each.text) for each in clean_line_comments(given, code=CODE)] == [(1, "b"), (1, "a"), (3, "c")]


@pytest.mark.parametrize(
    ("comments", "code"),
    [
        ([said(0)], "line_comment_line"),
        ([said(4)], "line_comment_line"),
        ([said(1, "")], "line_comment_empty"),
        ([said(1, " \n")], "line_comment_empty"),
        ([said(1, "x" * 1001)], "text_too_long"),
        ([said(1, "to\u202eread")], "text_characters"),
        ([said(1)] * 101, "line_comments_many"),
        ([said(1, "x" * 1000)] * 21, "line_comments_long"),
    ],
)
def test_what_is_out_of_bounds(comments: list[LineComment], code: str) -> None:
    with refused(code, kind=InvalidError):
        clean_line_comments(comments, code=CODE)


def test_bounds_themselves_are_within() -> None:
    assert len(clean_line_comments([said(3, "x" * 200)] * 100, code=CODE)) == 100
    assert clean_line_comments([said(1, "e\u0301")], code="x")[0].text == "\u00e9"


def test_digest_covers_words_and_lines_and_their_order() -> None:
    digests = {
        places.comment(salt="s", text="a"),
        places.comment(salt="t", text="a"),
        places.comment(salt="s", text="b"),
        places.comment(salt="s", text="a", lines=[said(1, "b")]),
        places.comment(salt="s", text="a", lines=[said(2, "b")]),
        places.comment(salt="s", text="a", lines=[said(1, "c")]),
        places.comment(salt="s", text="a", lines=[said(1, "b"), said(1, "c")]),
        places.comment(salt="s", text="a", lines=[said(1, "c"), said(1, "b")]),
    }
    assert len(digests) == 8


def test_digest_of_a_decision_without_line_comments_is_the_one_of_before_there_were_such() -> None:
    before = canonical.encode({"protocol": "jupyter-secure-jobs/comment/v1", "salt": "s", "text": "fine"})
    assert places.comment(salt="s", text="fine") == canonical.digest(before)
