"""Ten thousand trivial jobs through one embedded server: is every run there, and does anything grow or stay behind?"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rich.console import Console

from bench import sample as data
from bench import secure_job, soak_plot, soak_table, soak_watch
from bench.machine import describe
from bench.report import Report
from jupyter_secure_jobs.domain.run import RunKind, RunStatus
from jupyter_secure_jobs.member import deciding, opening

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.soak_watch import Sample
    from jupyter_secure_jobs.member.context import Acting
    from jupyter_secure_jobs.wire.run import RunWire

NAME: Final = "soak"
RUNS: Final = 10_000
# So many runs wait or run at once, each of a job of its own; the last one is a test of a draft.
AT_ONCE: Final = 8
SAMPLES: Final = 80
OPENED_EVERY: Final = 50
WARM_UP: Final = 0.1
_RUN_SECONDS: Final = 300.0
_END_SECONDS: Final = 20.0


def measure(folder: Path, _rounds: int, console: Console) -> None:
    """Measure with the full number of runs; print it, and write `soak.json` and `soak.png` into `folder`.

    Raises:
        LookupError: a part ended meanwhile.
    """
    run(folder, console, runs=RUNS)


def run(folder: Path, console: Console, *, runs: int) -> None:
    """Measure with so many runs, as `measure`."""
    machine = describe()
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        figures, samples = measured(Path(name), runs=runs, console=console)
    report = Report(name=NAME, machine=machine, figures=figures)
    soak_table.show(report, console)
    console.print(f"Written: {report.write(folder)}, {soak_plot.draw(samples, folder / f'{NAME}.png')}")


def measured(place: Path, *, runs: int, console: Console) -> tuple[dict[str, float], list[Sample]]:
    """Return every figure, and what the parts held meanwhile."""
    table = data.write_table(place)
    with secure_job.started(place / "parts") as parts:
        author = parts.host.acting(secure_job.AUTHOR)
        jobs = [secure_job.accepted_job(parts.host, table)]
        workspace = jobs[0].workspace
        jobs += [secure_job.another_job(parts.host, jobs[0], f"Soak {number}") for number in range(2, AT_ONCE)]
        draft = _draft(author, workspace)
        soaked = _Soaked(author, workspace, [job.job for job in jobs], draft)
        soaked.wave(AT_ONCE)  # every part has done its first run before anything is counted
        processes = soak_watch.parts_of(parts.pids())
        began = time.monotonic()
        samples: list[soak_watch.Sample] = []
        every = max(AT_ONCE, runs // SAMPLES)
        soaked.ordered = soaked.lost = 0
        while soaked.ordered < runs:
            soaked.wave(min(AT_ONCE, runs - soaked.ordered))
            if soaked.ordered >= every * (len(samples) + 1) or soaked.ordered >= runs:
                samples.append(soak_watch.sample(processes, place / "parts", runs=soaked.ordered))
                held = ", ".join(f"{name} {size:.0f}" for name, size in samples[-1].rss.items())
                so_far = f"{soaked.ordered:,} of {runs:,} runs, {soaked.lost} lost, {time.monotonic() - began:,.0f} s"
                console.print(f"{so_far}; MiB: {held}", soft_wrap=True)
        taken = time.monotonic() - began
        again = soak_watch.parts_of(parts.pids())
        restarted = sum(again[name].pid != processes[name].pid for name in processes)
        family = [
            *processes.values(),
            *(child for each in processes.values() for child in each.children(recursive=True)),
        ]
        folders = soak_watch.memory_folders(processes["enclave"])
    warm = [each for each in samples if each.runs > runs * WARM_UP] or samples
    deadline = time.monotonic() + _END_SECONDS
    while any(each.is_running() for each in family) and time.monotonic() < deadline:
        time.sleep(0.1)
    figures = {
        "runs_count": float(soaked.ordered),
        "lost_runs": float(soaked.lost),
        "opened_results_count": float(soaked.opened),
        "seconds": taken,
        "runs_per_second": soaked.ordered / taken,
        "run_median_ms": statistics.median(soaked.milliseconds),
        "restarted_parts_count": float(restarted),
        "left_processes_count": float(sum(each.is_running() for each in family)),
        "left_memory_folders_count": float(sum(each.exists() for each in folders)),
        **soak_watch.growth(warm),
    }
    return figures, samples


def _draft(author: Acting, workspace: str) -> str:
    return author.client.create_job(workspace, secure_job.draft(workspace, author, name="Soak test")).id


class _Soaked:
    # Orders runs, waits for them, and counts what did not come back as it should.
    def __init__(self, author: Acting, workspace: str, jobs: Sequence[str], draft: str) -> None:
        self._author, self._workspace, self._jobs, self._draft = author, workspace, jobs, draft
        self.ordered = self.lost = self.opened = 0
        self.milliseconds: list[float] = []

    def wave(self, most: int) -> None:
        """Order at most so many runs at once, a test among them, and wait for all."""
        ordered = [deciding.run(self._author, self._workspace, job, {}) for job in self._jobs[:most]]
        if len(ordered) < most:
            ordered.append(self._author.client.test(self._workspace, self._draft, {}))
        for each in ordered:
            self.ordered += 1
            ended = self._author.client.wait(each, timeout=_RUN_SECONDS)
            self.lost += not self._is_right(ended)
            self.milliseconds.append(float(ended.run_ms or 0))

    def _is_right(self, run: RunWire) -> bool:
        if run.status is not RunStatus.SUCCEEDED or run.rows != 1 or not run.has_result:
            return False
        if run.kind is RunKind.JOB and self.ordered % OPENED_EVERY == 0:
            self.opened += 1
            return opening.preview(self._author, self._workspace, run.id).rows[0][0] == data.ANSWER
        return True


def main(words: list[str] | None = None) -> int:
    """Measure with another number of runs than the full one; return 0."""
    parser = argparse.ArgumentParser(prog="python -m bench.soak", description=__doc__)
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--folder", type=Path, default=Path("build/bench"))
    asked = parser.parse_args(words)
    run(asked.folder, Console(highlight=False), runs=asked.runs)
    return 0


if __name__ == "__main__":
    sys.exit(main())
