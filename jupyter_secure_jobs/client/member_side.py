"""The member side's own routes: those that use one's keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from jupyter_secure_jobs.client.connection import LARGEST_LIST, path
from jupyter_secure_jobs.domain.audit import Purpose
from jupyter_secure_jobs.domain.job import GIB
from jupyter_secure_jobs.wire.job import JobDetailWire, VersionWire
from jupyter_secure_jobs.wire.member_side import (
    CheckNew,
    CheckWire,
    ComparisonWire,
    DatasetAsked,
    DatasetProposal,
    DecisionAsked,
    LastReviewWire,
    LogText,
    Preview,
    ReceiptWire,
    ReviewStatement,
    RevocationAsked,
    RunAsked,
    StatusWire,
    SubmitAsked,
    Unlock,
)
from jupyter_secure_jobs.wire.run import InputValue, RunWire

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import BinaryIO

    from jupyter_secure_jobs.client.connection import Connection, Query
    from jupyter_secure_jobs.domain.job import Scope

Export = Literal["result.csv", "result.parquet", "log.txt"]

# Opening and signing happen behind these calls: Argon2id, the download of a result, a whole table read.
_WORK_SECONDS = 120.0
_PUBLISH_SECONDS = 1800.0


def _mine(workspace: str, *parts: str) -> str:
    return path("member", "workspaces", workspace, *parts)


class MemberRoutes:
    """What the member side does with the member's keys. Every method raises what `Connection.get` raises."""

    connection: Connection

    def status(self) -> StatusWire:
        """Return what this member side is, and whom it acts as."""
        return self.connection.get("member/status", StatusWire)

    def unlock(self, passphrase: str) -> StatusWire:
        """Unlock the key store for the session."""
        return self.connection.post("member/unlock", Unlock(passphrase=passphrase), StatusWire)

    def check(self, workspace: str, asked: CheckNew) -> CheckWire:
        """Return the tables that the code reads and what is wrong with it; nothing is saved."""
        return self.connection.post(_mine(workspace, "check"), asked, CheckWire)

    def submit(self, workspace: str, job: str, *, shown: VersionWire | None = None) -> JobDetailWire:
        """Sign the draft and submit it for review, if it is the one that was `shown`."""
        asked = SubmitAsked(shown=shown)
        return self.connection.post(
            _mine(workspace, "jobs", job, "submit"), asked, JobDetailWire, timeout=_WORK_SECONDS
        )

    def review(self, workspace: str, job: str, *, live: bool = False) -> ReviewStatement:
        """Return the version under review, or the `live` one, as the member side verified it."""
        query: Query = {"of": "live"} if live else {}
        where = _mine(workspace, "jobs", job, "review")
        return self.connection.get(where, ReviewStatement, query=query, timeout=_WORK_SECONDS)

    def verified_last_review(self, workspace: str, job: str) -> LastReviewWire:
        """Return the last closed review of the open version as the member side verified it."""
        where = _mine(workspace, "jobs", job, "last-review")
        return self.connection.get(where, LastReviewWire, timeout=_WORK_SECONDS)

    def decide(self, workspace: str, job: str, asked: DecisionAsked) -> JobDetailWire:
        """Sign and hand in a decision; refused for a kernel's token."""
        where = _mine(workspace, "jobs", job, "decisions")
        return self.connection.post(where, asked, JobDetailWire, timeout=_WORK_SECONDS)

    def revoke(self, workspace: str, job: str, scope: Scope, *, version_hash: str | None = None) -> JobDetailWire:
        """Sign and hand in a revocation of reruns, or of all further keys; with a hash, of that live version alone."""
        where = _mine(workspace, "jobs", job, "revocations")
        asked = RevocationAsked(scope=scope, version_hash=version_hash)
        return self.connection.post(where, asked, JobDetailWire, timeout=_WORK_SECONDS)

    def run(
        self, workspace: str, job: str, inputs: Mapping[str, InputValue], *, version_hash: str | None = None
    ) -> RunWire:
        """Sign a run order for the live version and start it; with a hash, of that live version alone."""
        where = _mine(workspace, "jobs", job, "runs")
        asked = RunAsked(inputs=dict(inputs), version_hash=version_hash)
        return self.connection.post(where, asked, RunWire, timeout=_WORK_SECONDS)

    def preview(self, workspace: str, run: str) -> Preview:
        """Return at most the first 100 rows of a run's result, opened and verified."""
        return self.connection.get(_mine(workspace, "runs", run, "result"), Preview, timeout=_WORK_SECONDS)

    def log(self, workspace: str, run: str) -> LogText:
        """Return a run's log, opened and verified."""
        return self.connection.get(_mine(workspace, "runs", run, "log"), LogText, timeout=_WORK_SECONDS)

    def export(
        self,
        workspace: str,
        run: str,
        part: Export,
        sink: BinaryIO,
        *,
        largest: int = 64 * GIB,
        purpose: Purpose = Purpose.EXPORT,
    ) -> int:
        """Write a run's opened result or log into `sink`; return its bytes. The audit log says for which purpose."""
        query: Query = {"purpose": str(purpose)}
        return self.connection.download(_mine(workspace, "runs", run, part), sink, largest=largest, query=query)

    def verified_receipt(self, workspace: str, run: str) -> ReceiptWire:
        """Return a job run's receipt as the member side verified it."""
        return self.connection.get(_mine(workspace, "runs", run, "receipt"), ReceiptWire, timeout=_WORK_SECONDS)

    def receipt(self, workspace: str, run: str, sink: BinaryIO, *, opened: bool = False) -> int:
        """Write the bundle of a job run into `sink`, verified by the member side; return its bytes.

        `opened` adds the salt and the digest of the rows, for members of the author's organisation.
        """
        query: Query = {"opened": "true"} if opened else {}
        return self.connection.download(
            _mine(workspace, "runs", run, "bundle"), sink, largest=LARGEST_LIST, query=query, timeout=_WORK_SECONDS
        )

    def compare(self, workspace: str, run: str) -> ComparisonWire:
        """Return whether a test run gave what the author's did, from outcomes that the member side verified."""
        return self.connection.get(_mine(workspace, "runs", run, "comparison"), ComparisonWire, timeout=_WORK_SECONDS)

    def publish(self, workspace: str, asked: DatasetAsked) -> DatasetProposal:
        """Propose a dataset from files of the member side's machine; publish it if `asked.confirm`."""
        return self.connection.post(_mine(workspace, "datasets"), asked, DatasetProposal, timeout=_PUBLISH_SECONDS)
