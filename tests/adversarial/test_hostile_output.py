"""Jobs that attack through what comes out: the log, the result, the error, the exit, and the channel itself."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jupyter_secure_jobs.engines.errors import is_known
from jupyter_secure_jobs.engines.log import EPILOGUE_BYTES
from tests.support.attack import CANARY, END, LIMITS, TRY, said

if TYPE_CHECKING:
    from tests.support.attack import Attack

CODES = [1, 2, 64, 70, 77, 126, 255]
SIGNALS = [1, 2, 6, 9, 11, 15, 31]


@pytest.mark.parametrize(
    ("printed", "shown"),
    [
        ("\x1b]8;;https://evil.example\x1b\\click\x1b]8;;\x1b\\", "\\x1b]8;;https://evil.example\\x1b\\click\\x1b]8;;\\x1b\\"),
        ("\x1b]0;title\x07\x1b[2J\x1b[1;31m", "\\x1b]0;title\\x07\\x1b[2J\\x1b[1;31m"),
        ("\x9b31m \x90q \x9d0;x\x9c", "\\x9b31m \\x90q \\x9d0;x\\x9c"),
        ("a\rb\x08\x0b\x0c\x00\x7f", "a\\rb\\x08\\x0b\\x0c\\x00\\x7f"),
        ("\u202egnp.exe\u2066x\u2069\u200f", "\\u202egnp.exe\\u2066x\\u2069\\u200f"),
        ("zero\u200bwidth\ufeff\u2060", "zero\\u200bwidth\\ufeff\\u2060"),
        ("line\u2028paragraph\u2029", "line\\u2028paragraph\\u2029"),
        ("<img src=x onerror=alert(1)>", "<img src=x onerror=alert(1)>"),
    ],
    ids=["link", "title and colour", "C1", "C0", "direction", "invisible", "separators", "markup stays text"],
)  # fmt: skip
def test_log_is_written_out(attack: Attack, printed: str, shown: str) -> None:
    outcome = attack.run(f"print({printed!r})\nspark.range(1)", policy="standard")
    assert outcome.log.read_bytes().decode() == shown + "\n"


def test_log_of_no_text_at_all_is_text_afterwards(attack: Attack) -> None:
    code = (
        "import os\nos.write(1, bytes(range(128, 256)) + b'\\xed\\xa0\\x80\\xf8\\x88\\x80\\x80\\x80')\nspark.range(1)"
    )
    text = attack.run(code).log.read_bytes().decode()
    assert text.isprintable() or text.removesuffix("\n").isprintable()
    assert "\\x80" in text


def test_log_that_says_it_failed_is_told_from_the_real_end(attack: Attack) -> None:
    outcome = attack.run("print('Failed: TimeLimit.')\nspark.range(1)")
    assert (outcome.status, outcome.error_class) == ("succeeded", None)


@pytest.mark.parametrize("step", [1, 2**16], ids=["byte by byte", "by blocks"])
def test_endless_log_is_ended(attack: Attack, step: int) -> None:
    outcome = attack.run(f"import os\nwhile True: os.write(1, b'\\x1b' * {step})")
    assert outcome.error_class == "LogTooLarge"
    assert outcome.log.stat().st_size <= LIMITS.log_bytes + EPILOGUE_BYTES


def test_log_that_grows_by_being_written_out_is_ended(attack: Attack) -> None:
    outcome = attack.run(f"print('\\x1b' * {LIMITS.log_bytes // 2})\nspark.range(1)")
    assert outcome.error_class == "LogTooLarge"
    assert outcome.log.stat().st_size <= LIMITS.log_bytes + EPILOGUE_BYTES


def test_message_of_many_megabytes_is_left_out(attack: Attack) -> None:
    outcome = attack.run("raise ValueError('x' * 2 ** 26)")
    assert (outcome.error_class, outcome.error_line) == ("ValueError", 1)
    assert outcome.log.stat().st_size <= LIMITS.log_bytes + EPILOGUE_BYTES


def test_exit_codes_and_signals_tell_nothing(attack: Attack) -> None:
    """Whatever number a process ends with: one class, no line. The same for each, so that it carries no value."""
    ends = [f"import os; os._exit({code})" for code in CODES[:3]]
    ends += [f"import os; os.kill(os.getpid(), {number})" for number in SIGNALS[:3]]
    outcomes = [attack.run(code, policy="errors") for code in ends]
    assert {(each.error_class, each.error_line, each.log.read_text()) for each in outcomes} <= {
        ("WorkerLost", None, "Failed: WorkerLost.\n"),
        ("KeyboardInterrupt", 1, "Failed: KeyboardInterrupt at line 1.\n"),
        # Started in a shell's background, the worker and all below it ignore the interrupt.
        ("NoResult", 1, "Failed: NoResult at line 1.\n"),
    }


@pytest.mark.long
@pytest.mark.parametrize("end", [*(f"_exit({code})" for code in CODES), *(f"kill(os.getpid(), {n})" for n in SIGNALS)])
def test_every_way_to_end_tells_nothing(attack: Attack, end: str) -> None:
    outcome = attack.run(f"import os\nos.{end}\nspark.range(1)", policy="errors")
    told = (outcome.error_class, outcome.error_line)
    # Signal 2 goes to Python, or to the engine of this process, which then ends and is waited for.
    interrupted = {("KeyboardInterrupt", 2), ("NoResult", 3), ("TimeLimit", None)}
    assert told in (interrupted if "(os.getpid(), 2)" in end else {("WorkerLost", None)})


@pytest.mark.parametrize("code", [0, 7, 255, f"'{CANARY}'", "None"], ids=str)
def test_system_exit_carries_no_value(attack: Attack, code: object) -> None:
    outcome = attack.run(f"import sys\nsys.exit({code})", policy="standard")
    assert (outcome.error_class, outcome.error_line) == ("SystemExit", 2)
    assert outcome.log.read_text() == "Failed: SystemExit at line 2.\n"


@pytest.mark.parametrize("line", [-1, 0, 2, 10**9, 10**400, True, 1.0, "1", [1]], ids=lambda line: repr(line)[:20])
def test_line_out_of_range_is_dropped(attack: Attack, line: object) -> None:
    """A forged report names a line that the job's text, of one line, has not."""
    text = json.dumps({"class": "ValueError", "line": line, "message": ""})
    code = f"import os; [os.pwrite(fd, b{text!r}, 0) for fd in range(3, 40) if os.path.islink(f'/proc/self/fd/{{fd}}') and '(deleted)' in os.readlink(f'/proc/self/fd/{{fd}}')]; os._exit(0)"
    outcome = attack.run(code)
    assert (outcome.error_class, outcome.error_line) == ("ValueError", None)


