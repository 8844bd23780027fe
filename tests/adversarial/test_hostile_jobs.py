"""Author's code that attacks: each job does its worst, and the check would fail if its defence were absent."""

from __future__ import annotations

import socket
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.attack import CANARY, END, LIMITS, TRY, said

if TYPE_CHECKING:
    from tests.support.attack import Attack


def test_network_to_the_host_is_not_there(attack: Attack) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        code = f"""
attempt(lambda: socket.create_connection(('127.0.0.1', {port}), 2))
attempt(lambda: socket.create_connection(('192.0.2.1', 80), 2))
attempt(lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW))
attempt(lambda: socket.socket(40, socket.SOCK_STREAM))
"""
        assert said(attack.run(TRY + code + END)) == ["ECONNREFUSED", "ENETUNREACH", "EPERM", "EPERM"]
        server.setblocking(False)
        with pytest.raises(BlockingIOError):
            server.accept()


def test_files_of_the_host_are_not_there(attack: Attack) -> None:
    code = "for path in ('/etc/shadow', '/etc/passwd', 'SECRET', '/proc/PARENT/environ', '/root' '/.bashrc', '/sys/kernel', '/var'):\n    attempt(lambda: open(path).read() if not os.path.isdir(path) else os.listdir(path))\n"
    assert Path("/etc/passwd").exists()
    assert said(attack.run(TRY + code + END)) == ["ENOENT"] * 7


def test_environment_holds_nothing_of_the_parent(attack: Attack) -> None:
    code = "heard.append(str(dict(os.environ)))\nheard.append(open('/proc/self/environ').read())\nattempt(lambda: open('/proc/1/environ').read())\n"
    own, started, supervisor = said(attack.run(TRY + code + END))
    assert CANARY not in f"{own}{started}"
    assert "'HOME': '/tmp/home'" in str(own)
    assert supervisor in {"EACCES", "EPERM"}


def test_supervisor_memory_and_files_are_closed(attack: Attack) -> None:
    code = """
n = numbers()
buffer = ctypes.create_string_buffer(64)
class Vector(ctypes.Structure):
    _fields_ = [('base', ctypes.c_void_p), ('length', ctypes.c_size_t)]
mine = Vector(ctypes.addressof(buffer), 8)
attempt(lambda: syscall(n['ptrace'], 16, 1, 0, 0))
attempt(lambda: syscall(n['process_vm_readv'], 1, ctypes.byref(mine), 1, ctypes.byref(mine), 1, 0))
attempt(lambda: syscall(n['process_vm_writev'], 1, ctypes.byref(mine), 1, ctypes.byref(mine), 1, 0))
attempt(lambda: syscall(n['pidfd_getfd'], syscall(n['pidfd_open'], 1, 0), 3, 0))
attempt(lambda: syscall(n['prlimit64'], 1, 7, ctypes.byref(mine), None))
for path in ('/proc/1/mem', '/proc/1/fd/3', '/proc/1/maps'):
    attempt(lambda: open(path, 'rb'))
"""
    heard = said(attack.run(TRY + code + END))
    assert heard[:5] == ["EPERM"] * 5
    assert set(heard[5:]) <= {"EPERM", "EACCES"}


def test_dangerous_system_calls_are_refused(attack: Attack) -> None:
    code = """
n = numbers()
attempt(lambda: syscall(n['unshare'], 0x10000000))
attempt(lambda: syscall(n['mount'], b'none', b'/tmp/home', b'tmpfs', 0, None))
attempt(lambda: syscall(n['keyctl'], 0, -3, 0))
attempt(lambda: syscall(n['bpf'], 0, None, 0))
attempt(lambda: syscall(n['io_uring_setup'], 1, ctypes.create_string_buffer(120)))
attempt(lambda: syscall(n['memfd_create'], b'x', 0))
attempt(lambda: syscall(n['open_by_handle_at'], 3, ctypes.create_string_buffer(64), 0))
attempt(lambda: syscall(n['setns'], 0, 0))
attempt(lambda: syscall(n['shmget'], 0, 4096, 0o1600))
attempt(lambda: syscall(56, 0x10000000 | 17, None, None, None, None))
"""
    assert said(attack.run(TRY + code + END)) == ["EPERM"] * 10


def test_no_capability_is_left(attack: Attack) -> None:
    code = "heard += [line.split()[1] for line in open('/proc/self/status') if line.startswith(('Cap', 'NoNewPrivs', 'Seccomp:'))]\n"
    *capabilities, no_new_privileges, seccomp = said(attack.run(TRY + code + END))
    assert set(capabilities) == {"0" * 16}
    assert (no_new_privileges, seccomp) == ("1", "2")


