"""Showing things in a cell, and changing them in place: IPython's display with types."""

from __future__ import annotations

from IPython.display import display


def show(value: object) -> None:
    """Show a value in the cell's output; a notebook saves it."""
    display(value)  # type: ignore[no-untyped-call]  # IPython's has no annotations


class Live:
    """One output that is replaced by its newer form; the notebook saves the last one. No front end is needed."""

    def __init__(self, value: object) -> None:
        """Show `value`."""
        self._handle = display(value, display_id=True)  # type: ignore[no-untyped-call]  # see above

    def update(self, value: object) -> None:
        """Show `value` in its place; outside IPython, below it."""
        if self._handle is None:
            show(value)
        else:
            self._handle.update(value)
