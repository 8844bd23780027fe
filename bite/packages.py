"""Wheels on their way into a sandbox, and what a job may ask to be computed with."""

from __future__ import annotations

from typing import Final

from bite.defence import Defence, changed, never

_WHEELS: Final = "jupyter_secure_jobs/enclave/wheels.py"
_REQUIREMENTS: Final = "jupyter_secure_jobs/enclave/requirements.py"
_NEEDS: Final = "tests/unit/enclave/test_wheel_needs.py"
_COMPUTE: Final = "jupyter_secure_jobs/domain/compute.py"
_ATTACKS: Final = "tests/adversarial/test_wheel_attacks.py"
_DAMAGED: Final = "tests/adversarial/test_damaged_wheels.py"
_ASKED: Final = "tests/adversarial/test_compute_attacks.py"

WHEELS: Final = (
    Defence(
        name="a wheel is the one whose digest was accepted",
        stops="who can write into the wheel house chooses the code",
        edits=(changed(_WHEELS, "if wheel.package.wheel == package.wheel:", "if True:"),),
        tests=(f"{_ATTACKS}::test_swapped_wheel",),
    ),
    Defence(
        name="a wheel's name and version are what is inside",
        stops="one package's bytes are used under another's name",
        edits=(never(_WHEELS, "(wheel.package.name, wheel.package.version) != (package.name, package.version)"),),
        tests=(f"{_ATTACKS}::test_wheel_under_anothers_name",),
    ),
    Defence(
        name="no name in a wheel leads out of its folder",
        stops="a wheel writes into other places of the enclave",
        edits=(
            never(
                _WHEELS,
                'name.startswith("/") or "\\\\" in name or "\\0" in name or ":" in parts[0] or '
                'not {"", ".", ".."}.isdisjoint(parts)',
            ),
        ),
        tests=(f"{_ATTACKS}::test_name_that_leads_out",),
    ),
    Defence(
        name="the whole name of an entry is judged",
        stops="a zero byte hides where a name leads",
        edits=(changed(_WHEELS, "name, kind = entry.orig_filename,", "name, kind = entry.filename,"),),
        tests=(f"{_ATTACKS}::test_name_cut_short_by_a_zero",),
    ),
    Defence(
        name="a wheel holds files alone",
        stops="a link in a wheel points at other files",
        edits=(never(_WHEELS, "kind not in (0, stat.S_IFREG)"),),
        tests=(f"{_ATTACKS}::test_link_or_device_inside",),
    ),
    Defence(
        name="a link in the wheel house is not followed",
        stops="other files of the host are read as wheels",
        edits=(changed(_WHEELS, "os.O_RDONLY | os.O_NOFOLLOW |", "os.O_RDONLY |"),),
        tests=(f"{_ATTACKS}::test_link_in_place_of_a_wheel",),
    ),
    Defence(
        name="a pipe in the wheel house keeps nobody waiting",
        stops="one file holds the enclave, and a run's lease, for ever",
        edits=(changed(_WHEELS, "os.O_NOFOLLOW | os.O_NONBLOCK |", "os.O_NOFOLLOW |"),),
        tests=(f"{_DAMAGED}::test_pipe_in_place_of_a_wheel_keeps_nobody_waiting",),
    ),
    Defence(
        name="a damaged wheel is a refusal",
        stops="one broken file ends the enclave of everybody",
        edits=(
            changed(
                _WHEELS,
                "(zipfile.BadZipFile, zlib.error, struct.error, ValueError, EOFError, RuntimeError)",
                "(zipfile.BadZipFile, EOFError)",
            ),
        ),
        tests=(f"{_DAMAGED}::test_any_damaged_byte_is_a_refusal", f"{_DAMAGED}::test_worker_offers_what_is_whole"),
    ),
    Defence(
        name="a wheel's tags are few and short",
        stops="a product of alternatives fills the enclave's memory",
        edits=(never(_WHEELS, "len(texts) > _MOST_TAGS or any(len(text) > _MOST_TAG for text in texts)"),),
        tests=(f"{_DAMAGED}::test_tags_that_are_none_or_too_many",),
    ),
    Defence(
        name="names in a wheel have a largest length",
        stops="a name that no file system takes ends the enclave",
        edits=(
            never(
                _WHEELS,
                'len(parts) > _MOST_FOLDERS or any(len(part.encode(errors="replace")) > _MOST_NAME_BYTES '
                "for part in parts)",
            ),
        ),
        tests=(f"{_DAMAGED}::test_name_that_is_too_long",),
    ),
    Defence(
        name="a wheel is packed as wheels are",
        stops="the archive chooses how much memory unpacking takes",
        edits=(never(_WHEELS, "entry.compress_type not in _PACKED"),),
        tests=(f"{_DAMAGED}::test_way_of_packing_whose_memory_the_archive_chooses",),
    ),
    Defence(
        name="a wheel's entries are counted before they are read",
        stops="a list of millions of files fills the enclave's memory",
        edits=(never(_WHEELS, "data.count(_ENTRY) > 2 * MOST_FILES"),),
        tests=(f"{_DAMAGED}::test_list_of_files_that_would_fill_the_memory",),
    ),
    Defence(
        name="a wheel's file has a largest size",
        stops="a wheel fills the enclave's memory",
        edits=(never(_WHEELS, "len(data) > MOST_WHEEL_BYTES"),),
        tests=(f"{_ATTACKS}::test_bomb_is_refused_before_it_is_unpacked",),
    ),
    Defence(
        name="what unpacks has a largest size",
        stops="a few kilobytes unpack to terabytes",
        edits=(
            never(
                _WHEELS,
                "len(entries) > MOST_FILES or sum(entry.file_size for entry in entries) > MOST_UNPACKED_BYTES",
            ),
        ),
        tests=(f"{_ATTACKS}::test_bomb_is_refused_before_it_is_unpacked",),
    ),
    Defence(
        name="packages have to fit into the room that is left",
        stops="packages take the room of the tables",
        edits=(never(_WHEELS, "room < 0"),),
        tests=(f"{_ATTACKS}::test_bomb_is_refused_before_it_is_unpacked",),
    ),
    Defence(
        name="no file is there twice",
        stops="a reviewer looks at one file and the other is used",
        edits=(never(_WHEELS, "len({place for _, place in places}) != len(places)"),),
        tests=(f"{_ATTACKS}::test_file_that_is_there_twice",),
    ),
    Defence(
        name="a wheel is of one package",
        stops="an archive passes for two packages",
        edits=(never(_WHEELS, "len(folders) != 1"),),
        tests=(f"{_ATTACKS}::test_source_distribution_and_what_is_no_archive",),
    ),
    Defence(
        name="a wheel is for this Python and machine",
        stops="a library of another machine is loaded",
        edits=(never(_WHEELS, "_fitting().isdisjoint(offered)"),),
        tests=(f"{_ATTACKS}::test_wheel_for_another_machine",),
    ),
    Defence(
        name="a wheel is for this version of Python",
        stops="a run is used up that fails on its first import",
        edits=(never(_WHEELS, "not fits"),),
        tests=(f"{_NEEDS}::test_wheel_for_a_later_python_is_neither_taken_nor_offered",),
    ),
    Defence(
        name="what packages need is there before a key is asked for",
        stops="a run is used up that fails on its first import",
        edits=(never(_REQUIREMENTS, "missing"),),
        tests=(f"{_NEEDS}::test_missing_package_is_named",),
    ),
    Defence(
        name="a wheel's needs are read as an enemy's words",
        stops="one wheel's conditions end the enclave of everybody",
        edits=(changed(_REQUIREMENTS, "except RecursionError as error:", "except KeyError as error:"),),
        tests=(f"{_NEEDS}::test_conditions_within_conditions_end_no_enclave",),
    ),
    Defence(
        name="no wheel replaces what a sandbox has",
        stops="an accepted package is silently not used",
        edits=(
            changed(
                _WHEELS,
                "            there = installed(package.name)\n            if there is not None:",
                "            there = installed(package.name)\n            if False:",
            ),
        ),
        tests=(f"{_ATTACKS}::test_package_that_every_sandbox_has",),
    ),
    Defence(
        name="a wheel in the wheel house is not written over",
        stops="a package that jobs name is exchanged in passing",
        edits=(changed(_WHEELS, "    if target.exists():\n        if read", "    if False:\n        if read"),),
        tests=(f"{_ATTACKS}::test_wheel_is_added_once",),
    ),
    Defence(
        name="after a refused package no key is asked for",
        stops="a run is used up that could never run",
        edits=(
            changed(
                "jupyter_secure_jobs/enclave/enclave.py",
                "            sandbox.child.close()\n            self.forget()\n            raise\n",
                "            return sandbox\n",
            ),
        ),
        tests=(f"{_ATTACKS}::test_keys_after_a_refused_package",),
    ),
    Defence(
        name="packages come last in the search path",
        stops="a wheel takes the place of the engine's modules",
        edits=(
            changed(
                "jupyter_secure_jobs/engines/packages.py",
                "sys.path.extend(name for name in names if name not in sys.path)",
                "sys.path[:0] = names",
            ),
        ),
        tests=(f"{_ATTACKS}::test_process_1_never_has_packages_on_its_path",),
        slow=True,
    ),
    Defence(
        name="packages are read-only",
        stops="a job changes what its own examiner's machine shows as packages",
        edits=(
            changed(
                "jupyter_secure_jobs/sandbox/bubblewrap.py",
                '"--ro-bind", str(root / "packages")',
                '"--bind", str(root / "packages")',
            ),
        ),
        tests=(f"{_ATTACKS}::test_process_1_never_has_packages_on_its_path",),
        slow=True,
    ),
)

