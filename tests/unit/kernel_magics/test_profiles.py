"""Compute profiles in the notebook: chosen by name, copied into the draft, and left alone afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from jupyter_secure_jobs.domain.errors import InvalidError, NotFoundError
from jupyter_secure_jobs.wire.compute import ProfileNotice
from jupyter_secure_jobs.wire.job import LimitsWire
from kernel_magics.quiet import JobsError
from tests.support.refusal import refused

if TYPE_CHECKING:
    from kernel_magics.api import SecureJobs
    from tests.unit.kernel_magics.conftest import Notebook
    from tests.unit.kernel_magics.side import MemberSide

SQL = "SELECT count(*) AS n FROM flights"
LINE = f"Greeting==1.2 --hash=sha256:{'ab' * 32}"
ANSI = {"spark.sql.ansi.enabled": "true"}


def test_a_cell_without_a_profile_has_the_standard_one(notebook: Notebook, side: MemberSide) -> None:
    shown = notebook.cell(f'%%securejob "Counts"\n{SQL}')
    assert "Computed with: Standard (sail, 2 cores, 4 GiB memory" in shown
    assert side.detail("j1").version.limits == LimitsWire()


def test_a_cell_chooses_a_profile_by_name(notebook: Notebook, session: SecureJobs, side: MemberSide) -> None:
    made = session.create_profile("Large", packages=[LINE], settings=ANSI, cores=8, seconds=60)
    shown = notebook.cell(f'%%securejob "Counts" --profile large\n{SQL}')
    version = side.detail("j1").version
    assert (version.profile, version.compute, version.limits) == ("Large", made.compute, made.limits)
    assert "Large (sail, 8 cores" in shown
    assert "greeting 1.2, spark.sql.ansi.enabled=true" in shown
    assert "Nothing changed" in notebook.cell(f'%%securejob "Counts" --profile Large\n{SQL}')
    notebook.cell(f'%%securejob "Counts" --profile Large --seconds 77\n{SQL}')
    assert side.detail("j1").version.limits == made.limits.model_copy(update={"seconds": 77})


def test_a_draft_keeps_its_copy_until_it_is_taken_again(
    notebook: Notebook, session: SecureJobs, side: MemberSide
) -> None:
    """The profile was edited meanwhile: running the cell again brings nothing of it, and says so."""
    session.create_profile("Large", cores=8)
    cell = f'%%securejob "Counts" --profile Large{{}}\n{SQL}'
    notebook.cell(cell.format(""))
    side.profiles[1] = side.profiles[1].model_copy(update={"limits": LimitsWire(cores=1)})
    notice = ProfileNotice(text="The profile was changed.", take_over="Large")
    version = side.jobs["j1"]["version"]
    side.jobs["j1"]["version"] = version.model_copy(update={"profile_notice": notice, "unfit": ["No worker."]})
    shown = notebook.cell(cell.format(""))
    assert "Nothing changed" in shown
    assert "The profile was changed. Run the cell with --overwrite" in shown
    assert "no run could start now: No worker." in shown
    assert side.detail("j1").version.limits.cores == 8
    notebook.cell(cell.format(" --overwrite"))
    assert side.detail("j1").version.limits.cores == 1


def test_profiles_are_listed_with_the_way_to_choose_one(notebook: Notebook, session: SecureJobs) -> None:
    session.create_profile("Large", cores=8)
    shown = notebook.cell("%securejob profiles")
    assert all(each in shown for each in ("Standard", "Large", "8 cores", "--profile PROFILE"))
    assert "Editing a profile never changes an accepted version" in shown
    session.delete_profile("LARGE")
    assert "Large" not in notebook.cell("%securejob profiles")


def test_what_names_no_profile(notebook: Notebook, session: SecureJobs, side: MemberSide) -> None:
    with pytest.raises(JobsError) as error:
        notebook.cell(f'%%securejob "Counts" --profile Larger\n{SQL}')
    assert error.value.code == "no_profile"
    assert "Standard" in str(error.value)
    assert side.jobs == {}
    with refused("no_profile", kind=NotFoundError):
        session.delete_profile("Larger")
    with refused("profile", kind=InvalidError, saying="cores"):
        session.create_profile("Large", core=8)
    with refused("engine", kind=InvalidError, saying="sail or spark"):
        session.create_profile("Large", engine="duck")
    with refused("package", kind=InvalidError, saying="jupyter secure-jobs wheel"):
        session.create_profile("Large", packages=["greeting"])


def test_settings_are_taken_as_python_writes_them(session: SecureJobs) -> None:
    given = {"spark.sql.ansi.enabled": True, "spark.sql.shuffle.partitions": 8, "spark.sql.caseSensitive": "false"}
    made = session.create_profile("Typed", settings=given)
    written = {each.name: each.value for each in made.compute.settings}
    assert written == {
        "spark.sql.ansi.enabled": "true",
        "spark.sql.shuffle.partitions": "8",
        "spark.sql.caseSensitive": "false",
    }


def test_size_of_another_type_is_refused_in_words(session: SecureJobs) -> None:
    with refused("profile", kind=InvalidError, saying=r"cores does not take 1\.5"):
        session.create_profile("Half", cores=1.5)  # type: ignore[arg-type]  # what an author may well write
