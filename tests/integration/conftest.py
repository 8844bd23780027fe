"""One running world for all tests of this folder; whatever a test stopped is started again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.parts import Parts

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    """Give the parts, started once."""
    made = Parts(tmp_path_factory.mktemp("world") / "parts")
    try:
        made.build()
        yield made
    finally:
        made.stop()


@pytest.fixture
def parts(running: Parts) -> Iterator[Parts]:
    """Give the parts, all of them running before the test and after."""
    running.start_all()
    yield running
    running.start_all()
