"""Datasets: the columns that members see, and what the synthetic twin may show of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from jupyter_secure_jobs.domain.errors import ConflictError, InvalidError
from jupyter_secure_jobs.domain.text import clean_identifier

_TYPES: Final = frozenset(
    {"boolean", "tinyint", "smallint", "int", "bigint", "float", "double", "string", "binary", "date",
     "timestamp", "timestamp_ntz"}
)  # fmt: skip
_DECIMAL = re.compile(r"decimal\((\d{1,2}),(\d{1,2})\)\Z")
MOST_COLUMNS: Final = 2000
MOST_PRECISION: Final = 38


def withdrawn_for_good(name: str) -> ConflictError:
    """Return why a withdrawn dataset gets no new version: its key service releases nothing of it any more."""
    return ConflictError(
        "dataset_withdrawn",
        f"The dataset {name!r} was withdrawn, which holds for good: no run would get a key of it.",
        "Publish it under another name.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column as its owner publishes it; `type` is a Spark SQL type name, such as `bigint` or `decimal(10,2)`.

    `public`: the owner lets its common values be seen in the synthetic twin. `key_group`: columns with the same
    group join across datasets; an empty text means none.
    """

    name: str
    type: str
    nullable: bool = True
    public: bool = False
    key_group: str = ""

    def __post_init__(self) -> None:
        """Refuse names and types that no engine could read.

        Raises:
            InvalidError: with the part that is wrong.
        """
        clean_identifier(self.name, what="column name")
        if self.key_group:
            clean_identifier(self.key_group, what="key group")
        decimal = _DECIMAL.match(self.type)
        if decimal:
            precision, scale = int(decimal[1]), int(decimal[2])
            if not (1 <= precision <= MOST_PRECISION and scale <= precision):
                raise InvalidError("column_type", f"Column {self.name!r}: no such decimal.", "Use decimal(1..38,s).")
        elif self.type not in _TYPES:
            raise InvalidError(
                "column_type",
                f"Column {self.name!r} has a type that jobs cannot read.",
                f"Use one of {', '.join(sorted(_TYPES))} or decimal(p,s).",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Twin:
    """What the synthetic twin reveals of one column: all of it typed, rounded or approved by the owner.

    `low` and `high` are texts in the column's type (inclusive bounds; for strings the bounds of the length).
    `values` are common values; they are there only for columns marked public.
    """

    column: str
    null_rate: float = 0.0
    low: str | None = None
    high: str | None = None
    values: tuple[str, ...] = ()


def check_columns(columns: tuple[Column, ...]) -> tuple[Column, ...]:
    """Return the columns of one dataset.

    Raises:
        InvalidError: none, too many, or two whose names differ in case alone (Spark folds case).
    """
    if not columns:
        raise InvalidError("dataset_empty", "The table has no columns.", "Publish a table with columns.")
    if len(columns) > MOST_COLUMNS:
        raise InvalidError("dataset_wide", f"The table has more than {MOST_COLUMNS} columns.", "Select some.")
    seen: set[str] = set()
    for column in columns:
        if column.name.lower() in seen:
            raise InvalidError(
                "dataset_column_twice",
                f"Two columns are called {column.name!r} (letter case does not tell them apart).",
                "Rename one and publish again.",
            )
        seen.add(column.name.lower())
    return columns


def check_twin(columns: tuple[Column, ...], twins: tuple[Twin, ...]) -> tuple[Twin, ...]:
    """Return what the twin reveals.

    Raises:
        InvalidError: it names other columns, or values for a column that is not marked public.
    """
    by_name = {column.name: column for column in columns}
    if [twin.column for twin in twins] != list(by_name):
        raise InvalidError("twin_columns", "The twin must name every column once, in order.", "Propose it again.")
    for twin in twins:
        if twin.values and not by_name[twin.column].public:
            raise InvalidError(
                "twin_not_public",
                f"Common values of column {twin.column!r} would be shown, but it is not marked public.",
                "Mark the column public or remove the values.",
            )
        if not 0.0 <= twin.null_rate <= 1.0:
            raise InvalidError("twin_null_rate", f"Column {twin.column!r}: null rate outside 0..1.", "Use 0..1.")
    return twins
