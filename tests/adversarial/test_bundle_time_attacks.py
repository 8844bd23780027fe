"""Attacks on the times in a bundle: a receipt that does not fit its order and grants, a bundle from the future."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.support.bundles import made, signed_grants, signed_receipt, verify
from tests.support.refusal import refused
from tests.support.world import NOW

if TYPE_CHECKING:
    from tests.support.world import World

MINUTE: Final = timedelta(minutes=1)


@pytest.mark.parametrize(
    "times",
    [
        {"started": NOW - 10 * MINUTE},
        {"started": NOW - 3 * MINUTE},
        {"started": NOW + timedelta(days=7), "finished": NOW + timedelta(days=7)},
        {"finished": NOW - MINUTE},
    ],
)
def test_receipt_whose_times_do_not_fit(world: World, times: dict[str, Any]) -> None:
    grants = signed_grants(world)
    with refused("receipt_time"):
        verify(made(world, grants=grants, receipt=signed_receipt(world, grants, **times)), genesis=world.genesis)


def test_clocks_that_differ_a_little(world: World) -> None:
    grants = signed_grants(world)
    verify(
        made(world, grants=grants, receipt=signed_receipt(world, grants, started=NOW - MINUTE)), genesis=world.genesis
    )


def test_bundle_from_the_future(world: World) -> None:
    with refused("from_the_future"):
        verify(made(world), now=NOW - timedelta(days=1))
    with refused("from_the_future"):
        verify(made(world), now=NOW - timedelta(minutes=4))
    verify(made(world), now=NOW - MINUTE)
