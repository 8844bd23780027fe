"""The report of a benchmark: what is written can be read and compared by others."""

from __future__ import annotations

import io
import json
import socket
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from bench import latency_table, machine
from bench.latency_kinds import KINDS, SECURE
from bench.report import Report, spread
from bench.secure_job import STEPS

if TYPE_CHECKING:
    from pathlib import Path


def test_the_file_has_the_agreed_form(tmp_path: Path) -> None:
    report = Report(name="probe", machine={"cores": 2}, figures={"warm_median_ms": 12.34567, "a_over_b_ratio": 3})
    written = report.write(tmp_path / "new")
    assert written.name == "probe.json"
    assert json.loads(written.read_text()) == {
        "name": "probe",
        "machine": {"cores": 2},
        "figures": {"warm_median_ms": 12.346, "a_over_b_ratio": 3},
    }


def test_the_tables_show_every_kind_and_step_the_ratios_and_the_machine() -> None:
    out = io.StringIO()
    figures = {"notebook_over_secure_ratio": 3.456}
    for number, kind in enumerate(KINDS):
        figures |= spread(kind, [1000.0 + number, 2000.0 + number, 3000.0 + number])
    for kind in SECURE:
        figures |= {f"{kind}_{step}_step_ms": 7000.0 + number for number, step in enumerate(STEPS)}
    report = Report(name="latency", machine={"cores": 2}, figures=figures)
    latency_table.show(report, Console(file=out, width=120))
    shown = out.getvalue()
    assert all(f"{words} " in shown and f"2,00{number}" in shown for number, words in enumerate(KINDS.values()))
    assert all(f"{step} " in shown and f"7,00{number}" in shown for number, step in enumerate(STEPS))
    assert "notebook_over_secure_ratio: 3.46" in shown
    assert "cores 2" in shown


@pytest.mark.parametrize("figures", [{}, {"Warm ms": 1.0}, {"warm_ms": float("nan")}, {"warm_ms": float("inf")}])
def test_useless_figures_are_refused(figures: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"figure|nothing"):
        Report(name="probe", machine={}, figures=figures)


def test_the_spread_of_measurements() -> None:
    assert spread("warm", [3.0, 1.0, 10.0]) == {
        "warm_median_ms": 3.0,
        "warm_least_ms": 1.0,
        "warm_greatest_ms": 10.0,
        "warm_runs_count": 3,
    }


def test_the_machine_is_described_without_naming_it() -> None:
    described = machine.describe()
    assert {"cores", "memory_gib", "cpu", "python", "sail", "pyspark"} <= set(described)
    words = " ".join(str(value) for value in described.values())
    assert socket.gethostname() not in words
    assert "/home" not in words
