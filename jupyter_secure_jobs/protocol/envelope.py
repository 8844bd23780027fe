"""DSSE envelopes: a statement's bytes, what kind they are, and who signed them.

Source: the Dead Simple Signing Envelope, v1.0.2. The pre-authentication encoding comes from securesystemslib; reading
is ours, since it must be strict and bounded.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final, Protocol, TypeVar, cast

from securesystemslib.dsse import Envelope as DsseEnvelope

from jupyter_secure_jobs.domain.errors import RefusedError
from jupyter_secure_jobs.protocol import canonical, codec

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST_SIGNATURES: Final = 2000
MOST_TYPE: Final = 200
MOST_KEYID: Final = 200
MOST_SIG: Final = 200
REMEMBERED: Final = 256
MOST_REMEMBERED: Final = 16 * 1024


class Statement(Protocol):
    """A frozen dataclass with the name of its kind and version."""

    TYPE: ClassVar[str]


S = TypeVar("S", bound=Statement)


class Signer(Protocol):
    """Whoever can sign: a key in memory, or later a token or a vault."""

    @property
    def public(self) -> str:
        """The public key as base64 text; it is the key's id as well."""

    def sign(self, message: bytes) -> bytes:
        """Return the Ed25519 signature of `message`, 64 bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """One signature; `keyid` is the signer's public key as base64 text."""

    keyid: str
    sig: bytes

    def __post_init__(self) -> None:
        """Refuse what is longer than any key or signature: nobody looks at signatures that are not asked for.

        Raises:
            RefusedError: so.
        """
        if len(self.keyid) > MOST_KEYID or len(self.sig) > MOST_SIG:
            raise RefusedError("envelope_signatures", "An envelope carries a signature that is too long.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """Bytes with signatures. Nothing is verified here; `trust` does that."""

    payload: bytes
    payloadType: str  # noqa: N815 -- the field's name in the DSSE format
    signatures: tuple[Signature, ...]

    def __post_init__(self) -> None:
        """Refuse two signatures by one key, far too many, or a payload type that is no media type.

        Raises:
            RefusedError: so.
        """
        if not self.payloadType.isascii() or len(self.payloadType) > MOST_TYPE:
            raise RefusedError("statement_type", "An envelope's payload type is no media type.")
        if len({signature.keyid for signature in self.signatures}) != len(self.signatures):
            raise RefusedError("envelope_signatures", "An envelope carries two signatures by one key.")
        if len(self.signatures) > MOST_SIGNATURES:
            raise RefusedError("envelope_signatures", "An envelope carries too many signatures.")

    @property
    def hash(self) -> str:
        """The hash of the statement: of its canonical bytes, so that it is the same whoever has signed so far."""
        return canonical.digest(self.payload)

    def signed_bytes(self) -> bytes:
        """Return the pre-authentication encoding: what a signature covers."""
        return bytes(DsseEnvelope(self.payload, self.payloadType, {}).pae())

    def to_bytes(self) -> bytes:
        """Return the envelope as canonical JSON."""
        return canonical.encode(self.to_json())

    def to_json(self) -> Any:  # noqa: ANN401 -- a JSON value
        """Return the envelope as a JSON value."""
        return codec.to_json(self)

    @classmethod
    def from_json(cls, value: Any) -> Envelope:  # noqa: ANN401 -- parsed JSON of unknown shape
        """Read an envelope from a JSON value.

        Raises:
            RefusedError: it has another shape, or its payload is too large.
        """
        made = codec.from_json(cls, value)
        if len(made.payload) > canonical.MOST_BYTES:
            raise RefusedError("statement_too_large", "A statement is too large.")
        return made

    @classmethod
    def from_bytes(cls, data: bytes) -> Envelope:
        """Read an envelope from canonical JSON of at most 4 MiB.

        Raises:
            RefusedError: it is none.
        """
        return cls.from_json(canonical.decode(data, most=2 * canonical.MOST_BYTES))

    def with_signatures(self, more: Iterable[Signature]) -> Envelope:
        """Return the envelope with `more` signatures; one by a key that has signed already is left out."""
        have = {signature.keyid for signature in self.signatures}
        added = tuple(signature for signature in more if signature.keyid not in have)
        return Envelope(payload=self.payload, payloadType=self.payloadType, signatures=(*self.signatures, *added))


def media_type(kind: type[Statement]) -> str:
    """Return the payload type of a statement: one per kind, with its version in the name."""
    return f"application/vnd.jupyter-secure-jobs.{kind.TYPE}+json"


def payload(statement: Statement) -> bytes:
    """Return the canonical bytes of a statement."""
    return canonical.encode(codec.to_json(statement))


def sign(statement: Statement, *signers: Signer) -> Envelope:
    """Return the statement in an envelope signed by each of `signers`."""
    bare = Envelope(payload=payload(statement), payloadType=media_type(type(statement)), signatures=())
    return countersign(bare, *signers)


def countersign(envelope: Envelope, *signers: Signer) -> Envelope:
    """Return the envelope with further signatures over the same bytes."""
    message = envelope.signed_bytes()
    return envelope.with_signatures(Signature(keyid=signer.public, sig=signer.sign(message)) for signer in signers)


def read(kind: type[S], envelope: Envelope) -> S:
    """Return the statement inside, unverified: to be called by `trust`, or to look at one's own.

    Raises:
        RefusedError: it is of another kind or version, not canonical, or of another shape.
    """
    if envelope.payloadType != media_type(kind):
        raise RefusedError("statement_type", f"This is not a statement of kind {kind.TYPE}.")
    if len(envelope.payload) > MOST_REMEMBERED:
        return codec.from_json(kind, canonical.decode(envelope.payload))
    return cast("S", _read(kind, envelope.payload))


# A run's statements are read some dozen times by each side. What they say follows from the kind and the whole bytes,
# which are what is remembered under; statements cannot be changed; what was refused is refused anew each time.
@functools.lru_cache(maxsize=REMEMBERED)
def _read(kind: type[Statement], data: bytes) -> Statement:
    return codec.from_json(kind, canonical.decode(data))
