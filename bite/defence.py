"""A defence as a row: what it stops, the text that it is, what stands there when it is out, and who must notice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class StaleTableError(Exception):
    """A row does not fit the source any more; the message says which and how."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One text of a file, which stands there exactly once, and what takes its place. `file` is below the tree."""

    file: str
    old: str
    new: str

    def apply(self, tree: Path) -> None:
        """Change the file below `tree`.

        Raises:
            StaleTableError: the text is not there exactly once.
        """
        path = tree / self.file
        path.write_text(self.edited(path.read_text() if path.is_file() else ""))

    def edited(self, text: str) -> str:
        """Return a file's text without the defence.

        Raises:
            StaleTableError: the text is not there exactly once.
        """
        found = text.count(self.old)
        if found != 1:
            first = self.old.strip().splitlines()[0]
            raise StaleTableError(f"{self.file}: {first!r} stands there {found} times, not once. The table is stale.")
        return text.replace(self.old, self.new)


@dataclass(frozen=True, slots=True, kw_only=True)
class Defence:
    """One row.

    name: the defence in plain words. stops: the attack that would succeed without it. tests: pytest's own words for
    those that must notice, of which one is enough. slow: they start real processes or sandboxes.
    """

    name: str
    stops: str
    edits: tuple[Edit, ...]
    tests: tuple[str, ...]
    slow: bool = False


def changed(file: str, old: str, new: str) -> Edit:
    """Return the edit that puts `new` in the place of `old`."""
    return Edit(file=file, old=old, new=new)


def not_raised(file: str, error: str) -> Edit:
    """Return the edit after which an error, given by its start, is made and not raised: the check finds and says nothing."""
    return Edit(file=file, old=f"raise {error}", new=error)


def never(file: str, condition: str) -> Edit:
    """Return the edit after which a condition is never met."""
    return Edit(file=file, old=f"if {condition}:", new="if False:")


def does_nothing(file: str, signature: str) -> Edit:
    """Return the edit after which a function that gives nothing back, named by its first line, does nothing."""
    indent = signature[: len(signature) - len(signature.lstrip())]
    return Edit(file=file, old=f"{signature}\n", new=f"{signature}\n{indent}    return\n")
