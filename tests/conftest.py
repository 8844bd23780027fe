"""Fixtures for every floor."""

from __future__ import annotations

import pytest

from tests.support.world import World


@pytest.fixture
def world() -> World:
    """Give an accepted job, ordered and attested, whose statements a test may replace."""
    return World()
