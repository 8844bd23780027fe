"""The idle embedded server, with everything it starts, stays below one gigabyte."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import TYPE_CHECKING

import psutil
import pytest

from tests.e2e.conftest import Place, standing
from tests.support.parts import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

GIGABYTE = 1_000_000_000


def memory(process: psutil.Process) -> int:
    """Return a process's share of the memory in bytes; for one that is shielded from its neighbours, all it maps."""
    try:
        return int(process.memory_full_info().pss)
    except psutil.AccessDenied:
        return int(process.memory_info().rss)


@pytest.fixture
def idle(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Give a Lab of its own: in the shared one other tests have started kernels."""
    with standing(tmp_path_factory.mktemp("idle") / "lab") as place:
        yield place


def commands_of(family: list[psutil.Process]) -> list[str]:
    """Return the command lines of those that still run."""
    found = []
    for each in family:
        with suppress(psutil.NoSuchProcess):
            found.append(" ".join(each.cmdline()))
    return found


@pytest.mark.timeout(200)
def test_idle_embedded_server_stays_below_a_gigabyte(
    idle: Place, record_property: Callable[[str, object], None], capsys: pytest.CaptureFixture[str]
) -> None:
    root = psutil.Process(idle.lab.part.pid)
    for part in ("serve", "keyservice", "worker", "enclave.main", "bwrap"):
        # Without one of them the sum would mean nothing.
        wait_until(
            lambda part=part: any(part in command for command in commands_of(root.children(recursive=True))),
            f"{part} among the processes",
        )
    family = [root, *root.children(recursive=True)]
    total = sum(memory(each) for each in family)
    record_property("idle_memory_bytes", total)
    with capsys.disabled():
        sys.stdout.write(f"\nidle embedded server: {total / 1e6:.0f} MB in {len(family)} processes\n")
    assert total < GIGABYTE
