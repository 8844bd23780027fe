"""Room, processors and sandboxes of a worker's machine, and what of a run is looked at before a key is asked for."""

from __future__ import annotations

from typing import Final

from bite.defence import Defence, changed, never

_POOL: Final = "jupyter_secure_jobs/enclave/pool.py"
_MEMORY: Final = "jupyter_secure_jobs/crypto/memory.py"
_MACHINE: Final = "jupyter_secure_jobs/enclave/machine.py"
_ENCLAVE: Final = "jupyter_secure_jobs/enclave/enclave.py"
_PLAINTEXT: Final = "jupyter_secure_jobs/enclave/plaintext.py"
_SPARK: Final = "jupyter_secure_jobs/engines/spark.py"
_JAVA: Final = "jupyter_secure_jobs/engines/java.py"
_READING: Final = "jupyter_secure_jobs/flow/reading.py"
_STREAM: Final = "jupyter_secure_jobs/protocol/result_stream.py"
_POOLS: Final = "tests/unit/enclave/test_pool.py"
_ROOM: Final = "tests/unit/enclave/test_room_in_memory.py"
_ENCLAVES: Final = "tests/adversarial/test_enclave_attacks.py"
_ASKED: Final = "tests/adversarial/test_compute_attacks.py"
_READ: Final = "tests/unit/flow/test_reading.py"
_HOSTILE_SPARK: Final = "tests/adversarial/test_hostile_spark.py"
_DIGESTS: Final = "tests/unit/protocol/test_result_stream.py"

SANDBOXES: Final = (
    Defence(
        name="a waiting sandbox is given once",
        stops="a run finds what another has left behind",
        edits=(changed(_POOL, "                self._spares.remove(found)\n", "                pass\n"),),
        tests=(f"{_POOLS}::test_as_many_wait_as_were_asked_for_and_each_is_given_once",),
        slow=True,
    ),
    Defence(
        name="a sandbox serves one run",
        stops="a second job runs among the first one's processes",
        edits=(never("jupyter_secure_jobs/sandbox/child.py", "self._used"),),
        tests=(f"{_POOLS}::test_a_sandbox_that_was_used_takes_no_second_run",),
        slow=True,
    ),
    Defence(
        name="a sandbox that has died is not given",
        stops="a run fails for what happened before it",
        edits=(changed(_POOL, "if each.alive and limits.within(each.ceiling)", "if limits.within(each.ceiling)"),),
        tests=(f"{_POOLS}::test_one_that_died_gives_way",),
        slow=True,
    ),
    Defence(
        name="a sandbox has the limits of its run",
        stops="a run gets a smaller or a larger machine than was accepted",
        edits=(changed(_POOL, "if each.alive and limits.within(each.ceiling) == limits]", "if each.alive]"),),
        tests=(f"{_POOLS}::test_a_run_with_higher_limits_gets_one_of_its_own",),
        slow=True,
    ),
    Defence(
        name="a closed pool leaves nothing",
        stops="sandboxes without a parent stay on the host",
        edits=(
            changed(
                _POOL,
                "        for each in self._spares:\n            each.close()\n        self._spares = []\n",
                "        self._spares = []\n",
            ),
        ),
        tests=(f"{_POOLS}::test_what_waits_is_thrown_away_with_its_pool",),
        slow=True,
    ),
    Defence(
        name="a pool has a greatest size",
        stops="waiting sandboxes fill the host's memory",
        edits=(changed(_POOL, "min(max(size, 0), MOST)", "size"),),
        tests=(f"{_POOLS}::test_a_pool_has_a_greatest_size",),
    ),
    Defence(
        name="processors are held from outside",
        stops="a job takes the processors of all others",
        edits=(
            changed("jupyter_secure_jobs/sandbox/child.py", "            cores.hold(self._number, limits.cores)\n", ""),
        ),
        tests=(
            "tests/adversarial/test_hostile_limits.py::test_processors_are_held_for_every_thread_and_cannot_be_widened",
        ),
        slow=True,
    ),
    Defence(
        name="a job cannot take more processors",
        stops="a job gives itself those that others use",
        edits=(changed("jupyter_secure_jobs/sandbox/syscalls.py", '    "sched_setaffinity",\n', ""),),
        tests=(
            "tests/adversarial/test_hostile_limits.py::test_processors_are_held_for_every_thread_and_cannot_be_widened",
        ),
        slow=True,
    ),
    Defence(
        name="every process of a sandbox is held",
        stops="processes that were there before the job use every processor",
        edits=(changed("jupyter_secure_jobs/sandbox/cores.py", "        waiting += parents.get(process, [])\n", ""),),
        tests=("tests/unit/sandbox/test_cores.py::test_threads_that_were_there_before_are_held_too",),
    ),
    Defence(
        name="every thread of a sandbox is held",
        stops="threads that were there before the job use every processor",
        edits=(
            changed(
                "jupyter_secure_jobs/sandbox/cores.py",
                '            threads |= {int(name) for name in os.listdir(f"/proc/{process}/task")}  # noqa: PTH208 -- as above\n',
                "            threads.add(process)\n",
            ),
        ),
        tests=("tests/unit/sandbox/test_cores.py::test_threads_that_were_there_before_are_held_too",),
    ),
)

