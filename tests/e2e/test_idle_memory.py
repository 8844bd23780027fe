"""The idle embedded server, with everything it starts, stays below one gigabyte."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import psutil
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.e2e.conftest import Place

GIGABYTE = 1_000_000_000


def memory(process: psutil.Process) -> int:
    """Return a process's share of the memory in bytes; for one that is shielded from its neighbours, all it maps."""
    try:
        return int(process.memory_full_info().pss)
    except psutil.AccessDenied:
        return int(process.memory_info().rss)


@pytest.mark.timeout(200)
def test_idle_embedded_server_stays_below_a_gigabyte(
    place: Place, record_property: Callable[[str, object], None], capsys: pytest.CaptureFixture[str]
) -> None:
    root = psutil.Process(place.lab.part.pid)
    family = [root, *root.children(recursive=True)]
    commands = [" ".join(each.cmdline()) for each in family]
    for part in ("serve", "keyservice", "worker", "enclave.main", "bwrap"):
        assert any(part in command for command in commands), f"{part} does not run, so that the sum would mean nothing"
    total = sum(memory(each) for each in family)
    record_property("idle_memory_bytes", total)
    with capsys.disabled():
        sys.stdout.write(f"\nidle embedded server: {total / 1e6:.0f} MB in {len(family)} processes\n")
    assert total < GIGABYTE
