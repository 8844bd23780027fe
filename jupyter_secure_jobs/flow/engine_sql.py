"""What of a SQL text the chosen engine cannot do, found by its words: by what stands before and after each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlglot import TokenType

from jupyter_secure_jobs.domain.engine_features import Lack, Mark, rows_of
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
_BRACKET: Final = frozenset({TokenType.L_PAREN})
# After these a name with brackets behind it is no call: it is something's own name, with its columns.
_NAMING: Final = frozenset({"FUNCTION", ".", "AS", "TABLE", "VIEW", "INTO", "EXISTS", "WITH", "RECURSIVE"})
_DATABASES: Final = frozenset({"DATABASE", "SCHEMA", "NAMESPACE", "CATALOG"})
_QUERY: Final = "QUERY|SELECT|WITH|VALUES|FROM"
# What Sail sets, and what is a session variable.
_OTHERWISE_SET: Final = frozenset({"TIMEZONE", "DATAFUSION", "CATALOG", "VAR", "VARIABLE"})


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
    return list(found.values())


def _find(words: Words, engine: EngineName, own: frozenset[str], starts: frozenset[int]) -> Iterator[Found]:
    functions, formats, forms = (rows_of(mark, engine) for mark in (Mark.FUNCTION, Mark.FORMAT, Mark.FORM))
    # Of a format's name that may be the name of a table, by which its columns are called, nothing is sure.
    aliases = {words.text(at) for at in range(len(words.tokens)) if words.text(at + 1) != "."}
    first = -1
    for at, token in enumerate(words.tokens):
        first = at if at in starts else first
        name = token.text.lower()
        if name in functions and name not in own and _is_call(words, at):
            yield Found(text=told(functions[name], name), start=token.start, sure=isinstance(functions[name], Lack))
        if name in formats and _names_format(words, at, first):
            sure = words.text(at - 1) == "USING" or words.text(at) not in aliases
            yield Found(text=formats[name].words(), start=token.start, sure=sure)
        for form, applies in {**_FORMS, **(_STATEMENTS if at == first else {})}.items():
            if form in forms and applies(words, at):
                yield Found(text=forms[form].words(), start=token.start, sure=isinstance(forms[form], Lack))


def told(row: Lack | Difference, named: str) -> str:
    """Return the words of a row about functions, with the function that was found."""
    return row.words().replace(row.name, f"{row.name}, {named}(…)", 1) if isinstance(row, Lack) else row.words()


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


def _is_function_made(words: Words, at: int) -> bool:
    if words.word(at) != "CREATE":
        return False
    after = at + 3 if words.follow(at + 1, "OR", "REPLACE") else at + 1
    return words.word(after + (words.word(after) in {"TEMP", "TEMPORARY"})) == "FUNCTION"


def _is_within(words: Words, at: int, word: str, following: frozenset[TokenType]) -> bool:
    """Whether a word stands where it can only be the key word: behind an expression, with something that follows."""
    return words.word(at) == word and words.type(at - 1) in _ENDS and words.type(at + 1) in following


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
