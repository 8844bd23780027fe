"""Copies of the tree in which a defence can be missing for a while. The tree itself is never changed."""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bite.defence import Defence

ROOT: Final = Path(__file__).resolve().parents[1]
_LEFT_OUT: Final = (
    *(".git", ".venv", "node_modules", "build", "dist", "labextension", "__pycache__", ".hypothesis"),
    *(".mypy_cache", ".ruff_cache", ".pytest_cache", ".import_linter_cache", ".ipynb_checkpoints", "*.egg-info"),
)


_SECONDS: Final = itertools.count(1_000_000_000)


@contextmanager
def copied() -> Iterator[Path]:
    """Give a copy of the tree, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="bite-") as folder:
        tree = Path(folder) / "tree"
        shutil.copytree(ROOT, tree, ignore=shutil.ignore_patterns(*_LEFT_OUT))
        yield tree


@contextmanager
def without(tree: Path, defence: Defence) -> Iterator[None]:
    """Take a defence out of a copy and put it back afterwards.

    Raises:
        StaleTableError: the source does not hold it as the row says; nothing is changed then.
    """
    files = {tree / edit.file for edit in defence.edits if (tree / edit.file).is_file()}
    kept = {path: path.read_text() for path in files}
    try:
        for edit in defence.edits:
            edit.apply(tree)
        _renew(files)
        yield
    finally:
        for path, text in kept.items():
            path.write_text(text)
        _renew(files)


def _renew(files: Iterable[Path]) -> None:
    # Python takes a compiled file for current if size and second of its source are the same: each change gets a second
    # of its own.
    for path in files:
        second = next(_SECONDS)
        os.utime(path, (second, second))
