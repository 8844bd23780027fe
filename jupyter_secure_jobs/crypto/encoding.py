"""Keys as text: standard base64, in its one spelling."""

from __future__ import annotations

import base64
import binascii
import hashlib

from jupyter_secure_jobs.domain.errors import RefusedError


def text(data: bytes) -> str:
    """Return base64 text."""
    return base64.b64encode(data).decode("ascii")


def raw(encoded: str, *, length: int | None = None) -> bytes:
    """Return the bytes behind base64 text.

    Raises:
        RefusedError: it is not base64 in its one spelling, or not `length` bytes long.
    """
    try:
        data = base64.b64decode(encoded.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError, ValueError) as error:
        raise RefusedError("not_base64", "A key or signature is not base64 text.") from error
    if text(data) != encoded or (length is not None and len(data) != length):
        raise RefusedError("key_length", "A key or signature has the wrong length or spelling.")
    return data


def fingerprint(public: str) -> str:
    """Return a short form of a public key that people can compare: 32 hex digits of its SHA-256, in groups of four."""
    digest = hashlib.sha256(raw(public)).hexdigest()[:32]
    return " ".join(digest[i : i + 4] for i in range(0, 32, 4))
