"""Runs and their exchange with key services."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import bindparam, delete, func, or_, select, text, update

from jupyter_secure_jobs.store.paging import page
from jupyter_secure_jobs.store.tables import (
    ACTIVE,
    KEPT,
    KeyMailRow,
    NoticeRow,
    ResealRow,
    RevocationRow,
    RunRow,
    ServiceKeyRow,
    StatementRow,
    VersionRow,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from sqlalchemy import Select
    from sqlalchemy.orm import Session

MOST_TASKS: Final = 20
_MAIL: Final = select(KeyMailRow).where(KeyMailRow.run == bindparam("run")).order_by(KeyMailRow.organisation)


def get(session: Session, workspace: str, run: str) -> RunRow | None:
    """Return a run of this workspace."""
    row = session.get(RunRow, run)
    return row if row is not None and row.workspace == workspace else None


def status(session: Session, workspace: str, run: str) -> str | None:
    """Return the status of a run of this workspace."""
    return session.scalar(select(RunRow.status).where(RunRow.id == run, RunRow.workspace == workspace))


def by_order(session: Session, order: str) -> RunRow | None:
    """Return the run of this order."""
    return session.scalars(select(RunRow).where(RunRow.statement == order)).one_or_none()


def next_number(session: Session, job: str, kind: str) -> int:
    """Return the number of a job's next run of one kind, from 1."""
    query = select(func.max(RunRow.number)).where(RunRow.job == job, RunRow.kind == kind)
    return (session.scalar(query) or 0) + 1


def listed(
    session: Session, workspace: str, *, job: str | None, kind: str | None, after: str | None, limit: int
) -> tuple[Sequence[RunRow], str | None]:
    """Return a page of runs, newest first."""
    query = select(RunRow)
    if job is None:
        query = query.where(RunRow.workspace == workspace)
    else:
        # SQLite must not walk through the workspace's runs until it comes upon those of the job.
        query = query.where(RunRow.job == job, func.coalesce(RunRow.workspace, "") == workspace)
    if kind is not None:
        query = query.where(RunRow.kind == kind)
    return page(session, query, RunRow.id, after=after, limit=limit)


def of_job(session: Session, job: str) -> Sequence[RunRow]:
    """Return every run of a job."""
    return session.scalars(select(RunRow).where(RunRow.job == job)).all()


def count_key(session: Session, run: RunRow) -> None:
    """Note that a key was released for a run: that counts once, however many key services and attempts there are.

    What stops runs are the key services' own counts.
    """
    first = update(RunRow).where(RunRow.id == run.id, RunRow.keys_released.is_(False)).values(keys_released=True)
    if session.execute(first.returning(RunRow.id)).first() is not None:
        version = (VersionRow.job == run.job) & (VersionRow.number == run.version)
        session.execute(update(VersionRow).where(version).values(used=VersionRow.used + 1))
    session.refresh(run, ["keys_released"])


def active(session: Session, job: str, kind: str) -> Sequence[RunRow]:
    """Return the runs of a job that have not ended."""
    query = select(RunRow).where(RunRow.job == job, RunRow.kind == kind, RunRow.status.in_(["Queued", "Running"]))
    return session.scalars(query).all()


def active_anywhere(session: Session, workspace: str) -> Sequence[RunRow]:
    """Return the runs of a workspace that have not ended."""
    query = select(RunRow).where(RunRow.workspace == workspace, text(ACTIVE))
    return session.scalars(query.order_by(RunRow.id)).all()


def newest_tests(session: Session, job: str, hashes: Collection[str]) -> dict[str, RunRow]:
    """Return the newest test run of exactly each of these texts of a job's versions, by the text's hash."""
    # By a look into the index for each version, however often its text was tested.
    tests = select(RunRow.id).where(
        RunRow.job == VersionRow.job, RunRow.kind == "test", RunRow.text_hash == VersionRow.text_hash
    )
    newest = tests.correlate(VersionRow).order_by(RunRow.id.desc()).limit(1).scalar_subquery()
    ids = select(newest).where(VersionRow.job == job, VersionRow.text_hash.in_(list(hashes)))
    return {run.text_hash: run for run in session.scalars(select(RunRow).where(RunRow.id.in_(ids)))}


def was_tested(session: Session, job: str) -> bool:
    """Tell whether any text of a job was tested."""
    return session.scalar(select(RunRow.id).where(RunRow.job == job, RunRow.kind == "test").limit(1)) is not None


def lost(session: Session, *, now: datetime) -> Sequence[RunRow]:
    """Return runs whose worker gave no sign of life in time; of several callers at once, one gets each."""
    query = select(RunRow).where(RunRow.lease_expires < now, RunRow.status.in_(["Queued", "Running"]))
    return session.scalars(query.with_for_update(skip_locked=True)).all()


def overdue(session: Session, *, now: datetime) -> Sequence[RunRow]:
    """Return queued runs whose order has expired; of several callers at once, one gets each."""
    query = select(RunRow).where(text("status = 'Queued'"), RunRow.expires < now)
    return session.scalars(query.with_for_update(skip_locked=True)).all()


def kept_since(session: Session, *, before: datetime, limit: int) -> Sequence[RunRow]:
    """Return runs that ended `before` and have a result or a log, oldest first; of several callers, one gets each."""
    query = select(RunRow).where(text(f"({KEPT})"), RunRow.finished < before).order_by(RunRow.finished, RunRow.id)
    return session.scalars(query.limit(limit).with_for_update(skip_locked=True)).all()


