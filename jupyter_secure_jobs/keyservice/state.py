"""What a key service remembers: pins, nonces, counts and stops. A small SQLite file beside its keys.

Beside it lies a mark: how many things the file has remembered for good. A file that remembers fewer than its mark says
was restored from a backup, or lost: its counts and stops are too old to release anything by.
"""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from jupyter_secure_jobs.crypto.keyfile import write_private
from jupyter_secure_jobs.domain.errors import RefusedError, UnavailableError
from jupyter_secure_jobs.domain.job import Scope

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

STATE_FILE: Final = "state.sqlite"
NONCE_LIFE: Final = timedelta(seconds=120)
_UNTOLD: Final = (
    "SELECT rowid, statement, workspace, envelope, acknowledgement FROM heard WHERE told = 0 AND rowid > ? "
    "ORDER BY rowid LIMIT 100"
)
# One entry for each version of the file's form; `PRAGMA user_version` says how many a file has had.
_FORMS: Final = (
    """
CREATE TABLE IF NOT EXISTS pin (workspace TEXT PRIMARY KEY, genesis TEXT NOT NULL, epoch INTEGER NOT NULL,
    roster TEXT NOT NULL, workers INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS log (workspace TEXT PRIMARY KEY, note TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS nonce (run_order TEXT PRIMARY KEY, nonce TEXT NOT NULL, given TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS released (run_order TEXT PRIMARY KEY, version TEXT NOT NULL, first TEXT NOT NULL,
    times INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS released_version ON released (version);
CREATE TABLE IF NOT EXISTS revoked (version TEXT NOT NULL, scope TEXT NOT NULL, statement TEXT NOT NULL,
    PRIMARY KEY (version, scope));
CREATE TABLE IF NOT EXISTS withdrawn (dataset TEXT PRIMARY KEY, time TEXT NOT NULL);
""",
    """
CREATE TABLE life (remembered INTEGER NOT NULL, restored TEXT);
INSERT INTO life VALUES (0, NULL);
CREATE TABLE heard (statement TEXT PRIMARY KEY, workspace TEXT NOT NULL, envelope BLOB NOT NULL,
    acknowledgement BLOB NOT NULL, told INTEGER NOT NULL);
""",
    # Stops of before named no workspace. They have none here, and go on stopping in every one: which of them another
    # workspace's member had brought, nobody can tell any more.
    """
CREATE TABLE stop (workspace TEXT, version TEXT NOT NULL, scope TEXT NOT NULL, statement TEXT NOT NULL,
    UNIQUE (version, workspace, scope));
INSERT INTO stop SELECT NULL, version, scope, statement FROM revoked;
DROP TABLE revoked;
CREATE TABLE taken_back (workspace TEXT, dataset TEXT NOT NULL, time TEXT NOT NULL, UNIQUE (dataset, workspace));
INSERT INTO taken_back SELECT NULL, dataset, time FROM withdrawn;
DROP TABLE withdrawn;
ALTER TABLE stop RENAME TO revoked;
ALTER TABLE taken_back RENAME TO withdrawn;
""",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A stop that was heard: the statement and the signed word that it was heard, each an envelope's bytes."""

    workspace: str
    statement: bytes
    acknowledgement: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """What is known of a workspace: its genesis, and the newest roster and worker list seen."""

    genesis: str
    epoch: int
    roster: str
    workers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Released:
    """An order for which keys were released: when first, and how often."""

    first: datetime
    times: int


class State:
    """The file. Every method is one transaction, and is on disk when it returns.

    A full disk or a file that somebody else holds raises `sqlite3.Error`, or `OSError` where the mark is concerned;
    what was not said to be remembered may be asked again.

    Nonces alone are only written by then: they outlast this process, and are on the disk with the next change, so that
    a nonce is used up for good before a release that it led to. If the machine fails earlier, the run is asked again.
    """

    def __init__(self, path: Path, *, restored: datetime | None = None) -> None:
        """Open or make the file; an older form is brought to this one.

        With `restored`, the time now, a file that is older than its mark is taken nevertheless, and remembers the time:
        acceptances from before it count for nothing any more (see `KeyService`).

        Raises:
            RefusedError: the file is older than its mark, is of a newer form, or is no such file.
        """
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._mark = path.with_suffix(".mark")
        # The mark is read first: another process that goes on meanwhile moves the file ahead of it, never behind.
        marked = _number(self._mark, broken=0 if restored is not None else None)
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        try:
            path.chmod(0o600)
            self._connection.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;")
            self._bring_up()
            if restored is not None:
                with self.transaction():
                    self._connection.execute(
                        "UPDATE life SET remembered = max(remembered, ?), restored = ?", (marked, restored.isoformat())
                    )
            else:
                self._not_behind(marked)
        except sqlite3.OperationalError as error:
            self._connection.close()
            raise UnavailableError(
                "state_busy", "The key service's memory cannot be opened now.", "Try again; look at the disk."
            ) from error
        except sqlite3.DatabaseError as error:
            self._connection.close()
            raise RefusedError("state_broken", "The key service's memory is not readable.", "Restore it.") from error
        except RefusedError:
            self._connection.close()
            raise

    def _bring_up(self) -> None:
        self._connection.execute("BEGIN IMMEDIATE")
        (form,) = self._connection.execute("PRAGMA user_version").fetchone()
        if form > len(_FORMS):
            self._connection.execute("ROLLBACK")
            raise RefusedError(
                "state_newer", "The key service's memory was written by a newer version.", "Install that version."
            )
        try:
            for script in _FORMS[form:]:
                # Not executescript, which would end the transaction.
                for statement in script.split(";"):
                    self._connection.execute(statement)
            self._connection.execute(f"PRAGMA user_version = {len(_FORMS)}")
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def _not_behind(self, marked: int) -> None:
        if self._remembered() < marked:
            raise RefusedError(
                "state_restored",
                "The key service's memory is older than its mark: it was restored from a backup, or lost.",
                "Read docs/key-services.md, then run `jupyter secure-jobs keyservice restored`.",
            )

    def _remembered(self) -> int:
        return int(self._connection.execute("SELECT remembered FROM life").fetchone()[0])

    @property
    def restored(self) -> datetime | None:
        """When a person last took a restored file; None if never."""
        (text,) = self._connection.execute("SELECT restored FROM life").fetchone()
        return datetime.fromisoformat(text) if text is not None else None

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make what happens inside one change; one inside another is a part of it."""
        if self._connection.in_transaction:
            yield
            return
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("UPDATE life SET remembered = remembered + 1")
            remembered = self._remembered()
            self._connection.execute("COMMIT")
        except BaseException:
            self._roll_back()
            raise
        # Afterwards, so that a crash in between leaves a mark that is too low; one too high would be a false alarm.
        write_private(self._mark, f"{remembered}\n".encode())

    def _roll_back(self) -> None:
        # Where the disk failed, SQLite has mostly ended it already, and has nothing to roll back. One that stayed open
        # would take in the next changes, none of them on the disk.
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    @contextmanager
    def _without_waiting(self) -> Iterator[None]:
        """Write what need not be on the disk at once; a later change waits for it too, since the WAL is one file."""
        self._connection.execute("PRAGMA synchronous=NORMAL")
        try:
            yield
        finally:
            self._connection.execute("PRAGMA synchronous=FULL")

    def pin(self, workspace: str, genesis: str) -> None:
        """Trust a workspace's genesis, compared by a person.

        Raises:
            RefusedError: another one is pinned.
        """
        known = self.pinned(workspace)
        if known is not None:
            if known.genesis != genesis:
                raise RefusedError("other_genesis", "Another genesis is pinned for this workspace.", "Warn the others.")
            return
        with self.transaction():
            self._connection.execute("INSERT OR IGNORE INTO pin VALUES (?, ?, 1, ?, 1)", (workspace, genesis, genesis))

    def pinned(self, workspace: str) -> Pin | None:
        """Return what is pinned."""
        row = self._connection.execute(
            "SELECT genesis, epoch, roster, workers FROM pin WHERE workspace = ?", (workspace,)
        ).fetchone()
        return Pin(genesis=row[0], epoch=row[1], roster=row[2], workers=row[3]) if row else None

    def advance(self, workspace: str, *, epoch: int, roster: str, workers: int) -> None:
        """Remember a newer roster and worker list; older ones will be refused from now on. Nothing goes back."""
        with self.transaction():
            self._connection.execute(
                "UPDATE pin SET epoch = ?, roster = ? WHERE workspace = ? AND epoch < ?",
                (epoch, roster, workspace, epoch),
            )
            self._connection.execute(
                "UPDATE pin SET workers = max(workers, ?) WHERE workspace = ?", (workers, workspace)
            )

    def log_notes(self) -> dict[str, str]:
        """Return the newest checkpoint of each workspace's log that was verified, as the signed note it came in."""
        return dict(self._connection.execute("SELECT workspace, note FROM log").fetchall())

    def saw_log(self, workspace: str, note: str) -> None:
        """Remember a newer checkpoint."""
        self._connection.execute("INSERT OR REPLACE INTO log VALUES (?, ?)", (workspace, note))

    def give_nonce(self, order: str, nonce: str, *, now: datetime) -> None:
        """Remember the nonce for an order; an earlier one for it is void."""
        oldest = (now - NONCE_LIFE).isoformat()
        with self._without_waiting():
            self._connection.execute("DELETE FROM nonce WHERE given < ?", (oldest,))
            self._connection.execute("INSERT OR REPLACE INTO nonce VALUES (?, ?, ?)", (order, nonce, now.isoformat()))

    def take_nonce(self, order: str, *, now: datetime) -> str:
        """Use up the nonce of an order.

        Raises:
            RefusedError: none was given out, it was used, or it is too old.
        """
        row = self._connection.execute("SELECT nonce, given FROM nonce WHERE run_order = ?", (order,)).fetchone()
        with self._without_waiting():
            self._connection.execute("DELETE FROM nonce WHERE run_order = ?", (order,))
        if row is None or now - datetime.fromisoformat(row[1]) > NONCE_LIFE:
            raise RefusedError("nonce", "No fresh nonce of this key service is open for the run.", "Run it again.")
        return str(row[0])

    def used(self, version: str) -> int:
        """Return for how many distinct orders of a version keys were released."""
        row = self._connection.execute("SELECT count(*) FROM released WHERE version = ?", (version,)).fetchone()
        return int(row[0])

    def released(self, order: str) -> Released | None:
        """Return what was released for an order."""
        row = self._connection.execute("SELECT first, times FROM released WHERE run_order = ?", (order,)).fetchone()
        return Released(first=datetime.fromisoformat(row[0]), times=row[1]) if row else None

    def release(self, order: str, version: str, *, now: datetime) -> None:
        """Count a release."""
        with self.transaction():
            self._connection.execute(
                "INSERT INTO released VALUES (?, ?, ?, 1) ON CONFLICT (run_order) DO UPDATE SET times = times + 1",
                (order, version, now.isoformat()),
            )

    def revoke(self, workspace: str, version: str, scope: Scope, statement: str) -> None:
        """Remember a revocation for good. It stops in its own workspace: another's members may name any version."""
        with self.transaction():
            self._connection.execute(
                "INSERT OR IGNORE INTO revoked VALUES (?, ?, ?, ?)", (workspace, version, str(scope), statement)
            )

    def revoked(self, workspace: str, version: str) -> Scope | None:
        """Return the strongest revocation of a workspace's version that was heard."""
        rows = self._connection.execute(
            "SELECT scope FROM revoked WHERE version = ? AND (workspace = ? OR workspace IS NULL)", (version, workspace)
        ).fetchall()
        scopes = {Scope(row[0]) for row in rows}
        return Scope.ALL if Scope.ALL in scopes else next(iter(scopes), None)

    def withdraw(self, workspace: str, dataset: str, *, now: datetime) -> None:
        """Remember that a dataset was taken back, for good, in this workspace: another's may have any id."""
        with self.transaction():
            self._connection.execute(
                "INSERT OR IGNORE INTO withdrawn VALUES (?, ?, ?)", (workspace, dataset, now.isoformat())
            )

    def withdrawn(self, workspace: str, dataset: str) -> bool:
        """Tell whether a workspace's dataset was taken back."""
        row = self._connection.execute(
            "SELECT 1 FROM withdrawn WHERE dataset = ? AND (workspace = ? OR workspace IS NULL)", (dataset, workspace)
        ).fetchone()
        return row is not None

    def hear(self, statement: str, heard: Heard) -> None:
        """Keep a stop with its acknowledgement, to be told to the workspace server; one that is kept stays as it is."""
        with self.transaction():
            self._connection.execute(
                "INSERT OR IGNORE INTO heard VALUES (?, ?, ?, ?, 0)",
                (statement, heard.workspace, heard.statement, heard.acknowledgement),
            )

    def heard(self, statement: str) -> Heard | None:
        """Return a stop that was heard."""
        row = self._connection.execute(
            "SELECT workspace, envelope, acknowledgement FROM heard WHERE statement = ?", (statement,)
        ).fetchone()
        return Heard(workspace=row[0], statement=row[1], acknowledgement=row[2]) if row else None

    def untold(self) -> Iterator[tuple[str, Heard]]:
        """Yield all that the workspace server was not told yet, by the statement's hash, what came first first.

        Page by page: however many words the server refuses for ever, those behind them come too.
        """
        after = 0
        while rows := self._connection.execute(_UNTOLD, (after,)).fetchall():
            for _, statement, workspace, envelope, acknowledgement in rows:
                yield statement, Heard(workspace=workspace, statement=envelope, acknowledgement=acknowledgement)
            after = rows[-1][0]

    def told(self, statement: str) -> None:
        """Remember that the workspace server took an acknowledgement."""
        self._connection.execute("UPDATE heard SET told = 1 WHERE statement = ?", (statement,))


def _number(mark: Path, *, broken: int | None) -> int:
    try:
        return int(mark.read_text())
    except FileNotFoundError:
        return 0
    except (OSError, ValueError) as error:
        if broken is not None:
            return broken
        raise RefusedError(
            "mark_broken",
            "The mark beside the key service's memory is not readable.",
            "Read docs/key-services.md, then run `jupyter secure-jobs keyservice restored`.",
        ) from error
