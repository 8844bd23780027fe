"""Processors are held for every thread of every process that is there already, and for all that come."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Final

import pytest

from jupyter_secure_jobs.sandbox import cores

# A process with threads that has started another one with threads, as an engine that was started ahead of its job.
FAMILY: Final = """
import subprocess, sys, threading, time
for _ in range(3):
    threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
if sys.argv[1] == 'first':
    words = [sys.executable, '-c', sys.argv[2], 'second', '']
    other = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    other.stdout.readline()
print('ready', flush=True)
sys.stdin.readline()
"""


@pytest.mark.skipif(cores.available() < 2, reason="one processor cannot be divided")
def test_threads_that_were_there_before_are_held_too() -> None:
    words = [sys.executable, "-c", FAMILY, "first", FAMILY]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as first:
        assert first.stdout is not None
        first.stdout.readline()
        threads = cores._threads(first.pid)
        assert len(threads) == 8, "two processes, each with three threads beside its own"
        cores.hold(first.pid, cores.available())
        assert {len(os.sched_getaffinity(each)) for each in threads} == {cores.available()}
        cores.hold(first.pid, 1)
        held = {frozenset(os.sched_getaffinity(each)) for each in threads}
        assert len(held) == 1, "all on the same one"
        assert len(held.pop()) == 1
        first.kill()
