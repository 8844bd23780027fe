"""Which signatures this process has verified already: a run is verified several times, its signatures need be once.

Only successes are kept, under one digest of all that was verified: the whole key, the digest of the whole message, the
whole signature. Whoever asks for anything else has it verified. A run's own checks are all made each time.
"""

from __future__ import annotations

import functools
import hashlib
import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Final

from jupyter_secure_jobs.crypto import signing
from jupyter_secure_jobs.protocol.envelope import Envelope

if TYPE_CHECKING:
    from jupyter_secure_jobs.protocol.envelope import Signature

# Three hundred members sign a roster, a worker list and decisions: that is a thousand. An entry has some 200 bytes.
MOST_KEPT: Final = 8192
# Signatures on one envelope are looked at one after the other; few messages, of at most 2 MiB, are kept meanwhile.
_MESSAGES: Final = 4


class Verified:
    """Successes, the latest used last; the one that was not used for longest goes first. Threads may share it."""

    def __init__(self, most: int = MOST_KEPT) -> None:
        """Start with none."""
        self._most = most
        self._kept: OrderedDict[bytes, None] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        """Return how many are kept."""
        return len(self._kept)

    def check(self, envelope: Envelope, signature: Signature) -> None:
        """Return if this signature on the envelope is valid.

        Raises:
            RefusedError: it is not; nothing is kept then.
        """
        message, digest = _message(envelope.payload, envelope.payloadType)
        known = _entry(signature, digest)
        with self._lock:
            if known in self._kept:
                self._kept.move_to_end(known)
                return
        signing.verify(signature.keyid, message, signature.sig)
        with self._lock:
            self._kept[known] = None
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)

    def forget(self) -> None:
        """Keep none any more; what was verified will be verified again."""
        with self._lock:
            self._kept.clear()


def _entry(signature: Signature, message: bytes) -> bytes:
    # One small object: several an entry would scatter over the heap and keep much more of it.
    said = hashlib.sha256(message + len(signature.sig).to_bytes(8) + signature.sig)
    said.update(signature.keyid.encode(errors="surrogatepass"))
    return said.digest()


@functools.lru_cache(maxsize=_MESSAGES)
def _message(payload: bytes, kind: str) -> tuple[bytes, bytes]:
    # Not by the envelope: its hash would be that of all its signatures, each time.
    message = Envelope(payload=payload, payloadType=kind, signatures=()).signed_bytes()
    return message, hashlib.sha256(message).digest()


VERIFIED: Final = Verified()
