"""A button that shows a run's first rows without saving them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import ipywidgets as widgets

from jupyter_secure_jobs.domain.errors import SecureJobsError
from kernel_magics.bundle import aligned, visible
from kernel_magics.quiet import words
from kernel_magics.rows import NULL, counted, placeholder

if TYPE_CHECKING:
    from jupyter_secure_jobs.wire.member_side import Preview
    from jupyter_secure_jobs.wire.run import RunWire

SHOW = "Show rows"
HIDE = "Hide rows"


class HasRows(Protocol):
    """A run whose rows can be previewed."""

    wire: RunWire

    def preview(self) -> Preview:
        """Return at most the first 100 rows."""


def monospaced(text: str) -> widgets.Output:
    """Return text in columns as a widget that renders no markup: it is a stream, as printing gives."""
    output = widgets.Output()
    output.outputs = ({"output_type": "stream", "name": "stdout", "text": visible(text, lines=True)},)
    return output


class RowView(widgets.VBox):  # type: ignore[misc]  # ipywidgets has no types
    """The rows of one run: nothing until the button is pressed, then at most the first 100.

    Rows come into the widget's state by a click alone, which needs a person and a front end; so a headless run,
    which saves the state of its widgets, saves none. JupyterLab saves that state only where one turned it on.
    """

    def __init__(self, run: HasRows) -> None:
        """Take the run; its rows are not fetched yet."""
        self._run = run
        self._rows = monospaced("")
        self._said = widgets.Label(
            value=f"{str(run.wire.kind).capitalize()} run {run.wire.number}: rows are not saved with the notebook."
        )
        self._button = widgets.Button(description=SHOW, tooltip="Shows at most the first 100 rows, unsaved")
        self._button.on_click(self._toggle)
        super().__init__(children=(widgets.HBox([self._button, self._said]), self._rows))

    def _toggle(self, _: widgets.Button) -> None:
        if self._button.description == HIDE:
            self._rows.outputs = ()
            self._button.description = SHOW
            return
        try:
            preview = self._run.preview()
        except SecureJobsError as error:
            self._rows.outputs = monospaced(words(error)).outputs
            return
        cells = [[NULL if cell is None else visible(cell) for cell in row] for row in preview.rows]
        self._said.value = counted(preview) + (" · Synthetic data" if preview.synthetic else "")
        told = "".join(f"\n{line}" for line in preview.withheld)
        self._rows.outputs = monospaced(aligned(preview.columns, cells) + told).outputs
        self._button.description = HIDE

    def __repr__(self) -> str:
        """Return the placeholder, never rows."""
        return placeholder(self._run.wire).plain

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:  # noqa: ANN401 -- Jupyter's own protocol
        made = super()._repr_mimebundle_(**kwargs) or {}
        return {**made, **placeholder(self._run.wire).data()}