def test_nothing_but_scratch_can_be_written(attack: Attack) -> None:
    code = """
places = ['/tables/new', '/tables/t.parquet', '/usr/new', '/new', '/etc/new', '/dev/new', '/dev/shm/new', os.__file__,
          '/proc/sys/kernel/core_pattern', '/proc/new', os.path.dirname(pd.__file__) + '/new']
for place in places:
    # Opening is enough: writing would harm the host if the defence were absent.
    attempt(lambda: os.close(os.open(place, os.O_WRONLY | (0 if os.path.exists(place) else os.O_CREAT))))
attempt(lambda: os.remove('/tables/t.parquet'))
attempt(lambda: open('/tmp/mine', 'w').write('x'))
"""
    *refused, scratch = said(attack.run(TRY + code + END))
    assert set(refused) <= {"EROFS", "EACCES", "EPERM", "ENOENT"}
    assert refused.count("ENOENT") <= 1
    assert scratch == "got 1"
    assert [path.name for path in attack.child.tables.iterdir()] == ["t.parquet"]


def test_nothing_is_left_for_the_next_job(attack: Attack) -> None:
    wrote = "open('/tmp/left', 'w').write('x')\nspark.range(1).write.saveAsTable('left')\nheard.append('done')\n"
    assert said(attack.run(TRY + wrote + END)) == ["done"]
    looks = (
        "heard += [str(os.path.exists('/tmp/left')), str(spark.catalog.tableExists('left')), str(os.listdir('.'))]\n"
    )
    assert said(attack.run(TRY + looks + END)) == ["False", "False", "[]"]


def test_fork_bomb_is_ended(attack: Attack) -> None:
    outcome = attack.run(
        "import os\nwhile True:\n    try:\n        os.fork()\n    except OSError:\n        pass\n",
        limits=replace(LIMITS, processes=4),
    )
    assert outcome.error_class == "ProcessLimit"


@pytest.mark.parametrize(
    "code",
    [
        "held = []\nwhile True: held.append(bytearray(b'x' * 2**20))",
        "import mmap\nm = mmap.mmap(-1, 2**31)\nfor i in range(0, 2**31, 2**20): m[i:i + 2**20] = b'x' * 2**20",
        "x = bytearray(2**40)",
        "import os\nfor _ in range(20):\n    if os.fork() == 0:\n        x = b'x' * 2**27\n        while True: pass\nwhile True: pass",
    ],
    ids=["private", "shared", "one request", "many processes"],
)
def test_memory_bomb_is_ended(attack: Attack, code: str) -> None:
    assert attack.run(code).error_class == "MemoryLimit"


@pytest.mark.parametrize(
    "code",
    [
        "while True:\n    open('a', 'ab').write(b'x' * 2**20)",
        "i = 0\nwhile True:\n    i += 1\n    open(f'/tmp/{i}', 'wb').write(b'x' * 2**20)",
        "i = 0\nwhile True:\n    i += 1\n    open(f'/tmp/{i}', 'wb').close()",
    ],
    ids=["one file", "many files", "empty files"],
)
def test_disk_fill_is_ended(attack: Attack, code: str) -> None:
    assert attack.run(code).error_class == "DiskFull"


def test_endless_loop_is_ended_also_when_it_ignores_signals(attack: Attack) -> None:
    code = "import signal, threading\nfor s in (1, 2, 13, 15, 24): signal.signal(s, signal.SIG_IGN)\nwhile True: pass"
    assert attack.run(code, limits=replace(LIMITS, seconds=1)).error_class == "TimeLimit"


def test_background_process_does_not_outlive_the_job(attack: Attack) -> None:
    code = "if os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n        while True: pass\n    os._exit(0)\nheard.append('done')\n"
    assert said(attack.run(TRY + code + END)) == ["done"]


def test_supervisor_cannot_be_killed(attack: Attack) -> None:
    code = "import signal, time\nfor s in (9, 19, 15, 2, 6, 11):\n    os.kill(1, s)\nheard.append(open('/proc/1/stat').read().split()[2])\n"
    assert said(attack.run(TRY + code + END))[0] in {"S", "R"}


def test_links_and_pipes_in_place_of_the_result_change_nothing(attack: Attack) -> None:
    code = """
for folder in ('/tmp', '.'):
    os.symlink('/etc/passwd', folder + '/result')
    os.mkfifo(folder + '/log')
heard.append('mine')
"""
    outcome = attack.run(TRY + code + END)
    assert said(outcome) == ["mine"]
    for path in attack.child.out.iterdir():
        assert path.is_file()
        assert not path.is_symlink()


def test_garbage_in_the_result_file_is_not_parsed_by_the_parent(attack: Attack) -> None:
    code = """
import json, os
for fd in range(3, 64):
    try:
        if os.fstat(fd).st_nlink == 0:
            os.ftruncate(fd, 0)
            os.pwrite(fd, json.dumps({"class": None, "line": None, "message": "", "ordered": False}).encode(), 0)
    except OSError:
        pass
os._exit(0)
"""
    outcome = attack.run(code)
    assert (outcome.status, outcome.error_class, outcome.result) == ("failed", "ResultInvalid", None)


