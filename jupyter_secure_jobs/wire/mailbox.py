"""What workers and key services fetch and post; every route here is called by them alone."""

from __future__ import annotations

from typing import Final

from pydantic import Base64Bytes, Field

from jupyter_secure_jobs.domain.run import NONCE_SECONDS, Phase, RunKind, RunStatus
from jupyter_secure_jobs.wire.base import EnvelopeWire, Wire
from jupyter_secure_jobs.wire.compute import ComputeWire
from jupyter_secure_jobs.wire.job import InputVariableWire, LimitsWire
from jupyter_secure_jobs.wire.log import LogProofWire
from jupyter_secure_jobs.wire.output import OutputPolicyWire, OwnerPolicyWire
from jupyter_secure_jobs.wire.profile import OfferWire
from jupyter_secure_jobs.wire.run import InputValue


class LeaseNew(Wire):
    """A worker asks for a run; `wait_seconds` it is ready to wait for one. `offer`: what runs can have there.

    `workspaces` are those that it serves, by their ids; null: every one whose members list it.
    """

    wait_seconds: float = 20.0
    offer: OfferWire | None = None
    workspaces: list[str] | None = None


class Dossier(Wire):
    """Every statement that a run's verification needs."""

    rosters: list[EnvelopeWire]
    workers: list[EnvelopeWire]
    manifests: list[EnvelopeWire]
    version: EnvelopeWire
    decisions: list[EnvelopeWire]
    revocations: list[EnvelopeWire]
    order: EnvelopeWire
    log: LogProofWire


class TestTask(Wire):
    """A test run's text and tables; `synthetic` names each table's twin by digest.

    `output_policy` and `counts` are the draft's own, `owners` what the owners of its datasets ask.
    """

    genesis: str
    text_hash: str
    language: str
    code: str
    tables: dict[str, str]
    datasets: dict[str, str]
    inputs: dict[str, InputValue]
    declarations: list[InputVariableWire]
    limits: LimitsWire
    compute: ComputeWire = ComputeWire()
    output_policy: OutputPolicyWire = OutputPolicyWire()
    counts: list[str] = []
    owners: list[OwnerPolicyWire] = []


class LeaseWire(Wire):
    """A run handed to a worker, for `lease_seconds` unless it gives a sign of life.

    `patience_seconds`: how long to wait for key services while there is other work.
    """

    run: str
    workspace: str
    kind: RunKind
    lease: str
    lease_seconds: float
    heartbeat_seconds: float
    patience_seconds: float = NONCE_SECONDS
    dossier: Dossier | None = None
    test: TestTask | None = None


class LeaseAnswer(Wire):
    """A lease, or null after the wait."""

    lease: LeaseWire | None


# What happened longer ago is told as of then: a server may have been away for days.
LONGEST_AGO_MS: Final = 86_400_000


class PhaseReached(Wire):
    """A phase that a run went into, so many milliseconds ago."""

    phase: Phase
    ago_ms: int = Field(ge=0, le=LONGEST_AGO_MS)


class Heartbeat(Wire):
    """A sign of life, with the phases that the run went into since the last one, oldest first."""

    lease: str
    phases: list[PhaseReached] = []


class HeartbeatAnswer(Wire):
    """Whether the run is to be cancelled."""

    cancel: bool


class KeysAsked(Wire):
    """The enclave's signed request with its evidence; or, before that, only the call for nonces.

    `sandbox_ms`: how long the run has waited for its sandbox.
    """

    lease: str
    request: EnvelopeWire | None = None
    evidence: EnvelopeWire | None = None
    sandbox_ms: int | None = Field(default=None, ge=0, le=86_400_000)


class KeysAnswer(Wire):
    """What the key services have said so far, by organisation; `waiting` for whom; whether to `cancel` the run.

    `others`: whether another run could be had in its place.
    """

    nonces: dict[str, str]
    grants: dict[str, EnvelopeWire]
    refusals: dict[str, str]
    waiting: list[str]
    cancel: bool = False
    others: bool = False


class Finished(Wire):
    """The end of a run: signed outcome, and the sealed (or synthetic) result and log.

    `result` and `log` name finished uploads; small files come along instead, in base64: `result_file`, `log_file`.
    `phases` are those that no sign of life has told.
    """

    lease: str
    phases: list[PhaseReached] = []
    status: RunStatus
    error_class: str | None = None
    error_line: int | None = None
    error_text: str | None = None
    rows: int | None = None
    receipt: EnvelopeWire | None = None
    evidence: EnvelopeWire | None = None
    test: EnvelopeWire | None = None
    result: str | None = None
    log: str | None = None
    result_file: Base64Bytes | None = None
    log_file: Base64Bytes | None = None


class KeyTasksAsked(Wire):
    """A key service asks for its tasks; `seen` gives for each workspace how many entries of its log it has seen."""

    seen: dict[str, int] = {}


class KeyTask(Wire):
    """Something for a key service to do: answer with a nonce, with a grant, or with an acknowledgement.

    What is to be acknowledged is the revocation, the withdrawal, the worker lists, or else the rosters alone.
    """

    run: str | None
    workspace: str
    wants: str
    dossier: Dossier | None = None
    request: EnvelopeWire | None = None
    evidence: EnvelopeWire | None = None
    revocation: EnvelopeWire | None = None
    withdrawal: EnvelopeWire | None = None
    rosters: list[EnvelopeWire] = []
    workers: list[EnvelopeWire] = []
    manifest: EnvelopeWire | None = None


class KeyTasks(Wire):
    """Open tasks of one organisation's key service."""

    items: list[KeyTask]


class KeyReply(Wire):
    """A key service's answer: exactly one of the three."""

    nonce: str | None = None
    grant: EnvelopeWire | None = None
    refusal: str | None = None


class Acknowledged(Wire):
    """A key service has heard a revocation, a withdrawal, a roster or a worker list.

    `statement` is a revocation or withdrawal for a server that does not have it.
    """

    acknowledgement: EnvelopeWire
    statement: EnvelopeWire | None = None
