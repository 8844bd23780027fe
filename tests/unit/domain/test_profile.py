"""Who may change a compute profile, what a draft says of the one it took, and when no worker can run it."""

from __future__ import annotations

import pytest

from jupyter_secure_jobs.domain.compute import Compute, EngineName, Package
from jupyter_secure_jobs.domain.job import GIB, JobLimits
from jupyter_secure_jobs.domain.profile import Offer, Taken, change_refused, notice, unfit

ANA = "ana@airline.example"
SMALL = Offer(cores=2, memory_bytes=8 * GIB, engines=(EngineName.SAIL,))
LARGE = Offer(cores=64, memory_bytes=4 * GIB, engines=tuple(EngineName))


@pytest.mark.parametrize(
    ("member", "organisation", "allowed"),
    [
        (ANA, "Airline", True),
        ("ben@airline.example", "Airline", True),
        (ANA, "Weather", True),
        ("wei@weather.example", "Weather", False),
        ("wei@weather.example", "airline", False),
        ("", "", False),
    ],
    ids=["its maker", "a colleague", "its maker elsewhere", "another", "a name that looks alike", "nobody"],
)
def test_its_maker_and_their_organisation_change_a_profile(
    member: str,
    organisation: str,
    allowed: bool,  # noqa: FBT001 -- a column of the table
) -> None:
    told = change_refused(built_in=False, made_by=ANA, made_at="Airline", member=member, organisation=organisation)
    assert (told is None) == allowed
    assert change_refused(built_in=True, made_by=ANA, made_at="Airline", member=member, organisation=organisation)


def test_a_draft_says_what_became_of_its_profile() -> None:
    taken = Taken(profile="p", revision=3)
    assert notice(None, name="P", now=(4, "P"), same=False) is None
    assert notice(taken, name="P", now=(3, "P"), same=False) is None
    assert notice(taken, name="P", now=(4, "P"), same=True) is None
    changed, gone = (notice(taken, name="P", now=now, same=False) for now in ((4, "New name"), None))
    assert changed is not None
    assert changed.take_over == "New name"
    assert gone is not None
    assert gone.take_over is None


def test_one_worker_has_to_have_it_all() -> None:
    """Each of two workers lacks another part: together they cannot run it."""
    both = Compute(), JobLimits(cores=8, memory_bytes=6 * GIB)
    assert unfit(*both, [SMALL, LARGE]) == ["No worker has all that this asks for; each lacks a part."]
    assert unfit(*both, []) == []
    assert unfit(Compute(), JobLimits(), [SMALL]) == []
    assert unfit(Compute(engine=EngineName.SPARK), JobLimits(), [SMALL]) == ["No worker has the engine spark."]
    assert unfit(Compute(), JobLimits(cores=100), [SMALL, LARGE]) == [
        "The job may use 100 cores; no worker has more than 64."
    ]
    package = Package(name="p", version="1", wheel="sha256:" + "1" * 64)
    other = Package(name="p", version="1", wheel="sha256:" + "2" * 64)
    brings = Offer(cores=2, memory_bytes=8 * GIB, engines=(EngineName.SAIL,), packages=(other,))
    assert "wheel of p 1 that is named here" in unfit(Compute(packages=(package,)), JobLimits(), [brings])[0]
