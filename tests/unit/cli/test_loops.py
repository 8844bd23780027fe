"""A process whose loop ended by itself ends too, with a code that has it started again."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from jupyter_secure_jobs.cli.parts import run_loops
from jupyter_secure_jobs.domain.errors import UnavailableError
from tests.support.process import ROOT, clean_environment

if TYPE_CHECKING:
    from collections.abc import Callable


def waits(stopped: threading.Event) -> None:
    """Serve until stopped."""
    assert stopped.wait(30)


def ends(_stopped: threading.Event) -> None:
    """End as no loop should."""


@pytest.mark.parametrize("loops", [(ends,), (waits, ends)])
def test_loop_that_ends_by_itself_ends_the_process(loops: tuple[Callable[[threading.Event], None], ...]) -> None:
    stopped, left = threading.Event(), threading.Event()
    with pytest.raises(UnavailableError, match="ended by itself"):
        run_loops(stopped, *loops, leave=left.set)
    assert stopped.is_set()
    assert left.is_set()


def test_loops_that_were_stopped_end_well() -> None:
    stopped = threading.Event()
    threading.Timer(0.05, stopped.set).start()
    run_loops(stopped, waits, waits)


CODE = """
import sys
from jupyter_secure_jobs.cli import main, parts
def work(arguments):
    def loop(stopped):
        print("up", flush=True)
        if {fails}:
            raise RuntimeError("unforeseen")
        stopped.wait()
    parts.run_loops(parts.until_stopped(), loop)
parts._work = work
main.main(["worker", "run"{more}])
"""


@pytest.mark.parametrize("fails", [True, False])
def test_exit_code(fails: bool) -> None:  # noqa: FBT001 -- a parameter of the test
    more = ', "--workspace-url", "http://127.0.0.1:1"'
    process = subprocess.Popen(
        [sys.executable, "-c", CODE.format(fails=fails, more=more)],
        cwd=ROOT,
        env=clean_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "up\n"
    if not fails:
        process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=60)
    assert process.returncode == (1 if fails else 0), said
    assert ("RuntimeError: unforeseen" in said) is fails, "what it was is in the log"
