"""The page in docs/ is what the table prints."""

from __future__ import annotations

from pathlib import Path

from jupyter_secure_jobs.domain.lifecycle import GUARDS, LABELS, TABLE
from jupyter_secure_jobs.domain.lifecycle_page import page

PAGE = Path(__file__).parents[3] / "docs" / "lifecycle.md"


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == page()


def test_the_page_says_that_it_is_generated_and_names_everything() -> None:
    text = page()
    assert "Generated" in text.splitlines()[0]
    for status in TABLE:
        assert f"\n| {status} | " in text
    for action, label in LABELS.items():
        assert label in text
        assert (f"\n| {label} | " in text) is (action in GUARDS)


def test_every_guard_says_what_it_asks() -> None:
    assert all(guard.__doc__ for guards in GUARDS.values() for guard in guards)
