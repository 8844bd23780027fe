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
_PLAIN: Final = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
Json = Any  # The JSON value type is recursive; every reader narrows it through the codec at once.


def encode(value: Json) -> bytes:
    """Return the RFC 8785 bytes of a JSON value.

    Raises:
        RefusedError: NaN, an infinity, an integer from 2^53 on, or text that is not in NFC.
    """
    plain = _check(value, depth=0)
    try:
        # For such values the standard library's encoder, which is in C, writes the same bytes many times faster.
        return _PLAIN.encode(value).encode() if plain else rfc8785.dumps(value)
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


def _check(value: Json, *, depth: int) -> bool:
    """Refuse text that is not in NFC, and depth. Tell whether the value is plain.

    Plain is what RFC 8785 and the standard library write alike: no numbers but safe integers, and keys in ASCII, which
    both sort alike. What is not of a JSON type is not plain, so that the RFC's own encoder refuses it.
    """
    if depth > MOST_DEPTH:
        raise RefusedError("statement_too_deep", "A statement is nested too deeply.")
    if isinstance(value, str):
        if not (value.isascii() or unicodedata.is_normalized("NFC", value)):
            raise RefusedError("not_nfc", "A text in a statement is not in Unicode normal form C.")
        return type(value) is str
    # Lists, not generators: every part must be looked at, also after one that is not plain.
    if isinstance(value, dict):
        keys = [_check(key, depth=depth + 1) and type(key) is str and key.isascii() for key in value]
        inner = [_check(each, depth=depth + 1) for each in value.values()]
        return type(value) is dict and all(keys) and all(inner)
    if isinstance(value, list | tuple):
        inner = [_check(each, depth=depth + 1) for each in value]
        return all(inner)
    if type(value) is int:
        return -_SAFE_INTEGER < value < _SAFE_INTEGER
    return value is None or type(value) is bool
