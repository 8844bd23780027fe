"""What a key service remembers: pins, nonces, counts and stops. A small SQLite file beside its keys."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from jupyter_secure_jobs.domain.errors import RefusedError
from jupyter_secure_jobs.domain.job import Scope

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NONCE_LIFE: Final = timedelta(seconds=120)
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS pin (workspace TEXT PRIMARY KEY, genesis TEXT NOT NULL, epoch INTEGER NOT NULL,
    roster TEXT NOT NULL, workers INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS nonce (run_order TEXT PRIMARY KEY, nonce TEXT NOT NULL, given TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS released (run_order TEXT PRIMARY KEY, version TEXT NOT NULL, first TEXT NOT NULL,
    times INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS released_version ON released (version);
CREATE TABLE IF NOT EXISTS revoked (version TEXT NOT NULL, scope TEXT NOT NULL, statement TEXT NOT NULL,
    PRIMARY KEY (version, scope));
CREATE TABLE IF NOT EXISTS withdrawn (dataset TEXT PRIMARY KEY, time TEXT NOT NULL);
"""


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
    """The file. Every method is one transaction, and is on disk when it returns."""

    def __init__(self, path: Path) -> None:
        """Open or make the file."""
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        path.chmod(0o600)
        self._connection.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;" + _SCHEMA)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make what happens inside one change."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def pin(self, workspace: str, genesis: str) -> None:
        """Trust a workspace's genesis, compared by a person.

        Raises:
            RefusedError: another one is pinned.
        """
        known = self.pinned(workspace)
        if known is not None and known.genesis != genesis:
            raise RefusedError("other_genesis", "Another genesis is pinned for this workspace.", "Warn the others.")
        self._connection.execute("INSERT OR IGNORE INTO pin VALUES (?, ?, 1, ?, 1)", (workspace, genesis, genesis))

    def pinned(self, workspace: str) -> Pin | None:
        """Return what is pinned."""
        row = self._connection.execute(
            "SELECT genesis, epoch, roster, workers FROM pin WHERE workspace = ?", (workspace,)
        ).fetchone()
        return Pin(genesis=row[0], epoch=row[1], roster=row[2], workers=row[3]) if row else None

    def advance(self, workspace: str, *, epoch: int, roster: str, workers: int) -> None:
        """Remember a newer roster and worker list; older ones will be refused from now on."""
        self._connection.execute(
            "UPDATE pin SET epoch = ?, roster = ?, workers = max(workers, ?) WHERE workspace = ? AND epoch <= ?",
            (epoch, roster, workers, workspace, epoch),
        )

    def give_nonce(self, order: str, nonce: str, *, now: datetime) -> None:
        """Remember the nonce for an order; an earlier one for it is void."""
        oldest = (now - NONCE_LIFE).isoformat()
        self._connection.execute("DELETE FROM nonce WHERE given < ?", (oldest,))
        self._connection.execute("INSERT OR REPLACE INTO nonce VALUES (?, ?, ?)", (order, nonce, now.isoformat()))

    def take_nonce(self, order: str, *, now: datetime) -> str:
        """Use up the nonce of an order.

        Raises:
            RefusedError: none was given out, it was used, or it is too old.
        """
        row = self._connection.execute("SELECT nonce, given FROM nonce WHERE run_order = ?", (order,)).fetchone()
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
        self._connection.execute(
            "INSERT INTO released VALUES (?, ?, ?, 1) ON CONFLICT (run_order) DO UPDATE SET times = times + 1",
            (order, version, now.isoformat()),
        )

    def revoke(self, version: str, scope: Scope, statement: str) -> None:
        """Remember a revocation for good."""
        self._connection.execute("INSERT OR IGNORE INTO revoked VALUES (?, ?, ?)", (version, str(scope), statement))

    def revoked(self, version: str) -> Scope | None:
        """Return the strongest revocation of a version that was heard."""
        rows = self._connection.execute("SELECT scope FROM revoked WHERE version = ?", (version,)).fetchall()
        scopes = {Scope(row[0]) for row in rows}
        return Scope.ALL if Scope.ALL in scopes else next(iter(scopes), None)

    def withdraw(self, dataset: str, *, now: datetime) -> None:
        """Remember that a dataset was taken back, for good."""
        self._connection.execute("INSERT OR IGNORE INTO withdrawn VALUES (?, ?)", (dataset, now.isoformat()))

    def withdrawn(self, dataset: str) -> bool:
        """Tell whether a dataset was taken back."""
        row = self._connection.execute("SELECT 1 FROM withdrawn WHERE dataset = ?", (dataset,)).fetchone()
        return row is not None