ROOM: Final = (
    Defence(
        name="data that do not fit are refused",
        stops="a run fills the host's memory",
        edits=(never(_MEMORY, "size > free"),),
        tests=(f"{_ROOM}::test_data_beyond_what_is_free_is_refused_with_the_next_step",),
    ),
    Defence(
        name="what another enclave has reserved is taken",
        stops="two runs are promised one room, and both fail with their keys",
        edits=(
            changed(
                _MEMORY, "                free -= max(0, _reserved(other) - _used(other))\n", "                pass\n"
            ),
        ),
        tests=(f"{_ROOM}::test_two_enclaves_do_not_both_take_the_same_room",),
    ),
    Defence(
        name="one reserves at a time",
        stops="two that look at the same moment take one room",
        edits=(changed(_MEMORY, "            fcntl.flock(descriptor, fcntl.LOCK_EX)\n", "            pass\n"),),
        tests=(f"{_ROOM}::test_two_that_look_at_the_same_moment_do_not_both_take_the_room",),
    ),
    Defence(
        name="room is this account's own",
        stops="another account of the host leaves a worker without room",
        edits=(changed(_MEMORY, "if other != self.folder and _is_ours(other):", "if other != self.folder:"),),
        tests=(f"{_ROOM}::test_another_account_neither_takes_room_nor_holds_the_turn",),
    ),
    Defence(
        name="another account's lock is not waited for",
        stops="another account of the host holds a worker for ever",
        edits=(changed(_MEMORY, "if os.fstat(descriptor).st_uid == os.getuid():", "if True:"),),
        tests=(f"{_ROOM}::test_another_account_neither_takes_room_nor_holds_the_turn",),
    ),
    Defence(
        name="a link in place of the lock is not followed",
        stops="a worker makes files where another account points",
        edits=(
            changed(
                _MEMORY,
                "    flags = os.O_CREAT | os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW\n",
                "    flags = os.O_CREAT | os.O_RDWR | os.O_CLOEXEC\n",
            ),
        ),
        tests=(f"{_ROOM}::test_a_link_in_place_of_the_turn_is_not_followed",),
    ),
    Defence(
        name="room is held before a key is asked for",
        stops="a run is used up for data that do not fit",
        edits=(changed(_ENCLAVE, "        self._memory.reserve(size)\n", ""),),
        tests=(f"{_ASKED}::test_data_without_room_ask_for_no_key",),
    ),
    Defence(
        name="a forgotten run gives its room back",
        stops="rooms that nobody uses leave none to others",
        edits=(changed(_ENCLAVE, "        self._memory.release()\n", ""),),
        tests=(f"{_ASKED}::test_data_without_room_ask_for_no_key",),
    ),
    Defence(
        name="the machine is looked at before a key is asked for",
        stops="a run is used up on a machine that cannot run it",
        edits=(changed(_ENCLAVE, "        machine.check(run.version.compute, run.version.limits)\n", ""),),
        tests=(f"{_ENCLAVES}::test_more_than_the_machine_has_is_said_before_keys_are_asked_for",),
    ),
    Defence(
        name="an engine that is not there is said",
        stops="a run is used up where its engine is missing",
        edits=(changed(_MACHINE, "    found.need(compute.engine)\n", ""),),
        tests=(f"{_ENCLAVES}::test_more_than_the_machine_has_is_said_before_keys_are_asked_for",),
    ),
    Defence(
        name="a job has no more processors than there are",
        stops="a job gets less than was accepted, unsaid",
        edits=(never(_MACHINE, "limits.cores > cores.available()"),),
        tests=(f"{_ENCLAVES}::test_more_than_the_machine_has_is_said_before_keys_are_asked_for",),
    ),
    Defence(
        name="a job has no more memory than there is",
        stops="a job takes the host's memory to its end",
        edits=(never(_MACHINE, "limits.memory_bytes > memory_bytes()"),),
        tests=(f"{_ENCLAVES}::test_more_than_the_machine_has_is_said_before_keys_are_asked_for",),
    ),
    Defence(
        name="a test is held to the machine too",
        stops="a test takes the host's memory to its end",
        edits=(changed(_ENCLAVE, "        machine.check(task.compute, task.limits)\n", ""),),
        tests=(f"{_ASKED}::test_test_run_that_is_not_begun",),
    ),
)

