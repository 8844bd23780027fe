"""Rows in a notebook: a job run's are not saved with it unless the author says so."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, ClassVar

import pandas as pd

from jupyter_secure_jobs.domain.run import RunKind
from jupyter_secure_jobs.wire.member_side import WITHHELD
from kernel_magics.bundle import Bundle, joined, note, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

    from jupyter_secure_jobs.wire.member_side import Preview
    from jupyter_secure_jobs.wire.run import RunWire

NULL = "NULL"


def placeholder(run: RunWire, *, total: int | None = None) -> Bundle:
    """Return what is saved instead of a run's rows: how many there are, and how to fetch them again."""
    count = total if total is not None else run.rows
    shown = "The rows" if count is None else f"{min(100, count):,} of {count:,} rows"
    test = " --test" if run.kind is RunKind.TEST else ""
    return note(
        f"Result of {run.job_name}, {run.kind} run {run.number}.\n{shown}, not saved in this notebook; "
        f'run `%securejob results "{run.job_name}" --run {run.number}{test}` again.'
    )


class JobRows(pd.DataFrame):
    """The rows of a job run, as a DataFrame that shows a placeholder where it would show rows.

    Jupyter saves what a cell shows. So the frame itself shows (and prints) how to fetch the rows again, and beside
    it, in a front end, a button that shows the first 100 without saving them. Everything taken out of it, such as
    `rows.head()` or `pd.DataFrame(rows)`, is an ordinary frame: showing that is the author's own word.
    """

    _metadata: ClassVar[list[str]] = ["_run", "_viewed"]

    def about(self, run: RunWire, viewed: object = None) -> JobRows:
        """Remember the run, and the panel to show beside the placeholder; return the frame itself."""
        self._run = run
        self._viewed = viewed
        return self

    def _placeholder(self) -> Bundle:
        run = getattr(self, "_run", None)
        return note("Rows of a job run, not saved.") if run is None else placeholder(run, total=len(self))

    def __repr__(self) -> str:
        """Return the placeholder."""
        return self._placeholder().plain

    def _repr_html_(self) -> str:
        return self._placeholder().markup.source

    def _repr_mimebundle_(self, **_: object) -> tuple[dict[str, Any], dict[str, Any]]:
        # The view's part is Jupyter's own media type, whose content is any JSON.
        bundle = self._placeholder()
        make = getattr(self, "_viewed", None)
        view: dict[str, Any] = {}
        if callable(make):
            made = make()._repr_mimebundle_()
            view = made[0] if isinstance(made, tuple) else made
        return {**view, **bundle.data()}, bundle.metadata()


def frame_of(arrow: pa.Table) -> pd.DataFrame:
    """Return an Arrow table as pandas has it, dates as dates and decimals as decimals."""
    made: pd.DataFrame = arrow.to_pandas()
    return made


def counted(preview: Preview) -> str:
    """Return how many of the rows are shown, with the true total."""
    return f"{len(preview.rows):,} of {preview.total:,} rows"


def preview_table(preview: Preview, *, title: str = "") -> Bundle:
    """Return the rows of a preview, marked if they are synthetic; for a job run only where the author asked."""
    mark = "Synthetic data · " if preview.synthetic else ""
    caption = f"{title} · {mark}{counted(preview)}" if title else f"{mark}{counted(preview)}"
    rows = [[NULL if cell is None else cell for cell in row] for row in preview.rows]
    shown = table(preview.columns, rows, empty=f"{caption}: no rows.", caption=caption)
    return joined(shown, withheld_note(preview.withheld)) if preview.withheld else shown


def withheld_of(rows: pa.Table) -> list[str]:
    """Return what output rules withheld from rows that were opened, a sentence each."""
    words = (rows.schema.metadata or {}).get(WITHHELD.encode())
    return [str(each) for each in json.loads(words)] if words is not None else []


def withheld_note(withheld: Sequence[str]) -> Bundle:
    """Return what output rules withheld, and who asked for them."""
    return note("Output rules:\n" + "\n".join(f"- {line}" for line in withheld))
