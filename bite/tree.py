"""Copies of the tree in which a defence can be missing for a while. The tree itself is never changed."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bite.defence import Defence

ROOT: Final = Path(__file__).resolve().parents[1]
_LEFT_OUT: Final = (
    *(".git", ".venv", "node_modules", "build", "dist", "labextension", "__pycache__", ".hypothesis"),
    *(".mypy_cache", ".ruff_cache", ".pytest_cache", ".import_linter_cache", ".ipynb_checkpoints", "*.egg-info"),
)


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
    kept = {edit.file: (tree / edit.file).read_text() for edit in defence.edits if (tree / edit.file).is_file()}
    try:
        for edit in defence.edits:
            edit.apply(tree)
        yield
    finally:
        for file, text in kept.items():
            (tree / file).write_text(text)