TABLES: Final = (
    Defence(
        name="a table that the code does not read stays sealed",
        stops="plaintext lies in memory that nobody has a use for",
        edits=(changed(_PLAINTEXT, "        if read.table in tables\n", ""),),
        tests=(f"{_ASKED}::test_only_tables_that_are_read_are_fetched_and_decrypted",),
    ),
    Defence(
        name="of Python every table may be read",
        stops="a job fails with its keys for a table that was left out",
        edits=(changed(_PLAINTEXT, "if version.language is Language.SQL else", "if True else"),),
        tests=(f"{_ASKED}::test_only_tables_that_are_read_are_fetched_and_decrypted",),
    ),
    Defence(
        name="a file that was not brought is noticed",
        stops="a run goes on with a part of its data",
        edits=(
            changed(
                _PLAINTEXT,
                "            if source is None:\n                raise",
                "            if source is None:\n                continue\n                raise",
            ),
        ),
        tests=(f"{_ENCLAVES}::test_file_that_was_not_brought",),
    ),
    Defence(
        name="a synthetic table is its owner's",
        stops="the server tests a job on rows of its own",
        edits=(never(_ENCLAVE, 'f"sha256:{seen.hexdigest()}" != digest'),),
        tests=(f"{_ENCLAVES}::test_synthetic_table_that_was_swapped",),
    ),
    Defence(
        name="only a plain query leaves tables out",
        stops="a statement reads a table in a way that its text does not show",
        edits=(never(_READING, "not all(isinstance(each, exp.Query) for each in statements)"),),
        tests=(f"{_READ}::test_where_it_is_not_certain_every_table_is_there",),
    ),
    Defence(
        name="an unknown function may read any table",
        stops="a function finds a table that was left out",
        edits=(
            never(
                _READING,
                "any(isinstance(each, exp.Anonymous) for tree in statements for each in tree.find_all(exp.Func))",
            ),
        ),
        tests=(f"{_READ}::test_where_it_is_not_certain_every_table_is_there",),
    ),
    Defence(
        name="a large result has the digest that its receipt names",
        stops="the server exchanges a result of many rows",
        edits=(changed(_STREAM, "return _streamed(file) == digest", "return digest is not None"),),
        tests=(f"{_DIGESTS}::test_one_changed_value_is_seen",),
    ),
    Defence(
        name="a column that cannot be read alone is not hashed for another",
        stops="a result changes in a column that its digest passes over",
        edits=(
            never(_STREAM, "batch.num_columns != 1"),
            changed(_STREAM, "return len(set(schema.names)) == len(schema.names) and not any(", "return not any("),
        ),
        tests=(f"{_DIGESTS}::test_a_column_whose_name_may_lead_to_two_is_never_passed_over",),
    ),
)

SPARK: Final = (
    Defence(
        name="the virtual machine is held to its job's limits from its first moment",
        stops="the virtual machine and its children take what they like",
        edits=(
            changed(
                _SPARK,
                "        supervisor.confine(replace(ceiling, seconds=ceiling.seconds + _START_SECONDS))\n",
                "",
            ),
        ),
        tests=(f"{_HOSTILE_SPARK}::test_virtual_machine_and_its_workers_are_shut_in",),
        slow=True,
    ),
    Defence(
        name="nobody attaches to the virtual machine",
        stops="another process of the job loads code into it",
        edits=(changed(_SPARK, '        "-XX:+DisableAttachMechanism",\n', ""),),
        tests=("tests/unit/engines/test_spark_options.py::test_no_door_of_the_virtual_machine_is_open",),
    ),
    Defence(
        name="objects of the virtual machine have a bound below the run's",
        stops="the virtual machine takes all of a run's memory and is killed without a word",
        edits=(changed(_SPARK, "    return memory // 2\n", "    return 2 * memory\n"),),
        tests=("tests/unit/engines/test_found.py::test_half_of_the_memory_is_for_objects",),
    ),
    Defence(
        name="of the host's settings Java's alone are shown",
        stops="a link in a runtime's folder shows the host's files",
        edits=(changed(_JAVA, 'places |= {place} if place.name.startswith("java") else set()', "places |= {place}"),),
        tests=("tests/unit/engines/test_found.py::test_of_etc_nothing_is_shown_but_what_is_java_s",),
    ),
)
