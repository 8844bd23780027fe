"""Attacks by way of the wheel house: who can write into the folder chooses no code, and a wheel stays in its place."""

from __future__ import annotations

import os
import shutil
import stat
import struct
import sys
import tempfile
import threading
import zipfile
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final

import pyarrow.parquet as pq
import pytest

from jupyter_secure_jobs.domain.compute import LEAST_MEMORY, Compute, EngineName, Package
from jupyter_secure_jobs.enclave import enclave, wheels
from jupyter_secure_jobs.enclave.wheels import WheelHouse, add_wheel, read_wheel
from jupyter_secure_jobs.engines import found, packages
from jupyter_secure_jobs.engines.run import run_job, start_child
from jupyter_secure_jobs.engines.spec import JobOutcome, JobSpec
from jupyter_secure_jobs.sandbox.limits import MEBIBYTE, Limits
from jupyter_secure_jobs.trust.dossier import verify_run
from tests.support.refusal import refused
from tests.support.road import Road
from tests.support.wheels import make_wheel, metadata

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jupyter_secure_jobs.trust.dossier import AuthorisedRun

LIMITS: Final = Limits(
    seconds=60, memory_bytes=1024 * MEBIBYTE, processes=32, scratch_bytes=64 * MEBIBYTE, result_bytes=16 * MEBIBYTE
)
ROOM: Final = 64 * MEBIBYTE
HELLO: Final = {"greeting/__init__.py": "def hello(x):\n    return f'hello {x}'\n"}
SAYS_HELLO: Final = (
    "import greeting\nfrom pyspark.sql.functions import udf\nsay = udf(greeting.hello)\n"
    "spark.range(2).select(say('id').alias('said'))"
)


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """Give the folder of a wheel house, with the wheel `greeting` in it."""
    make_wheel(tmp_path / "house", HELLO)
    return tmp_path / "house"


