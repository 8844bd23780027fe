"""The tables. Envelopes are kept as bytes; columns beside them are an index that nobody has to trust."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, LargeBinary, MetaData, String, Text, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from jupyter_secure_jobs.domain.text import folded
from jupyter_secure_jobs.store.moments import UtcTime


class Base(DeclarativeBase):
    """Names every constraint, so that migrations can name them too."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {
        datetime: UtcTime,
        bytes: LargeBinary,
        dict[str, Any]: JSON,
        list[Any]: JSON,
    }


def _some(name: str, *columns: str, where: str) -> Index:
    """Return an index over some rows alone; a query must say `where` in the same words to be answered by it."""
    return Index(name, *columns, sqlite_where=text(where), postgresql_where=text(where))


ID = String(36)
HASH = String(80)
EMAIL = String(255)
WAITING = "status = 'Queued' AND lease IS NULL"
ACTIVE = "status IN ('Queued', 'Running')"
KEPT = "result IS NOT NULL OR log IS NOT NULL"


class WorkspaceRow(Base):
    """A workspace."""

    __tablename__ = "workspace"
    id: Mapped[str] = mapped_column(ID, primary_key=True)
    name: Mapped[str] = mapped_column(String(50))
    genesis: Mapped[str] = mapped_column(HASH)
    created: Mapped[datetime]


