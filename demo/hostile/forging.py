"""How the attacker rewrites and makes statements: as JSON, whatever fields they have."""

from __future__ import annotations

import base64
import copy
import json
from typing import TYPE_CHECKING, Any

from jupyter_secure_jobs.protocol import canonical
from jupyter_secure_jobs.protocol import envelope as envelopes
from jupyter_secure_jobs.protocol.envelope import Envelope

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from jupyter_secure_jobs.protocol.envelope import Signer

Json = dict[str, Any]  # what was read from JSON, and goes back into it


def said(envelope: Json) -> Json:
    """Return what a statement says."""
    read: Json = json.loads(base64.b64decode(envelope["payload"]))
    return read


def hash_of(envelope: Json) -> str:
    """Return the hash of a statement."""
    return canonical.digest(base64.b64decode(envelope["payload"]))


def _with(envelope: Json, change: Callable[[Json], None] | None, changes: Json) -> bytes:
    words = copy.deepcopy(said(envelope))
    words.update(changes)
    if change is not None:
        change(words)
    return canonical.encode(words)


def altered(envelope: Json, change: Callable[[Json], None] | None = None, /, **changes: Any) -> Json:  # noqa: ANN401 -- fields of a statement
    """Return a statement that says something else under the same signatures."""
    return {**envelope, "payload": base64.b64encode(_with(envelope, change, changes)).decode()}


def signed(
    envelope: Json, signers: Sequence[Signer], change: Callable[[Json], None] | None = None, /, **changes: Any  # noqa: ANN401 -- as above
) -> Json:  # fmt: skip
    """Return a statement that says something else, signed by these and nobody else."""
    bare = Envelope(payload=_with(envelope, change, changes), payloadType=envelope["payloadType"], signatures=())
    made: Json = envelopes.countersign(bare, *signers).to_json()
    return made


def in_the_name_of(envelope: Json, key: str) -> Json:
    """Return a statement whose one signature claims to be by another key."""
    return {**envelope, "signatures": [{**envelope["signatures"][0], "keyid": key}]}
