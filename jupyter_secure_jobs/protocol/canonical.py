"""Canonical JSON (RFC 8785) and its strict, bounded parsing.

Only canonical bytes are accepted back, so that a statement has exactly one spelling and therefore one hash.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from typing import Any, Final

import rfc8785

from jupyter_secure_jobs.domain.errors import RefusedError

MOST_BYTES: Final = 2 * 1024 * 1024
MOST_DEPTH: Final = 32
_SAFE_INTEGER: Final = 2**53
# The closing quote is optional, so that the pattern never fails halfway: an unterminated text is scanned once.
_STRING: Final = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"?', re.DOTALL)
_BRACKET: Final = re.compile(rb"[\[{\]}]")
Json = Any  # The JSON value type is recursive; every reader narrows it through the codec at once.


def encode(value: Json) -> bytes:
    """Return the RFC 8785 bytes of a JSON value.

    Raises:
        RefusedError: NaN, an infinity, an integer from 2^53 on, or text that is not in NFC.
    """
    _check_text(value, depth=0)
    try:
        return rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, UnicodeError, RecursionError) as error:
        raise RefusedError("not_canonical", "A value has no canonical JSON form.") from error


def decode(data: bytes, *, most: int = MOST_BYTES) -> Json:
    """Return the value of canonical JSON bytes.

    Raises:
        RefusedError: over `most` bytes, nested deeper than 32, not UTF-8, doubled keys, or not the canonical bytes.
    """
    if len(data) > most:
        raise RefusedError("statement_too_large", f"A statement is over {most} bytes.")
    if _depth(data) > MOST_DEPTH:
        raise RefusedError("statement_too_deep", "A statement is nested too deeply.")
    try:
        value = json.loads(
            data.decode("utf-8"), object_pairs_hook=_no_doubles, parse_constant=_no_constant, parse_int=_whole
        )
    except (ValueError, RecursionError) as error:
        raise RefusedError("not_json", "A statement is not JSON.") from error
    if encode(value) != data:
        raise RefusedError("not_canonical", "A statement is not in canonical form.")
    return value


def digest(data: bytes) -> str:
    """Return `sha256:` and the hex digest: how statements and files are named."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def _depth(data: bytes) -> int:
    # Counts brackets outside strings, so that a deeply nested text is refused before the parser recurses.
    deepest = level = 0
    for bracket in _BRACKET.findall(_STRING.sub(b"", data)):
        level += 1 if bracket in b"[{" else -1
        deepest = max(deepest, level)
    return deepest


def _no_doubles(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("doubled key")
    return made


def _whole(digits: str) -> int | float:
    # RFC 8785 writes a float such as 1e20 without a point. No integer from 2^53 on is ever written as a number.
    number = int(digits)
    return number if abs(number) < _SAFE_INTEGER else float(digits)


def _no_constant(_name: str) -> Json:
    raise ValueError("not a JSON number")


def _check_text(value: Json, *, depth: int) -> None:
    if depth > MOST_DEPTH:
        raise RefusedError("statement_too_deep", "A statement is nested too deeply.")
    if isinstance(value, str):
        if not unicodedata.is_normalized("NFC", value):
            raise RefusedError("not_nfc", "A text in a statement is not in Unicode normal form C.")
    elif isinstance(value, dict):
        for key, inner in value.items():
            _check_text(key, depth=depth + 1)
            _check_text(inner, depth=depth + 1)
    elif isinstance(value, list | tuple):
        for inner in value:
            _check_text(inner, depth=depth + 1)
