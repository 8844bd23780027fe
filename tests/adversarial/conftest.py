"""One attacker for each file of hostile jobs; a plain job must run well after all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.attack import Attack

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def attack() -> Iterator[Attack]:
    made = Attack()
    try:
        yield made
        assert made.run("SELECT x + 1 AS y FROM t", language="sql").rows == 1
    finally:
        made.close()
