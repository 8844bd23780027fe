"""The benchmark of verification: what it measures really verifies, and its figures have the agreed names."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import TYPE_CHECKING

from rich.console import Console

from bench import verify, verify_plot, verify_table
from bench.report import Report
from bench.verify_kinds import MEMBERS, STATES
from bench.verify_run import AcceptedJob
from jupyter_secure_jobs.trust.dossier import verify_run
from tests.support.refusal import refused

if TYPE_CHECKING:
    from pathlib import Path


def test_statements_of_the_benchmark_verify_and_each_is_needed() -> None:
    job = AcceptedJob(4)
    verify_run(job.order(), genesis=job.genesis, now=job.now)
    with refused("not_accepted"):
        verify_run(replace(job.order(), decisions=job.decisions[1:]), genesis=job.genesis, now=job.now)


def test_figures_and_what_is_shown_of_them(tmp_path: Path) -> None:
    measured = verify._figures(AcceptedJob(3), 3, 1)
    assert {"verify_ms_3_members", "added_ms_3_members", "bundle_cold_ms_3_members"} <= set(measured)
    assert measured["signatures_3_members_count"] == 12, "three each on roster and worker list, two manifests, …"
    assert all(figure > 0 for figure in measured.values())
    figures = {key.replace("_3_", f"_{members}_"): figure for key, figure in measured.items() for members in MEMBERS}
    report = Report(name="verify", machine={"cores": 2}, figures=figures)
    out = io.StringIO()
    verify_table.show(report, Console(file=out, width=200))
    for words in (*STATES.values(), "300 members", "waiting for its disk", "cores 2"):
        assert words in out.getvalue()
    assert verify_plot.draw(figures, tmp_path / "verify.png").read_bytes().startswith(b"\x89PNG")
