"""Where a ciphertext belongs: the bytes that bind it there, so that nothing opens out of place."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from jupyter_secure_jobs.protocol import canonical

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jupyter_secure_jobs.domain.comment import LineComment


def _place(label: str, **context: str | int) -> bytes:
    return canonical.encode({"protocol": f"jupyter-secure-jobs/{label}/v1", **context})


def dataset_file(*, workspace: str, dataset: str, version: int, path: str) -> bytes:
    """Return the associated data of one encrypted file of a dataset."""
    return _place("dataset-file", workspace=workspace, dataset=dataset, version=version, path=path)


def dataset_key(*, workspace: str, dataset: str, version: int, key_id: str) -> bytes:
    """Return the HPKE info under which a dataset's key is sealed to its owner."""
    return _place("dataset-key", workspace=workspace, dataset=dataset, version=version, key_id=key_id)


def granted_key(*, order: str, manifest: str, key_id: str) -> bytes:
    """Return the HPKE info under which a dataset's key is sealed to one enclave for one order."""
    return _place("granted-key", order=order, manifest=manifest, key_id=key_id)


def outcome_file(*, order: str, kind: str) -> bytes:
    """Return the associated data of a sealed `result` or `log`."""
    return _place("outcome-file", order=order, kind=kind)


def outcome_keys(*, order: str, recipient: str) -> bytes:
    """Return the HPKE info under which a run's outcome keys are sealed to one recipient."""
    return _place("outcome-keys", order=order, recipient=recipient)


def log_origin(workspace: str) -> str:
    """Return the name of a workspace's log, as its checkpoints carry it."""
    return f"jupyter-secure-jobs/{workspace}"


def key_id(key: bytes) -> str:
    """Return the public name of a dataset key. The key has 256 random bits, so that its hash tells nothing."""
    return "sha256:" + hashlib.sha256(b"jupyter-secure-jobs/key-id/v1\n" + key).hexdigest()


def comment(*, salt: str, text: str, lines: Sequence[LineComment] = ()) -> str:
    """Return the salted digest of a comment and the line comments, as it stands in a decision.

    Line comments are there if there are any: so the digests of before there were such verify by the same rule.
    """
    said = {"protocol": "jupyter-secure-jobs/comment/v1", "salt": salt, "text": text}
    beside = [{"line": each.line, "text": each.text} for each in lines]
    return canonical.digest(canonical.encode({**said, "lines": beside} if beside else said))
