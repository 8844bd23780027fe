"""Loading the magics into IPython."""

from __future__ import annotations

from typing import TYPE_CHECKING

from IPython.core.magic import no_var_expand

from kernel_magics import cell, line
from kernel_magics.desk import DESK
from kernel_magics.quiet import quietly

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from kernel_magics.desk import Desk

NAME = "securejob"


def load(ipython: InteractiveShell, desk: Desk = DESK) -> None:
    """Register `%securejob` and `%%securejob`; nothing is sent until one is used.

    Args:
        ipython: the shell.
        desk: the connection to use; the kernel's own comes from the environment.
    """

    def line_magic(text: str) -> object:
        with quietly():
            return line.run_line(desk, text)

    def cell_magic(text: str, body: str) -> None:
        with quietly():
            cell.run_cell(desk, text, body)

    for magic in (line_magic, cell_magic):
        # Braces and dollar signs belong to patterns and to the job; IPython must not fill them in.
        no_var_expand(magic)
    line_magic.__doc__ = line.MANUAL
    cell_magic.__doc__ = cell.MANUAL
    ipython.magics_manager.register_function(line_magic, "line", NAME)
    ipython.magics_manager.register_function(cell_magic, "cell", NAME)


def unload(ipython: InteractiveShell) -> None:
    """Take the magics away again."""
    for kind in ("line", "cell"):
        ipython.magics_manager.magics[kind].pop(NAME, None)
