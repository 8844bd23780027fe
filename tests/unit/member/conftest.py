"""What the tests of publishing share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def into(tmp_path: Path) -> Path:
    """Return an empty directory that is closed to others, as `read_table` wants it."""
    path = tmp_path / "into"
    path.mkdir(mode=0o700)
    return path
