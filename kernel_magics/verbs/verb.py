"""One verb of `%securejob`: its arguments and what it does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from kernel_magics.arguments import Arguments

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterable

    from kernel_magics.desk import Desk


_COLUMN: Final = 36


@dataclass(frozen=True, slots=True, kw_only=True)
class Verb:
    """`form` are the arguments as the manual shows them; `do` shows what is to be seen and returns what is a value."""

    name: str
    form: str
    summary: str
    arguments: Callable[[Arguments], None]
    do: Callable[[Desk, argparse.Namespace], object]

    def parser(self) -> Arguments:
        """Return the parser of the verb's line."""
        made = Arguments(f"%securejob {self.name}", self.summary)
        self.arguments(made)
        return made


def nothing(_: Arguments) -> None:
    """Take no arguments."""


def named(parser: Arguments) -> None:
    """Take the name of a job."""
    parser.add_argument("name", metavar='"NAME"')


def named_run(parser: Arguments) -> None:
    """Take the name of a job, and which of its runs."""
    named(parser)
    parser.add_argument("--run", type=int, metavar="N")
    parser.add_argument("--test", action="store_true")


def named_sure(parser: Arguments) -> None:
    """Take the name of a job, and the word that one means it."""
    named(parser)
    parser.add_argument("--yes", action="store_true")


def manual(verbs: Iterable[Verb]) -> str:
    """Return the verbs: short ones on a line with their summary, long ones with it below."""
    lines = []
    for verb in verbs:
        words = f"{verb.name} {verb.form}".strip()
        if len(words) < _COLUMN:
            lines.append(f"    {words.ljust(_COLUMN)}{verb.summary}")
        else:
            lines += [f"    {words}", f"    {' ' * _COLUMN}{verb.summary}"]
    return "\n".join(lines)
