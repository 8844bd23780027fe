"""`%securejob audit`: a DataFrame of events, or a file, of what its options say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pytest

from jupyter_secure_jobs.domain.errors import ConflictError, InvalidError
from jupyter_secure_jobs.wire.audit import AuditFilter
from kernel_magics.events import events_frame
from kernel_magics.quiet import JobsError
from tests.unit.kernel_magics.place import EVIL, NOW

if TYPE_CHECKING:
    from pathlib import Path

    from kernel_magics.api import SecureJobs
    from tests.unit.kernel_magics.conftest import Notebook
    from tests.unit.kernel_magics.side import MemberSide


def test_events_come_as_a_frame_with_times_and_numbers(session: SecureJobs) -> None:
    frame = session.audit()
    assert list(frame["time"]) == [pd.Timestamp(NOW)]
    assert {str(frame[name].dtype) for name in ("version", "index")} == {"Int64"}
    row = frame.iloc[0]
    assert (row["actor"], row["event"], row["job"], row["version"]) == ("ana@airline.example", "ordered", EVIL, 1)
    assert row["detail"] == "job run 1: \ufffdmonth=7", "a hidden character is shown"
    assert len(events_frame([])) == 0


def test_magic_asks_for_what_its_options_say(notebook: Notebook, side: MemberSide) -> None:
    notebook.shell.run_cell(
        'frame = %securejob audit "My job" --kind accepted --kind declined --member ana@airline.example '
        "--organisation Airline --since 2026-11-01 --until 2026-11-30"
    ).raise_error()  # type: ignore[no-untyped-call]  # IPython has no annotations there
    assert side.audit_asked == {
        "limit": "100",
        "kind": "accepted,declined",
        "member": "ana@airline.example",
        "organisation": "Airline",
        "job": "My job",
        "since": "2026-11-01",
        "until": "2026-11-30",
    }
    assert isinstance(notebook.shell.user_ns["frame"], pd.DataFrame)
    with pytest.raises(JobsError, match="invalid choice"):
        notebook.cell("%securejob audit --kind opened")


def test_magic_exports_to_a_file_that_is_not_there_yet(notebook: Notebook, side: MemberSide, tmp_path: Path) -> None:
    target = tmp_path / "audit.csv"
    assert "Wrote" in notebook.cell(f"%securejob audit --since 2026-11-01 --export {target}")
    assert side.audit_asked == {"since": "2026-11-01"}
    assert target.read_bytes() == b"time,actor\r\n"
    assert target.stat().st_mode & 0o077 == 0
    with pytest.raises(JobsError):
        notebook.cell(f"%securejob audit --export {target}")


def test_export_from_python(session: SecureJobs, tmp_path: Path) -> None:
    target = session.export_audit(tmp_path / "audit.csv", AuditFilter(kinds=["ordered"]))
    with pytest.raises(ConflictError):
        session.export_audit(target)
    session.export_audit(target, overwrite=True)
    with pytest.raises(InvalidError):
        session.export_audit(tmp_path / "no" / "folder.csv")