@pytest.mark.parametrize(
    "report",
    [b"[" * 50_000, b"{" + b'"a":' * 9999, b"\xff\xfe", b"null", b'{"class": {}}', b'{"class": "' + b"9" * 70_000 + b'"}', b""],
    ids=["nested", "half", "no text", "null", "no name", "long", "none"],
)  # fmt: skip
def test_forged_report_of_another_form(attack: Attack, report: bytes) -> None:
    code = f"""
import os
for fd in range(3, 64):
    try:
        if os.fstat(fd).st_nlink == 0:
            os.ftruncate(fd, 0)
            os.pwrite(fd, {report!r}, 0)
    except OSError:
        pass
os._exit(0)
"""
    outcome = attack.run(code)
    assert outcome.status == "failed"
    assert outcome.error_class in {"WorkerLost", "Error", "ResultInvalid"}


def test_closed_and_exchanged_files_change_nothing_of_the_next_run(attack: Attack) -> None:
    code = """
import os, socket
here, there = socket.socketpair()
for fd in range(0, 64):
    try:
        os.dup2(here.fileno(), fd)
    except OSError:
        pass
os.closerange(0, 256)
raise SystemExit
"""
    outcome = attack.run(code)
    assert outcome.status == "failed"
    assert is_known(str(outcome.error_class))
    assert attack.run("SELECT x FROM t", language="sql").rows == 1


def test_replaced_report_after_the_job_is_not_read(attack: Attack) -> None:
    """A process that stays behind writes into the result while it is examined: it is ended before."""
    code = """
import os, time
if os.fork() == 0:
    os.setsid()
    while True:
        for fd in range(3, 64):
            try:
                if os.fstat(fd).st_nlink == 0: os.pwrite(fd, b'x' * 64, 0)
            except OSError:
                pass
time.sleep(0.2)
heard.append('mine')
"""
    outcome = attack.run(TRY + code + END)
    if outcome.status == "succeeded":
        assert said(outcome) == ["mine"]
    else:
        assert outcome.error_class in {"ResultInvalid", "WorkerLost", "Error"}
    assert [path.name for path in attack.child.out.iterdir() if path.name not in {"log", "log.txt", "result"}] == []


