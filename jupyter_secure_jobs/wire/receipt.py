"""The statements of one job run, for who checks it afterwards."""

from __future__ import annotations

from jupyter_secure_jobs.wire.base import EnvelopeWire, Wire
from jupyter_secure_jobs.wire.mailbox import Dossier


class InclusionWire(Wire):
    """The proof (base64 hashes, RFC 9162) that a statement is entry `index` of the log in the dossier's checkpoint."""

    statement: str
    index: int
    proof: list[str]


class RunStatementsWire(Wire):
    """Every statement about one job run, with its place in the log; no sealed file.

    The chains end with the roster and the worker list that were in force when the run was made.
    """

    dossier: Dossier
    evidence: EnvelopeWire
    grants: list[EnvelopeWire]
    receipt: EnvelopeWire
    acknowledgements: list[EnvelopeWire]
    inclusions: list[InclusionWire]