@pytest.fixture
def root() -> Iterator[Path]:
    """Give a folder in memory for a child."""
    folder = Path(tempfile.mkdtemp(dir="/dev/shm"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)  # closing the child removes it as well


def _run(
    root: Path, house: Path, code: str, *, engine: EngineName = EngineName.SAIL
) -> tuple[JobOutcome, str, list[dict[str, object]]]:
    """Run a text with every wheel of a house, as the enclave does it; return outcome, log and rows."""
    limits = replace(LIMITS, memory_bytes=max(LIMITS.memory_bytes, 2 * LEAST_MEMORY[engine]), processes=512)
    with start_child(root, engine=engine, ceiling=limits) as child:
        named = [read_wheel(path).package for path in sorted(house.glob("*.whl"))]
        WheelHouse(house).unpack(named, child.packages, room=ROOM)
        spec = JobSpec(language="python", code=code, tables={}, inputs={}, log_policy="full", limits=limits,
                       engine=engine)  # fmt: skip
        outcome = run_job(child, spec, threading.Event())
        rows = pq.read_table(outcome.result).to_pylist() if outcome.result is not None else []
        return outcome, outcome.log.read_text(), rows


@pytest.mark.parametrize("engine", EngineName)
def test_code_and_its_functions_on_columns_find_the_package(house: Path, root: Path, engine: EngineName) -> None:
    if found.find(engine).problem:
        pytest.skip(found.find(engine).problem)
    outcome, log, rows = _run(root, house, SAYS_HELLO, engine=engine)
    assert outcome.status == "succeeded", log
    assert rows == [{"said": "hello 0"}, {"said": "hello 1"}]


def test_wheel_is_placed_as_an_installer_would(tmp_path: Path) -> None:
    """Data files and the metadata of a package come along; scripts and what else an installer would place do not."""
    more = {**HELLO, "greeting-1.2.data/purelib/greeting/more.py": "", "greeting-1.2.data/scripts/greet": "#!"}
    path = make_wheel(tmp_path / "other", more)
    wheel = read_wheel(path)
    (tmp_path / "out").mkdir()
    WheelHouse(path.parent).unpack([wheel.package], tmp_path / "out", room=ROOM)
    placed = {each.relative_to(tmp_path / "out").as_posix() for each in (tmp_path / "out").rglob("*.*")}
    assert {"greeting/greeting/more.py", "greeting/greeting/__init__.py"} <= placed
    assert not any("scripts" in each or ".data" in each for each in placed)


def test_packages_where_no_library_may_be_loaded_from_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A memory file system mounted `noexec`: the packages are found all the same, from the scratch."""
    (tmp_path / "packages" / "greeting").mkdir(parents=True)
    (tmp_path / "packages" / "greeting" / "greeting_of_noexec.py").write_text("said = 'hello'\n")
    monkeypatch.setattr(sys, "path", list(sys.path))
    assert packages.attach(tmp_path / "packages", tmp_path / "copied") == [str(tmp_path / "packages" / "greeting")]
    flags = os.statvfs(tmp_path).f_flag | os.ST_NOEXEC
    monkeypatch.setattr(packages.os, "statvfs", lambda _: SimpleNamespace(f_flag=flags))
    assert packages.attach(tmp_path / "packages", tmp_path / "copied") == [str(tmp_path / "copied" / "greeting")]
    assert (tmp_path / "copied" / "greeting" / "greeting_of_noexec.py").is_file()


def test_swapped_wheel(house: Path, tmp_path: Path) -> None:
    """The same name and version with other bytes: nothing of it is unpacked."""
    accepted = read_wheel(house / "greeting-1.2-py3-none-any.whl").package
    make_wheel(house, {"greeting/__init__.py": "def hello(x):\n    return 'stolen'\n"})
    with refused("wheel_altered", saying="other bytes"):
        WheelHouse(house).unpack([accepted], tmp_path / "out", room=ROOM)
    assert not (tmp_path / "out").exists()


def test_wheel_under_anothers_name(house: Path, tmp_path: Path) -> None:
    """The right bytes under another package's name are not that package."""
    accepted = read_wheel(house / "greeting-1.2-py3-none-any.whl").package
    (house / "greeting-1.2-py3-none-any.whl").rename(house / "other-1.2-py3-none-any.whl")
    with refused("wheel_refused", saying="it is greeting 1.2"):
        WheelHouse(house).unpack([replace(accepted, name="other")], tmp_path / "out", room=ROOM)


def test_missing_wheel(tmp_path: Path, house: Path) -> None:
    package = replace(read_wheel(house / "greeting-1.2-py3-none-any.whl").package, name="absent")
    for folder in (house, tmp_path / "nowhere", None):
        with refused("wheel_missing", saying=f"{package.wheel}.*add-wheel"):
            WheelHouse(folder).unpack([package], tmp_path / "out", room=ROOM)


@pytest.mark.parametrize(
    "place", ["../evil.py", "/etc/evil.py", "a/../../evil.py", "a\\..\\evil.py", "C:/evil.py", "a//b.py", "./evil.py"]
)
def test_name_that_leads_out(tmp_path: Path, place: str) -> None:
    path = make_wheel(tmp_path / "house", {**HELLO, place: "evil = 1"})
    with refused("wheel_refused", saying="leads out"):
        read_wheel(path)


def test_name_cut_short_by_a_zero(tmp_path: Path) -> None:
    """The archive's reader cuts a name at a zero byte; what is judged is the whole name."""
    path = make_wheel(tmp_path / "house", {**HELLO, "greeting/x.pyZ../../evil": "evil = 1"})
    path.write_bytes(path.read_bytes().replace(b"x.pyZ../../evil", b"x.py\0../../evil"))
    with refused("wheel_refused", saying="leads out"):
        read_wheel(path)


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR])
def test_link_or_device_inside(tmp_path: Path, kind: int) -> None:
    path = make_wheel(tmp_path / "house", HELLO)
    with zipfile.ZipFile(path, "a") as archive:
        entry = zipfile.ZipInfo("greeting/link.py")
        entry.external_attr = (kind | 0o777) << 16
        archive.writestr(entry, "/etc/passwd")
    with refused("wheel_refused", saying="link"):
        read_wheel(path)


