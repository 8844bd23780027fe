"""Names and texts that people write: normal form, lengths, and characters that deceive the eye."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from jupyter_secure_jobs.domain.errors import InvalidError

NAME_LENGTH: Final = 50
DESCRIPTION_LENGTH: Final = 150
DATASET_DESCRIPTION_LENGTH: Final = 500
# Ids, hashes with the name of their kind, numbers that are used once, and signed checkpoints of a log.
ID_LENGTH: Final = 64
HASH_LENGTH: Final = 80
NONCE_LENGTH: Final = 100
NOTE_LENGTH: Final = 1000
COMMENT_LENGTH: Final = 1000
CODE_BYTES: Final = 256 * 1024

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}\Z")
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_EMAIL = re.compile(r"[^@\s<>\"']{1,64}@[^@\s<>\"']{1,189}\Z")


def _deceives(character: str, *, allow: str = "") -> bool:
    # Bidirectional controls have the category Cf; so have zero-width characters. Both can make a text read as another.
    return character not in allow and unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}


def clean_name(text: str, *, what: str = "name", longest: int = NAME_LENGTH) -> str:
    """Return `text` in NFC, trimmed.

    Raises:
        InvalidError: it is empty, longer than `longest` characters, or holds control or bidirectional characters.
    """
    cleaned = unicodedata.normalize("NFC", text).strip()
    if not cleaned:
        raise InvalidError("name_empty", f"The {what} is empty.", f"Give a {what} of 1 to {longest} characters.")
    if len(cleaned) > longest:
        raise InvalidError(
            "name_too_long", f"The {what} has {len(cleaned)} characters.", f"Shorten it to at most {longest}."
        )
    if any(_deceives(character) for character in cleaned):
        raise InvalidError(
            "name_characters",
            f"The {what} holds control or text-direction characters, which can make it read as another.",
            "Remove them.",
        )
    return cleaned


def clean_text(text: str, *, what: str, longest: int) -> str:
    """Return free text in NFC; line breaks and tabs are allowed.

    Raises:
        InvalidError: longer than `longest` characters, or with control or bidirectional characters.
    """
    cleaned = unicodedata.normalize("NFC", text)
    if len(cleaned) > longest:
        raise InvalidError(
            "text_too_long", f"The {what} has {len(cleaned)} characters.", f"Shorten it to at most {longest}."
        )
    if any(_deceives(character, allow="\n\t\r") for character in cleaned):
        raise InvalidError("text_characters", f"The {what} holds control or text-direction characters.", "Remove them.")
    return cleaned


def check_lengths(thing: object, **longest: int) -> None:
    """Return if texts that people do not write, given by the names of their fields, are no longer than this.

    Each part says with its own check what such a text must be. This one keeps it from filling memory, disk and answers
    where nobody looks at it.

    Raises:
        InvalidError: one has more characters, or bytes.
    """
    for name, most in longest.items():
        value = getattr(thing, name)
        if value is not None and len(value) > most:
            raise InvalidError(
                "text_too_long", f"The field {name} has a length of {len(value):,}.", f"Shorten it to at most {most:,}."
            )


def clean_code(code: str) -> str:
    r"""Return a job's code in NFC with `\n` line ends.

    Raises:
        InvalidError: over 256 KiB, or with control characters other than tab and newline. Bidirectional characters
            pass, since string literals may need them; pages show them marked.
    """
    cleaned = unicodedata.normalize("NFC", code).replace("\r\n", "\n").replace("\r", "\n")
    if len(cleaned.encode()) > CODE_BYTES:
        raise InvalidError("code_too_long", "The code is over 256 KiB.", "Shorten it.")
    for number, line in enumerate(cleaned.split("\n"), start=1):
        if any(unicodedata.category(c) in {"Cc", "Cs"} and c != "\t" for c in line):
            raise InvalidError("code_characters", f"Line {number} of the code holds a control character.", "Remove it.")
    return cleaned


def clean_identifier(text: str, *, what: str) -> str:
    """Return an identifier (ASCII letters, digits, underscore; not a digit first; at most 63 characters).

    Raises:
        InvalidError: it is none.
    """
    if not _IDENTIFIER.match(text):
        raise InvalidError(
            "not_an_identifier",
            f"The {what} is not an identifier.",
            "Use ASCII letters, digits and underscores, no digit first, at most 63 characters.",
        )
    return text


def clean_email(text: str) -> str:
    """Return an e-mail address in lower case.

    Raises:
        InvalidError: it does not look like one.
    """
    cleaned = unicodedata.normalize("NFC", text).strip().lower()
    if not _EMAIL.match(cleaned) or any(_deceives(c) for c in cleaned):
        raise InvalidError("not_an_email", "That is not an e-mail address.", "Write it as name@organisation.example.")
    return cleaned


def harmless(cell: str) -> str:
    """Return a text cell of a CSV file so that no spreadsheet runs it as a formula."""
    return "'" + cell if cell.startswith(_FORMULA) else cell


def folded(name: str) -> str:
    """Return the form in which two names are compared: NFC, case-folded."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
