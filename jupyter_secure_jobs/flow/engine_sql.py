"""What of a SQL text the chosen engine cannot do, found by its words: by what stands before and after each."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlglot import TokenType

from jupyter_secure_jobs.domain.engine_features import Lack, Mark, rows_of
from jupyter_secure_jobs.flow import engine_tree
from jupyter_secure_jobs.flow.sql_words import QUOTED, Words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from jupyter_secure_jobs.domain.compute import EngineName
    from jupyter_secure_jobs.domain.engine_features import Difference

# With these an expression, or the name of a table, may end: a word that follows one is no name, or it is an alias.
_ENDS: Final = QUOTED | {TokenType.VAR, TokenType.NUMBER, TokenType.R_PAREN, TokenType.R_BRACKET, TokenType.NULL,
                         TokenType.TRUE, TokenType.FALSE, TokenType.END}  # fmt: skip
# With these a condition begins.
_BEGINS: Final = QUOTED | {TokenType.VAR, TokenType.NUMBER, TokenType.L_PAREN, TokenType.NOT, TokenType.CASE}
_NAMES: Final = frozenset({TokenType.VAR, TokenType.IDENTIFIER})
_TEXTS: Final = frozenset({TokenType.STRING, TokenType.RAW_STRING})
_BRACKET: Final = frozenset({TokenType.L_PAREN})
# After these a name with brackets behind it is no call: it is something's own name, with its columns.
_NAMING: Final = frozenset({"FUNCTION", ".", "AS", "TABLE", "VIEW", "INTO", "EXISTS", "WITH", "RECURSIVE"})
_DATABASES: Final = frozenset({"DATABASE", "SCHEMA", "NAMESPACE", "CATALOG"})
_QUERY: Final = "QUERY|SELECT|WITH|VALUES|FROM"
# What Sail sets, and what is a session variable.
_OTHERWISE_SET: Final = frozenset({"TIMEZONE", "DATAFUSION", "CATALOG", "VAR", "VARIABLE"})

_LOOKS: Final = re.compile(r"\(\?<?[=!]|\\Q")
_GROUP_AND_LETTERS: Final = re.compile(r"\$\d+[A-Za-z_]")
_NUMBER: Final = re.compile(r"[+-]?\d*\.\d+\Z")
# No row speaks of more.
_MOST_ARGUMENTS: Final = 3
_PARTS: Final = "DOW|DAYOFWEEK|DAYOFWEEK_ISO|DOW_ISO|YEAROFWEEK"
_AGGREGATES: Final = "AVG|COUNT|MAX|MIN|SUM"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Something in a text, at an offset; `sure` if the engine could only fail by it."""

    text: str
    start: int
    sure: bool


def find(code: str, engine: EngineName, *, own: frozenset[str] = frozenset(), whole: bool = True) -> list[Found]:
    """Return what the engine cannot do, or does differently: of each the first that is sure, and the first that is not.

    `own`: functions that the job makes itself, which the engine's own need not be. `whole`: whether the text is
    statements; an expression may begin with a column that is called like a statement.
    """
    found: dict[tuple[str, bool], Found] = {}
    words = Words.of(code)
    for each in _find(words, engine, own, frozenset(words.starts if whole else ())):
        found.setdefault((each.text, each.sure), each)
    for row, (start, sure) in engine_tree.find(code, words.tokens, engine) if whole else ():
        each = Found(text=row.words(), start=start, sure=sure and isinstance(row, Lack))
        found.setdefault((each.text, each.sure), each)
    return list(found.values())


