"""Runs the tests that must notice, two defences at a time, and reads what they said."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from enum import StrEnum
from queue import SimpleQueue
from typing import TYPE_CHECKING, Final

from bite.tree import copied, without

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from bite.defence import Defence

AT_ONCE: Final = 2
PATIENCE: Final = 900
_TEST_SECONDS: Final = 300


class Verdict(StrEnum):
    """What became of a defence that was taken out."""

    NOTICED = "noticed"
    SURVIVED = "survived"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What the tests said without a defence: `by` is the test that noticed, or the words of what went wrong."""

    defence: Defence
    verdict: Verdict
    by: str
    seconds: float


def pytest(tree: Path, tests: Sequence[str]) -> tuple[Verdict, str]:
    """Run the tests in a copy of the tree up to the first that fails.

    Only a test that fails counts: one that cannot be collected or set up says nothing about the defence.
    """
    report = tree.parent / "report.xml"
    report.unlink(missing_ok=True)
    words = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", f"--junitxml={report}"]
    words += ["-p", "pytest_timeout", "-o", f"timeout={_TEST_SECONDS}", "-m", "not long", *tests]
    # Plugins that these tests do not use would take longer to load than most tests to run.
    environment = {**os.environ, "PYTHONPATH": str(tree), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    try:
        done = subprocess.run(
            words, cwd=tree, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
    except subprocess.TimeoutExpired:
        return Verdict.BROKEN, f"no answer within {PATIENCE} s"
    said = (done.stdout + done.stderr).strip().splitlines()
    return _read(report, done.returncode, said[-1] if said else "pytest said nothing")


def _read(report: Path, code: int, last: str) -> tuple[Verdict, str]:
    ran = 0
    for case in ET.parse(report).iter("testcase") if report.is_file() else ():  # noqa: S314 -- pytest wrote it just now
        failure, name = case.find("failure"), str(case.get("name"))
        if failure is not None and "Timeout" not in str(failure.get("message"))[:40]:
            return Verdict.NOTICED, name
        if failure is not None or case.find("error") is not None:
            return Verdict.BROKEN, f"{name} did not end or start: {last}"
        ran += case.find("skipped") is None
    return (Verdict.SURVIVED if code == 0 and ran else Verdict.BROKEN), last


def run(defences: Sequence[Defence], told: Callable[[Outcome], None]) -> list[Outcome]:
    """Take out each defence in turn; `told` hears of each as it is done. The order of the answer is the table's.

    Raises:
        StaleTableError: a row does not fit the source.
    """
    with ExitStack() as stack, ThreadPoolExecutor(AT_ONCE) as pool:
        trees: SimpleQueue[Path] = SimpleQueue()
        for _ in range(AT_ONCE):
            trees.put(stack.enter_context(copied()))

        def bite(defence: Defence) -> Outcome:
            tree, start = trees.get(), time.monotonic()
            try:
                with without(tree, defence):
                    verdict, by = pytest(tree, defence.tests)
            finally:
                trees.put(tree)
            outcome = Outcome(defence=defence, verdict=verdict, by=by, seconds=time.monotonic() - start)
            told(outcome)
            return outcome

        # The slow ones first, so that no core waits for the last of them.
        order = sorted(range(len(defences)), key=lambda place: not defences[place].slow)
        made = dict(zip(order, pool.map(bite, [defences[place] for place in order]), strict=True))
        return [made[place] for place in range(len(defences))]


def untouched(defences: Iterable[Defence]) -> tuple[Verdict, str]:
    """Run every test of the table on an unchanged copy: all must pass, or a failure would say nothing."""
    tests = list(dict.fromkeys(test for defence in defences for test in defence.tests))
    with copied() as tree:
        return pytest(tree, tests)
