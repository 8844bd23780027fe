"""A run in Python: wait for it, look at its rows and its log, write them to files."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pyarrow.parquet as pq

from jupyter_secure_jobs.domain.audit import Purpose
from jupyter_secure_jobs.domain.errors import ConflictError, InvalidError, NotFoundError
from jupyter_secure_jobs.domain.job import GIB
from jupyter_secure_jobs.domain.run import ENDED, REMOVED_STEP, RunKind, RunStatus, removed_words
from kernel_magics.bundle import Bundle, joined, note
from kernel_magics.cards import run_card
from kernel_magics.export import write_file
from kernel_magics.rows import JobRows, frame_of, placeholder, preview_table, withheld_of
from kernel_magics.rowview import RowView

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, BinaryIO

    import pandas as pd
    import pyarrow as pa

    from jupyter_secure_jobs.client.facade import Client
    from jupyter_secure_jobs.client.member_side import Export
    from jupyter_secure_jobs.wire.member_side import ComparisonWire, LogText, Preview
    from jupyter_secure_jobs.wire.run import RunWire

LARGEST_RESULT: Final = 64 * GIB
_PARTS: Final[dict[str, Export]] = {".csv": "result.csv", ".parquet": "result.parquet", ".txt": "log.txt"}


class Run:
    """One run as it was when last asked for; `refresh` and `wait` bring it up to date.

    Every method that asks the member side raises `SecureJobsError` as it answered.
    """

    def __init__(self, client: Client, wire: RunWire, *, member: str | None = None) -> None:
        """Keep the client and the state that it gave, and as whom it was asked."""
        self.client = client
        self.wire = wire
        self.member = member

    @property
    def id(self) -> str:
        """The run's id."""
        return self.wire.id

    @property
    def number(self) -> int:
        """The run's number among the job's."""
        return self.wire.number

    @property
    def status(self) -> str:
        """Queued, Running, Succeeded, Failed or Cancelled."""
        return str(self.wire.status)

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.wire.status in ENDED

    @property
    def succeeded(self) -> bool:
        """Whether it ended well."""
        return self.wire.status is RunStatus.SUCCEEDED

    @property
    def synthetic(self) -> bool:
        """Whether it read synthetic tables: a test run."""
        return self.wire.kind is RunKind.TEST

    def refresh(self) -> Run:
        """Ask for the newest state; return the run itself."""
        self.wire = self.client.run_of(self.wire.workspace, self.wire.id)
        return self

    def wait(self, timeout: float | None = None, *, changed: Callable[[RunWire], None] | None = None) -> Run:
        """Wait until the run has ended, at most `timeout` seconds; return the run itself, however it ended.

        Raises:
            UnavailableError: `still_active`, the time is over; the run goes on.
        """
        self.wire = self.client.wait(self.wire, timeout=timeout, changed=changed)
        return self

    def cancel(self) -> Run:
        """Ask for the run to be cancelled; return the run itself."""
        self.wire = self.client.cancel_run(self.wire.workspace, self.wire.id)
        return self

    def preview(self) -> Preview:
        """Return at most the first 100 rows as text, with the true total."""
        self._need_result()
        return self.client.preview(self.wire.workspace, self.wire.id)

    def to_arrow(self) -> pa.Table:
        """Return all rows as an Arrow table. Jupyter shows and saves values of one that a cell ends with."""
        self._need_result()
        # The file has no name and is gone when closed, so that opened rows stay nowhere but in memory.
        with tempfile.TemporaryFile() as sink:
            self.client.export(self.wire.workspace, self.wire.id, "result.parquet", sink, largest=LARGEST_RESULT,
                               purpose=Purpose.OPEN)  # fmt: skip
            sink.seek(0)
            # By places: `read_table` looks columns up by their names, and two of them may have one.
            return pq.ParquetFile(sink).read()

    def to_pandas(self) -> pd.DataFrame:
        """Return all rows as a DataFrame; a job run's shows a placeholder in place of its rows (see `JobRows`)."""
        return self.opened()[0]

    def opened(self) -> tuple[pd.DataFrame, list[str]]:
        """Return all rows as `to_pandas` does, and what output rules withheld; the result is opened once."""
        rows = self.to_arrow()
        frame = frame_of(rows)
        shown = frame if self.synthetic else JobRows(frame).about(self.wire, self._view)
        return shown, withheld_of(rows)

    def compare(self) -> ComparisonWire:
        """Return whether this test run gave what the author's did; the member side verifies both.

        Raises:
            InvalidError: it is a job run.
        """
        return self.client.compare(self.wire.workspace, self.wire.id)

    def log(self) -> LogText:
        """Return the log, or why it is empty."""
        return self.client.log(self.wire.workspace, self.wire.id)

    def export(self, path: str | Path, *, overwrite: bool = False) -> Path:
        """Write the result to a `.csv` or `.parquet` file or the log to a `.txt` file (mode 0600); return its path.

        Raises:
            InvalidError: another suffix, or a folder that cannot be written.
            ConflictError: the file exists and `overwrite` is false.
        """
        suffix = Path(path).suffix.lower()
        part = _PARTS.get(suffix)
        if part is None:
            raise InvalidError(
                "export_suffix",
                "The file's name does not say what to write.",
                "End it in .csv or .parquet for the result, or in .txt for the log.",
            )
        if part != "log.txt":
            self._need_result()

        def fill(sink: BinaryIO) -> None:
            self.client.export(self.wire.workspace, self.wire.id, part, sink, largest=LARGEST_RESULT)

        return write_file(path, fill, overwrite=overwrite)

    def receipt(self, path: str | Path, *, opened: bool = False, overwrite: bool = False) -> Path:
        """Write everything about a job run into a file that anyone can check: `jupyter secure-jobs verify FILE`.

        The file holds signed statements and no row. `opened` adds the salt and the digest of the rows, so that whoever
        gets an exported Parquet file too can check it; who has them can also test guesses of the whole result.

        Raises:
            NotFoundError: a test run has no receipt, nor has a run whose code never ran.
            NotAllowedError: `opened` is for members of the author's organisation.
            ConflictError: the file exists and `overwrite` is false.
        """

        def fill(sink: BinaryIO) -> None:
            self.client.receipt(self.wire.workspace, self.wire.id, sink, opened=opened)

        return write_file(path, fill, overwrite=overwrite)

    def shown(self) -> Bundle:
        """Return the run as a card: phases, duration, and rows where they are synthetic."""
        card = self.card()
        if not (self.synthetic and self.wire.has_result):
            return card
        return joined(card, preview_table(self.preview()), reference=card.reference)

    def card(self) -> Bundle:
        """Return the run as a card without rows; for a job run's result, with how to fetch them."""
        card = run_card(self.wire, member=self.member)
        if self.synthetic or not self.wire.has_result:
            return card
        return joined(card, placeholder(self.wire), reference=card.reference)

    def _view(self) -> object:
        return RowView(self)

    def _need_result(self) -> None:
        if not self.ended:
            raise ConflictError("run_active", f"The run is {self.status}; it has no result yet.", "Wait for its end.")
        if self.wire.outputs_removed is not None:
            raise NotFoundError("removed", removed_words("result", self.wire.outputs_removed), REMOVED_STEP)
        if not self.wire.has_result:
            cause = f": {self.wire.error_class}" if self.wire.error_class else ""
            step = self.wire.next_step or "Look at its log."
            raise NotFoundError("no_result", f"The run is {self.status}{cause}; it has no result.", step)

    def __repr__(self) -> str:
        """Return the card's text."""
        return run_card(self.wire).plain

    def _repr_mimebundle_(self, **_: object) -> tuple[dict[str, Any], dict[str, Any]]:
        # Data and metadata are Jupyter's, any JSON.
        card = self.card()
        return card.data(), card.metadata()


def no_runs(kind: RunKind) -> Bundle:
    """Return what stands where runs of `kind` would."""
    return note(f"No {kind} runs yet.")
