"""The table and the query that both sides of the comparison use: small, so that everything else shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from pathlib import Path

TABLE: Final = "readings"
ROWS: Final = 1_000
QUERY: Final = f"SELECT count(*) AS n FROM {TABLE}"  # noqa: S608 -- two constants
ANSWER: Final = str(ROWS)


class WrongAnswerError(Exception):
    """A measured run did not give the answer; its time means nothing."""


def check(answer: str, *, who: str) -> None:
    """Refuse to count a run that did not give the answer.

    Raises:
        WrongAnswerError: with what came instead; the table holds nobody's data.
    """
    if answer != ANSWER:
        raise WrongAnswerError(f"{who} answered {answer!r} instead of {ANSWER}. Run the benchmark again.")


def write_table(folder: Path) -> Path:
    """Write the table as one Parquet file; return it."""
    path = folder / f"{TABLE}.parquet"
    numbers = list(range(ROWS))
    pq.write_table(pa.table({"reading": numbers, "station": [f"S{number % 10}" for number in numbers]}), path)
    return path
