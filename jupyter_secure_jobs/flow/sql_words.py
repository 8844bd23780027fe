"""The words of a SQL text, to be looked at one beside the other: no grammar, so that no dialect's is too narrow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

import sqlglot
from sqlglot import TokenType
from sqlglot.errors import SqlglotError

from jupyter_secure_jobs.flow.sql_text import DIALECT

if TYPE_CHECKING:
    from sqlglot import Token

_MOST: Final = 50_000
QUOTED: Final = frozenset({TokenType.STRING, TokenType.RAW_STRING, TokenType.IDENTIFIER})


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The words of one text.

    closing: which bracket closes the one at an index. inside: for each word the innermost bracket that is open before
    it; -1 if there is none. joins_using: whether tables are joined by columns that both have.
    """

    code: str
    tokens: tuple[Token, ...]
    closing: dict[int, int]
    inside: tuple[int, ...]
    joins_using: bool

    @classmethod
    def of(cls, code: str) -> Self:
        """Read a text; one that cannot be split into words, or is very long, has none."""
        try:
            tokens = tuple(sqlglot.tokenize(code, read=DIALECT))
        except SqlglotError:
            tokens = ()
        if len(tokens) > _MOST:
            tokens = ()
        closing: dict[int, int] = {}
        open_at, inside = list[int](), list[int]()
        for index, token in enumerate(tokens):
            inside.append(open_at[-1] if open_at else -1)
            if token.token_type is TokenType.L_PAREN:
                open_at.append(index)
            elif token.token_type is TokenType.R_PAREN and open_at:
                closing[open_at.pop()] = index
        named = {token.text.upper() for token in tokens if token.token_type not in QUOTED}
        joins = "JOIN" in named and not named.isdisjoint({"USING", "NATURAL"})
        return cls(code=code, tokens=tokens, closing=closing, inside=tuple(inside), joins_using=joins)

    def text(self, at: int) -> str:
        """Return the word at an index, in capitals; nothing where there is none."""
        return self.tokens[at].text.upper() if 0 <= at < len(self.tokens) else ""

    def word(self, at: int) -> str:
        """Return the word at an index if it is not quoted, in capitals; else nothing."""
        return self.text(at) if self.type(at) not in QUOTED else ""

    def type(self, at: int) -> TokenType | None:
        """Return the kind of the word at an index."""
        return self.tokens[at].token_type if 0 <= at < len(self.tokens) else None

    def follow(self, at: int, *words: str) -> bool:
        """Whether these words stand from an index on; `A|B` is either."""
        return all(self.word(at + step) in word.split("|") for step, word in enumerate(words))

    def behind(self, at: int) -> int:
        """Return the index behind the bracket that closes the one at `at`."""
        return self.closing.get(at, len(self.tokens)) + 1

    @property
    def starts(self) -> list[int]:
        """Where statements begin."""
        return [at for at in range(len(self.tokens)) if not at or self.type(at - 1) is TokenType.SEMICOLON]


def script_start(code: str) -> int | None:
    """Return where a script, BEGIN … END, begins, whose semicolons do not end it; none if the text has none.

    It reaches to the end of the text; only whole statements may stand before it.
    """
    words = Words.of(code)
    last = next((at for at in range(len(words.tokens) - 1, 0, -1) if words.type(at) is not TokenType.SEMICOLON), 0)
    if words.word(last) != "END":
        return None
    return next((words.tokens[at].start for at in words.starts if words.word(at) == "BEGIN" and at < last), None)
