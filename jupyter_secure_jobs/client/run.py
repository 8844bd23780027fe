"""Routes about runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from jupyter_secure_jobs.client.connection import LARGEST_LIST, path
from jupyter_secure_jobs.wire.at_once import OpeningWire
from jupyter_secure_jobs.wire.base import Nothing
from jupyter_secure_jobs.wire.receipt import RunStatementsWire
from jupyter_secure_jobs.wire.run import InputValue, OutcomeWire, ResealNew, RunNew, RunWire, TestNew

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import BinaryIO

    from jupyter_secure_jobs.client.connection import Connection, Query
    from jupyter_secure_jobs.domain.run import RunKind

SLACK: Final = 10.0


class RunRoutes:
    """Runs of one workspace. Every method raises what `Connection.get` raises."""

    connection: Connection

    def test(self, workspace: str, job: str, inputs: Mapping[str, InputValue]) -> RunWire:
        """Start a test run of the version in front, on synthetic tables."""
        where = path("workspaces", workspace, "jobs", job, "tests")
        return self.connection.post(where, TestNew(inputs=dict(inputs)), RunWire)

    def order_signed(self, workspace: str, job: str, order: RunNew) -> RunWire:
        """Start a job run by a signed run order."""
        return self.connection.post(path("workspaces", workspace, "jobs", job, "runs"), order, RunWire)

    def runs(self, workspace: str, job: str, *, kind: RunKind) -> list[RunWire]:
        """Return a job's runs of one kind, newest first."""
        where = path("workspaces", workspace, "jobs", job, "runs")
        return self.connection.all(where, RunWire, query={"kind": str(kind)})

    def run_of(self, workspace: str, run: str, *, wait: float = 0.0) -> RunWire:
        """Return one run; with `wait`, when it has ended, or after that many seconds as it is then."""
        where = path("workspaces", workspace, "runs", run)
        if wait <= 0:
            return self.connection.get(where, RunWire)
        # The server ends its wait by itself; the slack lets that answer arrive.
        return self.connection.get(where, RunWire, query={"wait": f"{wait:.3f}"}, timeout=wait + SLACK)

    def cancel_run(self, workspace: str, run: str) -> RunWire:
        """Ask for a run to be cancelled."""
        return self.connection.post(path("workspaces", workspace, "runs", run, "cancel"), Nothing(), RunWire)

    def outcome(self, workspace: str, run: str, *, seen: int = 0) -> OutcomeWire:
        """Return a run's signed outcome, unverified; the log is proven from `seen` entries on too."""
        where = path("workspaces", workspace, "runs", run, "outcome")
        return self.connection.get(where, OutcomeWire, query={"seen": seen})

    def opening(self, workspace: str, run: str, *, seen: int = 0) -> OpeningWire:
        """Return a run with its outcome and what stands behind it, unverified; `seen` as in `outcome`."""
        where = path("workspaces", workspace, "runs", run, "opening")
        return self.connection.get(where, OpeningWire, query={"seen": seen}, largest=LARGEST_LIST)

    def run_statements(
        self, workspace: str, run: str, *, seen: int = 0, purpose: str = "open", opened: bool = False
    ) -> RunStatementsWire:
        """Return every statement about a job run, for who has `seen` that much of the log; unverified.

        `purpose` is `open` or `export`, `opened` whether what proves the rows goes along: what the audit log will say.
        """
        query: Query = {"seen": seen, "purpose": purpose, **({"opened": "true"} if opened else {})}
        where = path("workspaces", workspace, "runs", run, "statements")
        return self.connection.get(where, RunStatementsWire, query=query, largest=LARGEST_LIST)

    def download_sealed(
        self,
        workspace: str,
        run: str,
        part: str,
        sink: BinaryIO,
        *,
        largest: int,
        purpose: str = "open",
        form: str = "",
    ) -> int:
        """Write the sealed `result` or `log` of a run into `sink`; return its bytes.

        `purpose` is `open` or `export`, `form` the format: what the audit log will say.
        """
        query: Query = {"purpose": purpose, "format": form} if form else {"purpose": purpose}
        where = path("workspaces", workspace, "runs", run, part)
        return self.connection.download(where, sink, largest=largest, query=query)

    def reseal(self, workspace: str, run: str, reseal: ResealNew) -> RunWire:
        """Leave a run's outcome keys, sealed again, for a colleague."""
        return self.connection.post(path("workspaces", workspace, "runs", run, "reseals"), reseal, RunWire)
