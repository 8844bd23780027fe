"""Branches of a column in Python, `when(…).when(…).otherwise(…)`, and whether they may be of different types."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jupyter_secure_jobs.flow.python_names import Names


def mixed_branches(node: ast.Call, names: Names) -> bool:
    """Whether the first branch is a whole number that is written out, and another one may be something else."""
    kinds = []
    for each in _branches(node, names):
        lit = isinstance(each, ast.Call) and bool(each.args) and names.function_of_spark(each.func) == "lit"
        value = each.args[0] if lit and isinstance(each, ast.Call) else each
        if not (isinstance(value, ast.Constant) and value.value is None):
            kinds.append(_is_whole(value))
    return kinds[:1] == [True] and not all(kinds)


def _branches(node: ast.Call, names: Names) -> list[ast.expr]:
    """Return the values, the first one first; none of anything else."""
    values: list[ast.expr] = []
    while names.function_of_spark(node.func) != "when":
        method = node.func
        if not isinstance(method, ast.Attribute) or method.attr not in {"when", "otherwise"}:
            return []
        if not isinstance(method.value, ast.Call):
            return []
        values = [*node.args[-1:], *values]
        node = method.value
    return [*node.args[1:2], *values]


def _is_whole(node: ast.expr) -> bool:
    """Whether an expression is a whole number, written out."""
    value = node.operand if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) else node
    return isinstance(value, ast.Constant) and type(value.value) is int
