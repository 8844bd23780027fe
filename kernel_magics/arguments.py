"""The command lines of the magics: argparse over shlex, with errors that say the next step."""

from __future__ import annotations

import argparse
import difflib
import re
import shlex
from datetime import UTC, datetime, time
from typing import NoReturn

from jupyter_secure_jobs.domain.errors import InvalidError

_UNKNOWN = re.compile(r"unrecognized arguments: (.*)", re.DOTALL)


class Arguments(argparse.ArgumentParser):
    """A parser that raises instead of leaving the process, and proposes what was meant."""

    def __init__(self, program: str, summary: str) -> None:
        """Take the words that usage lines start with."""
        super().__init__(prog=program, description=summary, add_help=False, allow_abbrev=False)

    def error(self, message: str) -> NoReturn:
        """Raise what argparse found.

        Raises:
            InvalidError: always.
        """
        unknown = _UNKNOWN.match(message)
        usage = re.sub(r"\s+", " ", self.format_usage()).strip()
        if unknown is None:
            raise InvalidError("magic_arguments", f"{message[:1].upper()}{message[1:]}.", f"Write it so: {usage}")
        first = unknown[1].split()[0]
        known = [option for action in self._actions for option in action.option_strings]
        close = difflib.get_close_matches(first, known, n=1, cutoff=0.5) if first.startswith("-") else []
        hint = f"Did you mean {close[0]}? " if close else ""
        if not first.startswith("-"):
            hint = "A name of several words goes into quotes. "
        raise InvalidError("magic_arguments", f"There is no place for {unknown[1]!r}.", f"{hint}Usage: {usage}")

    def read(self, words: list[str]) -> argparse.Namespace:
        """Return the arguments; options may stand before, between and after the others.

        Raises:
            InvalidError: they cannot be read.
        """
        return self.parse_intermixed_args(words)


def split(line: str) -> list[str]:
    """Return the words of a line as a shell splits them; what follows an unquoted `#` is a comment.

    Raises:
        InvalidError: a quotation mark is missing.
    """
    try:
        return shlex.split(line, comments=True)
    except ValueError as error:
        raise InvalidError("magic_quotes", "A quotation mark is missing.", "Close it: \"…\" or '…'.") from error


def pairs(words: list[str]) -> dict[str, object]:
    """Return `name=value` words as a mapping.

    Raises:
        InvalidError: one is none, or a name stands twice.
    """
    read: dict[str, object] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name:
            raise InvalidError("magic_values", f"{word!r} is no value of an input variable.", "Write it as month=7.")
        if name in read:
            raise InvalidError("magic_values", f"{name!r} is given twice.", "Give it once.")
        read[name] = value
    return read


def until(text: str) -> datetime:
    """Return a moment: a date means the end of that day in UTC.

    Raises:
        InvalidError: it is neither a date nor a time.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise InvalidError("magic_date", "That is no date.", "Write --until 2026-12-31.") from error
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        moment = datetime.combine(moment.date(), time(23, 59, 59))
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def meant(word: str, known: list[str]) -> str:
    """Return a proposal for a misspelled word, with a space after it, or nothing."""
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    return f"Did you mean {close[0]!r}? " if close else ""