def _find(words: Words, engine: EngineName, own: frozenset[str], starts: frozenset[int]) -> Iterator[Found]:
    functions, formats, forms = (rows_of(mark, engine) for mark in (Mark.FUNCTION, Mark.FORMAT, Mark.FORM))
    # Of a format's name that may be the name of a table, by which its columns are called, nothing is sure.
    aliases = {words.text(at) for at in range(len(words.tokens)) if words.text(at + 1) != "."}
    first = -1
    for at, token in enumerate(words.tokens):
        first = at if at in starts else first
        name = token.text.lower()
        if name not in own and _is_call(words, at):
            if name in functions:
                text = told(functions[name], f"{name}(…)")
                yield Found(text=text, start=token.start, sure=isinstance(functions[name], Lack))
            for mark, row in rows_of_call(name, *_arguments(words, at), engine):
                yield Found(text=told(row, mark), start=token.start, sure=isinstance(row, Lack))
        if name in formats and _names_format(words, at, first):
            sure = words.text(at - 1) == "USING" or words.text(at) not in aliases
            yield Found(text=formats[name].words(), start=token.start, sure=sure)
        for form, applies in {**_FORMS, **(_STATEMENTS if at == first else {})}.items():
            if form in forms and applies(words, at):
                yield Found(text=forms[form].words(), start=token.start, sure=isinstance(forms[form], Lack))


def told(row: Lack | Difference, named: str) -> str:
    """Return the words of a row about functions or methods, with the one that was found."""
    return row.words().replace(row.name, f"{row.name}, {named}", 1) if isinstance(row, Lack) else row.words()


def kind_of_argument(text: str) -> str:
    """Return what matters of an argument that is a text: `empty`, `look` around, `group` and letters; or nothing."""
    if not text:
        return "empty"
    return "look" if _LOOKS.search(text) else "group" if _GROUP_AND_LETTERS.search(text) else ""


def rows_of_call(name: str, count: int, kinds: set[str], engine: EngineName) -> Iterator[tuple[str, Lack | Difference]]:
    """Yield the rows about a function that is called with `count` arguments, and how to name the call.

    kinds: `*` where that is an argument, `array` where one is written out, and those of `kind_of_argument`.
    """
    rows = rows_of(Mark.CALL, engine)
    shown = {"*": "*", "array": "array(…)"}
    forms = {str(each): ", ".join("…" * each) for each in range(1, min(count, _MOST_ARGUMENTS) + 1)}
    for form, words in {**forms, **{kind: shown.get(kind, "…") for kind in sorted(kinds)}}.items():
        row = rows.get(f"{name}/{form}")
        if row is not None:
            yield f"{name}({words})", row


def _arguments(words: Words, at: int) -> tuple[int, set[str]]:
    """Return how many arguments a call has, and of what kinds: see `rows_of_call`."""
    end, inner = words.behind(at + 1) - 1, at + 2
    count, kinds = int(inner < end), set[str]()
    while inner < end:
        count += words.type(inner) is TokenType.COMMA
        if words.type(inner - 1) in {TokenType.L_PAREN, TokenType.COMMA}:
            kinds.add(_kind(words, inner))
        inner = words.behind(inner) if words.type(inner) is TokenType.L_PAREN else inner + 1
    return count, kinds


def _kind(words: Words, at: int) -> str:
    if words.type(at) in _TEXTS:
        return kind_of_argument(words.tokens[at].text)
    return "*" if words.type(at) is TokenType.STAR else "array" if words.follow(at, "ARRAY", "(") else ""


def _is_call(words: Words, at: int) -> bool:
    """Whether a word is a function that is called: not a name with columns, as of a table or of a query in WITH."""
    if not words.word(at) or words.word(at + 1) != "(" or words.text(at - 1) in _NAMING:
        return False
    return words.type(at - 1) not in _ENDS and not words.follow(words.behind(at + 1), "AS", "(")


def _names_format(words: Words, at: int, first: int) -> bool:
    if words.word(at - 1) == "USING":
        return words.word(first) in {"CREATE", "REPLACE"}
    named = words.text(at + 1) == "." and words.type(at + 2) is TokenType.IDENTIFIER
    return named and words.word(at - 1) in {"FROM", "JOIN"}


def _is_file_read(words: Words, at: int) -> bool:
    """Whether a file is read by its name, and the text itself writes none."""
    if not words.follow(at - 1, "FROM|JOIN", "CSV|JSON|PARQUET|TEXT", "."):
        return False
    written = any(words.word(each) in {"DIRECTORY", "LOCATION"} for each in range(len(words.tokens)))
    return words.type(at + 2) is TokenType.IDENTIFIER and not written


