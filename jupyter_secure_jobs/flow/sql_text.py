"""SQL as words and as trees, within bounds: what is too big, or could be read in two ways, is refused."""

from __future__ import annotations

import logging
import re
import unicodedata
from typing import TYPE_CHECKING, Final

import sqlglot
from sqlglot import TokenType, exp
from sqlglot.errors import SqlglotError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sized

    from sqlglot import Token

DIALECT: Final = "spark"
MOST_TOKENS: Final = 20_000
# For each word. sqlglot tries some texts in several ways, nested ones in exponentially many; each try counts.
MOST_NODES: Final = 20
MOST_DEPTH: Final = 60

_OPENING: Final = frozenset({TokenType.L_PAREN, TokenType.L_BRACKET, TokenType.L_BRACE})
_CLOSING: Final = frozenset({TokenType.R_PAREN, TokenType.R_BRACKET, TokenType.R_BRACE})
_TEXTS: Final = frozenset(
    {TokenType.STRING, TokenType.RAW_STRING, TokenType.HEX_STRING, TokenType.BYTE_STRING, TokenType.UNICODE_STRING,
     TokenType.NATIONAL_STRING, TokenType.BIT_STRING, TokenType.HEREDOC_STRING}
)  # fmt: skip
# Between words: white space, and comments of the two plain kinds. A comment within a comment, or a line that ends in a
# backslash, ends at different places for different engines. Each character can match in one way alone, so that no text
# makes the search long.
_BETWEEN: Final = re.compile(r"(?:[ \t\n]|--[^\n\u2028\u2029]*(?<!\\)(?:\n|\Z)|/\*(?!\+)(?:(?!/\*|\*/)[\s\S])*\*/)*")
_PLAIN_TEXT: Final = re.compile(r"'(?:[^'\\]|\\[^'\"])*'\Z|\"(?:[^\"\\]|\\[^'\"])*\"\Z")


class UnreadableError(Exception):
    """This side cannot tell for certain what a text does; the message is a sentence for the reviewer."""


def words(code: str) -> list[Token]:
    """Return the words of a text.

    Raises:
        UnreadableError: it is too long or nested too deeply, or engines could split it in two ways.
    """
    try:
        tokens = list(sqlglot.tokenize(code, read=DIALECT))
    except SqlglotError as error:
        raise UnreadableError("The SQL does not parse here.") from error
    if len(tokens) > MOST_TOKENS:
        raise UnreadableError(f"The SQL is too long to be followed here: it has over {MOST_TOKENS:,} words.")
    at, depth = 0, 0
    for token in tokens:
        line = code.count("\n", 0, token.start) + 1 if _suspect(token, code, at) else 0
        if line:
            raise UnreadableError(f"Engines could read line {line} in two ways: a comment, a quote or a sign in it.")
        at = token.end + 1
        depth += (token.token_type in _OPENING) - (token.token_type in _CLOSING)
        if depth > MOST_DEPTH:
            raise UnreadableError(f"The SQL is nested over {MOST_DEPTH} deep.")
    if not _BETWEEN.fullmatch(code, at):
        raise UnreadableError("Engines could read the end of the text in two ways.")
    return tokens


def _suspect(token: Token, code: str, at: int) -> bool:
    raw = code[token.start : token.end + 1]
    if not _BETWEEN.fullmatch(code, at, token.start) or token.token_type in (TokenType.HINT, TokenType.PIPE_GT):
        return True
    if token.token_type in _TEXTS:
        return token.token_type is not TokenType.HEX_STRING and not _PLAIN_TEXT.match(raw)
    if token.token_type is TokenType.IDENTIFIER:
        return not re.fullmatch(r"`[^`\\\n]+`", raw)
    return not raw.isascii() or "$" in raw or "\\" in raw or "#" in raw


