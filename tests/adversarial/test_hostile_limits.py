"""Jobs that would take the machine: each is ended with the class of its limit, however it holds what it takes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import pytest

from jupyter_secure_jobs.sandbox import cores
from jupyter_secure_jobs.sandbox.limits import MEBIBYTE
from tests.support.attack import END, LIMITS, TRY, said

if TYPE_CHECKING:
    from tests.support.attack import Attack

SMALL: Final = replace(LIMITS, memory_bytes=512 * MEBIBYTE)

# Memory that no process holds as its own: the kernel's page tables, buffers of sockets and pipes, files in memory.
HELD_ELSEWHERE: Final = {
    "page tables": """
import mmap
empty = mmap.mmap(-1, 2**41, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x4000, prot=mmap.PROT_READ)
for at in range(0, 2**41, 2**21):
    empty[at]
""",
    "sockets": """
import socket
held = []
while True:
    for end in (pair := socket.socketpair()):
        end.setblocking(False)
        try:
            while end.send(b'x' * 65536): pass
        except BlockingIOError:
            held.append(pair)
""",
    "sockets inside sockets": """
import array, os, socket
outer = []
while True:
    one, two = socket.socketpair()
    for _ in range(200):
        here, there = socket.socketpair()
        for end in (here, there):
            end.setblocking(False)
            try:
                while end.send(b'x' * 65536): pass
            except BlockingIOError:
                pass
        rights = array.array('i', [here.fileno(), there.fileno()])
        one.sendmsg([b'x'], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)])
        here.close(), there.close()
    outer.append((one, two))
""",
    "TCP to itself": """
import socket
held, server = [], socket.create_server(('127.0.0.1', 0))
while True:
    client = socket.create_connection(server.getsockname())
    client.setblocking(False)
    held.append((client, server.accept()[0]))
    try:
        while client.send(b'x' * 2**20): pass
    except BlockingIOError:
        pass
""",
    "pipes of many processes": """
import os, time
for _ in range(30):
    if os.fork() == 0:
        held = []
        try:
            while True: held.append(os.pipe())
        except OSError:
            time.sleep(600)
time.sleep(600)
""",
}


@pytest.mark.parametrize("name", HELD_ELSEWHERE)
def test_memory_that_the_kernel_holds_counts(attack: Attack, name: str) -> None:
    outcome = attack.run(HELD_ELSEWHERE[name] + "\nspark.range(1)", limits=SMALL)
    assert outcome.error_class == "MemoryLimit"


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("import threading, time\nwhile True: threading.Thread(target=time.sleep, args=(600,)).start()", {"ProcessLimit", "RuntimeError", "MemoryLimit"}),
        ("import os\nwhile True:\n    try:\n        if os.fork() == 0: os.setsid()\n    except OSError: pass", {"ProcessLimit", "MemoryLimit"}),
        ("import os, subprocess\nwhile True:\n    subprocess.Popen(['/bin/sleep', '600'])", {"ProcessLimit", "BlockingIOError"}),
        ("import os\nwhile True:\n    if os.fork(): os._exit(0)", {"WorkerLost"}),
    ],
    ids=["threads", "sessions", "programs", "a chain that always leaves its parent"],
)  # fmt: skip
def test_processes_are_ended(attack: Attack, code: str, expected: set[str]) -> None:
    assert attack.run(code, limits=replace(LIMITS, processes=16)).error_class in expected


@pytest.mark.parametrize(
    "code",
    [
        "import os\nfd = os.open('/tmp', os.O_TMPFILE | os.O_RDWR)\nwhile True: os.write(fd, b'x' * 2**20)",
        "import os\nf = open('gone', 'wb'); os.unlink('gone')\nwhile True: f.write(b'x' * 2**20)",
        "import os\nf = os.open('big', os.O_CREAT | os.O_RDWR)\nos.posix_fallocate(f, 0, 2**26 + 2**24)\nwhile True: pass",
        "import os\ni = 0\nwhile True:\n    i += 1\n    os.mkdir(f'/tmp/d{i}')",
        "import os\ni = 0\nwhile True:\n    i += 1\n    os.symlink('x' * 4000, f'/tmp/l{i}')",
        "while True: spark.range(10 ** 7).write.mode('append').parquet('/tmp/grows')",
    ],
    ids=["no name", "removed", "at once", "folders", "links", "by the engine"],
)
def test_disk_is_ended(attack: Attack, code: str) -> None:
    assert attack.run(code).error_class == "DiskFull"


@pytest.mark.parametrize(
    ("code", "language"),
    [
        ("import time\ntime.sleep(600)", "python"),
        ("import signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, range(1, 64))\nwhile True: pass", "python"),
        ("import os, time\nfor _ in range(6):\n    if os.fork() == 0:\n        while True: pass\ntime.sleep(600)", "python"),
        ("import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)", "python"),
        ("import time\nwhile True:\n    try: time.sleep(600)\n    except BaseException: pass", "python"),
        ("import re\nre.match('(a+)+$', 'a' * 60 + 'b')", "python"),
        ("10 ** 10 ** 10", "python"),
        ("from pyspark.sql import functions as F\nimport time\nspark.range(1).select(F.udf(lambda x: time.sleep(600))('id'))", "python"),
        ("SELECT count(*) FROM range(10000000) a CROSS JOIN range(10000000) b WHERE a.id * b.id % 7 = 8", "sql"),
    ],
    ids=["sleep", "signals blocked", "children", "stopped", "catches all", "expression", "number", "UDF", "SQL"],
)  # fmt: skip
def test_time_is_ended(attack: Attack, code: str, language: str) -> None:
    outcome = attack.run(code, language=language, limits=replace(LIMITS, seconds=1))  # type: ignore[arg-type]
    assert outcome.error_class == "TimeLimit"


def test_engine_that_would_take_all_memory_is_ended(attack: Attack) -> None:
    code = "SELECT collect_list(repeat('x', 1000)) FROM range(10000000)"
    assert attack.run(code, language="sql", limits=SMALL).error_class in {"MemoryLimit", "SparkRuntimeException"}


PROCESSORS: Final = """
from pyspark.sql import functions as F
@F.udf('int')
def seen(x):
    return len(os.sched_getaffinity(0))
