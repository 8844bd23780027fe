"""Keys of holders by name: the same name gives the same keys, so that bytes in vectors do not change."""

from __future__ import annotations

from dataclasses import dataclass

from jupyter_secure_jobs.crypto.sealing import SealingKey
from jupyter_secure_jobs.crypto.signing import SigningKey
from jupyter_secure_jobs.domain.workspace import KeyPair
from jupyter_secure_jobs.protocol import canonical


def digest(text: str) -> str:
    """Return the digest of a text, for fields that name something which no test opens."""
    return canonical.digest(text.encode())


@dataclass(frozen=True, slots=True)
class Keys:
    """A holder's two private keys; the same name gives the same keys, so that bytes in vectors do not change."""

    signing: SigningKey
    sealing: SealingKey

    @classmethod
    def of(cls, name: str) -> Keys:
        """Return the keys of this holder."""
        seed = bytes.fromhex(digest(name).removeprefix("sha256:"))
        return cls(SigningKey.from_seed(seed), SealingKey.from_seed(seed * 3))

    @property
    def public(self) -> KeyPair:
        """The public halves."""
        return KeyPair(signing=self.signing.public, sealing=self.sealing.public)
