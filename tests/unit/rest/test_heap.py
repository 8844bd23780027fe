"""A server's memory is given back between long-lived pieces, and does not depend on how many threads were busy."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries have no such heap")

# Every 64th piece stays, so that no arena has anything to give back at its end.
_FRAGMENTED = """
import psutil
from jupyter_secure_jobs.rest import heap

pieces = [bytearray(8192) for _ in range(12_800)]
kept = pieces[::64]
del pieces
before = psutil.Process().memory_info().rss
heap.give_back()
print((before - psutil.Process().memory_info().rss) / 2**20)
"""
# Each thread holds a piece while the others take theirs: left to itself, glibc makes arenas until each has its own.
_BUSY = """
import ctypes, threading
from jupyter_secure_jobs.rest import heap

heap.keep_few_arenas()
together = threading.Barrier(8)

def busy():
    together.wait()
    for _ in range(200):
        bytearray(8192)
    together.wait()

threads = [threading.Thread(target=busy) for _ in range(8)]
for each in threads: each.start()
for each in threads: each.join()
ctypes.CDLL(None).malloc_stats()
"""


def _run(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)


def test_free_pages_between_kept_pieces_are_given_back() -> None:
    """Of 100 MiB in pieces, all but every 64th of them free, more than half goes back."""
    assert float(_run(_FRAGMENTED).stdout) > 50


def test_busy_threads_share_two_arenas() -> None:
    """Eight threads that allocate at once make no more than two arenas."""
    assert _run(_BUSY).stderr.count("Arena ") <= 2
