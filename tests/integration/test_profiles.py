"""Compute profiles: chosen by a copy, changed without reaching anything, and packages that the worker must have."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from jupyter_secure_jobs.client.mailbox import WorkerMailbox
from jupyter_secure_jobs.domain.compute import EngineName
from jupyter_secure_jobs.domain.errors import (
    ConflictError,
    InvalidError,
    NotAllowedError,
    NotFoundError,
    StaleError,
    UnauthenticatedError,
)
from jupyter_secure_jobs.enclave.wheels import add_wheel
from jupyter_secure_jobs.member import deciding
from jupyter_secure_jobs.wire.compute import ComputeWire, PackageWire, SettingWire
from jupyter_secure_jobs.wire.job import DraftChange, LimitsWire
from jupyter_secure_jobs.wire.profile import OfferWire, ProfileChange, ProfileNew, ProfileWire
from tests.support.parts import ANA, BEN, MIA, REVIEWERS, STRANGER, WEI, Draft, Parts, wait_until
from tests.support.process import ROOT, clean_environment, command
from tests.support.refusal import refused
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from jupyter_secure_jobs.wire.job import JobDetailWire

LARGE = LimitsWire(cores=1, memory_bytes=2 * 1024**3, seconds=120)
ANSI = ComputeWire(settings=[SettingWire(name="spark.sql.ansi.enabled", value="true")])
GREETS = (
    "import greeting\nfrom pyspark.sql.functions import udf\n"
    "spark.table('flights').select(udf(greeting.hello)('month').alias('said')).distinct()"
)


def _profile(parts: Parts, who: str = ANA, *, name: str | None = None, **content: object) -> ProfileWire:
    new = ProfileNew.model_validate({"name": parts.name("Profile") if name is None else name, **content})
    return parts.acting(who).client.create_profile(parts.workspace, new)


def _edit(parts: Parts, job: JobDetailWire, **fields: object) -> JobDetailWire:
    change = DraftChange.model_validate(fields)
    return parts.ana.client.change_draft(parts.workspace, job.id, change, revision=parts.job(job.id).revision)


def _told(parts: Parts) -> None:
    """Wait until the worker has told what runs can have there."""
    wait_until(lambda: parts.ana.client.compute_offer(parts.workspace).cores is not None, "the worker's offer")


def test_new_draft_has_the_standard_profile(parts: Parts) -> None:
    """A beginner picks none. It comes first, is the same for everybody, and nobody changes or deletes it."""
    job = parts.draft()
    standard = parts.ana.client.profiles(parts.workspace)[0]
    assert (standard.name, standard.built_in, standard.can_change) == ("Standard", True, False)
    assert (job.version.profile, job.version.compute, job.version.limits) == (
        standard.name,
        standard.compute,
        standard.limits,
    )
    client = parts.ana.client
    with refused("profile_refused", kind=NotAllowedError):
        client.change_profile(parts.workspace, standard.id, ProfileChange(limits=LARGE), revision=1)
    with refused("profile_refused", kind=NotAllowedError):
        client.delete_profile(parts.workspace, standard.id)
    for name in ("standard", " STANDARD "):
        with refused("profile_name", kind=ConflictError):
            _profile(parts, name=name)


def test_choosing_copies_and_editing_reaches_nothing(parts: Parts) -> None:
    profile = _profile(parts, WEI, compute=ANSI, limits=LARGE)
    job = _edit(parts, parts.draft(), profile=profile.name.upper())
    assert (job.version.profile, job.version.compute, job.version.limits) == (profile.name, ANSI, LARGE)
    assert job.version.profile_notice is None
    accepted = parts.accepted()  # another job, with the same profile under review and accepted
    draft = _edit(parts, parts.draft(), profile=profile.name)
    submitted = deciding.submit(parts.ana, parts.workspace, draft.id)
    for who in REVIEWERS:
        submitted = parts.decide(who, submitted.id)
    before = parts.job(submitted.id).version
    client = parts.acting(WEI).client
    changed = client.change_profile(
        parts.workspace, profile.id, ProfileChange(limits=LimitsWire(seconds=60)), revision=profile.revision
    )
    assert changed.revision == 2
    assert parts.job(submitted.id).version == before, "an accepted version never changes"
    assert parts.job(accepted.id).version == accepted.version
    told = parts.job(job.id).version
    assert (told.compute, told.limits) == (ANSI, LARGE), "nor does a draft by itself"
    assert told.profile_notice is not None
    assert told.profile_notice.take_over == profile.name
    taken = _edit(parts, job, profile=told.profile_notice.take_over).version
    assert (taken.limits.seconds, taken.profile_notice) == (60, None)
    client.delete_profile(parts.workspace, profile.id)
    last = parts.job(job.id).version
    assert last.profile_notice is not None
    assert last.profile_notice.take_over is None
    assert last.limits.seconds == 60
    with refused("no_profile", kind=NotFoundError):
        _edit(parts, job, profile=profile.name)


def test_what_the_author_typed_stays(parts: Parts) -> None:
    """A change that says the sizes itself gets no others, whatever the server keeps under that name."""
    profile = _profile(parts, limits=LARGE)
    mine = LimitsWire(seconds=77)
    job = _edit(parts, parts.draft(), profile=profile.name, compute=ComputeWire(), limits=mine)
    assert (job.version.profile, job.version.limits) == (profile.name, mine)


def test_who_may_change_a_profile(parts: Parts) -> None:
    profile = _profile(parts, ANA, limits=LARGE)
    change = ProfileChange(name=parts.name("Renamed"))
    for who in (WEI, MIA):
        seen = parts.acting(who).client.profile(parts.workspace, profile.id)
        assert not seen.can_change
        assert "Airline" in (seen.reason or "")
        with refused("profile_refused", kind=NotAllowedError, saying="Airline"):
            parts.acting(who).client.change_profile(parts.workspace, profile.id, change, revision=1)
        with refused("profile_refused", kind=NotAllowedError):
            parts.acting(who).client.delete_profile(parts.workspace, profile.id)
    ben = parts.acting(BEN).client
    assert ben.profile(parts.workspace, profile.id).can_change
    assert ben.change_profile(parts.workspace, profile.id, change, revision=1).name == change.name
    with refused("profile_stale", kind=StaleError):
        parts.ana.client.change_profile(parts.workspace, profile.id, change, revision=1)
    stranger = parts.acting(STRANGER).client
    for attempt in (stranger.profiles, stranger.compute_offer):
        with refused("no_workspace", kind=NotFoundError):
            attempt(parts.workspace)


def test_names_and_content_are_checked(parts: Parts) -> None:
    _profile(parts, name="Gross")
    for name, code, kind in (
        ("GROSS", "profile_name", ConflictError),
        ("", "name_empty", InvalidError),
        ("x" * 51, "name_too_long", InvalidError),
        ("a\u202eb", "name_characters", InvalidError),
    ):
        with refused(code, kind=kind):
            _profile(parts, name=name)
    evil = SettingWire(name="spark.driver.extraClassPath", value="/tmp")
    with refused("setting", kind=InvalidError):
        _profile(parts, compute=ComputeWire(settings=[evil]))
    with refused("limit", kind=InvalidError):
        _profile(parts, limits=LimitsWire(cores=0))
    wheel = PackageWire(name="greeting", version="1.2", wheel="sha256:short")
    with refused("package", kind=InvalidError):
        _profile(parts, compute=ComputeWire(packages=[wheel]))


def test_profile_that_no_worker_can_run_is_told_before_submitting(parts: Parts) -> None:
    _told(parts)
    offer = parts.ana.client.compute_offer(parts.workspace)
    assert offer.cores is not None
    assert [each.name for each in offer.engines if each.offered][:1] == [EngineName.SAIL]
    large = _profile(parts, limits=LimitsWire(cores=offer.cores + 1))
    assert large.unfit == [f"The job may use {offer.cores + 1} cores; no worker has more than {offer.cores}."]
    job = _edit(parts, parts.draft(), profile=large.name)
    assert job.version.unfit == large.unfit
    submit = next(each for each in job.actions if each.name == "submit")
    assert large.unfit[0] in submit.effect, "it is read before one agrees to submit"
    assert _edit(parts, job, profile="Standard").version.unfit == []


def test_offer_is_heard_from_workers_alone(parts: Parts) -> None:
    """A member's key is no worker's: what it says that runs can have is not heard."""
    before = parts.ana.client.compute_offer(parts.workspace)
    said = OfferWire(cores=10**6, memory_bytes=1, engines=[EngineName.SAIL])
    with refused("not_enrolled", kind=UnauthenticatedError):
        WorkerMailbox(parts.ana.client.connection).lease(said)
    assert parts.ana.client.compute_offer(parts.workspace) == before


def test_package_of_a_job_from_profile_to_result(parts: Parts) -> None:
    """Missing, it is refused before a key is asked for; added, test and job run find it; swapped, it is refused."""
    _told(parts)
    source = make_wheel(parts.folder / "made", {"greeting.py": "def hello(x):\n    return f'hello {x}'\n"})
    package = add_wheel(source, parts.folder / "elsewhere")
    wire = PackageWire(name=package.name, version=package.version, wheel=package.wheel)
    profile = _profile(parts, compute=ComputeWire(packages=[wire]))
    assert "greeting 1.2" in profile.unfit[0]
    job = _edit(parts, parts.draft(Draft(code=GREETS, language="python", inputs=())), profile=profile.name)
    client = parts.ana.client
    missing = parts.ended(client.test(parts.workspace, job.id, {}))
    assert (missing.status, missing.error_class) == ("Failed", "Refused")
    assert f"({package.wheel}) is not in this worker's wheel house" in (missing.error_text or "")
    assert "add-wheel" in (missing.error_text or "")
    add_wheel(source, parts.wheel_house)
    tested = parts.ended(client.test(parts.workspace, job.id, {}))
    assert (tested.status, tested.error_text) == ("Succeeded", None)
    (parts.wheel_house / source.name).unlink()
    job = deciding.submit(parts.ana, parts.workspace, job.id)
    facts = {each.name: each.value for each in deciding.review(parts.acting(WEI), parts.workspace, job.id).facts}
    assert facts["Package greeting"] == f"1.2, {package.wheel}", "the reviewer reads the whole digest"
    assert facts["Compute profile"] == profile.name
    for who in REVIEWERS:
        job = parts.decide(who, job.id)
    refused_run = parts.ended(parts.order(job.id))
    assert (refused_run.error_class, refused_run.used_up) == ("Refused", False), "no key was asked for"
    add_wheel(source, parts.wheel_house)
    run = parts.ended(parts.order(job.id))
    assert (run.status, run.rows, run.error_class) == ("Succeeded", 12, None)
    make_wheel(parts.wheel_house, {"greeting.py": "def hello(x):\n    return 'stolen'\n"})
    swapped = parts.ended(parts.order(job.id))
    assert (swapped.error_class, swapped.used_up) == ("Refused", False)
    assert "other bytes" in (swapped.error_text or "")


def said(*words: str, code: int = 0) -> str:
    """Run one command in a process of its own; return what it printed, or the error if it has to fail."""
    done = subprocess.run(command(*words), cwd=ROOT, env=clean_environment(), stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, check=False)  # fmt: skip
    assert done.returncode == code, done.stderr
    return done.stdout if code == 0 else done.stderr


def test_commands_of_profiles_and_wheels(parts: Parts) -> None:
    """A wheel's line goes from its file into a profile, which is listed and deleted by its name."""
    source = make_wheel(parts.folder / "commands", {"parting.py": ""}, name="parting")
    who = ("--key-store", str(parts.folder / "members" / ANA), "--workspace-url", parts.url)
    who = (*who, "--passphrase-file", str(parts.passphrase_file), "--workspace", parts.workspace)
    line = said("wheel", str(source)).strip()
    assert line.startswith("parting==1.2 --hash=sha256:")
    assert line in said("worker", "add-wheel", str(source), "--wheel-house", str(parts.folder / "another"))
    sizes = ("--cores", "1", "--memory-mib", "1024", "--seconds", "60", "--setting", "spark.sql.ansi.enabled=true")
    created = said("profile", "create", "By command", "--package", line, *sizes, *who).rstrip("\n")
    listed = said("profile", "list", *who).splitlines()
    assert created in listed
    assert listed[0].startswith("Standard  sail")
    assert all(each in created for each in ("By command  sail  1 core  1,024 MiB memory", line, "ansi.enabled=true"))
    said("profile", "delete", "BY COMMAND", *who)
    assert "By command  " not in said("profile", "list", *who)
    assert "no compute profile" in said("profile", "delete", "By command", *who, code=1)
