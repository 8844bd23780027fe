"""Sealing small things to a public key: HPKE (RFC 9180), base mode, X-Wing / HKDF-SHA256 / AES-256-GCM.

Base mode says nothing of who sealed; signatures do. `info` binds a ciphertext to its place.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import (
    AEAD,
    KDF,
    KEM,
    MLKEM768X25519PrivateKey,
    MLKEM768X25519PublicKey,
    Suite,
)
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from jupyter_secure_jobs.crypto import encoding
from jupyter_secure_jobs.domain.errors import RefusedError

_SUITE: Final = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
_MLKEM_SEED: Final = 64
_X25519_BYTES: Final = 32
_MLKEM_PUBLIC: Final = 1184
SEED_BYTES: Final = _MLKEM_SEED + _X25519_BYTES


@dataclass(frozen=True, slots=True)
class SealingKey:
    """A private key that opens what was sealed to it; its representation never shows it."""

    _seed: bytes
    _key: MLKEM768X25519PrivateKey
    public: str

    @classmethod
    def generate(cls) -> SealingKey:
        """Return a new key."""
        return cls.from_seed(os.urandom(SEED_BYTES))

    @classmethod
    def from_seed(cls, seed: bytes) -> SealingKey:
        """Return the key of a 96-byte seed: 64 for ML-KEM-768 (FIPS 203, d and z), 32 for X25519."""
        mlkem = MLKEM768PrivateKey.from_seed_bytes(seed[:_MLKEM_SEED])
        x25519 = X25519PrivateKey.from_private_bytes(seed[_MLKEM_SEED:])
        public = mlkem.public_key().public_bytes_raw() + x25519.public_key().public_bytes_raw()
        return cls(seed, MLKEM768X25519PrivateKey(mlkem, x25519), encoding.text(public))

    def seed(self) -> bytes:
        """Return the 96-byte seed, to be put under a key store's lock at once."""
        return self._seed

    def open(self, sealed: bytes, *, info: bytes) -> bytes:
        """Return what was sealed to this key under the same `info`.

        Raises:
            RefusedError: it was sealed to another key, for another place, or was altered.
        """
        try:
            return _SUITE.decrypt(sealed, self._key, info)
        except (InvalidTag, ValueError) as error:
            raise RefusedError("cannot_open", "A sealed value does not open with this key in this place.") from error

    def __repr__(self) -> str:
        """Show the start of the public half alone."""
        return f"SealingKey(public={self.public[:16]!r}…)"


def seal(public: str, plaintext: bytes, *, info: bytes) -> bytes:
    """Return `plaintext` sealed to the holder of `public`, bound to `info`.

    Raises:
        RefusedError: `public` is no X-Wing key.
    """
    data = encoding.raw(public, length=_MLKEM_PUBLIC + _X25519_BYTES)
    try:
        key = MLKEM768X25519PublicKey(
            MLKEM768PublicKey.from_public_bytes(data[:_MLKEM_PUBLIC]),
            X25519PublicKey.from_public_bytes(data[_MLKEM_PUBLIC:]),
        )
        return _SUITE.encrypt(plaintext, key, info)
    except ValueError as error:
        raise RefusedError("bad_sealing_key", "A sealing key is not valid.") from error


def expand(seed: bytes, *, label: bytes, length: int) -> bytes:
    """Return `length` bytes derived from a seed for one purpose (HKDF-SHA256, RFC 5869)."""
    return HKDF(algorithm=hashes.SHA256(), length=length, salt=None, info=label).derive(seed)