heard.append(len(os.sched_getaffinity(0)))
heard.append(max(len(os.sched_getaffinity(int(thread))) for thread in os.listdir('/proc/self/task')))
heard.append(spark.range(1).select(seen('id')).collect()[0][0])
try:
    os.sched_setaffinity(0, set(range(os.cpu_count())))
except PermissionError:
    heard.append(len(os.sched_getaffinity(0)))
"""


@pytest.mark.skipif(cores.available() < 2, reason="one processor cannot be divided")
def test_processors_are_held_for_every_thread_and_cannot_be_widened(attack: Attack) -> None:
    assert said(attack.run(TRY + PROCESSORS + END, limits=replace(LIMITS, cores=1))) == [1, 1, 1, 1]
    assert said(attack.run(TRY + PROCESSORS + END, limits=replace(LIMITS, cores=2)))[0] == 2


def test_every_signal_to_every_process_leaves_the_supervisor(attack: Attack) -> None:
    code = """
import time
beside = os.fork()
if beside == 0:
    while True: time.sleep(1)
os.kill(-1, 9)
os.waitpid(beside, 0)
for number in range(1, 65):
    if number not in (32, 33):
        os.kill(1, number)
heard.append(open('/proc/1/stat').read().split()[2])
"""
    assert said(attack.run(TRY + code + END))[0] in {"S", "R"}


def test_daemon_left_by_a_udf_is_not_there_in_the_next_run(attack: Attack) -> None:
    leave = """
from pyspark.sql import functions as F
@F.udf('int')
def leave(x):
    import os, socket, time
    if os.fork() == 0:
        os.setsid()
        server = socket.create_server(('127.0.0.1', 4567))
        named = socket.socket(socket.AF_UNIX)
        named.bind('\\0left-behind')
        while True: time.sleep(1)
    return 1
heard.append(str(spark.range(1).select(leave('id')).collect()[0][0]))
"""
    look = """
attempt(lambda: socket.create_connection(('127.0.0.1', 4567), 1))
attempt(lambda: socket.socket(socket.AF_UNIX).connect('\\0left-behind'))
heard.append(' '.join(name for name in os.listdir('/proc') if name.isdigit() and int(name) not in (1, os.getpid())))
"""
    assert said(attack.run(TRY + leave + END)) == ["1"]
    assert said(attack.run(TRY + look + END)) == ["ECONNREFUSED", "ECONNREFUSED", ""]
