"""The preflight: what of a job's text the chosen engine cannot do, at line and column, before anything runs.

It reads the text as words (SQL) and as a syntax tree (Python) and looks things up in `domain.engine_features`. What it
cannot be sure of is a hint, not a refusal: a name may belong to something else, and code may build names as it runs.
"""

from __future__ import annotations

import ast
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import sqlglot
from sqlglot import TokenType
from sqlglot.errors import SqlglotError

from jupyter_secure_jobs.domain.compute import LEAST_MEMORY, Compute
from jupyter_secure_jobs.domain.engine_features import (
    ALWAYS_THERE,
    DIFFERENCES,
    LACKS,
    NETWORK_MODULES,
    TITLES,
    Difference,
    Lack,
    Mark,
    unknown_settings,
)
from jupyter_secure_jobs.domain.job import GIB, Language
from jupyter_secure_jobs.flow.python_names import Names
from jupyter_secure_jobs.flow.sql_text import DIALECT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sqlglot import Token

CODE: Final = "engine_lacks"
# Calls whose texts are expressions of SQL.
_EXPRESSIONS: Final = frozenset({"expr", "selectExpr", "where", "filter", "sql", "having"})
_FORMATS: Final = frozenset({"format", "saveAsTable", "save", "load", "using"})
_ELSEWHERE: Final = (
    "http://",
    "https://",
    "s3://",
    "s3a://",
    "gs://",
    "abfs://",
    "abfss://",
    "hdfs://",
    "ftp://",
    "jdbc:",
)
_OUTSIDE: Final = (
    "It names a place outside. The sandbox has no network and none of your files: publish the data as a dataset."
)
_MOST_TOKENS: Final = 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that the engine cannot do, or does differently; `fatal` if a run could only fail by it."""

    text: str
    line: int | None = None
    column: int | None = None
    fatal: bool = True


def check(language: Language, code: str, compute: Compute, *, memory_bytes: int | None = None) -> list[Finding]:
    """Return what stands in the way of running the text with this compute, each thing once, in the order of the text.

    A text that does not parse gives nothing here: that is said elsewhere.
    """
    found = list(_settings(compute, memory_bytes))
    found += _sql(code, compute) if language is Language.SQL else _python(code, compute)
    kept: dict[str, Finding] = {}
    for each in sorted(found, key=lambda one: (one.line or 0, one.column or 0)):
        # The first place is enough to act on; a hint gives way to a refusal for the same reason.
        if each.text not in kept or (each.fatal and not kept[each.text].fatal):
            kept[each.text] = each
    return list(kept.values())


def is_script(code: str) -> bool:
    """Whether a text is one SQL script, BEGIN … END, whose semicolons do not end it."""
    tokens = [token for token in _tokens(code) if token.token_type is not TokenType.SEMICOLON]
    return len(tokens) > 1 and tokens[0].text.upper() == "BEGIN" and tokens[-1].text.upper() == "END"


def _settings(compute: Compute, memory_bytes: int | None) -> Iterator[Finding]:
    title = TITLES[compute.engine]
    for name in unknown_settings(compute.engine, tuple(compute.values)):
        yield Finding(text=f"{title} does not know the setting {name}: leave it out, or choose the engine spark.")
    least = LEAST_MEMORY[compute.engine]
    if memory_bytes is not None and memory_bytes < least:
        yield Finding(
            text=f"{title} needs at least {least / GIB:.1f} GiB of memory; the job has {memory_bytes / GIB:.1f} GiB."
        )


def _rows(mark: Mark, compute: Compute) -> dict[str, Lack | Difference]:
    """Return the rows of the table for one engine and one kind of mark, by what marks them."""
    rows: dict[str, Lack | Difference] = {}
    for difference in DIFFERENCES:
        if difference.mark is mark and difference.engine is compute.engine:
            rows |= dict.fromkeys(difference.marks, difference)
    for lack in LACKS:
        if lack.mark is mark and lack.lacking is compute.engine:
            rows |= dict.fromkeys(lack.marks, lack)
    return rows


def _finding(row: Lack | Difference, named: str, place: tuple[int, int], *, sure: bool = True) -> Finding:
    text = row.words()
    if isinstance(row, Lack) and row.mark is Mark.FUNCTION:
        text = text.replace(row.name, f"{row.name}, {named}(…)", 1)
    return Finding(text=text, line=place[0], column=place[1], fatal=sure and isinstance(row, Lack))


def _tokens(code: str) -> list[Token]:
    try:
        tokens = list(sqlglot.tokenize(code, read=DIALECT))
    except SqlglotError:
        return []
    return tokens if len(tokens) <= _MOST_TOKENS else []


def _sql(code: str, compute: Compute) -> Iterator[Finding]:
    tokens = _tokens(code)
    starts = {index + 1 for index, token in enumerate(tokens) if token.token_type is TokenType.SEMICOLON} | {0}
    functions, formats, forms = (_rows(mark, compute) for mark in (Mark.FUNCTION, Mark.FORMAT, Mark.FORM))
    for index, token in enumerate(tokens):
        place = (token.line, token.col - len(token.text) + 1)
        name, after = token.text.lower(), tokens[index + 1 : index + 2]
        before = tokens[index - 1].text.upper() if index else ""
        opens = bool(after) and after[0].token_type is TokenType.L_PAREN
        if opens and name in functions and before not in {"FUNCTION", "."} and not _is_text(token):
            yield _finding(functions[name], name, place)
        if name in formats and _names_format(tokens, index):
            yield _finding(formats[name], name, place)
        for form, applies in {**_FORMS, **(_STATEMENTS if index in starts else {})}.items():
            if form in forms and applies(tokens, index):
                yield _finding(forms[form], form, place)


def _is_text(token: Token) -> bool:
    return token.token_type in {TokenType.STRING, TokenType.RAW_STRING, TokenType.IDENTIFIER}


def _names_format(tokens: Sequence[Token], index: int) -> bool:
    before = tokens[index - 1].text.upper() if index else ""
    after = [token.text for token in tokens[index + 1 : index + 2]]
    dotted = after == ["."] and index + 2 < len(tokens) and tokens[index + 2].token_type is TokenType.IDENTIFIER
    return before == "USING" or (before in {"FROM", "JOIN", ","} and dotted)


def _word(tokens: Sequence[Token], index: int) -> str:
    return tokens[index].text.upper() if 0 <= index < len(tokens) and not _is_text(tokens[index]) else ""


def _is_function_made(tokens: Sequence[Token], at: int) -> bool:
    return _word(tokens, at) == "CREATE" and "FUNCTION" in [_word(tokens, place) for place in range(at, at + 6)]


def _is_variable(tokens: Sequence[Token], at: int) -> bool:
    first, second = _word(tokens, at), _word(tokens, at + 1)
    return first == "DECLARE" or (first == "SET" and second in {"VAR", "VARIABLE"})


def _is_program(tokens: Sequence[Token], at: int) -> bool:
    if not _follow(tokens, at, "TRANSFORM", "("):
        return False
    depth = 0
    for place in range(at + 1, len(tokens)):
        depth += (_word(tokens, place) == "(") - (_word(tokens, place) == ")")
        if not depth:
            return _word(tokens, place + 1) == "USING"
    return False


def _follow(tokens: Sequence[Token], at: int, *words: str) -> bool:
    return all(_word(tokens, at + step) in word.split("|") for step, word in enumerate(words))


# How each form is recognised: by the word it begins with. Those of the first group only where a statement begins.
_STATEMENTS: Final[dict[str, Callable[[Sequence[Token], int], bool]]] = {
    "script": lambda tokens, at: at == 0 and _word(tokens, at) == "BEGIN",
    "function made in SQL": _is_function_made,
    "session variable": _is_variable,
    "execute immediate": lambda tokens, at: _follow(tokens, at, "EXECUTE", "IMMEDIATE"),
    "cache table": lambda tokens, at: _word(tokens, at) in {"CACHE", "UNCACHE"},
}
_FORMS: Final[dict[str, Callable[[Sequence[Token], int], bool]]] = {
    "recursive query": lambda tokens, at: _follow(tokens, at, "WITH", "RECURSIVE"),
    "pipe syntax": lambda tokens, at: tokens[at].token_type is TokenType.PIPE_GT,
    "collation": lambda tokens, at: at > 0 and _word(tokens, at) == "COLLATE",
    "pivot": lambda tokens, at: _follow(tokens, at, "PIVOT", "("),
    "by all": lambda tokens, at: _follow(tokens, at, "GROUP BY|ORDER BY", "ALL") or _follow(tokens, at, "BY", "ALL"),
    "sample of rows": lambda tokens, at: (
        _word(tokens, at) == "TABLESAMPLE" and _word(tokens, at + 3) in {"ROWS", "ROW"}
    ),
    "distribute": lambda tokens, at: (
        _word(tokens, at) in {"CLUSTER BY", "DISTRIBUTE BY"} or _follow(tokens, at, "CLUSTER|DISTRIBUTE", "BY")
    ),
    "except columns": lambda tokens, at: (
        at > 0 and _follow(tokens, at, "EXCEPT", "(") and tokens[at - 1].token_type is TokenType.STAR
    ),
    "qualify": lambda tokens, at: _word(tokens, at) == "QUALIFY" and at > 0,
    "transform by a program": _is_program,
    "like any": lambda tokens, at: _follow(tokens, at, "LIKE|ILIKE", "ANY|ALL|SOME"),
}


def _python(code: str, compute: Compute) -> Iterator[Finding]:
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError):
        return
    names = Names.of(tree)
    attributes, functions, formats = (_rows(mark, compute) for mark in (Mark.ATTRIBUTE, Mark.FUNCTION, Mark.FORMAT))
    yield from _imports(names, compute)
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
            place = (node.end_lineno or node.lineno, (node.end_col_offset or 0) - len(node.attr) + 1)
            if node.attr in attributes and not names.is_known_other(node.value):
                yield _finding(attributes[node.attr], node.attr, place, sure=names.is_spark(node.value))
            if node.attr in formats and _reads_or_writes(node.value):
                yield _finding(formats[node.attr], node.attr, place, sure=names.is_spark(node.value))
        if isinstance(node, ast.Call):
            called = names.function_of_spark(node.func)
            if called is not None and called in functions:
                yield _finding(functions[called], called, (node.lineno, node.col_offset + 1))
            yield from _texts(node, names, compute)


def _reads_or_writes(node: ast.expr) -> bool:
    """Whether an expression is a chain that begins to read or write: `spark.read`, `df.write.mode(…)`."""
    while isinstance(node, ast.Call | ast.Attribute):
        if isinstance(node, ast.Attribute) and node.attr in {"read", "write"}:
            return True
        node = node.func if isinstance(node, ast.Call) else node.value
    return False


def _texts(call: ast.Call, names: Names, compute: Compute) -> Iterator[Finding]:
    """Yield what the texts that a call is given ask of the engine."""
    name = (
        call.func.attr
        if isinstance(call.func, ast.Attribute)
        else call.func.id
        if isinstance(call.func, ast.Name)
        else ""
    )
    formats = _rows(Mark.FORMAT, compute)
    given = [*call.args, *(word.value for word in call.keywords)]
    named = {id(word.value): word.arg for word in call.keywords}
    for value in given:
        if not (isinstance(value, ast.Constant) and isinstance(value.value, str)):
            continue
        place = (value.lineno, value.col_offset + 1)
        if name in _EXPRESSIONS and not isinstance(call.func, ast.Name | ast.Constant):
            for each in _sql(value.value, compute):
                yield Finding(text=each.text, line=place[0], column=place[1], fatal=each.fatal)
        if (
            name in _FORMATS
            and (name == "format" or named.get(id(value)) == "format")
            and isinstance(call.func, ast.Attribute)
        ):
            row = formats.get(value.value.lower())
            if row is not None and not isinstance(call.func.value, ast.Constant):
                yield _finding(row, name, place, sure=names.is_spark(call.func.value))
        if value.value.startswith(_ELSEWHERE):
            yield Finding(text=_OUTSIDE, line=place[0], column=place[1], fatal=False)


def _imports(names: Names, compute: Compute) -> Iterator[Finding]:
    rows = _rows(Mark.IMPORT, compute)
    brought = {package.name.replace("-", "_") for package in compute.packages}
    for full, place in names.imported:
        row = next((row for mark, row in rows.items() if full == mark or full.startswith(f"{mark}.")), None)
        if row is not None:
            yield _finding(row, full, place)
            continue
        top = full.split(".", maxsplit=1)[0]
        if any(full == each or full.startswith(f"{each}.") for each in NETWORK_MODULES):
            text = f"{full} reaches out, and the sandbox has no network: every connection fails, with every engine."
            yield Finding(text=text, line=place[0], column=place[1], fatal=False)
        elif top not in sys.stdlib_module_names and top not in ALWAYS_THERE and top.lower() not in brought:
            text = f"{top} may not be in the sandbox: choose a compute profile that has its package."
            yield Finding(text=text, line=place[0], column=place[1], fatal=False)
