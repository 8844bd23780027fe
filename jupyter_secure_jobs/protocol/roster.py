"""Who may take part, and which workers may run: signed by everybody concerned."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 -- the codec reads the annotations at run time
from typing import ClassVar, Final

from jupyter_secure_jobs.domain.errors import InvalidError
from jupyter_secure_jobs.domain.text import HASH_LENGTH, ID_LENGTH, NAME_LENGTH, check_lengths
from jupyter_secure_jobs.domain.workspace import (
    MOST_MEASUREMENTS,
    MOST_WORKERS,
    SIGNING_KEY_LENGTH,
    Member,
    Organisation,
    check_people,
)
from jupyter_secure_jobs.protocol import canonical

_WORKER_NAME_LENGTH: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """The members and organisations of a workspace in one epoch.

    The first one (epoch 1) is the genesis and has neither `genesis` nor `previous`; its hash names the workspace.
    `log_key` signs the checkpoints of the workspace's log; it is the same in every epoch.
    """

    TYPE: ClassVar[str] = "roster.v1"
    workspace: str
    name: str
    epoch: int
    genesis: str | None
    previous: str | None
    members: tuple[Member, ...]
    organisations: tuple[Organisation, ...]
    log_key: str
    time: datetime

    def __post_init__(self) -> None:
        """Refuse an ambiguous roster, see `check_people`, and one with longer names and ids than there are."""
        check_lengths(self, workspace=ID_LENGTH, name=NAME_LENGTH, log_key=SIGNING_KEY_LENGTH)
        check_people(self.members, self.organisations)

    def member(self, email: str) -> Member | None:
        """Return the member with this e-mail address."""
        return next((member for member in self.members if member.email == email), None)

    def organisation(self, name: str) -> Organisation | None:
        """Return the organisation of this name."""
        return next((organisation for organisation in self.organisations if organisation.name == name), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """An enrolled worker: its platform key, and the measurements of the enclaves it may run."""

    name: str
    platform_key: str
    measurements: tuple[str, ...]

    def __post_init__(self) -> None:
        """Refuse more than a worker can have, and texts that are longer than any name, key or digest.

        Raises:
            InvalidError: so.
        """
        check_lengths(self, name=_WORKER_NAME_LENGTH, platform_key=SIGNING_KEY_LENGTH)
        if len(self.measurements) > MOST_MEASUREMENTS or any(len(each) > HASH_LENGTH for each in self.measurements):
            raise InvalidError("workers_size", "A worker has too many measurements, or too long ones.", "Name fewer.")


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerList:
    """The enrolled workers, signed by all members in epochs of its own, so that an upgrade voids no acceptance."""

    TYPE: ClassVar[str] = "workers.v1"
    workspace: str
    genesis: str
    epoch: int
    previous: str | None
    workers: tuple[Worker, ...]
    time: datetime

    def __post_init__(self) -> None:
        """Refuse more workers than a list can have.

        Raises:
            InvalidError: so.
        """
        if len(self.workers) > MOST_WORKERS:
            raise InvalidError("workers_size", f"A list has up to {MOST_WORKERS} workers.", "Name fewer.")


def change_hash(*, roster: str | None, workers: str) -> str:
    """Return the one hash that names a change: of the next roster's hash, if there is one, and the worker list's."""
    named = {"protocol": "jupyter-secure-jobs/change/v1", "roster": roster, "workers": workers}
    return canonical.digest(canonical.encode(named))
