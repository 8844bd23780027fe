"""Runs: tests and job runs, as people and clients see them."""

from __future__ import annotations

from datetime import datetime

from jupyter_secure_jobs.domain.run import Phase, RunKind, RunStatus
from jupyter_secure_jobs.wire.base import EnvelopeWire, Wire
from jupyter_secure_jobs.wire.log import LogProofWire

InputValue = str | int | float | bool | list[str]


class PhaseWire(Wire):
    """A step of a run and when it began."""

    phase: Phase
    at: datetime


class StepWire(Wire):
    """A step that a run of its kind takes. `at` is null until it begins; `detail` is such as `2 of 3 owners`."""

    phase: Phase
    label: str
    at: datetime | None
    detail: str = ""


class RunWire(Wire):
    """One run. Durations are in milliseconds. `waiting` says in words why a queued run waits.

    `steps` are all the steps of such a run in order, `place` its place in the queue, counted from 1. A queued run
    waits until `waits_until`, when its order expires.

    `can_open` and `can_cancel` are about the member who asks: whether result and log are for them, and whether they may
    ask for the run to stop, as every member may for a test. `error_line` is a line of the job's own text. `rows` is the
    true total. `used_up`: a first key was released.
    """

    id: str
    workspace: str
    job: str
    job_name: str
    number: int
    kind: RunKind
    status: RunStatus
    phase: Phase
    phases: list[PhaseWire]
    steps: list[StepWire] = []
    waiting: str | None
    waits_until: datetime | None = None
    place: int | None = None
    active: bool = False
    version: int
    version_hash: str | None
    tested_this_text: bool | None
    member: str
    inputs: dict[str, InputValue]
    created: datetime
    started: datetime | None
    finished: datetime | None
    queued_ms: int | None
    run_ms: int | None
    cancel_requested: bool
    used_up: bool
    error_class: str | None
    error_line: int | None
    error_text: str | None
    next_step: str | None = None
    rows: int | None
    has_result: bool
    has_log: bool
    outputs_until: datetime | None = None
    outputs_removed: datetime | None = None
    can_open: bool = False
    can_cancel: bool = False
    worker: str | None
    assurance: str
    code: str | None = None


class TestNew(Wire):
    """Input values for a test run on synthetic tables."""

    inputs: dict[str, InputValue] = {}


class RunNew(Wire):
    """A signed run order."""

    order: EnvelopeWire


class ResealNew(Wire):
    """A job run's outcome keys, sealed by a recipient to a colleague, and signed."""

    reseal: EnvelopeWire


class OutcomeWire(Wire):
    """The signed outcome of a run, with the evidence, the order, and the log proven from what these carry.

    `reseals` are the outcome's keys as they were sealed again to the caller.
    """

    receipt: EnvelopeWire | None
    evidence: EnvelopeWire | None
    test: EnvelopeWire | None
    order: EnvelopeWire | None
    log: LogProofWire | None
    reseals: list[EnvelopeWire] = []
