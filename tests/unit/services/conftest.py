"""A workspace filled with jobs in every state."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.support.filled import Filled

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    """Give what no test changes."""
    made = Filled(tmp_path_factory.mktemp("list"), jobs=200, runs=60)
    with closing(made.database):
        yield made


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Filled]:
    """Give what a test may change."""
    made = Filled(tmp_path, jobs=20, runs=10)
    with closing(made.database):
        yield made
