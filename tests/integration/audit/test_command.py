"""`jupyter secure-jobs audit`: it lists, exports and checks."""

from __future__ import annotations

import csv
import io
import subprocess
from typing import TYPE_CHECKING

from jupyter_secure_jobs.domain.audit import Event
from tests.support import process
from tests.support.audited import changed, events
from tests.support.parts import ANA, WEI, Parts

if TYPE_CHECKING:
    from pathlib import Path

    from jupyter_secure_jobs.wire.run import RunWire


def command(parts: Parts, *words: object) -> subprocess.CompletedProcess[str]:
    """Run `jupyter secure-jobs audit` as Wei."""
    given = ("audit", *words, "--key-store", parts.folder / "members" / WEI, "--workspace-url", parts.url,
             "--passphrase-file", parts.passphrase_file)  # fmt: skip
    made = process.command(*(str(word) for word in given))
    return subprocess.run(made, capture_output=True, text=True, check=False)


def test_command_lists_exports_and_checks(parts: Parts, road: RunWire, tmp_path: Path) -> None:
    lines = command(parts, "--job", "The audited job", "--kind", "declined", "--kind", "ordered").stdout.splitlines()
    assert len(lines) == 2
    assert f'{WEI} (Weather Service)  Declined  "The audited job"  v1' in lines[0]
    assert f'{ANA} (Airline)  Job run ordered  "The audited job"  v1  job run 1: low=3' in lines[1]
    target = tmp_path / "audit.csv"
    assert command(parts, "--job", road.job, "--export", target).returncode == 0
    assert target.stat().st_mode & 0o077 == 0
    written = target.read_text()
    assert len(list(csv.DictReader(io.StringIO(written, newline="")))) == len(events(parts, job=road.job))
    again = command(parts, "--export", target)
    assert (again.returncode, target.read_text()) == (1, written)
    assert "There is a file of that name." in again.stderr
    assert "events are as they were written" in command(parts, "--check").stdout
    with changed(parts, Event.DECLINED, action="accepted"):
        noticed = command(parts, "--check")
    assert noticed.returncode == 1
    assert "was changed afterwards" in noticed.stderr
