"""What members say of a version: decisions and revocations, and the word of a key service that it heard."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 -- the codec reads the annotations at run time
from typing import ClassVar

from jupyter_secure_jobs.domain.job import Scope  # noqa: TC001 -- the codec reads the annotations at run time
from jupyter_secure_jobs.domain.review import Verdict  # noqa: TC001 -- as above
from jupyter_secure_jobs.domain.text import HASH_LENGTH, NOTE_LENGTH, check_lengths


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One member's decision on exactly the version with this hash; final for its submission.

    `comment` is the digest of a salt, the comment and the line comments; the words stay erasable. `checkpoint` is the
    newest checkpoint of the log that the member's side had seen.
    """

    TYPE: ClassVar[str] = "decision.v1"
    workspace: str
    genesis: str
    epoch: int
    version: str
    verdict: Verdict
    comment: str
    member: str
    time: datetime
    expires: datetime
    checkpoint: str

    def __post_init__(self) -> None:
        """Refuse what is longer than any hash or checkpoint."""
        check_lengths(self, version=HASH_LENGTH, comment=HASH_LENGTH, checkpoint=NOTE_LENGTH)


@dataclass(frozen=True, slots=True, kw_only=True)
class Revocation:
    """A member takes an acceptance back, for reruns or for every further key."""

    TYPE: ClassVar[str] = "revocation.v1"
    workspace: str
    genesis: str
    epoch: int
    version: str
    scope: Scope
    member: str
    time: datetime
    checkpoint: str

    def __post_init__(self) -> None:
        """Refuse what is longer than any hash or checkpoint."""
        check_lengths(self, version=HASH_LENGTH, checkpoint=NOTE_LENGTH)


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledgement:
    """A key service has heard a revocation and will heed it."""

    TYPE: ClassVar[str] = "acknowledgement.v1"
    workspace: str
    genesis: str
    organisation: str
    revocation: str
    time: datetime
