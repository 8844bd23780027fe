"""What do 22 TPC-H queries cost as secure jobs over encrypted tables, beside the same engine on plain files?"""

from __future__ import annotations

import shutil
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pyarrow.parquet as pq

from bench import medians, secure_job, tpch_data, tpch_plain, tpch_secure
from bench.latency import READY_SECONDS
from bench.machine import describe
from bench.report import Report, spread
from bench.secure_job import AUTHOR, STEPS
from bench.tpch_kinds import KINDS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import Console

    from bench.secure_job import AcceptedJob, Timing
    from jupyter_secure_jobs.member.context import Acting

NAME: Final = "tpch"


class _Bench:
    """The files, the right answers, and what was measured."""

    def __init__(self, place: Path, files: Mapping[str, Path], console: Console) -> None:
        self.place, self.files, self.console = place, files, console
        self.tables = place / "tables"
        self.tables.mkdir()
        for table, path in files.items():
            (self.tables / f"{table}.parquet").symlink_to(path.resolve())
        self.expected: tpch_data.Answers = {}
        self.times: dict[str, list[float]] = {}
        self.steps: list[Mapping[str, float]] = []

    def note(self, kind: str, milliseconds: float) -> float:
        self.times.setdefault(kind, []).append(milliseconds)
        return milliseconds

    def duckdb(self) -> None:
        """Keep DuckDB's answers as the right ones."""
        tick = time.perf_counter()
        self.expected = tpch_data.by_duckdb(self.files)
        self.note("duckdb", (time.perf_counter() - tick) * 1000)

    def plain(self, engine: str, numbers: Sequence[int] = tpch_data.NUMBERS) -> tpch_plain.Plain:
        """Run the text in a fresh plain process, and check its answers."""
        code, out = self.place / "job.py", self.place / "out.parquet"
        code.write_text(tpch_data.code(numbers), encoding="utf-8")
        taken = tpch_plain.run(engine, self.tables, out, code)
        self._check(tpch_data.answers(pq.read_table(out)), numbers, engine)
        return taken

    def secure(self, author: Acting, job: AcceptedJob, numbers: Sequence[int] = tpch_data.NUMBERS) -> Timing:
        """Run the accepted job, and check its answers."""
        run = tpch_secure.timed_run(author, job)
        self._check(run.answers, numbers, "The secure job")
        return run.timing

    def _check(self, got: tpch_data.Answers, numbers: Sequence[int], who: str) -> None:
        tpch_data.check(got, {number: self.expected[number] for number in numbers}, who=who)


