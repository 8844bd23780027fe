"""The input form of a job: values to run with, and in a draft its declarations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from jupyter_secure_jobs.domain.errors import SecureJobsError
from jupyter_secure_jobs.domain.inputs import InputType
from jupyter_secure_jobs.domain.lifecycle import Action
from kernel_magics.bundle import Bundle, table, visible
from kernel_magics.declared import values
from kernel_magics.panels.panel import Panel, shown
from kernel_magics.quiet import words
from kernel_magics.wording import values_words

if TYPE_CHECKING:
    from collections.abc import Callable

    from jupyter_secure_jobs.wire.job import InputVariableWire
    from jupyter_secure_jobs.wire.run import InputValue
    from kernel_magics.job import Job

NOTE = "Values are visible to all members."


def field_for(variable: InputVariableWire) -> widgets.Widget:
    """Return the field for one variable: a box to tick, a list to choose from, or a text."""
    default = variable.default
    if variable.type == InputType.BOOLEAN:
        return widgets.Checkbox(value=default is True, indent=False)
    if variable.type == InputType.CHOICE:
        return widgets.Dropdown(options=variable.choices, value=default)
    if variable.type == InputType.MULTIPLE_CHOICE:
        chosen = tuple(default) if isinstance(default, list) else ()
        return widgets.SelectMultiple(options=variable.choices, value=chosen, rows=min(6, len(variable.choices)))
    text = "" if default is None else values_words({"": default})[1:]
    return widgets.Text(value=text, placeholder=visible(variable.constraint or variable.type))


class InputsPanel(Panel):
    """A form with a field for each input variable; `values()` gives what is in it, checked.

    In a draft of one's own, variables can be added, changed (by adding one of the same name) and deleted.
    """

    def __init__(self, job: Job) -> None:
        """Take the job whose variables are asked for."""
        self.job = job
        self._fields: dict[str, Any] = {}  # ipywidgets has no types; each field has a `value`
        self._drawn: list[InputVariableWire] | None = None
        self._rows = widgets.VBox()
        self._declaration = widgets.Text(placeholder='month integer 1..12 = 1 "the month"')
        self._add = widgets.Button(description="Add or change", layout=widgets.Layout(width="auto"))
        self._add.on_click(lambda _: self._try(self._added))
        self._edit = widgets.HBox([self._declaration, self._add])
        super().__init__(job.session, self._rows, widgets.Label(value=NOTE), self._edit)

    def values(self) -> dict[str, InputValue]:
        """Return the values in the form, each checked against its constraint.

        Raises:
            InvalidError: one is missing or outside its constraint.
        """
        given = {name: field.value for name, field in self._fields.items() if field.value not in ("", None)}
        return values(self._drawn or [], given)

    def fetch(self) -> None:
        """Ask for the job."""
        self.job.refresh()

    def draw(self) -> None:
        """Draw the fields anew if the declarations changed; what was typed into others stays."""
        declared = self.job.wire.version.inputs
        editable = self.job.allowed(Action.EDIT)
        self._edit.layout.display = None if editable else "none"
        if declared == self._drawn:
            return
        self._drawn = declared
        old = self._rows.children
        self._fields = {variable.name: field_for(variable) for variable in declared}
        self._rows.children = tuple(self._row(variable, editable=editable) for variable in declared) or (
            widgets.Label(value="This job asks for no input."),
        )
        for row in old:
            row.close()

    def fallback(self) -> Bundle:
        """Return the declarations as a table."""
        rows = [
            [each.name, each.constraint or each.type, values_words({"": each.default})[1:] if each.default else ""]
            for each in self.job.wire.version.inputs
        ]
        return table(["input", "constraint", "default"], rows, empty="This job asks for no input.")

    def _row(self, variable: InputVariableWire, *, editable: bool) -> widgets.Widget:
        about = f"{variable.constraint or variable.type}  {variable.description}"
        name = widgets.Label(value=variable.name, layout=widgets.Layout(min_width="10em"))
        parts = [name, self._fields[variable.name], shown(about)]
        if editable:
            delete = widgets.Button(
                description="Delete", tooltip=f"Delete {variable.name}", layout=widgets.Layout(width="auto")
            )
            delete.on_click(lambda _: self._try(lambda: self.job.remove_input(variable.name)))
            parts.append(delete)
        return widgets.HBox(parts)

    def _added(self) -> None:
        self.job.add_input(self._declaration.value)
        self._declaration.value = ""

    def _try(self, change: Callable[[], object]) -> None:
        try:
            change()
        except SecureJobsError as error:
            self.say(words(error))
            return
        self.say("")
        self.redraw()
