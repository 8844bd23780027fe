"""The datasets of a workspace, with the columns of the chosen one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ipywidgets as widgets

from kernel_magics.bundle import Bundle, visible
from kernel_magics.cards import dataset_card, datasets_table
from kernel_magics.panels.panel import Panel
from kernel_magics.rowview import monospaced

if TYPE_CHECKING:
    from jupyter_secure_jobs.wire.dataset import DatasetWire
    from kernel_magics.api import SecureJobs


class DatasetsPanel(Panel):
    """A list to choose from; below it columns, types, and the line that names the dataset in a job."""

    def __init__(self, session: SecureJobs) -> None:
        """Take the connection."""
        self._datasets: list[DatasetWire] = []
        self._list = widgets.Select(options=[], rows=6, layout=widgets.Layout(width="auto"))
        self._columns = monospaced("")
        super().__init__(session, self._list, self._columns)
        self._list.observe(lambda _: self._draw_columns(), names="value")

    def fetch(self) -> None:
        """Ask for the datasets."""
        self._datasets = self.session.datasets()

    def draw(self) -> None:
        """Draw the list and the columns of the chosen dataset."""
        options = [(visible(f"{each.name} · {each.owner} · {each.rows:,} rows"), each.id) for each in self._datasets]
        if tuple(options) != tuple(self._list.options):
            chosen = self._list.value
            self._list.options = options
            self._list.value = chosen if chosen in {identifier for _, identifier in options} else None
        self._draw_columns()

    def fallback(self) -> Bundle:
        """Return the list as a table."""
        return datasets_table(self._datasets)

    def _draw_columns(self) -> None:
        chosen = next((each for each in self._datasets if each.id == self._list.value), None)
        text = "Choose a dataset to see its columns." if chosen is None else dataset_card(chosen).plain
        self._columns.outputs = monospaced(text).outputs
