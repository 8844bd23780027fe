"""Ed25519 signatures (RFC 8032)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from jupyter_secure_jobs.crypto import encoding
from jupyter_secure_jobs.domain.errors import RefusedError

KEY_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private signing key in memory; its representation never shows it."""

    _key: Ed25519PrivateKey

    @classmethod
    def generate(cls) -> SigningKey:
        """Return a new key."""
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def from_seed(cls, seed: bytes) -> SigningKey:
        """Return the key of a 32-byte seed."""
        return cls(Ed25519PrivateKey.from_private_bytes(seed))

    def seed(self) -> bytes:
        """Return the 32-byte seed, to be put under a key store's lock at once."""
        return self._key.private_bytes_raw()

    @property
    def public(self) -> str:
        """The public key as base64 text."""
        return encoding.text(self._key.public_key().public_bytes_raw())

    def sign(self, message: bytes) -> bytes:
        """Return the signature of `message`, 64 bytes."""
        return self._key.sign(message)

    def __repr__(self) -> str:
        """Show the public half alone."""
        return f"SigningKey(public={self.public!r})"


def verify(public: str, message: bytes, signature: bytes) -> None:
    """Return if `signature` is that of `message` by the holder of `public`.

    Raises:
        RefusedError: it is not, or the key is none.
    """
    try:
        key = Ed25519PublicKey.from_public_bytes(encoding.raw(public, length=KEY_BYTES))
        key.verify(signature, message)
    except (InvalidSignature, ValueError) as error:
        raise RefusedError("bad_signature", "A signature does not verify.") from error
