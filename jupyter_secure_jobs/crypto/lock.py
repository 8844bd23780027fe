"""A secret under a passphrase: AES-256-GCM under Argon2id (RFC 9106; 64 MiB, 3 passes, 4 lanes)."""

from __future__ import annotations

import os
import threading
import unicodedata
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from jupyter_secure_jobs.domain.errors import RefusedError, SecureJobsError

_MAGIC: Final = b"secure-jobs key store 1\n"
_SALT: Final = 16
_NONCE: Final = 12
# OpenSSL's Argon2 shares its pool of threads in a process: two derivations at once wait for each other for ever.
_one_at_a_time: Final = threading.Lock()


class WrongPassphraseError(SecureJobsError):
    """The passphrase is not the one this was locked with; nothing was changed."""

    status = 403


def _derive(passphrase: str, salt: bytes) -> bytes:
    # Keyboards differ in how they compose an accented letter; in NFC the same passphrase is the same bytes.
    typed = unicodedata.normalize("NFC", passphrase).encode("utf-8", "surrogatepass")
    with _one_at_a_time:
        return Argon2id(salt=salt, length=32, iterations=3, lanes=4, memory_cost=64 * 1024).derive(typed)


def lock(secret: bytes, passphrase: str) -> bytes:
    """Return `secret` locked under `passphrase`."""
    salt, nonce = os.urandom(_SALT), os.urandom(_NONCE)
    header = _MAGIC + salt + nonce
    return header + AESGCM(_derive(passphrase, salt)).encrypt(nonce, secret, header)


def unlock(data: bytes, passphrase: str) -> bytes:
    """Return the secret.

    Raises:
        RefusedError: the data are not of this format, or incomplete.
        WrongPassphraseError: the passphrase does not open them (or they were altered: the two cannot be told apart).
    """
    header, body = data[: len(_MAGIC) + _SALT + _NONCE], data[len(_MAGIC) + _SALT + _NONCE :]
    if not data.startswith(_MAGIC) or len(body) < 16:  # noqa: PLR2004 -- the length of the tag
        raise RefusedError("not_a_key_store", "This is not a key store, or only a part of one.", "Restore your copy.")
    salt, nonce = header[len(_MAGIC) : -_NONCE], header[-_NONCE:]
    try:
        return AESGCM(_derive(passphrase, salt)).decrypt(nonce, body, header)
    except InvalidTag as error:
        raise WrongPassphraseError(
            "wrong_passphrase",
            "The passphrase does not open this key store, or the store is damaged.",
            "Type it again; nothing was changed. If it is right, restore your copy.",
        ) from error