def test_link_in_place_of_a_wheel(tmp_path: Path) -> None:
    path = make_wheel(tmp_path / "elsewhere", HELLO)
    (tmp_path / "house").mkdir()
    (tmp_path / "house" / path.name).symlink_to(path)
    with refused("wheel_refused"):
        read_wheel(tmp_path / "house" / path.name)
    assert WheelHouse(tmp_path / "house").offered() == ()


def test_bomb_is_refused_before_it_is_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make_wheel(tmp_path / "house", {**HELLO, "greeting/zeros.bin": "\0" * (8 * MEBIBYTE)})
    assert path.stat().st_size < MEBIBYTE // 8
    package = read_wheel(path).package
    with refused("wheels_too_large"):
        WheelHouse(path.parent).unpack([package], tmp_path / "out", room=4 * MEBIBYTE)
    assert not (tmp_path / "out").exists()
    monkeypatch.setattr(wheels, "MOST_UNPACKED_BYTES", 4 * MEBIBYTE)
    with refused("wheel_refused", saying="unpacked"):
        read_wheel(path)
    monkeypatch.setattr(wheels, "MOST_WHEEL_BYTES", 100)
    with refused("wheel_refused", saying="larger"):
        read_wheel(path)


def test_bomb_that_lies_about_its_size(tmp_path: Path) -> None:
    """An entry that gives more bytes than it declares is cut off, and refused by its checksum."""
    path = make_wheel(tmp_path / "house", {**HELLO, "greeting/zeros.bin": "\0" * (8 * MEBIBYTE)})
    data = path.read_bytes()
    size, small = struct.pack("<I", 8 * MEBIBYTE), struct.pack("<I", 16)
    assert data.count(size) == 2
    path.write_bytes(data.replace(size, small))
    (tmp_path / "out").mkdir()
    package = read_wheel(path).package
    with refused("wheel_refused", saying="unpacked"):
        WheelHouse(path.parent).unpack([package], tmp_path / "out", room=ROOM)
    assert sum(each.stat().st_size for each in (tmp_path / "out").rglob("*") if each.is_file()) < MEBIBYTE


def test_file_that_is_there_twice(tmp_path: Path) -> None:
    path = make_wheel(tmp_path / "house", {**HELLO, "greeting-1.2.data/purelib/greeting/__init__.py": "evil = 1"})
    with refused("wheel_refused", saying="twice"):
        read_wheel(path)


@pytest.mark.parametrize("tag", ["cp27-none-any", "py3-none-win_amd64", "cp311-cp311-macosx_11_0_arm64"])
def test_wheel_for_another_machine(tmp_path: Path, tag: str) -> None:
    """What counts is the tag inside, which the digest covers; a file renamed to fit does not fit."""
    path = make_wheel(tmp_path / "house", HELLO, tag=tag)
    renamed = path.rename(path.with_name("greeting-1.2-py3-none-any.whl"))
    with refused("wheel_does_not_fit", saying=tag.split("-", maxsplit=1)[0]):
        read_wheel(renamed)


def test_source_distribution_and_what_is_no_archive(tmp_path: Path) -> None:
    source = tmp_path / "greeting-1.2.tar.gz"
    source.write_bytes(b"\x1f\x8b not a wheel")
    plain = tmp_path / "greeting-1.2.zip"
    with zipfile.ZipFile(plain, "w") as archive:
        archive.writestr("greeting-1.2/setup.py", "evil")
    for path in (source, plain):
        with refused("wheel_refused", saying="source distribution"):
            read_wheel(path)
    two = make_wheel(tmp_path / "house", {**HELLO, **metadata("other", "2")})
    with refused("wheel_refused", saying="one package"):
        read_wheel(two)


