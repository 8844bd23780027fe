"""A log acts on nobody's terminal: what would is written out."""

from __future__ import annotations

import pytest

from jupyter_secure_jobs.engines.log import neutral


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("\x1b[2J", "\\x1b[2J"),
        ("\x1b]0;title\x07", "\\x1b]0;title\\x07"),
        ("\x9b31m", "\\x9b31m"),
        ("a\rb", "a\\rb"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("a\u200bb", "a\\u200bb"),
        ("tab\tand line\nstay, a\r\nline end too", "tab\tand line\nstay, a\nline end too"),
    ],
)
def test_controls_are_written_out(text: str, written: str) -> None:
    assert neutral(text) == written
