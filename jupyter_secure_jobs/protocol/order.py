"""A run, from its order to its receipt."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003 -- the codec reads the annotations at run time
from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 -- the codec reads the annotations at run time
from typing import ClassVar

from jupyter_secure_jobs.domain.inputs import Value  # noqa: TC001 -- the codec reads the annotations at run time
from jupyter_secure_jobs.domain.output import Withheld  # noqa: TC001 -- as above
from jupyter_secure_jobs.domain.run import RunStatus  # noqa: TC001 -- the codec reads the annotations at run time
from jupyter_secure_jobs.domain.text import HASH_LENGTH, NONCE_LENGTH, NOTE_LENGTH, check_lengths
from jupyter_secure_jobs.protocol.dataset import SEALED_LENGTH, SealedKey
from jupyter_secure_jobs.protocol.plan_flow import PlanFlow  # noqa: TC001 -- as above


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOrder:
    """The author orders one run of an accepted version with these input values."""

    TYPE: ClassVar[str] = "order.v1"
    workspace: str
    genesis: str
    epoch: int
    version: str
    member: str
    inputs: Mapping[str, Value]
    nonce: str
    time: datetime
    expires: datetime
    checkpoint: str

    def __post_init__(self) -> None:
        """Refuse what is longer than any hash, nonce or checkpoint; the version bounds the input values."""
        check_lengths(self, version=HASH_LENGTH, nonce=NONCE_LENGTH, checkpoint=NOTE_LENGTH)


@dataclass(frozen=True, slots=True, kw_only=True)
class Nonce:
    """A key service's single-use nonce for one order."""

    organisation: str
    nonce: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What a worker's platform says of an enclave: EAT-shaped claims (RFC 9711), signed by the platform key.

    `assurance` is `software` and `dbgstat` `enabled` for a software enclave; it is never called hardware. `roster` and
    `workers` are the hashes of the newest roster and worker list then, so that the run can be verified as of then.
    """

    TYPE: ClassVar[str] = "evidence.v1"
    eat_profile: str
    eat_nonce: tuple[str, ...]
    iat: datetime
    dbgstat: str
    assurance: str
    measurement: str
    worker: str
    genesis: str
    roster: str
    workers: str
    order: str
    signing_key: str
    sealing_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRequest:
    """An enclave asks the owners' key services for the keys of one run; signed by the enclave's attested key."""

    TYPE: ClassVar[str] = "keyrequest.v1"
    workspace: str
    genesis: str
    order: str
    version: str
    manifests: tuple[str, ...]
    nonces: tuple[Nonce, ...]
    evidence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantedKey:
    """One dataset's key, sealed to the enclave that asked."""

    manifest: str
    key_id: str
    sealed: bytes

    def __post_init__(self) -> None:
        """Refuse what is longer than any hash or sealed key."""
        check_lengths(self, manifest=HASH_LENGTH, key_id=HASH_LENGTH, sealed=SEALED_LENGTH)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyGrant:
    """One organisation's key service releases the keys of its datasets for one order to one enclave."""

    TYPE: ClassVar[str] = "keygrant.v1"
    workspace: str
    genesis: str
    organisation: str
    order: str
    evidence: str
    keys: tuple[GrantedKey, ...]
    attempt: int
    time: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedOutput:
    """A sealed result or log: digest and size of the ciphertext."""

    digest: str
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What an enclave did with one order; signed by its attested key.

    `logical` is HMAC-SHA-256 of the logical result's digest under a salt that is sealed with the result: without the
    salt it tells nothing. `keys` seals the outcome's keys to each recipient.
    """

    TYPE: ClassVar[str] = "receipt.v1"
    workspace: str
    genesis: str
    order: str
    version: str
    evidence: str
    manifests: tuple[str, ...]
    grants: tuple[str, ...]
    status: RunStatus
    error_class: str | None
    error_line: int | None
    result: SealedOutput | None
    rows: int | None
    log: SealedOutput | None
    logical: str | None
    keys: tuple[SealedKey, ...]
    started: datetime
    finished: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Reseal:
    """A recipient of a run's outcome seals its keys to a colleague who joined later or changed keys.

    Signed with the keys to which the enclave sealed; `sealing_key` is the colleague's in the newest roster.
    """

    TYPE: ClassVar[str] = "reseal.v1"
    workspace: str
    genesis: str
    order: str
    receipt: str
    member: str
    recipient: str
    sealing_key: str
    sealed: bytes
    time: datetime

    def __post_init__(self) -> None:
        """Refuse what is longer than any hash or sealed keys."""
        check_lengths(self, order=HASH_LENGTH, receipt=HASH_LENGTH, sealed=SEALED_LENGTH)


@dataclass(frozen=True, slots=True, kw_only=True)
class SyntheticRead:
    """A synthetic table that a test read."""

    dataset: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TestResult:
    """What a worker saw when it ran a text on synthetic tables; signed by its platform key.

    `flow` is what a Python job's plans say of its columns. The worker signs that its sandbox said so, no more: the
    author's code runs there and can say anything.
    """

    TYPE: ClassVar[str] = "test.v1"
    workspace: str
    genesis: str
    run: str
    text: str
    synthetic: tuple[SyntheticRead, ...]
    inputs: Mapping[str, Value]
    status: RunStatus
    error_class: str | None
    error_line: int | None
    rows: int | None
    result: str | None
    withheld: tuple[Withheld, ...]
    flow: PlanFlow | None
    worker: str
    measurement: str
    time: datetime