def _is_function_made(words: Words, at: int) -> bool:
    if words.word(at) != "CREATE":
        return False
    after = at + 3 if words.follow(at + 1, "OR", "REPLACE") else at + 1
    return words.word(after + (words.word(after) in {"TEMP", "TEMPORARY"})) == "FUNCTION"


def _is_within(words: Words, at: int, word: str, following: frozenset[TokenType]) -> bool:
    """Whether a word stands where it can only be the key word: behind an expression, with something that follows."""
    return words.word(at) == word and words.type(at - 1) in _ENDS and words.type(at + 1) in following


_COMPARING: Final = frozenset({TokenType.EQ, TokenType.NEQ, TokenType.LT, TokenType.LTE, TokenType.GT, TokenType.GTE,
                               TokenType.NULLSAFE_EQ})  # fmt: skip
_ALIKE: Final = frozenset({"COALESCE", "GREATEST", "IF", "LEAST", "NVL2"})


def _is_decimal_beside(words: Words, at: int) -> bool:
    """Whether a number written with a point gives its type to what it stands beside, which may be a DOUBLE.

    That is so among the arguments of COALESCE and the like, and in the branches of CASE. A comparison with another
    number than zero is as it should be for all but very large numbers.
    """
    if words.type(at) is not TokenType.NUMBER or words.type(at + 1) is TokenType.DCOLON:
        return False
    number, before, after = words.text(at), words.word(at - 1), words.word(at + 1)
    if "." not in number or "E" in number:
        return False
    if before in {"THEN", "ELSE"} and after in {"WHEN", "ELSE", "END"}:
        return True
    if words.type(at - 1) in _COMPARING or words.type(at + 1) in _COMPARING:
        return not number.strip("0.")
    return before in {"(", ","} and after in {")", ","} and words.word(words.inside[at] - 1) in _ALIKE


def _is_doubled_quote(words: Words, at: int) -> bool:
    if words.type(at) not in _TEXTS or words.type(at + 1) is not TokenType.STRING:
        return False
    end, start = words.tokens[at].end, words.tokens[at + 1].start
    return end + 1 == start and words.code[end] == words.code[start]


def _is_part_of_week(words: Words, at: int) -> bool:
    if words.follow(at, "EXTRACT", "("):
        return words.follow(at + 2, _PARTS, "FROM")
    named = words.follow(at, "DATE_PART|DATEPART", "(") and words.type(at + 2) in _TEXTS
    return named and words.text(at + 2) in _PARTS.split("|")


def _is_bare_grouping(words: Words, at: int) -> bool:
    """Whether GROUPING SETS stands behind columns, or one of its sets has no brackets."""
    after = at + (1 if words.word(at) == "GROUPING SETS" else 2)
    if after == at + 2 and not words.follow(at, "GROUPING", "SETS"):
        return False
    if words.word(after) != "(" or words.word(at - 1) not in {"BY", "GROUP BY", ","}:
        return words.word(after) == "("
    end, inner = words.behind(after) - 1, after + 1
    while inner < end:
        if words.type(inner - 1) in {TokenType.L_PAREN, TokenType.COMMA} and words.word(inner) != "(":
            return True
        inner = words.behind(inner) if words.word(inner) == "(" else inner + 1
    return False


def _is_quoted_number(words: Words, at: int) -> bool:
    beside = words.type(at - 1) in _COMPARING or words.type(at + 1) in _COMPARING
    return words.type(at) in _TEXTS and beside and _NUMBER.match(words.tokens[at].text) is not None


def _is_range_of_days(words: Words, at: int) -> bool:
    within = range(at + 1, min(at + 12, words.closing.get(words.inside[at], at)))
    return words.word(at) == "RANGE" and any(words.follow(each, "DAY|DAYS") for each in within)


