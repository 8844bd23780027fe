"""What do publishing and opening cost, beside plain copies and raw AES-GCM?"""

from __future__ import annotations

import hashlib
import os
import shutil
import statistics
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bench import medians, secure_job
from bench.crypto_kinds import KINDS
from bench.machine import describe
from bench.report import Report, spread
from bench.sample import WrongAnswerError
from bench.secure_job import OWNER
from jupyter_secure_jobs.crypto import files
from jupyter_secure_jobs.crypto.memory import Memory
from jupyter_secure_jobs.member import publishing
from jupyter_secure_jobs.wire.member_side import DatasetAsked

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console

    from jupyter_secure_jobs.member.context import Acting

NAME: Final = "crypto"
MEBIBYTE: Final = 2**20
_PLACE: Final = b"bench"
_ROWS_A_MEBIBYTE: Final = 60_000


class _Files:
    """One file of random bytes on the disk and its encryption, and the folder in memory where copies go."""

    def __init__(self, folder: Path, memory: Path, size: int) -> None:
        self.folder, self.memory = folder, memory
        self.plain, self.sealed = folder / "plain", folder / "sealed"
        self.key = files.new_key()
        with self.plain.open("wb") as file:
            for _ in range(size):
                file.write(os.urandom(MEBIBYTE))
        files.encrypt(self.plain, self.sealed, key=self.key, place=_PLACE)

    def copy(self, number: int = 0) -> None:
        shutil.copyfile(self.plain, self.memory / str(number))

    def open(self, number: int = 0) -> None:
        files.decrypt(self.sealed, self.memory / str(number), key=self.key, place=_PLACE)

    def pages(self) -> None:
        zeros = bytes(MEBIBYTE)
        with (self.memory / "0").open("wb") as file:
            for _ in range(self.plain.stat().st_size // MEBIBYTE):
                file.write(zeros)

    def both(self, each: Callable[[int], None]) -> None:
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(each, range(2)))

    def copy_synced(self) -> None:
        _copy_synced(self.plain, self.folder / "copied")

    def seal(self) -> None:
        files.encrypt(self.plain, self.folder / "copied", key=self.key, place=_PLACE)

    def raw(self, *, opening: bool) -> float:
        """Return the milliseconds of AES-GCM over as many MiB in memory, without any file."""
        cipher, nonce, chunk = AESGCM(AESGCM.generate_key(256)), bytes(12), os.urandom(MEBIBYTE)
        sealed = cipher.encrypt(nonce, chunk, None)
        tick = time.perf_counter()
        for _ in range(self.plain.stat().st_size // MEBIBYTE):
            if opening:
                cipher.decrypt(nonce, sealed, None)
            else:
                cipher.encrypt(nonce, chunk, None)
        return (time.perf_counter() - tick) * 1000

    def hash(self) -> None:
        with self.plain.open("rb") as file:
            hashlib.file_digest(file, "sha256")

    def timed(self, action: Callable[[], None]) -> float:
        tick = time.perf_counter()
        action()
        taken = (time.perf_counter() - tick) * 1000
        for left in (*self.memory.iterdir(), self.folder / "copied"):
            left.unlink(missing_ok=True)
        return taken

    def check(self) -> None:
        """Refuse to count anything if what was opened is not what was sealed."""
        self.open()
        if (self.memory / "0").read_bytes() != self.plain.read_bytes():
            raise WrongAnswerError("The opened file is not the one that was sealed.")
        (self.memory / "0").unlink()


def _copy_synced(source: Path, target: Path) -> None:
    with source.open("rb") as plain, target.open("wb") as copied:
        shutil.copyfileobj(plain, copied, MEBIBYTE)
        copied.flush()
        os.fsync(copied.fileno())


def measure(folder: Path, rounds: int, console: Console, *, mebibytes: int = 256) -> None:
    """Measure with files of that size; print it, and write `crypto.json` and `crypto.png` into `folder`.

    Raises:
        WrongAnswerError: what was opened is not what was sealed.
        UnavailableError: a part did not start, or there is no file system in memory.
    """
    machine = describe()
    times: dict[str, list[float]] = {}
    memory = Memory()
    try:
        with tempfile.TemporaryDirectory(prefix="bench-") as name:
            place = Path(name)
            console.print(f"Files of {mebibytes} MiB …")
            made = _Files(place, memory.new("bench"), mebibytes)
            made.check()
            for number in range(rounds):
                console.print(f"Round {number + 1} of {rounds} …")
                _round(made, times)
            _publishing(place, max(1, mebibytes // 4), max(1, rounds // 3), times, console)
    finally:
        memory.remove()
    report = Report(name=NAME, machine=machine, figures=_figures(times, mebibytes))
    present(report, folder, console)


def present(report: Report, folder: Path, console: Console) -> None:
    """Print the figures, and write and draw them into `folder`."""
    title = f"Files of {report.figures['size_mebibytes_count']:,.0f} MiB"
    medians.show(report, KINDS, console, title=title, besides=["open_rest_ms"])
    picture = medians.draw(report.figures, KINDS, folder / f"{NAME}.png", title=title, inches=6)
    console.print(f"Written: {report.write(folder)}, {picture}")


def _round(made: _Files, times: dict[str, list[float]]) -> None:
    actions: dict[str, Callable[[], None]] = {
        "copy": made.copy,
        "open": made.open,
        "copy_two": lambda: made.both(made.copy),
        "open_two": lambda: made.both(made.open),
        "pages": made.pages,
        "copy_synced": made.copy_synced,
        "seal": made.seal,
        "hash": made.hash,
    }
    for kind, action in actions.items():
        times.setdefault(kind, []).append(made.timed(action))
    times.setdefault("raw_open", []).append(made.raw(opening=True))
    times.setdefault("raw_seal", []).append(made.raw(opening=False))


def _publishing(place: Path, size: int, rounds: int, times: dict[str, list[float]], console: Console) -> None:
    table = _table(place, size)
    console.print(f"Publishing a table of {table.stat().st_size / MEBIBYTE:.0f} MiB …")
    with secure_job.started(place / "parts") as parts:
        owner = parts.host.acting(OWNER)
        workspace = owner.client.workspaces()[0].id
        for number in range(rounds):
            _publish(owner, workspace, f"measured_{number}", table, times)
            tick = time.perf_counter()
            _copy_synced(table, place / "copied")
            times.setdefault("publish_copy", []).append((time.perf_counter() - tick) * 1000)


def _publish(owner: Acting, workspace: str, name: str, table: Path, times: dict[str, list[float]]) -> None:
    began = time.perf_counter()
    moments: dict[str, float] = {}

    def progress(what: str, _done: int, _total: int) -> None:
        # The first word of each step comes when a part of it is done; a table of one file has one part.
        moments.setdefault(what.partition(" ")[0], time.perf_counter())

    read: list[float] = []

    def agree(_proposal: object) -> bool:
        read.append(time.perf_counter())
        return True

    publishing.publish(owner, workspace, DatasetAsked(name=name, files=[str(table)]), agree=agree, progress=progress)
    ended = time.perf_counter()
    sealed = moments.get("encrypting", read[0])
    for kind, taken in (
        ("publish", ended - began),
        ("publish_reading", read[0] - began),
        ("publish_sealing", sealed - read[0]),
        ("publish_sending", ended - sealed),
    ):
        times.setdefault(kind, []).append(taken * 1000)


def _table(folder: Path, size: int) -> Path:
    numbers = np.random.default_rng(7)
    rows = size * _ROWS_A_MEBIBYTE
    path = folder / "table.parquet"
    columns = {
        "reading": numbers.integers(0, 2**62, rows),
        "value": numbers.random(rows),
        "station": numbers.integers(0, 99, rows),
    }
    pq.write_table(pa.table(columns), path)
    return path


def _figures(times: dict[str, list[float]], mebibytes: int) -> dict[str, float]:
    figures = {key: figure for kind, taken in times.items() for key, figure in spread(kind, taken).items()}

    def ratio(over: str, under: str) -> float:
        return statistics.median(times[over]) / statistics.median(times[under])

    figures["size_mebibytes_count"] = mebibytes
    figures["open_over_copy_ratio"] = ratio("open", "copy")
    figures["open_two_over_copy_two_ratio"] = ratio("open_two", "copy_two")
    figures["open_over_raw_ratio"] = ratio("open", "raw_open")
    figures["seal_over_copy_ratio"] = ratio("seal", "copy_synced")
    figures["seal_over_raw_ratio"] = ratio("seal", "raw_seal")
    figures["publish_over_copy_ratio"] = ratio("publish", "publish_copy")
    median = {kind: statistics.median(taken) for kind, taken in times.items()}
    figures["open_rest_ms"] = median["open"] - median["pages"] - median["raw_open"]
    return figures
