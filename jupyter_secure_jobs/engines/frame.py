"""A DataFrame of pandas as an Arrow table: with the labels of its rows, and with doubled names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa
from pandas.api import types

if TYPE_CHECKING:
    from collections.abc import Iterator


def to_arrow(frame: pd.DataFrame) -> pa.Table:
    """Return the rows, the labels of its index as columns in front.

    Whole numbers without a name are no labels: they say where rows stood in an earlier frame. A label without a name is
    called `index`, of several levels `level_0`, `level_1` and so on; `index_1` if a column has that name.

    Raises:
        pa.ArrowException, TypeError: a column holds values of several types, or of none that Arrow knows.
    """
    labels = list(_labels(frame.index, {_text(name) for name in frame.columns}))
    if not labels and frame.columns.is_unique:
        return pa.Table.from_pandas(frame, preserve_index=False)
    names = [name for name, _ in labels] + [_text(name) for name in frame.columns]
    # By their places, since Arrow takes no frame with two columns of one name.
    columns = frame.copy(deep=False)
    columns.columns = pd.RangeIndex(len(labels), len(names))
    for place, (_, values) in enumerate(labels):
        columns.insert(place, place, values)
    return pa.Table.from_pandas(columns, preserve_index=False).rename_columns(names)


def _labels(index: pd.Index[Any], taken: set[str]) -> Iterator[tuple[str, Any]]:
    for number in range(index.nlevels):
        level = index.get_level_values(number)
        if level.name is None and types.is_integer_dtype(level.dtype):
            continue
        unnamed = "index" if index.nlevels == 1 else f"level_{number}"
        name = unnamed if level.name is None else _text(level.name)
        found, again = name, 0
        while found in taken:
            again += 1
            found = f"{name}_{again}"
        taken.add(found)
        yield found, _values(level)


def _values(level: pd.Index[Any]) -> Any:  # noqa: ANN401 -- an array of pandas, whose kinds share no type
    """Return the labels; groups and spans of time, which Arrow has no type for, in words."""
    kind = level.dtype.categories.dtype if isinstance(level.dtype, pd.CategoricalDtype) else level.dtype
    spans = isinstance(kind, pd.IntervalDtype | pd.PeriodDtype)
    return level.astype(str).array if spans else level.array


def _text(name: object) -> str:
    """Return a column's name as Arrow writes it."""
    return str(tuple(map(str, name))) if isinstance(name, tuple) else str(name)
