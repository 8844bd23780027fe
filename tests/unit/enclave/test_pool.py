"""Sandboxes wait ahead of runs; each serves one run, one that died gives way, and none outlives the pool."""

from __future__ import annotations

import os
import select
import signal
import threading
from typing import TYPE_CHECKING

import pytest

from jupyter_secure_jobs.crypto.memory import Memory
from jupyter_secure_jobs.domain.errors import UnavailableError
from jupyter_secure_jobs.enclave.pool import MOST, Pool
from jupyter_secure_jobs.engines.run import run_job, start_child
from jupyter_secure_jobs.engines.spec import JobSpec
from jupyter_secure_jobs.sandbox.child import Child
from jupyter_secure_jobs.sandbox.errors import SandboxUnavailableError
from jupyter_secure_jobs.sandbox.limits import Limits

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# The smallest module that can be process 1: it says that it is ready, and waits.
GATE = "jupyter_secure_jobs.engines.gate"
JOB = JobSpec(
    language="sql", code="SELECT 1 AS one", tables={}, inputs={}, log_policy="full", limits=Limits(seconds=60)
)


class Started:
    """Starts sandboxes that run the gate's module, and remembers them."""

    def __init__(self, memory: Memory) -> None:
        self.memory = memory
        self.children: list[Child] = []

    def __call__(self, limits: Limits | None) -> Child:
        child = Child.start(self.memory.new("child"), module=GATE, ceiling=limits)
        self.children.append(child)
        return child


@pytest.fixture
def started() -> Iterator[Started]:
    memory = Memory()
    made = Started(memory)
    yield made
    for child in made.children:
        child.close()
    memory.remove()


@pytest.fixture
def pool(started: Started) -> Iterator[Pool]:
    made = Pool(started, size=2)
    yield made
    made.close()


def test_asking_again_while_one_comes_up_does_not_pile_up(started: Started) -> None:
    """Runs without a pause keep the first filling busy: a worker's memory grew with each of them."""
    begun, let = threading.Event(), threading.Event()

    def slow(limits: Limits | None) -> Child:
        begun.set()
        assert let.wait(60)
        return started(limits)

    pool = Pool(slow, size=2)
    try:
        busy = pool.fill()
        assert begun.wait(60)
        asked = [pool.fill() for _ in range(100)]
        assert len({id(each) for each in (busy, *asked)}) == 2
        let.set()
        pool.take(Limits())
        asked[-1].result(60)
        assert len(pool._spares) == 2
    finally:
        let.set()
        pool.close()


def test_as_many_wait_as_were_asked_for_and_each_is_given_once(pool: Pool, started: Started) -> None:
    pool.fill().result(60)
    assert len(started.children) == 2
    first, second = pool.take(Limits()), pool.take(Limits())
    assert {first.child, second.child} == set(started.children)
    third = pool.take(Limits())
    assert third.child is started.children[2], "when none waits, a new one is started for the run"


def test_the_pool_is_filled_up_again(pool: Pool, started: Started) -> None:
    pool.fill().result(60)
    pool.take(Limits()).child.close()
    pool.fill().result(60)
    assert len(started.children) == 3


def test_one_that_is_up_is_given_first(pool: Pool, started: Started) -> None:
    pool.fill().result(60)
    assert started.children[0].came_up, "the second is started once the first is up"
    taken = pool.take(Limits())
    assert taken.child is started.children[0]
    taken.wait()


def test_one_that_died_gives_way(pool: Pool, started: Started) -> None:
    pool.fill().result(60)
    for child in started.children:
        os.kill(child._process.pid, signal.SIGKILL)
        child._process.wait()
    taken = pool.take(Limits())
    assert taken.child not in started.children[:2]
    taken.wait()
    pool.fill().result(60)
    assert sum(child.alive for child in started.children) == 3


def test_one_that_dies_on_its_way_gives_way_to_a_fresh_one(pool: Pool, started: Started) -> None:
    taken = pool.take(Limits())
    taken.child._send_kill()
    taken.wait()
    assert taken.child is started.children[1]
    assert taken.child.alive


def test_a_run_with_higher_limits_gets_one_of_its_own(pool: Pool, started: Started) -> None:
    pool.fill().result(60)
    wide = Limits(seconds=Limits().seconds * 2)
    taken = pool.take(wide)
    assert taken.child.ceiling == wide
    assert taken.child not in started.children[:2]


def test_nothing_is_left_of_a_closed_pool(pool: Pool, started: Started) -> None:
    filling = pool.fill()
    pool.close()
    assert filling.done()
    assert not any(child.alive for child in started.children)


def test_what_waits_is_thrown_away_with_its_pool(pool: Pool, started: Started) -> None:
    pool.fill().result(60)
    assert any(child.alive for child in started.children)
    pool.close()
    assert not any(child.alive for child in started.children)


def test_where_no_sandbox_can_be_made_a_run_says_so() -> None:
    def fail(_limits: Limits | None) -> Child:
        raise SandboxUnavailableError("There is none.", "Get one.")

    pool = Pool(fail, size=1)
    pool.fill().result(10)
    with pytest.raises(UnavailableError) as caught:
        pool.take(Limits())
    assert (caught.value.code, caught.value.detail, caught.value.next_step) == (
        "no_sandbox",
        "There is none.",
        "Get one.",
    )
    pool.close()


def test_a_pool_has_a_greatest_size(started: Started) -> None:
    assert Pool(started, size=1000).size == MOST
    assert Pool(started, size=-1).size == 0


def test_after_a_run_no_process_is_left_once_the_child_is_closed(tmp_path: Path) -> None:
    """The reply does not wait until the kernel has torn the sandbox down; `close` does."""
    root = tmp_path / "child"
    root.mkdir()
    with start_child(root) as child:
        one = os.dup(child._one)
        outcome = run_job(child, JOB, threading.Event())
        assert outcome.status == "succeeded", outcome.log.read_text()
    poll = select.poll()
    poll.register(one, select.POLLIN)
    assert poll.poll(0), "a process's descriptor is readable once it is gone"
    os.close(one)


def test_a_sandbox_that_was_used_takes_no_second_run(started: Started) -> None:
    child = started(None)
    child.run(b"{}", Limits(seconds=1), threading.Event(), files={})
    with pytest.raises(RuntimeError, match="one run"):
        child.run(b"{}", Limits(seconds=1), threading.Event(), files={})
