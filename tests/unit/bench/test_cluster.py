"""The benchmark of clusters at a tiny size: what it says of keys, sandboxes and strangers, with real processes."""

from __future__ import annotations

import io
import json
import urllib.error
import urllib.request
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from bench import sample
from bench.cluster import data, door, jar, measure, plot, table
from bench.cluster.door import Door
from bench.cluster.kinds import ENGINES, GOT, KEYS, STARTS, WAYS
from bench.report import Report, spread

if TYPE_CHECKING:
    from pathlib import Path

ROWS = 4_000
QUIET = Console(file=io.StringIO())


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> data.Prepared:
    return data.prepare(tmp_path_factory.mktemp("cluster") / "data", ROWS)


def test_the_three_forms_hold_the_same_rows_and_two_of_them_no_plaintext(
    prepared: data.Prepared, tmp_path: Path
) -> None:
    data.decrypt(prepared, tmp_path / "opened")
    for plain in sorted(prepared.plain.iterdir()):
        assert (tmp_path / "opened" / plain.name).read_bytes() == plain.read_bytes()
        opened = data.open_modular(prepared.modular / plain.name, prepared.master.read_bytes()).read()
        assert opened.equals(data.pq.read_table(plain))
        assert b"discount" in plain.read_bytes()
        for form in (prepared.modular, prepared.sealed):
            assert b"discount" not in (form / plain.name).read_bytes()


def test_a_wrong_answer_is_not_counted() -> None:
    data.check([{"a": 1.0}], [1.0 + 1e-12], who="an engine")
    for rows in ([], [{"a": 1.1}], [{"a": 1.0}, {"a": 1.0}]):
        with pytest.raises(sample.WrongAnswerError):
            data.check(rows, [1.0], who="an engine")


def test_the_door_releases_for_tokens_in_force_alone_and_counts(prepared: data.Prepared) -> None:
    key = b"k" * 16
    wrapped = door.wrap(key, prepared.master.read_bytes()).encode()

    def ask(token: str) -> int:
        headers = {"Authorization": f"Bearer {token}", "Executor": "1"}
        try:
            with urllib.request.urlopen(urllib.request.Request(opened.address, wrapped, headers)) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as refusal:
            with refusal:
                return refusal.code

    with Door(prepared.master) as opened:
        token = opened.admit()
        assert ask("job-of-nobody") == 403
        assert not opened.released
        assert ask(token) == 200
        assert opened.released == {key}
        opened.withdraw(token)
        assert ask(token) == 403
        assert [who for who, _ in opened.asked] == ["job-of-nobody", token, token]


@pytest.mark.long
def test_sail(prepared: data.Prepared, tmp_path: Path) -> None:
    figures = measure.sail(tmp_path, prepared, 1, QUIET, workers=(2,), starts=1)
    # A function in a plain worker reaches the machine; in a sandbox with a network of the job's own it does not.
    assert figures["sail_2_plain_reached_host_count"] == 1
    assert figures["sail_2_sandboxed_reached_host_count"] == 0
    # Workers with a network each find nobody: what is needed is one network for all executors of a job.
    assert figures["sail_apart_answered_count"] == 0
    for got in ("file", "code", "global_view", "session_by_its_id"):
        assert figures[f"sail_stranger_{got}_count"] == 1, got
    assert figures["sail_stranger_temporary_view_count"] == 0
    assert figures["sail_source_over_plain_wide_ratio"] > 0


@pytest.mark.long
@pytest.mark.skipif(bool(jar.missing()), reason=jar.missing() or "all there")
def test_spark(prepared: data.Prepared, tmp_path: Path) -> None:
    figures = measure.spark(tmp_path, prepared, 1, QUIET, starts=1)
    assert figures["spark_requests_count"] == figures["spark_executors_asking_count"]
    assert 1 <= figures["spark_requests_count"] <= 2
    assert figures["spark_reads_without_token_count"] == 0
    assert figures["spark_refusals_count"] > 0
    assert figures["spark_keys_found_by_udf_count"] > 0
    for got in ("file", "code", "global_view", "session_by_its_id"):
        assert figures[f"spark_stranger_{got}_count"] == 1, got
    assert figures["spark_2_sandboxed_start_median_ms"] > 0


def _figures(engines: tuple[str, ...]) -> dict[str, float]:
    figures: dict[str, float] = {}
    for way in WAYS:
        for query in data.QUERIES:
            figures |= spread(f"{way}_{query}", [1234.0])
            engine, _, name = way.partition("_")
            for part in ("", "_least", "_greatest"):
                figures[f"{engine}_{name}_over_plain_{query}{part}_ratio"] = 1.25
    for start in STARTS:
        figures |= spread(f"{start}_start", [5678.0])
    for engine in ENGINES:
        figures |= {f"{engine}_stranger_{got}_count": 1.0 for got in GOT}
    figures |= {f"spark_{name}_count": 77.0 for name in KEYS}
    return {name: figure for name, figure in figures.items() if name.startswith(engines)}


@pytest.mark.parametrize("engines", [("sail", "spark"), ("sail",)])
def test_what_is_shown_of_the_figures(engines: tuple[str, ...], tmp_path: Path) -> None:
    report = Report(name="cluster", machine={"cores": 2}, figures=_figures(engines))
    out = io.StringIO()
    table.show(report, Console(file=out, width=200))
    shown = out.getvalue()
    for names in (WAYS, STARTS):
        for name, words in names.items():
            assert (words in shown) == name.startswith(engines), words
    assert all(words in shown for words in GOT.values())
    assert ("77" in shown) == ("spark" in engines)
    assert "1.25" in shown
    assert "cores 2" in shown
    assert plot.draw(report.figures, tmp_path / "cluster.png").read_bytes().startswith(b"\x89PNG")
    assert json.loads(report.write(tmp_path).read_text())["name"] == "cluster"