def granted(session: Session, ids: Collection[str]) -> dict[str, dict[str, bool]]:
    """Return for each of these runs, by organisation, whether the key service that it needs gave its key."""
    found: dict[str, dict[str, bool]] = {}
    query = select(KeyMailRow.run, KeyMailRow.organisation, KeyMailRow.grant.is_not(None))
    for run, organisation, given in session.execute(
        query.where(KeyMailRow.run.in_(list(ids))).order_by(KeyMailRow.organisation)
    ):
        found.setdefault(run, {})[organisation] = given
    return found


def mail(session: Session, run: str) -> Sequence[KeyMailRow]:
    """Return a run's exchange with key services, by organisation."""
    return session.scalars(_MAIL, {"run": run}).all()


def waits_for(session: Session, key: str) -> bool:
    """Tell whether a key service's key has mail or notices open at all; `open_mail` and `open_notices` say which.

    One that some workspace never saw has to call as well: no run is handed out there until it was seen.
    """
    return session.scalar(_WAITS_FOR, {"key": key}) or False


def _waiting_key() -> Select[bool]:
    mail = (
        select(KeyMailRow.run)
        .join(RunRow, RunRow.id == KeyMailRow.run)
        .where(
            KeyMailRow.workspace == ServiceKeyRow.workspace,
            KeyMailRow.organisation == ServiceKeyRow.name,
            KeyMailRow.refusal.is_(None),
            KeyMailRow.grant.is_(None),
            RunRow.lease.is_not(None),
        )
    )
    notices = select(NoticeRow.statement).where(
        NoticeRow.workspace == ServiceKeyRow.workspace,
        NoticeRow.organisation == ServiceKeyRow.name,
        NoticeRow.acknowledgement.is_(None),
    )
    called = or_(ServiceKeyRow.seen.is_(None), mail.exists(), notices.exists())
    listed = select(ServiceKeyRow.key).where(ServiceKeyRow.key == bindparam("key"), called)
    return select(listed.exists())


# Built once, like those below: each is asked several times a run, and building one takes longer than running it.
_WAITS_FOR: Final = _waiting_key()


_OPEN_MAIL: Final = (
    select(KeyMailRow, RunRow)
    .join(RunRow, RunRow.id == KeyMailRow.run)
    .where(
        RunRow.workspace == bindparam("workspace"),
        text("lease IS NOT NULL"),
        RunRow.status == "Queued",
        KeyMailRow.organisation == bindparam("organisation"),
        KeyMailRow.refusal.is_(None),
        KeyMailRow.grant.is_(None),
        or_(KeyMailRow.nonce.is_(None), RunRow.request.is_not(None)),
    )
    .limit(MOST_TASKS)
)
_OPEN_NOTICES: Final = select(NoticeRow.statement).where(
    NoticeRow.workspace == bindparam("workspace"),
    NoticeRow.organisation == bindparam("organisation"),
    text("acknowledgement IS NULL"),
)


def open_mail(session: Session, workspace: str, organisation: str) -> Sequence[tuple[KeyMailRow, RunRow]]:
    """Return what a key service has still to answer: runs under lease without a nonce, or asked and without grant."""
    # From the few runs under lease to their mail, whose workspace is not asked for: by that and the organisation the
    # database would find mail for every run that the key service ever answered.
    asked = {"workspace": workspace, "organisation": organisation}
    return [(row[0], row[1]) for row in session.execute(_OPEN_MAIL, asked)]


def open_notices(session: Session, workspace: str, organisation: str) -> Sequence[str]:
    """Return the hashes of all revocations, withdrawals and changes that a key service has not acknowledged."""
    return session.scalars(_OPEN_NOTICES, {"workspace": workspace, "organisation": organisation}).all()


def notices_of(session: Session, workspace: str, statement: str) -> Sequence[NoticeRow]:
    """Return to whom one revocation went, and who has acknowledged it."""
    query = select(NoticeRow).where(NoticeRow.workspace == workspace, NoticeRow.statement == statement)
    return session.scalars(query.order_by(NoticeRow.organisation)).all()


def revoked(session: Session, workspace: str, statement: str) -> tuple[RevocationRow, VersionRow] | None:
    """Return the revocation of this hash with the version that it stops."""
    query = (
        select(RevocationRow, VersionRow)
        .join(VersionRow, VersionRow.statement == RevocationRow.version)
        .where(RevocationRow.workspace == workspace, RevocationRow.statement == statement)
    )
    found = session.execute(query.limit(1)).one_or_none()
    return (found[0], found[1]) if found is not None else None


def supersede(session: Session, workspace: str, kinds: Collection[str], *, but: Collection[str]) -> None:
    """Remove notices of these kinds that nobody has acknowledged, since something newer takes their place."""
    statements = select(StatementRow.hash).where(
        StatementRow.workspace == workspace, StatementRow.kind.in_(list(kinds))
    )
    session.execute(
        delete(NoticeRow).where(
            NoticeRow.workspace == workspace,
            NoticeRow.acknowledgement.is_(None),
            NoticeRow.statement.in_(statements),
            NoticeRow.statement.not_in(list(but)),
        )
    )


def reseals(session: Session, run: str, recipient: str) -> Sequence[ResealRow]:
    """Return the outcome keys of a run that were sealed again to one member."""
    query = select(ResealRow).where(ResealRow.run == run, ResealRow.recipient == recipient)
    return session.scalars(query.order_by(ResealRow.statement)).all()


def leased_by(session: Session, workspace: str, worker: str) -> Sequence[RunRow]:
    """Return the runs that a worker holds now."""
    query = select(RunRow).where(RunRow.workspace == workspace, RunRow.worker == worker, text("lease IS NOT NULL"))
    return session.scalars(query).all()
