"""Comments of a decision: one on the whole version, and some that stand beside lines of its code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from jupyter_secure_jobs.domain.errors import InvalidError
from jupyter_secure_jobs.domain.text import COMMENT_LENGTH, clean_text

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST_LINE_COMMENTS: Final = 100
# A job is shown with every member's comments at once; all of one member's fit into a part of such an answer.
MOST_LINE_CHARACTERS: Final = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class LineComment:
    """A comment beside one line of the code that was decided on; lines count from 1."""

    line: int
    text: str


def clean_comment(text: str) -> str:
    """Return the comment of a decision in its normal form.

    Raises:
        InvalidError: over 1,000 characters, or with control or bidirectional characters.
    """
    return clean_text(text, what="comment", longest=COMMENT_LENGTH)


def clean_line_comments(comments: Iterable[LineComment], *, code: str) -> tuple[LineComment, ...]:
    """Return line comments in their normal form, by line; those on one line keep their order.

    Raises:
        InvalidError: over 100 or over 20,000 characters together, beside a line that `code` does not have, empty, over
            1,000 characters, or with control or bidirectional characters.
    """
    given = list(comments)
    if len(given) > MOST_LINE_COMMENTS:
        raise InvalidError(
            "line_comments_many", f"There are {len(given)} line comments.", f"Write at most {MOST_LINE_COMMENTS}."
        )
    lines = code.count("\n") + 1
    made = []
    for each in given:
        if not 1 <= each.line <= lines:
            raise InvalidError(
                "line_comment_line", f"The code has no line {each.line}.", f"Lines count from 1 to {lines}."
            )
        text = clean_text(each.text, what=f"comment on line {each.line}", longest=COMMENT_LENGTH)
        if not text.strip():
            raise InvalidError(
                "line_comment_empty", f"The comment on line {each.line} is empty.", "Write it, or leave it out."
            )
        made.append(LineComment(line=each.line, text=text))
    if sum(len(each.text) for each in made) > MOST_LINE_CHARACTERS:
        raise InvalidError(
            "line_comments_long",
            f"The line comments have over {MOST_LINE_CHARACTERS:,} characters together.",
            "Shorten them, or say it once in the comment.",
        )
    return tuple(sorted(made, key=lambda each: each.line))
