"""The queue's rule: lines take turns, tests come first, nothing waits for ever, and a place is what it says."""

from __future__ import annotations

import random

import pytest

from jupyter_secure_jobs.domain.errors import BusyError
from jupyter_secure_jobs.domain.queue import WEIGHTS, Bounds, check_room, moved_up, place, turn
from jupyter_secure_jobs.domain.run import RunKind

TEST, JOB = RunKind.TEST, RunKind.JOB


class Line:
    """A queue as the server keeps it, with nothing but the rule."""

    def __init__(self) -> None:
        self.taken = 0
        self.waiting: dict[tuple[int, str], tuple[str, RunKind]] = {}
        self._ids = 0

    def add(self, organisation: str, kind: RunKind = JOB, times: int = 1) -> tuple[int, str]:
        for _ in range(times):
            own = [each[0] for each, line in self.waiting.items() if line == (organisation, kind)]
            self._ids += 1
            made = (turn(kind, taken=self.taken, last=max(own, default=None)), f"{self._ids:06}")
            self.waiting[made] = (organisation, kind)
        return made

    def take(self) -> tuple[str, RunKind]:
        head = min(self.waiting)
        self.taken = max(self.taken, head[0])
        return self.waiting.pop(head)


def test_five_hundred_runs_of_one_organisation_delay_another_by_one() -> None:
    queue = Line()
    queue.add("Airline", times=500)
    assert queue.take() == ("Airline", JOB)
    queue.add("Weather")
    queue.add("Registry")
    assert [queue.take()[0] for _ in range(4)] == ["Airline", "Weather", "Registry", "Airline"]


def test_organisations_take_turns_for_as_long_as_they_have_runs() -> None:
    queue = Line()
    queue.add("Airline", times=50)
    queue.add("Weather", times=50)
    queue.add("Registry", times=10)
    served = [queue.take()[0] for _ in range(30)]
    assert all(set(served[at : at + 3]) == {"Airline", "Weather", "Registry"} for at in range(0, 30, 3))
    rest = [queue.take()[0] for _ in range(20)]
    assert all(set(rest[at : at + 2]) == {"Airline", "Weather"} for at in range(0, 20, 2))


def test_an_organisation_that_waited_long_has_saved_up_no_turns() -> None:
    queue = Line()
    queue.add("Airline", times=100)
    for _ in range(60):
        queue.take()
    queue.add("Weather", times=20)
    assert [queue.take()[0] for _ in range(20)].count("Weather") == 10


def test_a_line_that_could_not_be_had_moves_up_in_its_order_and_by_no_more_than_it_must() -> None:
    behind = [8 * number for number in range(2, 6)]
    assert moved_up(JOB, behind, taken=1000) == [1008, 1016, 1024, 1032]
    assert moved_up(JOB, [16, 1008, 5000], taken=1000) == [1008, 1016, 5000]
    assert moved_up(TEST, [5, 6], taken=1000) == [1001, 1002]
    assert moved_up(JOB, behind, taken=8) == behind, "nobody was passed by"


def test_a_test_comes_before_job_runs_that_wait() -> None:
    queue = Line()
    queue.add("Airline", times=20)
    queue.add("Weather", times=20)
    queue.take()
    queue.add("Airline", TEST)
    queue.add("Registry", TEST)
    assert sum(queue.take()[1] is TEST for _ in range(3)) == 2


def test_tests_that_never_end_do_not_starve_a_job_run() -> None:
    queue = Line()
    queue.add("Airline", TEST, times=5)
    queue.add("Weather")
    before = 0
    while queue.take()[1] is TEST:
        before += 1
        assert before <= 2 * WEIGHTS[JOB], "two lines of tests, each with its share"
        queue.add("Airline", TEST)
        queue.add("Registry", TEST)


def test_a_place_is_how_many_are_taken_before_it_and_nothing_waits_for_ever() -> None:
    chance = random.Random(5)
    for _ in range(20):
        queue = Line()
        for _ in range(300):
            if queue.waiting and chance.random() < 0.45:
                order = sorted(queue.waiting)
                assert [place(order, each) for each in order] == list(range(1, len(order) + 1))
                assert queue.waiting[order[0]] == queue.take(), "who has place 1 is taken"
            queue.add(chance.choice(["Airline", "Weather", "Registry"]), chance.choice([TEST, JOB]))
        last = max(queue.waiting)
        for _ in range(len(queue.waiting) + 6 * (last[0] - queue.taken)):
            if last not in queue.waiting:
                break
            queue.add("Airline", TEST)
            queue.add("Weather")
            queue.take()
        assert last not in queue.waiting


def test_a_full_line_is_refused_with_how_many_wait_and_what_to_do() -> None:
    bounds = Bounds(workspace=10, organisation=4)
    check_room(bounds, {"Airline": 3, "Weather": 4}, "Airline", worker=True)
    with pytest.raises(BusyError) as own:
        check_room(bounds, {"Airline": 4}, "Airline", worker=True)
    assert own.value.detail == "4 runs of Airline wait for a worker; more than 4 may not."
    assert own.value.next_step.startswith("Wait until some of them have run, or cancel")
    check_room(bounds, {"Airline": 4}, "Weather", worker=True)
    with pytest.raises(BusyError) as every:
        check_room(bounds, {"Airline": 4, "Weather": 4, "Registry": 2}, "Registry", worker=False)
    assert every.value.detail.startswith("10 runs wait for a worker in this workspace, 2 of them of Registry")
    assert every.value.next_step.startswith("Ask for a worker: none is connected")
    assert (every.value.code, every.value.status) == ("queue_full", 429)
