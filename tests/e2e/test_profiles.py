"""Compute profiles with a real browser: choose one, change it, hear of an edit, save one, and what a reviewer reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest
from playwright.sync_api import Page, expect

from jupyter_secure_jobs.domain.lifecycle import LABELS, Action
from jupyter_secure_jobs.wire.compute import ComputeWire, PackageWire
from jupyter_secure_jobs.wire.job import LimitsWire
from jupyter_secure_jobs.wire.profile import ProfileChange, ProfileNew
from tests.e2e.axe import darken, lighten, serious
from tests.e2e.conftest import Place, agree, job_page, open_job, picture
from tests.support.parts import ANA, WEI, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.timeout(200)

GIB: Final = 1024**3
MARKUP: Final = "Small <img src=x onerror=document.title=1>"
SMALL: Final = LimitsWire(cores=1, memory_bytes=2 * GIB, seconds=600)
GREETING: Final = PackageWire(name="greeting", version="1.2", wheel=f"sha256:{'ab' * 32}")
CHANGE: Final = "Change engine, sizes, packages and settings"


def _details(page: Page, name: str) -> None:
    open_job(page, name).get_by_role("tab", name="Details").click()


def _pictures(page: Page, name: str) -> None:
    """Keep the page in both themes, and as it is at 200 % zoom."""
    choice = job_page(page).get_by_label("Compute profile")
    choice.scroll_into_view_if_needed()
    picture(page, name)
    darken(page)
    picture(page, f"{name}-dark")
    lighten(page)
    page.set_viewport_size({"width": 700, "height": 600})
    page.wait_for_timeout(1_000)  # the page is laid out anew
    choice.scroll_into_view_if_needed()
    picture(page, f"{name}-narrow")
    page.set_viewport_size({"width": 1400, "height": 900})
    page.wait_for_timeout(1_000)  # as above


def test_profile_from_the_choice_to_the_reviewer(place: Place, open_as: Callable[[str], Page]) -> None:
    """A profile of another organisation is chosen; its later edit is told and taken over by one press."""
    wei, ana = place.lab.client(WEI), place.lab.client(ANA)
    small = wei.create_profile(place.workspace, ProfileNew(name=MARKUP, limits=SMALL))
    job = place.draft("Profiled in the browser")
    page = open_as(ANA)
    _details(page, job.name)
    shown = job_page(page)
    choice = shown.get_by_label("Compute profile")
    expect(choice).to_have_value("Standard")
    expect(shown.get_by_text("Editing a profile never changes an accepted version")).to_be_visible()
    choice.select_option(MARKUP)
    expect(shown.locator(".jp-SecureJobs-compute")).to_contain_text("1 core, 2 GiB of memory")
    wait_until(lambda: ana.job(place.workspace, job.id).version.limits == SMALL, "the profile in the draft")
    wei.change_profile(place.workspace, small.id, ProfileChange(limits=LimitsWire(cores=2)), revision=small.revision)
    take = shown.get_by_role("button", name="Take the change over")
    expect(take).to_be_visible(timeout=20_000)
    assert ana.job(place.workspace, job.id).version.limits == SMALL, "the draft keeps what it had"
    _pictures(page, "profile-edited")
    assert serious(page, "a profile that was edited") == []
    take.click()
    expect(take).to_have_count(0, timeout=20_000)
    wait_until(lambda: ana.job(place.workspace, job.id).version.limits.cores == 2, "the change in the draft")
    agree(page, LABELS[Action.SUBMIT])
    reviewer = open_as(WEI)
    review = open_job(reviewer, job.name)
    for said in (MARKUP, "2 cores", "sail"):
        expect(review.get_by_text(said).first).to_be_visible(timeout=30_000)
    assert reviewer.locator("img[src=x]").count() == 0
    assert page.locator("img[src=x]").count() == 0


def test_profile_made_of_what_the_draft_has(place: Place, open_as: Callable[[str], Page]) -> None:
    """Sizes, a package and a setting are typed, told to be too much, and saved under a name for everybody."""
    job = place.draft("Profile in the making")
    ana = place.lab.client(ANA)
    wait_until(lambda: ana.compute_offer(place.workspace).cores is not None, "the worker's offer")
    page = open_as(ANA)
    _details(page, job.name)
    shown = job_page(page)
    shown.get_by_text(CHANGE).click()
    shown.get_by_label("Cores").fill("200")
    line = shown.get_by_label("Add a package by its line")
    line.fill("greeting==1.2")
    expect(shown.get_by_text("Not a whole line yet")).to_be_visible()
    line.fill(f"Greeting==1.2 --hash={GREETING.wheel}")
    shown.get_by_role("button", name="Add package").click()
    offered = shown.get_by_label("Add a setting").locator("option").all_text_contents()
    assert "spark.sql.session.timeZone" in offered
    assert "spark.sql.shuffle.partitions" not in offered, "Sail would pass over it"
    shown.get_by_label("Add a setting").select_option("spark.sql.session.timeZone")
    expect(shown.get_by_text("Give it a time zone, such as UTC, Europe/Berlin or +02:00.")).to_be_visible()
    shown.get_by_label("Add a setting").select_option("spark.sql.ansi.enabled")
    shown.get_by_label("Value of spark.sql.ansi.enabled").fill("true")
    shown.get_by_role("button", name="Add setting").click()
    expect(shown.get_by_text("The job may use 200 cores; no worker has more than")).to_be_visible(timeout=20_000)
    expect(shown.get_by_text("No worker has the wheel of greeting 1.2")).to_be_visible()
    assert serious(page, "a compute profile in the making") == []
    _pictures(page, "profile-making")
    save = shown.get_by_role("button", name="Save as a profile…")
    save.click()
    name = shown.get_by_label("Name of the profile")
    expect(name).to_be_focused()
    name.fill("standard")
    shown.get_by_role("button", name="Save profile").click()
    expect(shown.get_by_text("There is a compute profile called 'standard' already.")).to_be_visible()
    name.fill("Huge")
    name.press("Enter")
    expect(save).to_be_focused()
    expect(shown.get_by_label("Compute profile")).to_have_value("Huge")
    made = next(each for each in ana.profiles(place.workspace) if each.name == "Huge")
    assert (made.compute.packages, made.limits.cores) == ([GREETING], 200)
    assert made.compute.settings[0].name == "spark.sql.ansi.enabled"
    wait_until(lambda: ana.job(place.workspace, job.id).version.profile == "Huge", "the profile in the draft")
    delete = shown.get_by_role("button", name="Delete the profile Huge")
    delete.click()
    expect(shown.get_by_text('The profile "Huge" was deleted.')).to_be_visible(timeout=20_000)
    kept = ana.job(place.workspace, job.id).version
    assert (kept.compute, kept.limits) == (made.compute, made.limits)
    assert kept.compute != ComputeWire()
