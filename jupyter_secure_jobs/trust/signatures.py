"""Signatures on envelopes: whose must be there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_secure_jobs.domain.errors import RefusedError
from jupyter_secure_jobs.trust.verified import VERIFIED

if TYPE_CHECKING:
    from collections.abc import Collection

    from jupyter_secure_jobs.protocol.envelope import Envelope


def require(envelope: Envelope, public: str, *, who: str) -> None:
    """Return if the envelope carries a valid signature by `public`.

    Raises:
        RefusedError: it is missing or does not verify; `who` names the signer in the message.
    """
    for signature in envelope.signatures:
        if signature.keyid == public:
            VERIFIED.check(envelope, signature)
            return
    raise RefusedError("signature_missing", f"The signature of {who} is missing.", "Ask for it to be signed again.")


def require_any(envelope: Envelope, publics: Collection[str], *, who: str) -> None:
    """Return if one of several keys signed.

    Raises:
        RefusedError: none did, or the one that stands there does not verify.
    """
    for public in publics:
        if any(signature.keyid == public for signature in envelope.signatures):
            require(envelope, public, who=who)
            return
    raise RefusedError("signature_missing", f"The signature of {who} is missing.", "Ask for it to be signed again.")


def stands(envelope: Envelope, publics: Collection[str]) -> bool:
    """Tell whether a signature by one of these keys is there, for counting who is still missing.

    Raises:
        RefusedError: one is there and does not verify.
    """
    if not any(signature.keyid in publics for signature in envelope.signatures):
        return False
    require_any(envelope, publics, who="a signer")
    return True
