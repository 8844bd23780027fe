"""The soak benchmark sees what grows, and takes what comes and goes for no leak."""

from __future__ import annotations

import io
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import psutil
import pytest
from rich.console import Console

from bench import soak_plot, soak_table, soak_watch
from bench.report import Report
from bench.soak_watch import HELD, PARTS, Sample, growth

if TYPE_CHECKING:
    from pathlib import Path


def samples(*, more: float = 0.0, leaked: int = 0) -> list[Sample]:
    """Return what a soak might have seen: each quarter so much more, and a child that comes and goes."""
    return [
        Sample(
            runs=number * 100,
            rss={name: 100 + (more * (number // 10) if name == "server" else 0) for name in PARTS},
            held=dict.fromkeys(HELD, 10 + number % 2 + leaked * (number // 10)),
        )
        for number in range(40)
    ]


def test_files_are_counted_while_folders_come_and_go(tmp_path: Path) -> None:
    """A run's folder may be gone before it is looked into; 9,000 runs must not be for nothing then."""
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "file").touch()
    stopped = threading.Event()

    def churn() -> None:
        while not stopped.is_set():
            for number in range(20):
                (tmp_path / f"run-{number}").mkdir()
            for number in range(20):
                (tmp_path / f"run-{number}").rmdir()

    with ThreadPoolExecutor(1) as pool:
        churning = pool.submit(churn)
        try:
            assert {soak_watch._files(tmp_path) for _ in range(2000)} == {1}
        finally:
            stopped.set()
        churning.result()


def test_nothing_grows() -> None:
    figures = growth(samples())
    assert figures["rss_growth_ratio"] == 1
    assert not any(figures[f"leaked_{name}_count"] for name in HELD)


def test_memory_that_grows_and_descriptors_that_stay_open() -> None:
    figures = growth(samples(more=10, leaked=2))
    assert figures["rss_growth_ratio"] == figures["rss_server_growth_ratio"] == pytest.approx(1.3)
    assert figures["rss_enclave_growth_ratio"] == 1
    assert figures["leaked_descriptors_count"] == 5


def test_a_part_that_is_gone_is_no_measurement() -> None:
    own = {name: os.getpid() for name in ("server", "keyservices", "worker")}
    assert psutil.pid_exists(own["server"])
    with pytest.raises(LookupError, match="enclave"):
        soak_watch.parts_of(own)


def test_figures_are_shown(tmp_path: Path) -> None:
    more = dict.fromkeys(
        ("runs_count", "lost_runs", "opened_results_count", "seconds", "runs_per_second", "run_median_ms",
         "restarted_parts_count", "left_processes_count", "left_memory_folders_count"), 1.0,
    )  # fmt: skip
    out = io.StringIO()
    soak_table.show(
        Report(name="soak", machine={"cores": 2}, figures={**more, **growth(samples())}), Console(file=out, width=200)
    )
    for words in ("runs lost", "memory of enclave", "leaked memory files", "left processes", "cores 2"):
        assert words in out.getvalue()
    assert soak_plot.draw(samples(), tmp_path / "soak.png").read_bytes().startswith(b"\x89PNG")