def trees(code: str, tokens: Sized) -> list[exp.Expr]:
    """Return the statements of a text as trees; a statement without words is left out.

    Raises:
        UnreadableError: it does not parse, or not within bounds.
    """
    try:
        return parse(code, max_nodes=MOST_NODES * (len(tokens) + 50))
    except (SqlglotError, RecursionError) as error:
        raise UnreadableError("The SQL does not parse here, or not with a bounded effort.") from error


def parse(code: str, *, max_nodes: int = -1) -> list[exp.Expr]:
    """Return the statements of a text as trees, as far as the parser knows them; one without words is left out.

    Of what it does not know it warns, with the text: that belongs on nobody's screen and in no log.

    Raises:
        SqlglotError: it does not parse, or not with so many nodes.
        RecursionError: it is nested too deeply.
    """

    def unheard(_record: logging.LogRecord) -> bool:
        return False

    logger = logging.getLogger("sqlglot")
    logger.addFilter(unheard)
    try:
        return [each for each in sqlglot.parse(code, dialect=DIALECT, max_nodes=max_nodes) if each is not None]
    finally:
        logger.removeFilter(unheard)


def position(code: str, start: int) -> tuple[int, int]:
    """Return line and column of an offset, both from 1."""
    return code.count("\n", 0, start) + 1, start - code.rfind("\n", 0, start)


def check_names(code: str, tokens: list[Token], statements: Iterable[exp.Expr], columns: Iterable[str]) -> None:
    """See that the trees have every name that the text has.

    A parser may take a name for a key word, a unit or a function and drop it: then a column would go unseen. So each
    word that is a column of the data, or a name that the text itself gives, must stand in the trees as a name, unless
    no column can stand in its place.

    Raises:
        UnreadableError: a word is not accounted for, or two names differ in look alone.
    """
    names = [each for tree in statements for each in tree.find_all(exp.Identifier)]
    seen = {each.meta.get("start") for each in names}
    known = {name.lower() for name in columns} | {each.name.lower() for each in names}
    placeholders = {str(each.this).lower() for tree in statements for each in tree.find_all(exp.Placeholder)}
    looks: dict[str, str] = {}
    for name in known:
        if looks.setdefault(_look(name), name) != name:
            raise UnreadableError("Two names in the text differ in look alone.")
    for index, token in enumerate(tokens):
        word = token.text.lower()
        if token.token_type in (*_TEXTS, TokenType.NUMBER) or word not in known or token.start in seen:
            continue
        before = tokens[index - 1] if index else None
        after = tokens[index + 1] if index + 1 < len(tokens) else None
        if (
            _no_column(before, after)
            or _unit(tokens, index)
            or (before is not None and before.text == ":" and word in placeholders)
        ):
            continue
        line, _ = position(code, token.start)
        raise UnreadableError(f"In line {line} it is not certain whether {token.text[:60]!r} names a column.")


def _no_column(before: Token | None, after: Token | None) -> bool:
    """Whether no column can stand between these words: a function, a type, a typed text or a unit does."""
    if after is not None and (after.token_type in _TEXTS or after.token_type is TokenType.L_PAREN):
        return True
    if before is None:
        return False
    return before.token_type in (TokenType.ALIAS, TokenType.DCOLON, TokenType.NUMBER) or before.token_type in _TEXTS


def _unit(tokens: list[Token], index: int) -> bool:
    """Whether a word is the unit of `extract(UNIT FROM …)`, or the last of `UNION BY NAME`."""
    around = [token.text.lower() for token in tokens[max(index - 2, 0) : index + 2]]
    if around[1:3] == ["by", "name"] and around[0] in {"union", "intersect", "except", "all", "distinct"}:
        return True
    return around[:2] == ["extract", "("] and around[-1] == "from"


def _look(name: str) -> str:
    """Return what names have in common that an engine's or a reader's eye may take for one."""
    apart = unicodedata.normalize("NFKD", name.upper()).casefold()
    return "".join(each for each in apart if not unicodedata.combining(each))