class StatementRow(Base):
    """An entry of the workspace's log, at index `place`. Signatures may be added, bytes never change.

    A signed statement, or with `kind` event the leaf of an event, whose content is in the history: no envelope then.
    """

    __tablename__ = "statement"
    workspace: Mapped[str] = mapped_column(ForeignKey("workspace.id"), primary_key=True)
    hash: Mapped[str] = mapped_column(HASH, primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    place: Mapped[int]
    leaf: Mapped[bytes] = mapped_column(LargeBinary(32))
    envelope: Mapped[bytes]
    time: Mapped[datetime]
    __table_args__ = (Index(None, "workspace", "place", unique=True), Index(None, "workspace", "kind", "place"))


class LogNodeRow(Base):
    """A complete subtree of a workspace's log, from level 1 on; level 0 are the statements' leaves."""

    __tablename__ = "log_node"
    workspace: Mapped[str] = mapped_column(ForeignKey("workspace.id"), primary_key=True)
    level: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    place: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    hash: Mapped[bytes] = mapped_column(LargeBinary(32))


class MemberRow(Base):
    """A member of the newest roster; `joined` when the member's own signature is there."""

    __tablename__ = "member"
    workspace: Mapped[str] = mapped_column(ForeignKey("workspace.id"), primary_key=True)
    email: Mapped[str] = mapped_column(EMAIL, primary_key=True)
    organisation: Mapped[str] = mapped_column(String(50))
    signing_key: Mapped[str] = mapped_column(String(64), index=True)
    place: Mapped[int]
    joined: Mapped[bool]


class ProposalRow(Base):
    """A change of the members or workers, with the signatures so far. In no log until it is in force.

    At most one of a workspace has no `ended`; `outcome` says what became of the others: `in force` or `refused`.
    """

    __tablename__ = "proposal"
    workspace: Mapped[str] = mapped_column(ForeignKey("workspace.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    hash: Mapped[str] = mapped_column(HASH)
    proposer: Mapped[str] = mapped_column(EMAIL)
    roster: Mapped[bytes | None]
    workers: Mapped[bytes]
    proposed: Mapped[datetime]
    ended: Mapped[datetime | None]
    outcome: Mapped[str | None] = mapped_column(String(10))
    ended_by: Mapped[str | None] = mapped_column(EMAIL)
    reason: Mapped[str] = mapped_column(Text)
    __table_args__ = (Index(None, "ended"),)


class ServiceKeyRow(Base):
    """The key by which a key service or a worker logs in: `kind` is `keyservice` or `worker`.

    One that was dropped stays as `was_service` until it has heard so, or `was_worker` until its run has ended. `seen`
    is when it called last: never, if a worker that is listed here does not serve this workspace. `offer` is what a
    worker says that runs can have there.
    """

    __tablename__ = "service_key"
    workspace: Mapped[str] = mapped_column(ForeignKey("workspace.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(12), primary_key=True)
    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    key: Mapped[str] = mapped_column(String(64), index=True)
    seen: Mapped[datetime | None]
    offer: Mapped[dict[str, Any] | None]


class DatasetRow(Base):
    """A dataset in its newest version; the manifest is the statement of that hash."""

    __tablename__ = "dataset"
    id: Mapped[str] = mapped_column(ID, primary_key=True)
    workspace: Mapped[str] = mapped_column(ForeignKey("workspace.id"))
    name: Mapped[str] = mapped_column(String(63))
    folded: Mapped[str] = mapped_column(String(63))
    owner: Mapped[str] = mapped_column(String(50))
    version: Mapped[int]
    manifest: Mapped[str] = mapped_column(HASH)
    published: Mapped[datetime]
    withdrawn: Mapped[datetime | None]
    __table_args__ = (Index(None, "workspace", "folded", unique=True), Index(None, "workspace", "published"))


class FileRow(Base):
    """A stored file, named by its digest: ciphertext, or a synthetic twin."""

    __tablename__ = "file"
    workspace: Mapped[str] = mapped_column(ForeignKey("workspace.id"), primary_key=True)
    digest: Mapped[str] = mapped_column(HASH, primary_key=True)
    bytes: Mapped[int] = mapped_column(BigInteger)
    created: Mapped[datetime]


class UploadRow(Base):
    """An upload that is not finished, or finished and not yet used."""

    __tablename__ = "upload"
    id: Mapped[str] = mapped_column(ID, primary_key=True)
    workspace: Mapped[str] = mapped_column(ForeignKey("workspace.id"))
    key: Mapped[str] = mapped_column(String(64))
    bytes: Mapped[int] = mapped_column(BigInteger)
    digest: Mapped[str] = mapped_column(HASH)
    received: Mapped[int] = mapped_column(BigInteger)
    created: Mapped[datetime] = mapped_column(index=True)


def _folded_organisation(context: Any) -> str:  # noqa: ANN401 -- SQLAlchemy's own type is too wide
    return folded(str(context.get_current_parameters()["organisation"]))


class JobRow(Base):
    """A job. `searched` is made by `domain.job_list.searched` of the columns beside it.

    `listed_status` and `listed_run` are for filters and orders of lists alone, and are written by `store.job_index`
    whenever something changes that they are worked out from; what is shown of a job is always worked out anew.
    """

    __tablename__ = "job"
    id: Mapped[str] = mapped_column(ID, primary_key=True)
    workspace: Mapped[str] = mapped_column(ForeignKey("workspace.id"))
    name: Mapped[str] = mapped_column(String(50))
    folded: Mapped[str] = mapped_column(String(100))
    description: Mapped[str] = mapped_column(String(150))
    author: Mapped[str] = mapped_column(EMAIL)
    organisation: Mapped[str] = mapped_column(String(50))
    archived: Mapped[bool]
    created: Mapped[datetime]
    updated: Mapped[datetime]
    revision: Mapped[int]
    open_version: Mapped[int | None]
    live_version: Mapped[int | None]
    searched: Mapped[str] = mapped_column(Text, deferred=True)
    folded_organisation: Mapped[str] = mapped_column(String(100), default=_folded_organisation)
    listed_status: Mapped[int] = mapped_column(default=0)
    listed_run: Mapped[str] = mapped_column(ID, default="")
    __table_args__ = (
        Index(None, "workspace", "folded", unique=True),
        Index(None, "workspace", "id"),
        Index(None, "workspace", "updated", "id"),
        Index(None, "workspace", "archived", "id"),
        Index(None, "workspace", "archived", "updated", "id"),
        Index(None, "workspace", "author", "id", "archived"),
        Index(None, "workspace", "author", "archived", "updated", "id"),
        Index(None, "workspace", "folded_organisation", "id", "archived"),
        Index(None, "workspace", "listed_status", "id", "archived"),
        Index(None, "workspace", "listed_status", "updated", "id"),
        Index(None, "workspace", "listed_run", "id", "archived"),
    )


class VersionRow(Base):
    """A version. `stage` is `draft`, `review`, `accepted` or `discarded`; `terms` is the text as the author wrote it.

    That a version is accepted is shown by signatures; `stage` only saves looking at them for lists. `reviewed` is the
    submission whose review was closed last: its decisions count for nothing, and its author still reads them. `used`
    is how many of its runs had a key released; the counts that stop runs are the key services' own.
    """

    __tablename__ = "version"
    job: Mapped[str] = mapped_column(ForeignKey("job.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    stage: Mapped[str] = mapped_column(String(10))
    terms: Mapped[dict[str, Any]]
    text_hash: Mapped[str] = mapped_column(HASH)
    statement: Mapped[str | None] = mapped_column(HASH, index=True)
    epoch: Mapped[int | None]
    submitted: Mapped[datetime | None]
    reviewed: Mapped[str | None] = mapped_column(HASH)
    used: Mapped[int] = mapped_column(default=0)


class DecisionRow(Base):
    """A member's decision on a submission, with its comments; the signed statement is the one of that hash.

    `line_comments` is a list of `[line, text]`. The statement holds a salted digest alone, so that comments and salt
    can be erased.
    """

    __tablename__ = "decision"
    version: Mapped[str] = mapped_column(HASH, primary_key=True)
    member: Mapped[str] = mapped_column(EMAIL, primary_key=True)
    workspace: Mapped[str] = mapped_column(ForeignKey("workspace.id"))
    statement: Mapped[str] = mapped_column(HASH, index=True)
    verdict: Mapped[str] = mapped_column(String(10))
    comment: Mapped[str] = mapped_column(Text)
    line_comments: Mapped[list[Any]] = mapped_column(default=list)
    salt: Mapped[str] = mapped_column(String(64))
    time: Mapped[datetime]
    expires: Mapped[datetime]


class RevocationRow(Base):
    """A member's revocation of a submission, and which key services have acknowledged it."""

    __tablename__ = "revocation"
    version: Mapped[str] = mapped_column(HASH, primary_key=True)
    member: Mapped[str] = mapped_column(EMAIL, primary_key=True)
    scope: Mapped[str] = mapped_column(String(10), primary_key=True)
    workspace: Mapped[str] = mapped_column(ForeignKey("workspace.id"))
    statement: Mapped[str] = mapped_column(HASH, index=True)
    time: Mapped[datetime]


class NoticeRow(Base):
    """A revocation, withdrawal, roster or worker list that a key service must hear, and its signed answer."""

    __tablename__ = "notice"
    workspace: Mapped[str] = mapped_column(ForeignKey("workspace.id"), primary_key=True)
    organisation: Mapped[str] = mapped_column(String(50), primary_key=True)
    statement: Mapped[str] = mapped_column(HASH, primary_key=True)
    acknowledgement: Mapped[bytes | None]
    __table_args__ = (_some("ix_notice_open", "workspace", "organisation", where="acknowledgement IS NULL"),)


class RunRow(Base):
    """A run. `text` is what a test ran on; a job run points at its version.

    `organisation` is that of who started it, and `turn` when it comes: see `domain.queue`. `removed` is when its result
    and log went, since they were kept for long enough.
    """

    __tablename__ = "run"
    id: Mapped[str] = mapped_column(ID, primary_key=True)
    workspace: Mapped[str] = mapped_column(ForeignKey("workspace.id"))
    job: Mapped[str] = mapped_column(ForeignKey("job.id"))
    version: Mapped[int]
    kind: Mapped[str] = mapped_column(String(4))
    number: Mapped[int]
    status: Mapped[str] = mapped_column(String(10))
    phase: Mapped[str] = mapped_column(String(10))
    phases: Mapped[list[Any]]
    member: Mapped[str] = mapped_column(EMAIL)
    organisation: Mapped[str] = mapped_column(String(50))
    turn: Mapped[int] = mapped_column(BigInteger)
    inputs: Mapped[dict[str, Any]]
    statement: Mapped[str | None] = mapped_column(HASH, unique=True)
    text_hash: Mapped[str] = mapped_column(HASH)
    text: Mapped[dict[str, Any]]
    created: Mapped[datetime]
    started: Mapped[datetime | None]
    finished: Mapped[datetime | None]
    expires: Mapped[datetime]
    lease: Mapped[str | None] = mapped_column(ID)
    lease_expires: Mapped[datetime | None] = mapped_column(index=True)
    worker: Mapped[str | None] = mapped_column(String(100))
    keys_released: Mapped[bool]
    retried: Mapped[bool]
    cancel_requested: Mapped[bool]
    error_class: Mapped[str | None] = mapped_column(String(100))
    error_line: Mapped[int | None]
    error_text: Mapped[str | None] = mapped_column(Text)
    rows: Mapped[int | None] = mapped_column(BigInteger)
    result: Mapped[str | None] = mapped_column(HASH)
    log: Mapped[str | None] = mapped_column(HASH)
    removed: Mapped[datetime | None]
    receipt: Mapped[bytes | None]
    evidence: Mapped[bytes | None]
    test: Mapped[bytes | None]
    request: Mapped[bytes | None]
    request_evidence: Mapped[bytes | None]
    __table_args__ = (
        Index(None, "job", "kind", "number", unique=True),
        Index(None, "job", "id"),
        Index(None, "job", "kind", "id"),
        Index(None, "job", "kind", "status", "id"),
        Index(None, "job", "kind", "text_hash", "id"),
        Index(None, "job", "version", "kind", "id", "status"),
        Index(None, "workspace", "id"),
        Index(None, "workspace", "kind", "id"),
        # These hold what waits or runs now, which is little beside all that ever ran.
        _some("ix_run_waiting", "workspace", "turn", "id", "organisation", "kind", "status", "lease", where=WAITING),
        _some("ix_run_expires", "expires", where="status = 'Queued'"),
        _some("ix_run_leased", "workspace", "worker", where="lease IS NOT NULL"),
        _some("ix_run_active", "workspace", "id", where=ACTIVE),
        _some("ix_run_kept", "finished", "id", where=KEPT),
    )


class QueueRow(Base):
    """The newest turn that a worker has taken; one row."""

    __tablename__ = "queue"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    taken: Mapped[int] = mapped_column(BigInteger)


class KeyMailRow(Base):
    """The exchange of one run with one key service; emptied when a new lease starts."""

    __tablename__ = "key_mail"
    run: Mapped[str] = mapped_column(ForeignKey("run.id"), primary_key=True)
    organisation: Mapped[str] = mapped_column(String(50), primary_key=True)
    workspace: Mapped[str] = mapped_column(ForeignKey("workspace.id"))
    nonce: Mapped[str | None] = mapped_column(String(64))
    grant: Mapped[bytes | None]
    refusal: Mapped[str | None] = mapped_column(Text)
    __table_args__ = (Index(None, "workspace", "organisation"),)


class ResealRow(Base):
    """A run's outcome keys, sealed again to one member's sealing key."""

    __tablename__ = "reseal"
    run: Mapped[str] = mapped_column(ForeignKey("run.id"), primary_key=True)
    statement: Mapped[str] = mapped_column(HASH, primary_key=True)
    workspace: Mapped[str] = mapped_column(ForeignKey("workspace.id"))
    recipient: Mapped[str] = mapped_column(EMAIL)