@pytest.mark.parametrize("name", [CANARY, "N1; rows=7", "é", {"x": 1}, 7], ids=str)
def test_forged_report_says_nothing_outside_the_closed_list(attack: Attack, name: object) -> None:
    code = f"""
import json, os
told = json.dumps({{"class": {name!r}, "line": 10 ** 6, "message": "{CANARY}", "rows": 7, "digest": "{CANARY}"}}).encode()
for fd in range(3, 64):
    try:
        if os.fstat(fd).st_nlink == 0:
            os.pwrite(fd, told, 0)
    except OSError:
        pass
os._exit(0)
"""
    outcome = attack.run(code, policy="errors")
    assert (outcome.status, outcome.error_class, outcome.error_line) == ("failed", "Error", None)
    assert (outcome.rows, outcome.logical_digest) == (None, None)
    assert outcome.log.read_text() == "Failed: Error.\n"


def test_forged_reply_on_every_open_file_does_not_reach_the_parent(attack: Attack) -> None:
    code = f"""
forged = b'{{"message": {{"error_class": null, "error_line": null, "rows": 7, "digest": "sha256:{"0" * 64}"}}, "files": []}}\\n'
for fd in range(0, 64):
    if fd not in (1, 2):
        try:
            if os.fstat(fd).st_nlink != 0: os.write(fd, forged)
        except OSError:
            pass
heard.append('mine')
"""
    outcome = attack.run(TRY + code + END)
    assert (outcome.rows, outcome.status) == (1, "succeeded") or outcome.error_class in {
        "WorkerLost",
        "SparkConnectGrpcException",
    }
    assert outcome.logical_digest != "sha256:" + "0" * 64


def test_escape_sequences_in_the_log_are_written_out(attack: Attack) -> None:
    code = "print('\\x1b[2J\\x1b]0;title\\x07 a\\rb \\u202egnp.exe \\x9b31m')\nresult = spark.range(1)"
    text = attack.run(code).log.read_bytes().decode()
    assert text == "\\x1b[2J\\x1b]0;title\\x07 a\\rb \\u202egnp.exe \\x9b31m\n"


def test_engine_words_on_the_standard_error_stay_out_of_the_log(attack: Attack) -> None:
    code = f"import os\nos.write(2, b'{CANARY}')\nspark.range(1)"
    assert CANARY not in attack.run(code, policy="standard").log.read_text()


@pytest.mark.parametrize("path", ["/etc/passwd", "SECRET", "/proc/1/environ", "/etc/shadow", "/proc/PARENT/cmdline"])
def test_sql_readers_find_no_file_of_the_host(attack: Attack, path: str) -> None:
    outcome = attack.run(f"SELECT * FROM text.`{path}`", language="sql")
    leaked = outcome.result.read_bytes() if outcome.result else b""
    assert outcome.status == "failed" or outcome.rows == 0
    assert CANARY.encode() not in leaked + outcome.log.read_bytes()


def test_sql_can_read_a_file_that_is_there(attack: Attack) -> None:
    outcome = attack.run("SELECT * FROM parquet.`/tables/t.parquet`", language="sql")
    assert (outcome.status, outcome.rows) == ("succeeded", 1)


def test_process_that_ends_all_after_it_does_not_reach_who_reads_the_result(attack: Attack) -> None:
    """The process that examines the result is made when all of the author's have been killed, not before."""
    code = """
known = set(os.listdir('/proc'))
if os.fork() == 0:
    os.setsid()
    known.add(str(os.getpid()))
    while True:
        for number in set(os.listdir('/proc')) - known:
            try:
                os.kill(int(number), 9)
            except (OSError, ValueError):
                pass
result = spark.sql('SELECT 1 AS one')
"""
    outcome = attack.run(TRY + code)
    assert (outcome.status, outcome.error_class, outcome.rows) == ("succeeded", None, 1)


@pytest.mark.parametrize(
    "act",
    [
        "os.write(each, b'\\\\x00')",
        "os.write(each, b'\\\\xff')",
        "os.set_blocking(each, False); os.write(each, bytes(2**20))",
        "os.close(each)",
        "os.dup2(0, each)",
    ],
)
def test_forged_word_of_the_end_ends_only_the_own_run(attack: Attack, act: str) -> None:
    """The job's process tells by a pipe how it will end: early, wrongly, too often or never makes no difference."""
    code = f"""
for each in range(3, 100):
    try:
        if os.readlink(f'/proc/self/fd/{{each}}').startswith('pipe:'):
            {act}
    except OSError:
        pass
spark.sql('SELECT 1 AS one')
"""
    outcome = attack.run(TRY + code)
    assert outcome.status == "failed" or outcome.rows == 1
    assert attack.run("spark.sql('SELECT 2 AS two')").rows == 1


def test_job_that_says_it_has_ended_is_ended(attack: Attack) -> None:
    code = """
for each in range(3, 100):
    try:
        if os.readlink(f'/proc/self/fd/{each}').startswith('pipe:'):
            os.write(each, b'\\x00')
    except OSError:
        pass
import time
time.sleep(3600)
"""
    assert attack.run(TRY + code).error_class in {"WorkerLost", "TimeLimit"}


def test_copy_of_the_job_does_not_say_that_the_job_has_ended(attack: Attack) -> None:
    """A job that forks runs twice from there on; what counts is what the first of the two processes gives."""
    code = """
import time
if os.fork() == 0:
    result = None
else:
    time.sleep(2)
    result = spark.sql('SELECT 1 AS one')
"""
    assert attack.run(TRY + code).rows == 1
