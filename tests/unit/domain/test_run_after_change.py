"""What becomes of an active run when a roster or worker list comes into force: every case."""

from __future__ import annotations

from itertools import product

import pytest

from jupyter_secure_jobs.domain.run import ACTIVE, Fate, RunKind, RunStatus, after_change

YES_NO = (False, True)


@pytest.mark.parametrize(("status", "leased", "member", "stays"), list(product(sorted(ACTIVE), YES_NO, YES_NO, YES_NO)))
def test_job_run_when_the_members_change(status: RunStatus, leased: bool, member: bool, stays: bool) -> None:  # noqa: FBT001 -- a row of the table
    fates = [
        after_change(kind=RunKind.JOB, status=status, leased=leased, keys_released=released, members_changed=True,
                     member_stays=member, worker_stays=stays)
        for released in YES_NO
    ]  # fmt: skip
    assert fates == [Fate.ENDS, Fate.STAYS]


@pytest.mark.parametrize(("released", "stays"), list(product(YES_NO, YES_NO)))
def test_job_run_when_the_workers_alone_change(released: bool, stays: bool) -> None:  # noqa: FBT001 -- as above
    fates = {
        (status, leased): after_change(kind=RunKind.JOB, status=status, leased=leased, keys_released=released,
                                       members_changed=False, member_stays=True, worker_stays=stays)
        for status, leased in product(ACTIVE, YES_NO)
    }  # fmt: skip
    again = [case for case, fate in fates.items() if fate is not Fate.STAYS]
    assert again == [(RunStatus.QUEUED, True)]
    assert fates[RunStatus.QUEUED, True] is Fate.AGAIN


@pytest.mark.parametrize(("members", "stays"), list(product(YES_NO, YES_NO)))
def test_test_run_moves_on_only_from_a_worker_that_was_dropped(members: bool, stays: bool) -> None:  # noqa: FBT001 -- as above
    fates = {
        (status, leased): after_change(kind=RunKind.TEST, status=status, leased=leased, keys_released=False,
                                       members_changed=members, member_stays=True, worker_stays=stays)
        for status, leased in product(ACTIVE, YES_NO)
    }  # fmt: skip
    expected = Fate.STAYS if stays else Fate.AGAIN
    assert fates.pop((RunStatus.QUEUED, True)) is expected
    assert set(fates.values()) == {Fate.STAYS}


@pytest.mark.parametrize(
    ("status", "leased", "members", "stays"), list(product(sorted(ACTIVE), YES_NO, YES_NO, YES_NO))
)
def test_test_run_of_one_who_left_is_cancelled_by_the_roster_alone(
    status: RunStatus,
    leased: bool,  # noqa: FBT001 -- as above
    members: bool,  # noqa: FBT001 -- as above
    stays: bool,  # noqa: FBT001 -- as above
) -> None:
    fate = after_change(kind=RunKind.TEST, status=status, leased=leased, keys_released=False, members_changed=members,
                        member_stays=False, worker_stays=stays)  # fmt: skip
    assert (fate is Fate.CANCELLED) is members