def test_package_that_hides_what_the_sandbox_has(tmp_path: Path, root: Path) -> None:
    """Appended to the search path: the engine's, Python's and our own modules come first, and no hook is run."""
    evil = "raise SystemExit('evil')\n"
    names = ("pyspark/__init__.py", "pysail/__init__.py", "pyarrow/__init__.py", "json.py", "colorsys.py",
             "alembic/__init__.py", "sitecustomize.py", "usercustomize.py", "jupyter_secure_jobs/__init__.py",
             "jupyter_secure_jobs/engines/examiner.py")  # fmt: skip
    house = tmp_path / "house"
    make_wheel(house, {**HELLO, **dict.fromkeys(names, evil), "evil.pth": "import os; os._exit(3)\n"})
    outcome, log, rows = _run(root, house, "import json, colorsys, alembic, pyarrow, pyspark, pysail\n" + SAYS_HELLO)
    assert outcome.status == "succeeded", log
    assert rows[0] == {"said": "hello 0"}


def test_process_1_never_has_packages_on_its_path(house: Path, root: Path) -> None:
    """What carries the result out imports nothing of a wheel, although the folder is there for it too."""
    with start_child(root, ceiling=LIMITS) as child:
        WheelHouse(house).unpack(
            [read_wheel(house / "greeting-1.2-py3-none-any.whl").package], child.packages, room=ROOM
        )
        child.wait_until_ready()
        code = (
            "import os\nseen = [part for part in open('/proc/1/cmdline').read().split(chr(0)) if 'packages' in part]\n"
            "writable = os.access('/packages', os.W_OK)\n"
            "import sys\nprint(seen, writable, os.environ.get('PYTHONPATH', ''), sys.path[-1])\nspark.range(1)"
        )
        spec = JobSpec(language="python", code=code, tables={}, inputs={}, log_policy="full", limits=LIMITS)
        outcome = run_job(child, spec, threading.Event())
        log = outcome.log.read_text()
    assert outcome.status == "succeeded", log
    assert log.split()[:2] == ["[]", "False"]
    assert "packages" not in log.split()[2]
    assert log.split()[3].endswith("/packages/greeting"), "it is the last place that is searched"


def test_package_that_every_sandbox_has(tmp_path: Path) -> None:
    """A wheel of another version would be there and never be used; that is said, not passed over."""
    path = make_wheel(tmp_path / "house", {"pandas/__init__.py": ""}, name="pandas", version="99.0")
    with refused("wheel_present", saying="pandas"):
        WheelHouse(path.parent).unpack([read_wheel(path).package], tmp_path / "out", room=ROOM)
    with refused("wheel_present"):
        add_wheel(path, tmp_path / "new")


def test_keys_after_a_refused_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The loop around the enclave goes on as if nothing had been refused: no key request is made for it."""
    road = Road(tmp_path)
    package = Package(name="greeting", version="1.2", wheel=f"sha256:{'ab' * 32}")

    def verified(*arguments: Any, **named: Any) -> AuthorisedRun:
        run = verify_run(*arguments, **named)
        return replace(run, version=replace(run.version, compute=Compute(packages=(package,))))

    monkeypatch.setattr(enclave, "verify_run", verified)
    try:
        with refused("wheel_missing"):
            road.enclave.prepare(road.dossier())
        assert not road.enclave.busy
        assert road.enclave.children[-1].closed
        with refused("no_run"):
            road.enclave.ask({"Alpha": "nonce", "Beta": "nonce"})
    finally:
        road.close()


def test_wheel_is_added_once(tmp_path: Path) -> None:
    path = make_wheel(tmp_path / "from", HELLO)
    package = add_wheel(path, tmp_path / "house")
    assert WheelHouse(tmp_path / "house").offered() == (package,)
    assert add_wheel(path, tmp_path / "house") == package
    with refused("wheel_other"):
        add_wheel(make_wheel(tmp_path / "from", {"greeting.py": ""}), tmp_path / "house")
    assert os.listdir(tmp_path / "house") == [path.name]  # noqa: PTH208 -- hidden files too
