"""Wheels that are broken or built to be: each is refused by a reason, and none ends or holds up the enclave."""

from __future__ import annotations

import os
import threading
import zipfile
from typing import TYPE_CHECKING, Final

import pytest

from jupyter_secure_jobs.domain.errors import RefusedError
from jupyter_secure_jobs.enclave import wheels
from jupyter_secure_jobs.enclave.wheels import WheelHouse, read_wheel
from tests.support.refusal import refused
from tests.support.wheels import make_wheel, metadata

if TYPE_CHECKING:
    from pathlib import Path

HELLO: Final = {"greeting/__init__.py": "def hello(x):\n    return f'hello {x}'\n" * 20}
NAME: Final = "greeting-1.2-py3-none-any.whl"


def _tried(path: Path, out: Path) -> str:
    """Read and unpack a wheel as the enclave does; any error but a refusal is raised."""
    try:
        read_wheel(path).unpack(out)
    except RefusedError as error:
        return error.code
    return "taken"


@pytest.mark.parametrize("change", [0x01, 0x80, 0xFF])
def test_any_damaged_byte_is_a_refusal(tmp_path: Path, change: int) -> None:
    """One wheel that was copied by halves must not take away the worker from everybody else."""
    data = make_wheel(tmp_path / "house", HELLO).read_bytes()
    path = tmp_path / NAME
    said = set()
    for at in range(change % 3, len(data), 3):
        path.write_bytes(data[:at] + bytes([data[at] ^ change]) + data[at + 1 :])
        said.add(_tried(path, tmp_path / f"out-{at}"))
        path.write_bytes(data[:at])
        assert _tried(path, tmp_path / f"cut-{at}") == "wheel_refused"
    assert {"wheel_refused", "taken"} <= said <= {"wheel_refused", "wheel_does_not_fit", "taken"}


@pytest.mark.parametrize(
    ("tag", "saying"),
    [
        ("nonsense", "a tag in it is none"),
        ("a-b-c-d", "a tag in it is none"),
        (".".join(f"py{n}" for n in range(500)) + "-none-any", "too many tags"),
        ("py3-none-any" + "\nTag: py3-none-any" * 200, "too many tags"),
    ],
    ids=["no tag", "four parts", "a product of alternatives", "many lines"],
)
def test_tags_that_are_none_or_too_many(tmp_path: Path, tag: str, saying: str) -> None:
    path = make_wheel(tmp_path / "house", HELLO)
    with zipfile.ZipFile(path, "w") as archive:
        for place, text in metadata("greeting", "1.2", tag=tag).items():
            archive.writestr(place, text)
    with refused("wheel_refused", saying=saying):
        read_wheel(path)


@pytest.mark.parametrize("name", ["", "a b", "x" * 300, "../x", "gr\u00e9eting"])
def test_name_that_no_package_has(tmp_path: Path, name: str) -> None:
    path = tmp_path / NAME
    with zipfile.ZipFile(path, "w") as archive:
        for place, text in metadata("greeting", "1.2").items():
            archive.writestr(place, text.replace("Name: greeting", f"Name: {name}"))
    with refused("wheel_refused", saying="none that a package may have"):
        read_wheel(path)
    assert WheelHouse(tmp_path).offered() == ()


@pytest.mark.parametrize("place", ["a/" + "x" * 256 + ".py", "a/" * 60 + "x.py", "\u00e9" * 128 + ".py"])
def test_name_that_is_too_long(tmp_path: Path, place: str) -> None:
    path = make_wheel(tmp_path / "house", {**HELLO, place: ""})
    with refused("wheel_refused", saying="too long"):
        read_wheel(path)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_way_of_packing_whose_memory_the_archive_chooses(tmp_path: Path, method: int) -> None:
    path = make_wheel(tmp_path / "house", HELLO)
    with zipfile.ZipFile(path, "a", method) as archive:
        archive.writestr("greeting/more.py", "more = 1\n")
    with refused("wheel_refused", saying="packed in another way"):
        read_wheel(path)


def test_list_of_files_that_would_fill_the_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is refused before an object is made of each of its entries."""
    path = make_wheel(tmp_path / "house", {**HELLO, **{f"greeting/{n}.py": "" for n in range(50)}})
    monkeypatch.setattr(wheels, "MOST_FILES", 10)
    monkeypatch.setattr(zipfile, "ZipFile", None)
    with refused("wheel_refused", saying="over 10 files"):
        read_wheel(path)


def test_pipe_in_place_of_a_wheel_keeps_nobody_waiting(tmp_path: Path) -> None:
    """Opened as usual, a pipe that nobody writes into holds its reader for ever, and the run's lease with it."""
    os.mkfifo(tmp_path / NAME)
    found: list[object] = []
    looking = threading.Thread(target=lambda: found.append(WheelHouse(tmp_path).offered()), daemon=True)
    looking.start()
    looking.join(10)
    assert found == [()]
    with refused("wheel_refused", saying="no file"):
        read_wheel(tmp_path / NAME)


def test_worker_offers_what_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The enclave answers what runs can have there although the house has a broken wheel, and one that just went."""
    house = tmp_path / "house"
    whole = read_wheel(make_wheel(house, HELLO)).package
    broken = make_wheel(house, {"x/__init__.py": "x = 1\n" * 50}, name="x")
    data = bytearray(broken.read_bytes())
    data[data.index(b"METADATA") + len(b"METADATA") + 1] ^= 0xFF  # where the packed metadata begin
    broken.write_bytes(bytes(data))
    there = sorted(house.iterdir())
    monkeypatch.setattr(WheelHouse, "_files", lambda _: [house / "gone-1.0-py3-none-any.whl", *there])
    assert WheelHouse(house).offered() == (whole,)
