"""The table of defences fits the source and the tests, so that `make bite` cannot go stale unseen."""

from __future__ import annotations

import ast
import functools
from pathlib import Path

import pytest

from bite.defence import Defence, Edit, StaleTableError, changed, does_nothing, never, not_raised
from bite.report import BEGIN, END, markdown, written
from bite.table import TABLE

ROOT = Path(__file__).parents[3]
DEFENCES = [defence for part in TABLE.values() for defence in part]


@functools.cache
def functions(file: str) -> frozenset[str]:
    """Return the tests that a file defines."""
    tree = ast.parse((ROOT / file).read_text())
    names = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    # A state machine's test is a class attribute that is assigned.
    assigned = {
        t.id for node in tree.body if isinstance(node, ast.Assign) for t in node.targets if isinstance(t, ast.Name)
    }
    return frozenset(names | assigned)


@pytest.mark.parametrize("defence", DEFENCES, ids=lambda defence: defence.name)
def test_row_fits_source_and_tests(defence: Defence) -> None:
    texts = {edit.file: (ROOT / edit.file).read_text() for edit in defence.edits}
    assert texts
    for edit in defence.edits:
        texts[edit.file] = edit.edited(texts[edit.file])
    for file, text in texts.items():
        assert text != (ROOT / file).read_text()
        ast.parse(text)
    assert defence.tests
    for test in defence.tests:
        file, _, name = test.partition("::")
        assert (ROOT / file).is_file()
        assert name.partition("[")[0] in functions(file), test


def test_every_row_has_a_name_and_an_attack_of_its_own() -> None:
    assert len({defence.name for defence in DEFENCES}) == len(DEFENCES)
    assert len({defence.edits for defence in DEFENCES}) == len(DEFENCES)
    assert all(defence.stops and "|" not in defence.name + defence.stops for defence in DEFENCES)


def test_there_are_at_least_seventy() -> None:
    assert len(DEFENCES) >= 70


def test_page_shows_the_table() -> None:
    page = (ROOT / "docs" / "threat-model.md").read_text()
    assert written(page, TABLE) == page, "run `make bite`, or `python -m bite --write` where only words changed"


@pytest.mark.parametrize("page", ["no marker", BEGIN, f"{END}{BEGIN}", f"{BEGIN}{BEGIN}{END}"])
def test_page_without_its_markers_is_refused(page: str) -> None:
    with pytest.raises(ValueError, match="once each"):
        written(page, TABLE)


def test_page_keeps_what_stands_around_the_table() -> None:
    page = written(f"before\n{BEGIN}\nold\n{END}\nafter\n", TABLE)
    assert page == f"before\n{markdown(TABLE)}\nafter\n"


@pytest.mark.parametrize("text", ["", "if x:\n    if x:\n"])
def test_text_that_is_not_there_once_is_stale(tmp_path: Path, text: str) -> None:
    (tmp_path / "file.py").write_text(text)
    with pytest.raises(StaleTableError, match=r"file\.py.*stale"):
        never("file.py", "x").apply(tmp_path)
    assert (tmp_path / "file.py").read_text() == text


def test_kinds_of_edit() -> None:
    made: dict[Edit, tuple[str, str]] = {
        changed("f", "a", "b"): ("xax", "xbx"),
        never("f", "a > b"): ("if a > b:\n", "if False:\n"),
        not_raised("f", 'Error("a"'): ('raise Error("a", 1)', 'Error("a", 1)'),
        does_nothing("f", "    def g(self) -> None:"): (
            "    def g(self) -> None:\n        1\n",
            "    def g(self) -> None:\n        return\n        1\n",
        ),
    }
    for edit, (before, after) in made.items():
        assert edit.edited(before) == after
