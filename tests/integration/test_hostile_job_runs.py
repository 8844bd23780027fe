"""Jobs that leak and jobs that attack, run by the real parts on real rows: nothing of a row is left anywhere outside."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Final

import psutil
import pytest

from jupyter_secure_jobs.crypto.memory import _PREFIX
from jupyter_secure_jobs.engines.errors import is_known
from jupyter_secure_jobs.member import opening
from tests.support.leaking_jobs import JOBS, LeakingJob
from tests.support.parts import CANARIES, CANARY_NUMBER, MEMBERS, TOTALS, Draft, Parts
from tests.support.searching import search

if TYPE_CHECKING:
    from jupyter_secure_jobs.wire.run import RunWire

VALUES: Final = (CANARIES[0], CANARY_NUMBER)
ORDINARY: Final = (
    "cast to int",
    "raise_error",
    "class named by a value",
    "sys.exit",
    "UDF ValueError",
    "pandas astype",
    "print",
    "thread",
)
HOSTILE: Final = {
    "kills itself": ("import os\nos.kill(os.getpid(), 9)", "WorkerLost"),
    "forks without end": ("import os\nwhile True:\n    try:\n        os.fork()\n    except OSError:\n        pass", "ProcessLimit MemoryLimit"),
    "fills the disk": ("while True:\n    open('a', 'ab').write(b'x' * 2**22)", "DiskFull"),
    "forges every open file": ("import os\nfor fd in range(3, 64):\n    try:\n        os.pwrite(fd, b'{' * 4096, 0)\n    except OSError:\n        pass\nos._exit(0)", "WorkerLost"),
}  # fmt: skip
# The corpus names its one table and its columns so; here the row with the canaries is one of sixty.
VIEW: Final = (
    "CREATE TEMP VIEW people AS "
    "SELECT captain AS name, ticket, DATE'2013-01-31' AS `when` FROM flights WHERE flight = 31"
)
# The member side submits no text that has no result; these fail before they come to one.
PREPARED: Final = {"python": f'result = None; spark.sql("{VIEW}")\n', "sql": f"{VIEW};\n"}


def ran(parts: Parts, code: str, *, language: str = "python", log_policy: str = "standard") -> RunWire:
    """Have a job accepted by everybody and run it on the real rows."""
    job = parts.accepted(Draft(language=language, code=code, inputs=(), log_policy=log_policy))
    return parts.ended(parts.order(job.id))


def told(parts: Parts, runs: list[RunWire], into: Path) -> None:
    """Write down every answer that any member gets about the runs, and the events."""
    places = ["", "/runs", "/jobs", "/datasets", "/log/checkpoint"]
    for run in runs:
        places += [f"/runs/{run.id}{part}" for part in ("", "/outcome", "/result", "/log")]
        places += [f"/jobs/{run.job}", f"/jobs/{run.job}/runs"]
    for who in MEMBERS:
        with parts.http(who) as client:
            for number, place in enumerate(places):
                answer = client.get(f"workspaces/{parts.workspace}{place}")
                (into / f"{who}-{number}").write_bytes(answer.content + repr(answer.headers).encode())
                assert answer.is_success or answer.status_code in (403, 404), (place, answer.text)
                assert answer.is_success or place.startswith("/runs/"), (place, answer.text)
            (into / f"{who}-events").write_bytes(client.get("events", params={"after": 0, "wait": 0}).content)


def outside(parts: Parts, runs: list[RunWire], folder: Path) -> Path:
    """Return a copy of all that lies outside the members' own folders after the runs, and of what members are told."""
    (folder / "answers").mkdir(parents=True)
    told(parts, runs, folder / "answers")
    parts.parts["server"].stop()
    shutil.copytree(parts.folder / "server", folder / "server")
    parts.start("server")
    for name in ("logs", "worker", "keyservices"):
        shutil.copytree(parts.folder / name, folder / name)
    return folder


def left_in_memory(parts: Parts) -> list[str]:
    """Return the files in the memory folder of this world's enclave, the lock that names its holder left out."""
    worker = psutil.Process(parts.parts["worker"].pid)
    ours = {str(each.pid) for each in worker.children(recursive=True)}
    held = [line.split() for line in Path("/proc/locks").read_text().splitlines()]
    nodes = {int(words[5].rpartition(":")[2]) for words in held if words[4] in ours}
    folders = [lock.parent for lock in Path("/dev/shm").glob(f"{_PREFIX}*/lock") if lock.stat().st_ino in nodes]
    assert len(folders) == 1, folders
    return [str(path) for path in folders[0].rglob("*") if path.is_file() and path.name != "lock"]


def leaked(parts: Parts, job: LeakingJob) -> RunWire:
    """Run one job of the corpus and check what the author is told of it."""
    # Before a submit, tables that are named in the text are looked for among the datasets; this one is made by the job.
    code = job.code.replace("spark.table('people')", "spark.table('people'[:])")
    run = ran(parts, PREPARED[job.language] + code, language=job.language)
    lines = (PREPARED[job.language] + job.code).count("\n") + 1
    assert run.status == ("Succeeded" if job.error_class is None else "Failed"), (job.name, run)
    assert run.error_class is None or is_known(run.error_class), (job.name, run)
    assert run.error_text is None, (job.name, run)
    assert run.error_line is None or 1 <= run.error_line <= lines, (job.name, run)
    text = opening.log_text(parts.ana, parts.workspace, run.id).text
    assert any(str(value) in text for value in VALUES) == job.prints, (job.name, text)
    return run


def check_leaks(parts: Parts, jobs: list[LeakingJob], folder: Path) -> None:
    runs = [leaked(parts, job) for job in jobs]
    assert search(outside(parts, runs, folder), VALUES) == []
    assert left_in_memory(parts) == []


def test_errors_on_real_rows_say_nothing_outside(parts: Parts, tmp_path: Path) -> None:
    check_leaks(parts, [job for job in JOBS if job.name in ORDINARY], tmp_path / "all")


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_every_error_on_real_rows_says_nothing_outside(parts: Parts, tmp_path: Path) -> None:
    check_leaks(parts, [job for job in JOBS if job.name not in ORDINARY], tmp_path / "all")


def test_the_ordinary_ones_are_in_the_corpus() -> None:
    assert set(ORDINARY) <= {job.name for job in JOBS}


@pytest.mark.parametrize("name", HOSTILE)
def test_worker_outlives_a_hostile_job(parts: Parts, name: str) -> None:
    code, classes = HOSTILE[name]
    pid = parts.parts["worker"].pid
    run = ran(parts, "result = None\n" + code)
    assert (run.status, run.error_text) == ("Failed", None)
    assert str(run.error_class) in classes.split()
    plain = ran(parts, TOTALS.replace(":low", "1"), language="sql")
    assert plain.status == "Succeeded"
    assert plain.rows == 12
    assert (parts.parts["worker"].alive, parts.parts["worker"].pid) == (True, pid)
    assert left_in_memory(parts) == []
