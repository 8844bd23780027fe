"""Fixtures for every floor."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.service import key_service, seal_data_keys
from tests.support.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from jupyter_secure_jobs.keyservice.service import KeyService


@pytest.fixture
def world() -> World:
    """Give an accepted job, ordered and attested, whose statements a test may replace."""
    return World()


@pytest.fixture
def beta(world: World, tmp_path: Path) -> Iterator[KeyService]:
    """Give Beta's key service over a memory in `tmp_path`, and datasets whose keys it can open."""
    seal_data_keys(world)
    with key_service(world, tmp_path) as service:
        yield service