def test_sparse_file_of_huge_size_as_the_result(attack: Attack) -> None:
    code = """
import os
for fd in range(3, 64):
    try:
        if os.fstat(fd).st_nlink == 0: os.ftruncate(fd, 2 ** 24 + 1)
    except OSError:
        pass
spark.range(1)
"""
    outcome = attack.run(code)
    assert outcome.status == "failed"
    assert outcome.error_class in {"ResultTooLarge", "LogTooLarge", "DiskFull"}


@pytest.mark.parametrize(
    "data", ["b'PAR1' + bytes(100) + b'PAR1'", "b'ARROW1' + bytes(64)", "b'x' * 2 ** 20", "b''"], ids=str
)
def test_bytes_that_are_no_table_are_refused(attack: Attack, data: str) -> None:
    code = f"""
import os, json
for fd in range(3, 64):
    try:
        if os.fstat(fd).st_nlink == 0:
            os.ftruncate(fd, 0)
            os.pwrite(fd, {data}, 0)
    except OSError:
        pass
for fd in range(63, 2, -1):
    try:
        if os.fstat(fd).st_nlink == 0:
            os.ftruncate(fd, 0)
            os.pwrite(fd, b'{{"class": null}}', 0)
            break
    except OSError:
        pass
os._exit(0)
"""
    outcome = attack.run(code)
    assert (outcome.status, outcome.result) == ("failed", None)
    assert outcome.error_class in {"ResultInvalid", "WorkerLost"}


def test_names_of_columns_and_huge_cells_stay_data(attack: Attack) -> None:
    names = ["<script>alert(1)</script>", "=cmd|' /C calc'!A0", "a\u202eb", "\x1b[2J", "", "x" * 5000]
    code = f"import pandas as pd\npd.DataFrame([['y' * 2 ** 20] * {len(names)}], columns={names!r})"
    outcome = attack.run(code)
    assert outcome.status == "succeeded"
    assert outcome.result is not None
    table = pq.read_table(outcome.result)
    assert table.column_names == names
    assert {len(str(cell)) for cell in table.to_pylist()[0].values()} == {2**20}


def test_unpicklable_and_exploding_pickles(attack: Attack) -> None:
    """A pickle runs code where it is opened: in the sandbox, as what it is, the author's own."""
    code = """
import pickle
from pyspark.sql import functions as F
class Bomb:
    def __reduce__(self):
        return (open, ('SECRET',))
attempt(lambda: pickle.loads(pickle.dumps(Bomb())))
bomb = Bomb()
try:
    spark.range(1).select(F.udf(lambda x: str(bomb))('id')).collect()
    heard.append('got')
except Exception:
    heard.append('refused')
class Exit:
    def __reduce__(self):
        return (os.system, ('id > /usr/new; cat SECRET > /tmp/stolen',))
pickle.loads(pickle.dumps(Exit()))
heard.append(str(os.path.exists('/tmp/stolen') and os.path.getsize('/tmp/stolen')))
"""
    assert said(attack.run(TRY + code + END)) == ["ENOENT", "refused", "0"]


@pytest.mark.parametrize("columns", [600, 1])
def test_result_over_its_limit_is_not_cut(attack: Attack, columns: int) -> None:
    code = f"import os, pandas as pd\npd.DataFrame({{f'c{{i}}': [os.urandom({2**25} // {columns})] for i in range({columns})}})"
    outcome = attack.run(code)
    assert (outcome.error_class, outcome.result) == ("ResultTooLarge", None)


def test_table_of_a_type_that_has_no_digest(attack: Attack) -> None:
    outcome = attack.run(
        "import pyarrow as pa\npa.table({'f': pa.array([None], pa.null()), 'g': pa.array([b'x'], pa.binary(1))})"
    )
    assert outcome.status in {"succeeded", "failed"}
    assert outcome.error_class in {None, "ResultInvalid"}
    assert isinstance(pa.table({"x": [1]}), pa.Table)
