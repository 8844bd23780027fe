"""A run that asks for more than usual leaves one of its kind waiting for the next; few kinds wait, each for one run."""

from __future__ import annotations

import os
import signal
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from jupyter_secure_jobs.crypto.memory import Memory
from jupyter_secure_jobs.domain.compute import EngineName
from jupyter_secure_jobs.enclave.pool import KINDS, Sandboxes
from jupyter_secure_jobs.engines.run import run_job
from jupyter_secure_jobs.engines.spec import JobSpec
from jupyter_secure_jobs.sandbox.limits import GIBIBYTE, Limits

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jupyter_secure_jobs.enclave.pool import Pool, Taken
    from jupyter_secure_jobs.sandbox.child import Child

SAIL, SPARK = EngineName.SAIL, EngineName.SPARK


def wide(gibibytes: int) -> Limits:
    """Return limits above the usual ones."""
    return replace(Limits(), memory_bytes=gibibytes * GIBIBYTE)


@pytest.fixture
def memory() -> Iterator[Memory]:
    made = Memory()
    yield made
    made.remove()


@pytest.fixture
def sandboxes(memory: Memory) -> Iterator[Sandboxes]:
    made = Sandboxes(memory, ready=1, machine=64 * GIBIBYTE)
    # The usual ones have tests of their own; here none has to come up. How many kinds wait is not asked of them then.
    made.jobs._closed = True
    yield made
    made.close()


def used(taken: Taken, limits: Limits) -> None:
    """Run a job in a sandbox and throw it away."""
    taken.wait()
    spec = JobSpec(language="sql", code="SELECT 1 AS one", tables={}, inputs={}, log_policy="full", limits=limits)
    outcome = run_job(taken.child, spec, threading.Event())
    assert (outcome.error_class, outcome.rows) == (None, 1)
    taken.child.close()


def filled(sandboxes: Sandboxes) -> None:
    """Fill the pools, and wait until they are."""
    sandboxes.fill()
    for pool in sandboxes._kinds.values():
        pool.fill().result(60)


def waiting(pool: Pool) -> list[Child]:
    return list(pool._spares)


def test_the_next_run_of_a_profile_finds_one_that_waits_and_never_one_that_was_used(sandboxes: Sandboxes) -> None:
    first = sandboxes.job(wide(6), SAIL)
    used(first, wide(6))
    filled(sandboxes)
    (ready,) = waiting(sandboxes._kinds[SAIL, wide(6)])
    assert ready.ceiling == wide(6)
    second = sandboxes.job(wide(6), SAIL)
    assert second.child is ready
    assert second.child is not first.child
    assert waiting(sandboxes._kinds[SAIL, wide(6)]) == [], "it is for one run"
    used(second, wide(6))
    filled(sandboxes)
    third = sandboxes.job(wide(6), SAIL)
    assert third.child not in (first.child, second.child)
    third.child.close()


def test_one_that_died_while_it_waited_is_replaced(sandboxes: Sandboxes) -> None:
    sandboxes.job(wide(6), SAIL).child.close()
    filled(sandboxes)
    (dead,) = waiting(sandboxes._kinds[SAIL, wide(6)])
    os.kill(dead._process.pid, signal.SIGKILL)
    dead._process.wait()
    filled(sandboxes)
    (alive,) = waiting(sandboxes._kinds[SAIL, wide(6)])
    assert alive is not dead
    taken = sandboxes.job(wide(6), SAIL)
    assert taken.child is alive
    used(taken, wide(6))


def test_the_kind_that_was_asked_for_longest_ago_gives_way(sandboxes: Sandboxes) -> None:
    for gibibytes in range(5, 5 + KINDS):
        sandboxes.job(wide(gibibytes), SAIL).child.close()
    filled(sandboxes)
    (oldest,) = waiting(sandboxes._kinds[SAIL, wide(5)])
    sandboxes.job(wide(20), SAIL).child.close()
    filled(sandboxes)
    assert list(sandboxes._kinds) == [*((SAIL, wide(each)) for each in range(6, 5 + KINDS)), (SAIL, wide(20))]
    assert not oldest.alive
    assert sum(len(waiting(pool)) for pool in sandboxes._kinds.values()) == KINDS


def test_one_virtual_machine_waits_at_most(sandboxes: Sandboxes) -> None:
    # The machines are not needed to see which kinds stay, and take long to come up.
    sandboxes._kind((SPARK, wide(5)))
    sandboxes._kind((SPARK, wide(6)))
    assert list(sandboxes._kinds) == [(SPARK, wide(6))]
    sandboxes._kind((SAIL, wide(5)))
    assert list(sandboxes._kinds) == [(SPARK, wide(6)), (SAIL, wide(5))]


def test_no_more_waits_than_fits_into_the_machine(memory: Memory) -> None:
    small = Sandboxes(memory, ready=1, machine=2 * GIBIBYTE)
    try:
        small._kind((SAIL, wide(6)))
        assert list(small._kinds) == [(SAIL, wide(6))]
        small._kind((SAIL, wide(5)))
        assert list(small._kinds) == [(SAIL, wide(5))]
        pool = small._kind((SPARK, wide(5)))
        assert (list(small._kinds), pool.size) == ([(SAIL, wide(5))], 0), "this one serves its run, and none waits"
    finally:
        small.close()


def test_where_none_is_to_wait_none_of_any_kind_does(memory: Memory) -> None:
    none = Sandboxes(memory, ready=0, machine=64 * GIBIBYTE)
    try:
        none.job(wide(6), SAIL).child.close()
        filled(none)
        assert waiting(none._kinds[SAIL, wide(6)]) == []
    finally:
        none.close()


def test_a_run_within_the_usual_limits_makes_no_kind(sandboxes: Sandboxes) -> None:
    sandboxes.job(Limits(), SAIL).child.close()
    assert sandboxes._kinds == {}
