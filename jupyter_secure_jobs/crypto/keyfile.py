"""A holder's two private keys in one file, locked under a passphrase."""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_secure_jobs.crypto import encoding, lock
from jupyter_secure_jobs.crypto.sealing import SEED_BYTES, SealingKey, expand
from jupyter_secure_jobs.crypto.signing import KEY_BYTES, SigningKey
from jupyter_secure_jobs.domain.errors import ConflictError, InvalidError, NotFoundError, RefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRing:
    """An unlocked pair, with the label under which it was stored (public facts such as a name)."""

    signing: SigningKey
    sealing: SealingKey
    label: Mapping[str, str]


def new_ring(label: Mapping[str, str]) -> KeyRing:
    """Return a new pair."""
    return KeyRing(signing=SigningKey.generate(), sealing=SealingKey.generate(), label=dict(label))


def ring_of_seed(seed: bytes, label: Mapping[str, str]) -> KeyRing:
    """Return the pair that one printed seed of 32 bytes stands for."""
    return KeyRing(
        signing=SigningKey.from_seed(expand(seed, label=b"signing", length=KEY_BYTES)),
        sealing=SealingKey.from_seed(expand(seed, label=b"sealing", length=SEED_BYTES)),
        label=dict(label),
    )


def write_private(path: Path, data: bytes, *, replace: bool = True) -> None:
    """Write a file that this account alone can read: complete under its name, or not at all.

    Raises:
        FileExistsError: `replace` is False and there is a file of this name, even one that came a moment ago.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, partial = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if replace:
            Path(partial).replace(path)
        else:
            os.link(partial, path)
    finally:
        Path(partial).unlink(missing_ok=True)


def save(path: Path, ring: KeyRing, passphrase: str) -> None:
    """Lock a pair into a new file.

    Raises:
        ConflictError: the file exists; keys are never overwritten.
        InvalidError: the passphrase has fewer than 8 characters.
    """
    there_is_one = ConflictError(
        "key_store_exists", f"There is a key store in {path.parent.name} already.", "Use it, or choose another folder."
    )
    if path.exists():
        raise there_is_one
    if len(passphrase) < 8:  # noqa: PLR2004 -- said in the message
        raise InvalidError("passphrase_short", "The passphrase has fewer than 8 characters.", "Choose a longer one.")
    secret = {
        "label": dict(ring.label),
        "signing": encoding.text(ring.signing.seed()),
        "sealing": encoding.text(ring.sealing.seed()),
    }
    try:
        write_private(path, lock.lock(json.dumps(secret).encode(), passphrase), replace=False)
    except FileExistsError as error:
        raise there_is_one from error


def load(path: Path, passphrase: str) -> KeyRing:
    """Unlock a file.

    Raises:
        NotFoundError: there is none.
        WrongPassphraseError: the passphrase is another.
        RefusedError: the file is no key store, or only a part of one.
    """
    if not path.is_file():
        raise NotFoundError("no_key_store", "There is no key store.", "Make one: `jupyter secure-jobs key create`.")
    secret = lock.unlock(path.read_bytes(), passphrase)
    try:
        parts = json.loads(secret)
        return KeyRing(
            signing=SigningKey.from_seed(encoding.raw(parts["signing"], length=KEY_BYTES)),
            sealing=SealingKey.from_seed(encoding.raw(parts["sealing"], length=SEED_BYTES)),
            label={str(key): str(value) for key, value in parts["label"].items()},
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise RefusedError("not_a_key_store", "The key store's content is not readable.", "Restore a copy.") from error
