"""The sandbox around the author's code, and the one way out of it."""

from __future__ import annotations

from typing import Final

from bite.defence import Defence, changed, never

_BUBBLEWRAP: Final = "jupyter_secure_jobs/sandbox/bubblewrap.py"
_SUPERVISOR: Final = "jupyter_secure_jobs/sandbox/supervisor.py"
_SYSCALLS: Final = "jupyter_secure_jobs/sandbox/syscalls.py"
_CHANNEL: Final = "jupyter_secure_jobs/sandbox/channel.py"
_JOBS: Final = "tests/adversarial/test_hostile_jobs.py"
_REPLIES: Final = "tests/unit/sandbox/test_channel.py"

DEFENCES: Final = (
    Defence(
        name="the code has no network",
        stops="data leave by a socket",
        edits=(changed(_BUBBLEWRAP, '"--unshare-all", ', '"--unshare-all", "--share-net", '),),
        tests=(f"{_JOBS}::test_network_to_the_host_is_not_there",),
        slow=True,
    ),
    Defence(
        name="the environment is its own",
        stops="the worker's environment is read",
        edits=(
            changed(_BUBBLEWRAP, ', "--clearenv"]', "]"),
            changed("jupyter_secure_jobs/sandbox/child.py", "env={},", "env=None,"),
        ),
        tests=(f"{_JOBS}::test_environment_holds_nothing_of_the_parent",),
        slow=True,
    ),
    Defence(
        name="process 1 is closed to the code",
        stops="the supervisor's memory and files are read",
        edits=(
            changed(
                _SUPERVISOR, "libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)", "libc.prctl(_PR_SET_DUMPABLE, 1, 0, 0, 0)"
            ),
        ),
        tests=(f"{_JOBS}::test_supervisor_memory_and_files_are_closed",),
        slow=True,
    ),
    Defence(
        name="a word that is taken back holds nobody up",
        stops="the code puts the process to sleep that watches its limits",
        edits=(changed(_SUPERVISOR, "    os.set_blocking(said, False)\n", ""),),
        tests=("tests/unit/sandbox/test_supervisor.py::test_a_word_that_is_taken_back_does_not_end_the_watching",),
        slow=True,
    ),
    Defence(
        name="dangerous system calls are refused",
        stops="the code rebuilds its namespaces or loads what it likes",
        edits=(changed(_SYSCALLS, "for name in REFUSED:", "for name in ():"),),
        tests=(f"{_JOBS}::test_dangerous_system_calls_are_refused",),
        slow=True,
    ),
    Defence(
        name="no new user namespace",
        stops="the code becomes root in a namespace of its own",
        edits=(
            changed(
                _SYSCALLS,
                'rules.add_rule(refuse, "clone", arg(0, pyseccomp.MASKED_EQ, _NEW_USER_NAMESPACE, _NEW_USER_NAMESPACE))',
                "pass",
            ),
        ),
        tests=(f"{_JOBS}::test_dangerous_system_calls_are_refused",),
        slow=True,
    ),
    Defence(
        name="other families of sockets are refused",
        stops="the code talks to the kernel or the host's machine monitor",
        edits=(changed(_SYSCALLS, 'for call in ("socket", "socketpair"):', "for call in ():"),),
        tests=(f"{_JOBS}::test_network_to_the_host_is_not_there",),
        slow=True,
    ),
    Defence(
        name="nothing but scratch can be written",
        stops="the host's settings are changed, or its memory is filled",
        edits=(
            changed(
                _BUBBLEWRAP, '"--remount-ro", "/dev", "--remount-ro", "/proc", "--remount-ro", "/"', '"--dir", "/tmp"'
            ),
        ),
        tests=(f"{_JOBS}::test_nothing_but_scratch_can_be_written",),
        slow=True,
    ),
    Defence(
        name="tables are read-only",
        stops="a job changes what it reads",
        edits=(changed(_BUBBLEWRAP, '"--ro-bind", str(root / "tables")', '"--bind", str(root / "tables")'),),
        tests=(f"{_JOBS}::test_nothing_but_scratch_can_be_written",),
        slow=True,
    ),
    Defence(
        name="memory is bounded",
        stops="a job takes the worker's memory",
        edits=(never(_SUPERVISOR, "now.memory > limits.memory_bytes"),),
        tests=(f"{_JOBS}::test_memory_bomb_is_ended[shared]",),
        slow=True,
    ),
    Defence(
        name="every process of the author's is killed before another reads its result",
        stops="a process that stays behind ends or changes what is examined",
        edits=(changed(_SUPERVISOR, "    finally:\n        _kill_all()\n", "    finally:\n        pass\n"),),
        tests=(f"{_JOBS}::test_process_that_ends_all_after_it_does_not_reach_who_reads_the_result",),
        slow=True,
    ),
    Defence(
        name="a reply brings only what is allowed, at its length",
        stops="a job writes any file of the worker's",
        edits=(
            changed(
                _CHANNEL,
                "if name not in allowed or not 0 <= length <= allowed[name] or any(name == earlier for earlier, _ in checked):",
                "if False:",
            ),
        ),
        tests=(f"{_REPLIES}::test_a_broken_reply_is_refused",),
    ),
    Defence(
        name="the parent makes each file anew",
        stops="a link in the way is followed",
        edits=(changed(_CHANNEL, "os.O_EXCL | os.O_NOFOLLOW | ", ""),),
        tests=(f"{_REPLIES}::test_a_link_in_the_way_is_not_followed",),
    ),
    Defence(
        name="a reply's first line has a largest length",
        stops="a job fills the enclave's memory",
        edits=(changed(_CHANNEL, "self._receive() if len(self._waiting) <= longest else b", "self._receive() or b"),),
        tests=(f"{_REPLIES}::test_a_line_without_an_end_is_refused_before_it_fills_the_memory",),
    ),
    Defence(
        name="escape sequences in a log are written out",
        stops="a log acts on the terminal of its reader",
        edits=(
            changed(
                "jupyter_secure_jobs/engines/log.py",
                'return _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), ',
                "return str(",
            ),
        ),
        tests=("tests/unit/engines/test_neutral_log.py::test_controls_are_written_out",),
    ),
)
