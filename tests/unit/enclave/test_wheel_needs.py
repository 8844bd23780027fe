"""A wheel that could not work is refused before any key is asked for: another Python, packages that nobody has."""

from __future__ import annotations

import sys
from argparse import Namespace
from typing import TYPE_CHECKING

import pytest

from jupyter_secure_jobs.cli import parts
from jupyter_secure_jobs.enclave import requirements
from jupyter_secure_jobs.enclave.wheels import WheelHouse, add_wheel, read_wheel
from tests.support.refusal import refused
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from pathlib import Path

HELLO = {"greeting/__init__.py": "def hello(x):\n    return x\n"}
ROOM = 2**20
NEXT = f">={sys.version_info.major}.{sys.version_info.minor + 1}"


def unpacked(house: Path, into: Path) -> list[str]:
    """Unpack every wheel of a house; return the packages' names."""
    into.mkdir()
    WheelHouse(house).unpack([read_wheel(each).package for each in sorted(house.glob("*.whl"))], into, room=ROOM)
    return sorted(each.name for each in into.iterdir())


def test_wheel_for_a_later_python_is_neither_taken_nor_offered(tmp_path: Path) -> None:
    path = make_wheel(tmp_path / "house", HELLO, needs=f"Requires-Python: {NEXT}\n")
    with refused("wheel_does_not_fit", saying=f"is for Python {NEXT}; here it is"):
        read_wheel(path)
    with refused("wheel_does_not_fit"):
        add_wheel(path, tmp_path / "other")
    assert WheelHouse(tmp_path / "house").offered() == ()


MET = {
    "nothing": "",
    "this Python": f"Requires-Python: >={sys.version_info.major}.{sys.version_info.minor}\n",
    "what every sandbox has": "Requires-Dist: pandas>=1\nRequires-Dist: PyArrow\n",
    "of an extra": "Provides-Extra: more\nRequires-Dist: nosuchthing; extra == 'more'\n",
    "of another system": "Requires-Dist: nosuchthing>=2; sys_platform == 'elsewhere'\n",
}


@pytest.mark.parametrize("name", MET)
def test_needs_that_are_met(tmp_path: Path, name: str) -> None:
    make_wheel(tmp_path / "house", HELLO, needs=MET[name])
    assert unpacked(tmp_path / "house", tmp_path / "out") == ["greeting"]


LACKING = {
    "Requires-Dist: nosuchthing>=2\n": "greeting needs nosuchthing>=2\\.",
    "Requires-Dist: pandas<1\n": "greeting needs pandas<1, and here it is",
    "Requires-Dist: nosuchthing; python_version > '3'\n": "greeting needs nosuchthing\\.",
    "".join(f"Requires-Dist: nosuchthing{number}\n" for number in range(9)): "nosuchthing4, and 4 more\\.",
}


@pytest.mark.parametrize("needs", LACKING)
def test_missing_package_is_named(tmp_path: Path, needs: str) -> None:
    make_wheel(tmp_path / "house", HELLO, needs=needs)
    with refused("wheel_needs", saying=LACKING[needs]):
        unpacked(tmp_path / "house", tmp_path / "out")


def test_package_may_be_among_the_jobs_own(tmp_path: Path) -> None:
    house = tmp_path / "house"
    make_wheel(house, HELLO, needs="Requires-Dist: Polite_Words>=2\n")
    make_wheel(house, {"polite_words.py": ""}, name="polite_words", version="2.1")
    assert unpacked(house, tmp_path / "out") == ["greeting", "polite-words"]
    make_wheel(house, HELLO, needs="Requires-Dist: Polite_Words>=3\n")
    with refused("wheel_needs", saying="Polite_Words>=3, and here it is 2.1"):
        unpacked(house, tmp_path / "again")


DAMAGED = {
    "no requirement": "Requires-Dist: !\n",
    "no Python": "Requires-Python: later\n",
    "many": "Requires-Dist: pandas\n" * 501,
    "long": f"Requires-Dist: {'a' * 1001}\n",
    "long Python": f"Requires-Python: >=3{' ' * 1000}.1\n",
    "unknown condition": "Requires-Dist: a; mood == 'good'\n",
}


@pytest.mark.parametrize("name", DAMAGED)
def test_needs_that_cannot_be_read_are_a_refusal(tmp_path: Path, name: str) -> None:
    """They are the words of whoever made the wheel, and end no enclave."""
    path = make_wheel(tmp_path / "house", HELLO, needs=DAMAGED[name])
    with refused("wheel_refused", saying="what it says that it needs"):
        read_wheel(path)


def test_conditions_within_conditions_end_no_enclave(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However deep the stack is where a wheel is read; a text of the usual length alone may just not reach its end."""
    monkeypatch.setattr(requirements, "_MOST_TEXT", 100_000)
    needs = f"Requires-Dist: a; {'(' * 5_000}os_name=='x'{')' * 5_000}\n"
    path = make_wheel(tmp_path / "house", HELLO, needs=needs)
    with refused("wheel_refused", saying="what it says that it needs"):
        read_wheel(path)


def test_command_says_which_files_no_run_will_have(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    more = {"greeting-1.2.data/data/share/greeting.txt": "hello", "greeting-1.2.data/scripts/greet": "#!"}
    path = make_wheel(tmp_path / "house", {**HELLO, **more})
    parts._wheel(Namespace(file=path))
    shown = capsys.readouterr()
    assert shown.out.startswith("greeting==1.2 --hash=sha256:")
    assert shown.out.count("\n") == 1
    assert all(each in shown.err for each in more)
    parts._wheel(Namespace(file=make_wheel(tmp_path / "plain", HELLO)))
    assert capsys.readouterr().err == ""
