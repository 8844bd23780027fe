"""The crypto benchmark: what it measures really seals and opens, and its figures have the agreed names."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from bench import crypto
from bench.crypto_kinds import KINDS
from bench.report import Report
from bench.sample import WrongAnswerError
from jupyter_secure_jobs.crypto.memory import Memory

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def made(tmp_path: Path) -> Iterator[crypto._Files]:
    memory = Memory()
    yield crypto._Files(tmp_path, memory.new("bench"), 2)
    memory.remove()


def test_every_round_measures_every_kind_and_leaves_nothing(made: crypto._Files) -> None:
    times: dict[str, list[float]] = {}
    crypto._round(made, times)
    assert set(times) == {kind for kind in KINDS if not kind.startswith("publish")}
    assert all(each > 0 for taken in times.values() for each in taken)
    assert not list(made.memory.iterdir())


def test_a_file_that_opens_to_something_else_is_not_counted(made: crypto._Files) -> None:
    made.check()
    made.plain.write_bytes(b"another")
    with pytest.raises(WrongAnswerError):
        made.check()


def test_figures_and_what_is_shown_of_them(tmp_path: Path) -> None:
    figures = crypto._figures({kind: [20.0, 10.0] for kind in KINDS}, 2)
    assert {"open_over_copy_ratio", "publish_over_copy_ratio", "open_rest_ms"} <= set(figures)
    out = io.StringIO()
    report = Report(name="crypto", machine={"cores": 2}, figures=figures)
    crypto.present(report, tmp_path, Console(file=out, width=200))
    for words in (*KINDS.values(), "Files of 2 MiB", "open_over_copy_ratio"):
        assert words in out.getvalue()
    assert (tmp_path / "crypto.png").read_bytes().startswith(b"\x89PNG")
