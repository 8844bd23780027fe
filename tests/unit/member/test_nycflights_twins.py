"""The demo's real datasets: read, proposed and joined as their twins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest

from demo import split
from demo.nycflights import DATASETS
from jupyter_secure_jobs.member.profile import propose_rows, propose_twin
from jupyter_secure_jobs.member.synthetic import make_twin
from jupyter_secure_jobs.member.tables import read_table

if TYPE_CHECKING:
    from jupyter_secure_jobs.domain.dataset import Twin

# pyarrow ships no type information.
Table = Any


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Table, Table, tuple[Twin, ...]]]:
    """Return each dataset's real table, its synthetic table, and what the twin shows."""
    directory = tmp_path_factory.mktemp("raw")
    split.write_files(directory)
    found = {}
    for dataset in DATASETS:
        into = tmp_path_factory.mktemp(dataset.name)
        into.chmod(0o700)
        table = read_table(split.paths(dataset, directory), into=into)
        assert table.rows == dataset.rows
        columns, twins = propose_twin(table, public=dataset.public, key_groups=dataset.key_groups)
        rows = propose_rows(table, columns)
        twin = make_twin(columns, twins, seed=b"g" * 32, dataset=dataset.name, rows=rows)
        found[dataset.name] = (pq.read_table(into), twin, twins)
    return found


@pytest.mark.parametrize(
    ("tables", "keys", "at_least"),
    [
        (("flights", "planes"), (["tailnum"], ["tailnum"]), 900),
        (("flights", "weather"), (["origin", "time_hour"], ["origin", "time_hour"]), 100),
        (("flights", "airlines"), (["carrier"], ["carrier"]), 100),
        (("flights", "airports"), (["dest"], ["faa"]), 100),
        (("flights", "airports"), (["origin"], ["faa"]), 100),
        (("weather", "airports"), (["origin"], ["faa"]), 100),
    ],
)
def test_synthetic_tables_join(
    published: dict[str, tuple[Table, Table, tuple[Twin, ...]]],
    tables: tuple[str, str],
    keys: tuple[list[str], list[str]],
    at_least: int,
) -> None:
    left, right = (published[name][1] for name in tables)
    assert left.join(right, keys[0], keys[1], "inner", right_suffix="_r").num_rows >= at_least


@pytest.mark.parametrize("name", [dataset.name for dataset in DATASETS])
def test_no_real_text_is_in_a_column_that_is_not_public(
    published: dict[str, tuple[Table, Table, tuple[Twin, ...]]], name: str
) -> None:
    real, twin, _ = published[name]
    (dataset,) = (found for found in DATASETS if found.name == name)
    for field in real.schema:
        if str(field.type) == "string" and field.name not in dataset.public:
            shown = set(twin[field.name].drop_null().to_pylist())
            assert shown
            assert not shown & set(real[field.name].to_pylist())


def test_types_of_real_and_synthetic_tables_are_the_same(
    published: dict[str, tuple[Table, Table, tuple[Twin, ...]]],
) -> None:
    for real, twin, _ in published.values():
        assert real.schema.equals(twin.schema)


def test_bounds_are_never_a_real_extreme(published: dict[str, tuple[Table, Table, tuple[Twin, ...]]]) -> None:
    for real, _, twins in published.values():
        for twin in twins:
            if twin.low is not None and str(real[twin.column].type) in {"int64", "double"}:
                values = real[twin.column].drop_null().to_pylist()
                assert float(twin.low) != min(values) or twin.low == "0"
                assert float(twin.high or "nan") != max(values)
