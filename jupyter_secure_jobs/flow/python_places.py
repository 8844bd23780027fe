"""Where things stand in a Python text: lines and columns from 1, columns in characters."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    import ast

Place: TypeAlias = tuple[int, int]

_LONG: Final = 10_000
_QUOTED: Final = re.compile(r"[rRuU]?(\"\"\"|'''|\"|')")


class Places:
    """The places of one text. The parser counts columns in bytes; readers and editors count characters."""

    def __init__(self, code: str) -> None:
        """Keep the lines as the parser counts them."""
        self._lines = re.split(r"\r\n?|\n", code)

    def of(self, node: ast.expr | ast.alias | ast.stmt) -> Place:
        """Return where a node begins."""
        return node.lineno, self._column(node.lineno, node.col_offset) + 1

    def of_attribute(self, node: ast.Attribute) -> Place:
        """Return where the name behind the dot begins."""
        line = node.end_lineno or node.lineno
        return line, self._column(line, node.end_col_offset or 0) - len(node.attr) + 1

    def within(self, node: ast.expr, value: str, start: int) -> Place:
        """Return the place of an offset in a text that is written out; that of its quotes if it is not so in letters.

        An escape, or parts that are joined, move what follows: then only the beginning is certain.
        """
        end = node.end_lineno or node.lineno
        lines = self._lines[node.lineno - 1 : end]
        lines[-1] = lines[-1][: self._column(end, node.end_col_offset or 0)]
        column = self._column(node.lineno, node.col_offset)
        written = "\n".join(lines)[column:]
        opening = _QUOTED.match(written)
        if opening is None or written != f"{opening[0]}{value}{opening[1]}":
            return self.of(node)
        before = opening[0] + value[:start]
        lines_before = before.count("\n")
        return node.lineno + lines_before, len(before) - before.rfind("\n") + (0 if lines_before else column)

    def _column(self, line: int, offset: int) -> int:
        """Return how many characters stand in the first bytes of a line; in a very long one nobody counts."""
        if self._lines[line - 1].isascii() or len(self._lines[line - 1]) > _LONG:
            return offset
        return len(self._lines[line - 1].encode()[:offset].decode(errors="replace"))
