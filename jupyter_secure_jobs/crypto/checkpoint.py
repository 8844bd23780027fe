"""Signed checkpoints of the log, in the C2SP tlog-checkpoint and signed-note formats."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from jupyter_secure_jobs.crypto import encoding, signing
from jupyter_secure_jobs.domain.errors import RefusedError

if TYPE_CHECKING:
    from jupyter_secure_jobs.crypto.signing import SigningKey

_ED25519: Final = b"\x01"
_NOTE: Final = re.compile(
    r"(?P<text>(?P<origin>[^\n]+)\n(?P<size>0|[1-9][0-9]{0,15})\n(?P<root>[^\n]+)\n)\n— (?P<name>\S+) (?P<sig>\S+)\n\Z"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """The state of a log: which log, how many entries, and the root over them."""

    origin: str
    size: int
    root: bytes


def _key_id(name: str, public: str) -> bytes:
    return hashlib.sha256(name.encode() + b"\n" + _ED25519 + encoding.raw(public)).digest()[:4]


def sign(checkpoint: Checkpoint, key: SigningKey) -> str:
    """Return the signed note."""
    text = f"{checkpoint.origin}\n{checkpoint.size}\n{encoding.text(checkpoint.root)}\n"
    signature = encoding.text(_key_id(checkpoint.origin, key.public) + key.sign(text.encode()))
    return f"{text}\n— {checkpoint.origin} {signature}\n"


def _match(note: str, origin: str) -> re.Match[str]:
    match = _NOTE.match(note)
    if not match or match["origin"] != origin or match["name"] != origin:
        raise RefusedError("checkpoint", "A checkpoint is malformed or of another log.")
    return match


def parse(note: str, *, origin: str) -> Checkpoint:
    """Return what a note says, without a look at its signature.

    Raises:
        RefusedError: it is malformed or of another log.
    """
    match = _match(note, origin)
    return Checkpoint(origin=origin, size=int(match["size"]), root=encoding.raw(match["root"], length=32))


def verify(note: str, *, origin: str, public: str) -> Checkpoint:
    """Return the checkpoint of a signed note.

    Raises:
        RefusedError: it is malformed, of another log, or not signed by the log's key.
    """
    match = _match(note, origin)
    signature = encoding.raw(match["sig"])
    if signature[:4] != _key_id(origin, public):
        raise RefusedError("checkpoint", "A checkpoint was signed with another key.")
    signing.verify(public, match["text"].encode(), signature[4:])
    return parse(note, origin=origin)