ASKED: Final = (
    Defence(
        name="settings of the engine are those on the list",
        stops="a setting loads classes, opens ports or reaches another place",
        edits=(
            never(_COMPUTE, "allowed is None"),
            never(_COMPUTE, "allowed.fullmatch(self.value) is None"),
        ),
        tests=(
            f"{_ASKED}::test_setting_that_is_not_on_the_list",
            f"{_ASKED}::test_version_with_a_setting_that_is_not_on_the_list",
        ),
    ),
    Defence(
        name="a setting takes only what is written beside it",
        stops="an option is smuggled in behind a value",
        edits=(changed(_COMPUTE, "allowed.fullmatch(self.value) is None", "allowed.match(self.value) is None"),),
        tests=(f"{_ASKED}::test_setting_that_is_not_on_the_list",),
    ),
    Defence(
        name="a package has a plain name",
        stops="a package's folder lies outside of its place",
        edits=(never(_COMPUTE, "_PACKAGE_NAME.fullmatch(self.name) is None"),),
        tests=(f"{_ASKED}::test_package_that_names_no_wheel",),
    ),
    Defence(
        name="a package has a version and a whole digest",
        stops="any wheel fits what was accepted",
        edits=(
            never(
                _COMPUTE,
                "_PACKAGE_VERSION.fullmatch(self.version) is None or _DIGEST.fullmatch(self.wheel) is None",
            ),
        ),
        tests=(f"{_ASKED}::test_package_that_names_no_wheel",),
    ),
    Defence(
        name="packages and settings stand there once, in order, and are not many",
        stops="one statement is read in two ways",
        edits=(never(_COMPUTE, "names != sorted(set(names)) or len(names) > MOST_PACKAGES"),),
        tests=(f"{_ASKED}::test_compute_that_could_be_read_in_two_ways",),
    ),
    Defence(
        name="limits keep to their ranges",
        stops="a job without an end or a bound",
        edits=(never("jupyter_secure_jobs/domain/job.py", "not low <= getattr(self, name) <= high"),),
        tests=("tests/unit/services/test_profiles.py::test_what_is_kept_was_checked",),
    ),
    Defence(
        name="a test is of the text and the compute that it is said to be of",
        stops="a test on another engine stands for the one that was asked for",
        edits=(never("jupyter_secure_jobs/enclave/enclave.py", "task.text.hash != task.text_hash"),),
        tests=(f"{_ASKED}::test_test_run_that_is_not_begun",),
    ),
    Defence(
        name="the enclave looks into a test's text itself",
        stops="an engine is started for what it cannot do",
        edits=(changed("jupyter_secure_jobs/enclave/enclave.py", "        _preflight(task)\n", ""),),
        tests=(f"{_ASKED}::test_test_run_that_is_not_begun",),
    ),
    Defence(
        name="a setting that the engine does not know is refused",
        stops="a reviewer accepts a setting that does nothing",
        edits=(changed("jupyter_secure_jobs/domain/engine_features.py", "if name not in SETTINGS_OF[engine]", "if 0"),),
        tests=("tests/unit/flow/test_engine_check.py::test_setting_that_the_engine_would_pass_over_is_refused",),
    ),
    Defence(
        name="only what surely came from the session is refused",
        stops="a name that only looks alike keeps a good job from its review",
        edits=(
            changed("jupyter_secure_jobs/flow/python_names.py", "node.attr not in _LEAVING", "True"),
            changed("jupyter_secure_jobs/flow/python_names.py", "and not all(value", "and not any(value"),
        ),
        tests=("tests/unit/flow/test_engine_check.py::test_what_may_be_something_else_is_a_hint",),
    ),
    Defence(
        name="only what surely is a frame of the pandas API on Spark is refused",
        stops="a number of a frame, or a frame of pandas, keeps a good job from its review",
        edits=(
            changed("jupyter_secure_jobs/flow/pandas_names.py", "return _is_whole(node.slice) and", "return True and"),
        ),
        tests=("tests/unit/flow/test_engine_check.py::test_what_only_looks_alike_is_let_through",),
    ),
    Defence(
        name="a text that hangs together in many steps is left to the run",
        stops="an author's text keeps an enclave busy before it is refused",
        edits=(changed("jupyter_secure_jobs/flow/pandas_names.py", "depth == _DEEPEST", "depth == -1"),),
        tests=("tests/unit/flow/test_engine_check.py::test_a_text_that_nests_deeply_or_names_much_takes_no_long_time",),
    ),
)
