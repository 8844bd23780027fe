"""How long does a trivial query take as a secure job, from the order to the opened result, beside a plain notebook?"""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import psutil

from bench import latency_plot, latency_table, plain_notebook, sample, secure_job
from bench.machine import describe
from bench.report import Report, spread
from bench.secure_job import AUTHOR, STEPS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from bench.secure_job import AcceptedJob, Timing
    from jupyter_secure_jobs.member.context import Acting

NAME: Final = "latency"
COLD_STARTS: Final = 3
# After a run the worker starts the next run's sandbox, which takes about two seconds on an idle core. It tells nobody
# when it is ready, so that a warm run begins after this pause, which is not measured.
READY_SECONDS: Final = 5.0


class _Measured:
    def __init__(self) -> None:
        self.parts_start: list[float] = []
        self.cold: list[Timing] = []
        self.warm: list[Timing] = []
        self.back_to_back: list[Timing] = []
        self.in_a_row: list[Timing] = []
        self.memory_growth = 0.0
        self.nbclient: list[float] = []
        self.papermill: list[float] = []
        self.running_kernel: list[float] = []


def measure(folder: Path, rounds: int, console: Console) -> None:
    """Measure everything in one go; print it, and write `latency.json` and `latency.png` into `folder`.

    Raises:
        RunFailedError: a run did not succeed.
        WrongAnswerError: one of the sides gave another answer.
        UnavailableError: a part did not start.
    """
    machine = describe()
    measured = _Measured()
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        place = Path(name)
        table = sample.write_table(place)
        console.print("Founding a workspace, publishing a table, accepting a job …")
        with secure_job.started(place / "parts") as parts:
            accepted = secure_job.accepted_job(parts.host, table)
        for number in range(COLD_STARTS):
            console.print(f"Cold run {number + 1} of {COLD_STARTS} …")
            _cold(place, accepted, measured)
        with secure_job.started(place / "parts") as parts:
            author = parts.host.acting(AUTHOR)
            secure_job.timed_run(author, accepted)
            with plain_notebook.running_kernel(table) as query_cell:
                for number in range(rounds):
                    console.print(f"Round {number + 1} of {rounds} …")
                    # Side by side in every round, so that whatever disturbs the machine disturbs all of them.
                    time.sleep(READY_SECONDS)
                    measured.running_kernel.append(query_cell())
                    measured.nbclient.append(plain_notebook.nbclient_new_kernel(table))
                    measured.papermill.append(plain_notebook.papermill_new_kernel(table, place))
                    measured.warm.append(secure_job.timed_run(author, accepted))
            console.print("One run right after the other …")
            measured.back_to_back.extend(secure_job.timed_run(author, accepted) for _ in range(rounds))
            console.print(f"{5 * rounds} in a row …")
            _in_a_row(author, accepted, measured, 5 * rounds)
    report = Report(name=NAME, machine=machine, figures=_figures(measured))
    latency_table.show(report, console)
    console.print(f"Written: {report.write(folder)}, {latency_plot.draw(report.figures, folder / f'{NAME}.png')}")


def _cold(place: Path, accepted: AcceptedJob, measured: _Measured) -> None:
    with secure_job.started(place / "parts") as parts:
        measured.parts_start.append(parts.milliseconds)
        measured.cold.append(secure_job.timed_run(parts.host.acting(AUTHOR), accepted))


def _in_a_row(author: Acting, accepted: AcceptedJob, measured: _Measured, runs: int) -> None:
    parts = _parts()
    before = {part.pid: part.memory_info().rss for part in parts}
    measured.in_a_row.extend(secure_job.timed_run(author, accepted) for _ in range(runs))
    measured.memory_growth = sum(part.memory_info().rss for part in parts) / sum(before.values())


def _parts() -> list[psutil.Process]:
    """Return the parts' own processes; sandboxes come and go."""
    found = psutil.Process().children(recursive=True)
    return [each for each in found if any("jupyter_secure_jobs." in word for word in each.cmdline()[:3])
            and "engines" not in " ".join(each.cmdline())]  # fmt: skip


def _totals(timings: Sequence[Timing]) -> list[float]:
    return [timing.total for timing in timings]


def _figures(measured: _Measured) -> dict[str, float]:
    figures = {
        **spread("warm", _totals(measured.warm)),
        **spread("back_to_back", _totals(measured.back_to_back)),
        **spread("cold", _totals(measured.cold)),
        **spread("in_a_row", _totals(measured.in_a_row)),
        "parts_start_median_ms": statistics.median(measured.parts_start),
        **spread("nbclient", measured.nbclient),
        **spread("papermill", measured.papermill),
        **spread("nbclient_running_kernel", measured.running_kernel),
    }
    warm = figures["warm_median_ms"]
    figures["notebook_over_secure_ratio"] = figures["nbclient_median_ms"] / warm
    figures["papermill_over_secure_ratio"] = figures["papermill_median_ms"] / warm
    figures["running_kernel_over_secure_ratio"] = figures["nbclient_running_kernel_median_ms"] / warm
    row, tenth = _totals(measured.in_a_row), max(1, len(measured.in_a_row) // 5)
    # The runs before these have used up what was ready, so that the first ones wait as long as the last ones do.
    figures["in_a_row_last_over_first_ratio"] = statistics.median(row[-tenth:]) / statistics.median(row[:tenth])
    figures["in_a_row_rss_growth_ratio"] = measured.memory_growth
    for kind, timings in (("warm", measured.warm), ("back_to_back", measured.back_to_back), ("cold", measured.cold)):
        for step in STEPS:
            figures[f"{kind}_{step}_step_ms"] = statistics.median(timing.steps[step] for timing in timings)
    return figures
