"""The rest benchmark asks a real server, believes no page unseen, and its figures have the agreed names."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from bench import rest
from bench.rest_kinds import LISTS, PAGES, size_in_words

if TYPE_CHECKING:
    from pathlib import Path


def test_a_small_workspace_is_measured_over_http(tmp_path: Path) -> None:
    out = io.StringIO()
    rest.run(tmp_path, 1, Console(file=out, width=200), jobs=40, runs=80)
    figures = json.loads((tmp_path / "rest.json").read_text())["figures"]
    assert {"list_40_jobs_median_ms_sqlite", "list_40_jobs_p95_ms_sqlite", "crowd_list_p95_ms"} <= set(figures)
    assert figures["list_40_jobs_requests_count"] == len(LISTS)
    assert figures["list_40_jobs_median_ms_sqlite"] <= figures["list_40_jobs_p95_ms_sqlite"]
    assert all(figures[f"list_{kind}_median_ms"] > 0 for kind in LISTS)
    assert all(figures[f"{kind}_median_ms"] > 0 for kind in PAGES)
    for words in ("40 jobs and 80 runs", "to stay below", "runs of the job with most", "50 clients at once"):
        assert words in out.getvalue()
    assert (tmp_path / "rest.png").read_bytes().startswith(b"\x89PNG")


def test_numbers_in_names() -> None:
    assert [size_in_words(number) for number in (100_000, 1_000, 40)] == ["100k", "1k", "40"]
    assert rest.percentile([float(each) for each in range(1, 101)], 95) == 95
    assert rest.percentile([3.0], 95) == 3.0


@pytest.mark.parametrize(
    ("query", "page"),
    [
        ({"q": "delays"}, {"items": [{"name": "Flights", "status": "Draft"}]}),
        ({"status": "Failed"}, {"items": [{"name": "Flights", "status": "Draft"}]}),
        ({"kind": "job"}, {"items": [{"name": "", "status": "Failed", "kind": "test"}]}),
        ({"q": "no such words"}, {"items": [{"name": "no such words", "status": "Draft"}]}),
        ({}, {"items": []}),
    ],
)
def test_a_wrong_page_is_no_measurement(query: dict[str, str], page: dict[str, object]) -> None:
    with pytest.raises(rest.WrongPageError):
        rest._check("jobs", query, page)
