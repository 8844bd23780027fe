"""A hostile workspace server: writes into the database of a running one whatever it likes."""

from __future__ import annotations

import json
import os
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from sqlalchemy import Connection, create_engine, event, select
from sqlalchemy.orm import Session

from jupyter_secure_jobs.crypto import merkle
from jupyter_secure_jobs.member import deciding, statements
from jupyter_secure_jobs.protocol import envelope as envelopes
from jupyter_secure_jobs.protocol.clock import utc_now
from jupyter_secure_jobs.protocol.envelope import Envelope, Signature
from jupyter_secure_jobs.store import statements as statements_rows
from jupyter_secure_jobs.store.identifiers import uuid7
from jupyter_secure_jobs.store.tables import (
    DecisionRow,
    JobRow,
    KeyMailRow,
    LogNodeRow,
    NoticeRow,
    RevocationRow,
    RunRow,
    ServiceKeyRow,
    StatementRow,
    VersionRow,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from jupyter_secure_jobs.crypto.keyfile import KeyRing
    from tests.support.parts import Parts


class Stored(Protocol):
    """A workspace with the database that a server keeps it in."""

    @property
    def database(self) -> Path:
        """The SQLite file."""

    @property
    def workspace(self) -> str:
        """The workspace's id."""


def signed_again(envelope: Envelope, ring: KeyRing) -> Envelope:
    """Return an envelope with the signature of whoever has these keys and no other."""
    sig = ring.signing.sign(envelope.signed_bytes())
    return replace(envelope, signatures=(Signature(keyid=ring.signing.public, sig=sig),))


@contextmanager
def database(parts: Stored) -> Iterator[Session]:
    """Give a session on the server's database, behind the server's back."""
    # As the server does: no statement of a run that goes on comes between what is read here and what is written.
    engine = create_engine(f"sqlite:///{parts.database}", connect_args={"timeout": 20, "isolation_level": None})
    event.listen(engine, "begin", _begin)
    try:
        with Session(engine) as session, session.begin():
            yield session
    finally:
        engine.dispose()


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def aged(parts: Stored, run: str, *, by: timedelta) -> list[Path]:
    """Make a run that has ended, and its files, so much older; return the files."""
    with database(parts) as session:
        row = session.get_one(RunRow, run)
        stored = parts.database.parent / "files"
        files = [stored / digest.removeprefix("sha256:") for digest in (row.result, row.log) if digest is not None]
        for each in files:
            then = each.stat().st_mtime - by.total_seconds()
            os.utime(each, (then, then))
        assert row.finished is not None
        row.finished -= by
    return files


def say_accepted(parts: Parts, job: str) -> str:
    """Make the database say that a job's version under review is accepted and live; return the version's hash."""
    with database(parts) as session:
        row = session.get_one(JobRow, job)
        version = session.get_one(VersionRow, (job, row.open_version))
        version.stage = "accepted"
        row.live_version, row.open_version = version.number, None
        assert version.statement is not None
        return version.statement


def put_statement(session: Session, workspace: str, kind: str, envelope: Envelope, *, under: str | None = None) -> str:
    """Store an envelope in the log, under its own hash or under another's."""
    digest = under or envelope.hash
    leaf = merkle.leaf_hash(envelope.payload)
    found = session.get(StatementRow, (workspace, digest))
    if found is not None:
        found.leaf, found.envelope = leaf, envelope.to_bytes()
        session.flush()
    else:
        statements_rows.append(session, workspace, digest, kind=kind, leaf=leaf, envelope=envelope.to_bytes(),
                               time=datetime.now(UTC))  # fmt: skip
    return digest


def put_decision(parts: Parts, version: str, member: str, envelope: Envelope) -> None:
    """Make the database count an envelope as a member's acceptance of a version."""
    with database(parts) as session:
        digest = put_statement(session, parts.workspace, "decision", envelope)
        session.merge(
            DecisionRow(version=version, member=member, workspace=parts.workspace, statement=digest, verdict="accept",
                        comment="", salt="", time=datetime.now(UTC), expires=datetime.now(UTC) + timedelta(days=90))
        )  # fmt: skip


def decision(parts: Parts, version: str, member: str) -> Envelope:
    """Return the envelope of a member's decision as the log has it."""
    with database(parts) as session:
        row = session.get_one(DecisionRow, (version, member))
        return Envelope.from_bytes(session.get_one(StatementRow, (parts.workspace, row.statement)).envelope)


def altered(envelope: Envelope, **changes: Any) -> Envelope:
    """Return an envelope that says something else under the same signatures."""
    said = {**json.loads(envelope.payload), **changes}
    payload = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    return Envelope(payload=payload, payloadType=envelope.payloadType, signatures=envelope.signatures)


def signed_order(parts: Parts, job: str, number: int = 1) -> Envelope:
    """Return an order that the author signs in good faith."""
    seen = deciding.verified(parts.ana, parts.workspace, job, number=number)
    order = statements.order_of(
        seen.version,
        seen.hash,
        {},
        member=parts.ana.email,
        now=utc_now(),
        checkpoint=parts.ana.checkpoint(parts.workspace, seen.rosters),
    )
    return envelopes.sign(order, parts.ana.ring.signing)


def queue(parts: Parts, job: str, owners: tuple[str, ...] = ("Airline",), number: int = 1) -> str:
    """Queue a run past every check that the server would make; return the run's id."""
    order = signed_order(parts, job, number)
    now = utc_now()
    with database(parts) as session:
        version = session.get_one(VersionRow, (job, number))
        digest = put_statement(session, parts.workspace, "order", order)
        run = uuid7(int(now.timestamp() * 1000), digest.encode()[-10:])
        earlier = session.scalars(select(RunRow).where(RunRow.job == job, RunRow.kind == "job")).all()
        text = {"code": version.terms["code"], "language": "sql", "version": version.statement}
        session.add(
            RunRow(id=run, workspace=parts.workspace, job=job, version=number, kind="job", number=len(earlier) + 1,
                   status="Queued", phase="queued", phases=[["queued", now.isoformat()]], member=parts.ana.email,
                   organisation="Airline", turn=0, inputs={"low": 1}, statement=digest,
                   text_hash=version.text_hash, text=text, created=now,
                   expires=now + timedelta(days=7), keys_released=False, retried=False, cancel_requested=False)
        )  # fmt: skip
        session.flush()
        for owner in owners:
            session.add(KeyMailRow(run=run, organisation=owner, workspace=parts.workspace))
    parts.draft()  # whoever waits looks again: nobody sees that the database was written to
    return run


@contextmanager
def other_log(parts: Stored, *, drop: int = 0, change: int | None = None) -> Iterator[None]:
    """Make the server's log another one for a while: the newest `drop` entries gone, or that at `change` replaced."""
    with database(parts) as session:
        query = select(StatementRow).where(StatementRow.workspace == parts.workspace).order_by(StatementRow.place)
        rows = session.scalars(query).all()
        honest = [_columns(row) for row in rows]
        for row in rows[len(rows) - drop :]:
            session.delete(row)
        kept = rows[: len(rows) - drop]
        if change is not None:
            kept[change].leaf = merkle.leaf_hash(b"another statement")
        _grow(session, parts.workspace, [row.leaf for row in kept])
    try:
        yield
    finally:
        with database(parts) as session:
            for columns in honest:
                session.merge(StatementRow(**columns))
            _grow(session, parts.workspace, [columns["leaf"] for columns in honest])


def forget_warnings(pins: Path) -> None:
    """Remove what a member's side remembers of a lie, so that one test's lie is not another's."""
    found = json.loads(pins.read_text())
    for entry in found.values():
        entry.pop("warnings", None)
    pins.write_text(json.dumps(found))


def _columns(row: StatementRow) -> dict[str, Any]:
    return {column.name: getattr(row, column.name) for column in StatementRow.__table__.columns}


def _grow(session: Session, workspace: str, leaves: list[bytes]) -> None:
    session.flush()
    for node in session.scalars(select(LogNodeRow).where(LogNodeRow.workspace == workspace)).all():
        session.delete(node)
    session.flush()
    tree = merkle.Tree.of(leaves)
    for place, leaf in enumerate(leaves):
        for level, at, hashed in merkle.completed(leaf, place, tree.node):
            session.add(LogNodeRow(workspace=workspace, level=level, place=at, hash=hashed))


def hide_revocations(parts: Parts, version: str) -> int:
    """Make the server forget every revocation of a version; return how many there were."""
    with database(parts) as session:
        rows = session.scalars(select(RevocationRow).where(RevocationRow.version == version)).all()
        for row in rows:
            for notice in session.scalars(select(NoticeRow).where(NoticeRow.statement == row.statement)).all():
                session.delete(notice)
            session.delete(row)
        return len(rows)


def set_key_service_seen(parts: Parts, organisation: str, seen: datetime) -> None:
    """Change when the server last heard a key service."""
    with database(parts) as session:
        session.get_one(ServiceKeyRow, (parts.workspace, "keyservice", organisation)).seen = seen
