"""Output policies in the notebook: asked by an owner, asked by an author, told beside the rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from jupyter_secure_jobs.domain.output import OutputPolicy
from jupyter_secure_jobs.wire.output import OutputPolicyWire
from kernel_magics.quiet import JobsError

if TYPE_CHECKING:
    from kernel_magics.api import SecureJobs
    from tests.unit.kernel_magics.conftest import Notebook
    from tests.unit.kernel_magics.side import MemberSide

SQL = "SELECT carrier, count(*) AS n FROM flights GROUP BY carrier"
ALL = "--counts n,m --smallest-group 10 --round-counts 5 --most-rows 100 --withhold captain,ticket"
ASKED = OutputPolicyWire(smallest_group=10, round_counts_to=5, most_rows=100, withheld_columns=["captain", "ticket"])
TOLD = "3 rows were withheld. Rule: smallest group, asked by Airline for flights."


def test_a_cell_says_what_the_job_asks_and_an_unchanged_one_does_nothing(notebook: Notebook, side: MemberSide) -> None:
    shown = notebook.cell(f'%%securejob "Carriers" {ALL}\n{SQL}')
    version = side.detail("j1").version
    assert (version.output_policy, version.counts) == (ASKED, ["n", "m"])
    assert "counts: n, m" in shown
    assert "rows that count fewer than 10 are withheld" in shown
    assert "Nothing changed" in notebook.cell(f'%%securejob "Carriers" {ALL}\n{SQL}')
    assert "output policy" in notebook.cell(f'%%securejob "Carriers" --counts n,m\n{SQL}')
    assert side.detail("j1").version.output_policy == OutputPolicyWire()


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ("--smallest-group 1 --counts n", "output_policy"),
        ("--counts n,N", "output_policy"),
        ("--withhold 'a b'", "not_an_identifier"),
        ("--most-rows many", "magic_arguments"),
    ],
)
def test_a_policy_that_means_nothing_is_refused(notebook: Notebook, side: MemberSide, options: str, code: str) -> None:
    with pytest.raises(JobsError) as error:
        notebook.cell(f'%%securejob "Carriers" {options}\n{SQL}')
    assert error.value.code == code
    assert side.jobs == {}


def test_a_job_without_counts_hears_at_once_who_asks_for_them(notebook: Notebook, side: MemberSide) -> None:
    side.policy = OutputPolicyWire(smallest_group=10)
    with pytest.raises(JobsError) as error:
        notebook.cell(f'%%securejob "Carriers"\n{SQL}')
    assert error.value.code == "check_failed"
    assert "asked by Airline for flights" in notebook.saved()
    assert "Error" not in notebook.cell(f'%%securejob "Carriers" --counts n\n{SQL}')
    assert "Error" not in notebook.cell('%%securejob "Planes"\nSELECT count(*) FROM planes')


def test_datasets_show_what_their_owners_ask(notebook: Notebook, side: MemberSide) -> None:
    side.policy = ASKED
    for line in ("%securejob datasets", "%securejob datasets flights"):
        assert "rows that count fewer than 10 are withheld" in notebook.cell(line)


def test_an_owner_says_it_when_publishing(notebook: Notebook, side: MemberSide) -> None:
    notebook.cell("%securejob publish flights a.csv --smallest-group 10 --round-counts 5 --most-rows 100 "
                  "--withhold captain,ticket")  # fmt: skip
    notebook.cell("%securejob publish flights a.csv")
    notebook.cell("%securejob publish flights a.csv --no-output-policy")
    assert [asked.output_policy for asked in side.published] == [ASKED, None, OutputPolicyWire()]
    with pytest.raises(JobsError, match="contradicts"):
        notebook.cell("%securejob publish flights a.csv --no-output-policy --most-rows 5")


def test_what_was_withheld_is_told_beside_the_rows(notebook: Notebook, side: MemberSide) -> None:
    side.withheld = [TOLD]
    notebook.cell(f'%%securejob "Carriers"\n{SQL}')
    assert TOLD in notebook.cell('%securejob test "Carriers"')
    side.accept_all("j1")
    notebook.cell('%securejob run "Carriers" --wait')
    before = len(side.sent("GET"))
    assert TOLD in notebook.cell('%securejob results "Carriers"')
    opened = [path for path in side.sent("GET")[before:] if "/result" in path]
    assert len(opened) == 1, "each opening is an event of the audit log"


def test_a_test_is_compared_with_the_authors(notebook: Notebook) -> None:
    notebook.cell(f'%%securejob "Carriers"\n{SQL}')
    notebook.cell('%securejob test "Carriers"')
    assert "Test run 1. Same result as the author's" in notebook.cell('%securejob compare "Carriers"')


def test_the_python_way_says_the_same(session: SecureJobs, side: MemberSide) -> None:
    policy = OutputPolicy(smallest_group=10, round_counts_to=5, most_rows=100, withheld_columns=("captain", "ticket"))
    session.draft("Carriers", SQL, output_policy=policy, counts=["n"])
    assert (side.detail("j1").version.output_policy, side.detail("j1").version.counts) == (ASKED, ["n"])