# How each form is recognised: by the word it begins with. Those of the first group only where a statement begins.
_STATEMENTS: Final[dict[str, Callable[[Words, int], bool]]] = {
    "script": lambda words, at: words.word(at) == "BEGIN",
    "function made in SQL": _is_function_made,
    "session variable": lambda words, at: words.word(at) == "DECLARE" or words.follow(at, "SET", "VAR|VARIABLE"),
    "execute immediate": lambda words, at: words.word(at) == "EXECUTE",
    "cache table": lambda words, at: words.word(at) in {"CACHE", "UNCACHE"},
    "from first": lambda words, at: (
        words.word(at) == "FROM" and TokenType.PIPE_GT not in {token.token_type for token in words.tokens}
    ),
    "setting in SQL": lambda words, at: words.word(at) in {"SET", "RESET"} and words.word(at + 1) not in _OTHERWISE_SET,
    "use": lambda words, at: words.word(at) == "USE" and words.word(at + 1) not in _DATABASES,
    "refresh": lambda words, at: words.word(at) == "REFRESH",
    "describe query": lambda words, at: words.follow(at, "DESC|DESCRIBE", _QUERY),
    "describe": lambda words, at: (
        words.word(at) in {"DESC", "DESCRIBE"}
        and not words.follow(at + 1, f"{_QUERY}|TABLE|EXTENDED|FUNCTION")
        and words.word(at + 1) not in _DATABASES
    ),
}
_FORMS: Final[dict[str, Callable[[Words, int], bool]]] = {
    "recursive query": lambda words, at: words.follow(at, "WITH", "RECURSIVE"),
    "pipe syntax": lambda words, at: words.type(at) is TokenType.PIPE_GT,
    "collation": lambda words, at: (
        words.follow(at - 1, "STRING", "COLLATE") or _is_within(words, at, "COLLATE", _NAMES)
    ),
    "decimal beside double": _is_decimal_beside,
    "doubled quote": _is_doubled_quote,
    "intersect all": lambda words, at: words.follow(at, "INTERSECT", "ALL"),
    "day of the week": _is_part_of_week,
    "look around": lambda words, at: (
        words.type(at) in _TEXTS
        and words.follow(at - 1, "RLIKE|REGEXP")
        and kind_of_argument(words.tokens[at].text) == "look"
    ),
    "log of one": lambda words, at: (
        words.follow(at, "LOG", "(") and _is_call(words, at) and _arguments(words, at)[0] == 1
    ),
    "explode of map": lambda words, at: words.follow(at, "EXPLODE|POSEXPLODE", "(", "MAP|MAP_FROM_ENTRIES", "("),
    "grouping sets": _is_bare_grouping,
    "quoted number": _is_quoted_number,
    "range of days": _is_range_of_days,
    "star of a side": lambda words, at: (
        words.type(at) is TokenType.STAR and words.type(at - 1) is TokenType.DOT and words.joins_using
    ),
    "file read": _is_file_read,
    "named argument": lambda words, at: words.type(at) is TokenType.FARROW,
    "exists of an aggregate": lambda words, at: words.follow(at, "EXISTS", "(", "SELECT", _AGGREGATES, "("),
    "not in of several": lambda words, at: words.follow(at, ")", "NOT", "IN", "(", "SELECT"),
    "lateral explode": lambda words, at: words.follow(at, "LATERAL", "EXPLODE|POSEXPLODE|INLINE", "("),
    "pivot": lambda words, at: _is_within(words, at, "PIVOT", _BRACKET),
    "by all": lambda words, at: words.follow(at, "GROUP BY|ORDER BY", "ALL") or words.follow(at, "BY", "ALL"),
    "sample of rows": lambda words, at: words.word(at) == "TABLESAMPLE" and words.word(at + 3) in {"ROWS", "ROW"},
    "distribute": lambda words, at: (
        words.word(at) in {"CLUSTER BY", "DISTRIBUTE BY"} or words.follow(at, "CLUSTER|DISTRIBUTE", "BY")
    ),
    "except columns": lambda words, at: words.follow(at, "EXCEPT", "(") and words.type(at - 1) is TokenType.STAR,
    "qualify": lambda words, at: _is_within(words, at, "QUALIFY", _BEGINS),
    "transform by a program": lambda words, at: (
        words.follow(at, "TRANSFORM", "(") and words.word(words.behind(at + 1)) == "USING"
    ),
    "like any": lambda words, at: words.follow(at, "LIKE|ILIKE", "ANY|ALL|SOME"),
}