def measure(folder: Path, rounds: int, console: Console, *, scale: float = 1.0) -> None:
    """Measure everything in one go; print it, and write `tpch.json` and `tpch.png` into `folder`.

    Half of the rounds are pairs of one secure job and one plain process, in changing order; 22 single jobs and
    processes are measured once, and twice from ten rounds on.

    Raises:
        RunFailedError: a run did not succeed.
        WrongAnswerError: one of the sides gave another answer than DuckDB.
        FileNotFoundError: tpchgen-cli is missing.
    """
    machine = describe()
    console.print(f"Making the tables at scale factor {scale:g} …")
    files = tpch_data.make(folder / "data", scale)
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        bench = _Bench(Path(name), files, console)
        bench.duckdb()
        with secure_job.started(bench.place / "parts") as parts:
            console.print("Publishing the tables, accepting the job of 22 queries …")
            tables = tpch_secure.publish(parts.host, files)
            ratios = _pairs(
                bench,
                parts.host.acting(AUTHOR),
                tpch_secure.accepted(parts.host, tables, "TPC-H", tpch_data.NUMBERS),
                max(1, rounds // 2),
            )
            singles = {n: tpch_secure.accepted(parts.host, tables, f"TPC-H {n}", [n]) for n in tpch_data.NUMBERS}
            for _ in range(2 if rounds >= 10 else 1):  # noqa: PLR2004 -- as the docstring says
                _singles(bench, parts.host.acting(AUTHOR), singles)
        spark_start = _spark(bench)
        bench.duckdb()
    figures = _figures(bench.times, ratios)
    figures |= {f"secure_{each}_step_ms": statistics.median(one[each] for one in bench.steps) for each in STEPS}
    figures |= {"scale_factor": scale, "publish_ms": tables.milliseconds, **spark_start}
    report = Report(name=NAME, machine=machine, figures=figures)
    present(report, folder, console)


def present(report: Report, folder: Path, console: Console) -> None:
    """Print the figures, and write and draw them into `folder`."""
    title = f"TPC-H at scale factor {report.figures['scale_factor']:g}, 22 queries"
    medians.show(
        report,
        KINDS,
        console,
        title=title,
        besides=["publish_ms", "spark_start_ms", *(f"secure_{each}_step_ms" for each in STEPS)],
    )
    picture = medians.draw(report.figures, KINDS, folder / f"{NAME}.png", title=title, inches=4)
    console.print(f"Written: {report.write(folder)}, {picture}")


def _pairs(bench: _Bench, author: Acting, job: AcceptedJob, pairs: int) -> list[tuple[float, float]]:
    bench.secure(author, job)  # the first run reads the ciphertext from a cold disk, as DuckDB did with the plain files
    ratios = []
    for number in range(pairs):
        bench.console.print(f"Pair {number + 1} of {pairs} …")
        taken: dict[str, float] = {}
        for side in ("secure", "plain") if number % 2 else ("plain", "secure"):
            if side == "secure":
                time.sleep(READY_SECONDS)
                timing = bench.secure(author, job)
                taken["secure"] = bench.note("secure_one_job", timing.total)
                bench.steps.append(timing.steps)
            else:
                plain = bench.plain("sail")
                taken["plain"] = bench.note("plain", plain.run)
                taken["fresh"] = bench.note("plain_fresh", plain.start + plain.run)
        ratios.append((taken["secure"] / taken["plain"], taken["secure"] / taken["fresh"]))
    return ratios


def _singles(bench: _Bench, author: Acting, jobs: Mapping[int, AcceptedJob]) -> None:
    bench.console.print("22 jobs, and 22 plain processes …")
    time.sleep(READY_SECONDS)
    # One side after the other: a sandbox that is started for the next job must not take from a plain process.
    bench.note("secure_22_jobs", sum(bench.secure(author, job, [number]).total for number, job in jobs.items()))
    time.sleep(READY_SECONDS)
    processes = [bench.plain("sail", [number]) for number in jobs]
    bench.note("plain_22_processes", sum(each.start + each.run for each in processes))


def _spark(bench: _Bench) -> dict[str, float]:
    if shutil.which("java") is None:
        bench.console.print("JVM Spark is not measured: there is no Java here.")
        return {}
    bench.console.print("JVM Spark …")
    taken = bench.plain("spark")
    bench.note("spark", taken.run)
    return {"spark_start_ms": taken.start}


def _figures(times: Mapping[str, Sequence[float]], pairs: Sequence[tuple[float, float]]) -> dict[str, float]:
    figures = {key: figure for kind, taken in times.items() for key, figure in spread(kind, taken).items()}
    for place, name in enumerate(("secure_one_job_over_plain", "secure_one_job_over_fresh_plain")):
        ratios = [pair[place] for pair in pairs]
        figures[f"{name}_ratio"] = statistics.median(ratios)
        figures[f"{name}_least_ratio"], figures[f"{name}_greatest_ratio"] = min(ratios), max(ratios)
    secure = figures["secure_one_job_median_ms"]
    figures["secure_22_jobs_over_plain_ratio"] = (
        figures["secure_22_jobs_median_ms"] / figures["plain_22_processes_median_ms"]
    )
    if "spark_median_ms" in figures:
        figures["spark_over_secure_ratio"] = figures["spark_median_ms"] / secure
    figures["duckdb_over_secure_ratio"] = figures["duckdb_median_ms"] / secure
    return figures
