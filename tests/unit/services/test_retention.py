"""Results and logs go when their time is over: theirs alone, once, with a line in the audit log."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import pytest
from sqlalchemy import select, update

from jupyter_secure_jobs.crypto.signing import SigningKey
from jupyter_secure_jobs.domain.audit import Event
from jupyter_secure_jobs.domain.errors import NotFoundError
from jupyter_secure_jobs.protocol import envelope as envelopes
from jupyter_secure_jobs.services import logbook, retention, run_view, runs, uploads
from jupyter_secure_jobs.store.history_tables import HistoryRow
from jupyter_secure_jobs.store.tables import FileRow, JobRow, RunRow
from tests.support.filled import ANA, ELSEWHERE, HERE, NOW, Filled
from tests.support.refusal import refused
from tests.support.world import World

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

OLD: Final = timedelta(days=90, seconds=1)
DAY: Final = timedelta(days=1)


class Kept:
    """A workspace whose runs have no files but those that a test gives them."""

    def __init__(self, filled: Filled) -> None:
        self.filled = filled
        with filled.unit(ANA, reading=False) as unit:
            unit.session.execute(update(RunRow).values(status="Succeeded", result=None, log=None, finished=NOW))
            query = select(RunRow.id).where(RunRow.workspace == HERE, RunRow.member == ANA).order_by(RunRow.id)
            self.runs = list(unit.session.scalars(query))

    def give(self, run: str, *, age: timedelta, result: bytes, log: bytes = b"log") -> tuple[str, str]:
        """Give a run a result and a log as old as itself; return the digests."""
        with self.filled.unit(ANA, reading=False) as unit:
            row = unit.session.get_one(RunRow, run)
            digests = uploads.keep(unit, row.workspace, {"result": result, "log": log})
            row.result, row.log = digests["result"], digests["log"]
            row.finished = NOW - age
        for digest in digests.values():
            moment = (NOW - age).timestamp()
            os.utime(self.filled.server.blobs.path(digest), (moment, moment))
        return digests["result"], digests["log"]

    def sweep(self) -> None:
        with self.filled.server.unit() as unit:
            retention.remove_old(unit)

    def row(self, run: str) -> RunRow:
        with self.filled.unit(ANA) as unit:
            return unit.session.get_one(RunRow, run)

    def is_there(self, digest: str) -> bool:
        return (self.filled.server.blobs.stored / digest.removeprefix("sha256:")).exists()

    def missing(self) -> AbstractContextManager[object]:
        return refused("removed", kind=NotFoundError)


@pytest.fixture
def kept(small: Filled) -> Kept:
    made = Kept(small)
    probe = made.give(made.runs[0], age=DAY, result=b"probe", log=b"probe")[0]
    assert made.is_there(probe), "the test looks where the files are"
    return made


def test_what_is_past_its_time_goes_and_nothing_else(kept: Kept) -> None:
    old, young = kept.runs[1:3]
    gone = kept.give(old, age=OLD, result=b"old", log=b"old log")
    stays = kept.give(young, age=timedelta(days=90) - DAY, result=b"young", log=b"young log")
    with kept.filled.unit(ANA) as unit:
        row = unit.session.get_one(RunRow, young)
        shown = run_view.wire(unit, row, unit.session.get_one(JobRow, row.job))
        assert shown.outputs_until == NOW + DAY
        assert shown.outputs_removed is None
    for _ in range(2):  # the second time there is nothing left to do
        kept.sweep()
        assert [kept.is_there(each) for each in (*gone, *stays)] == [False, False, True, True]
        assert (kept.row(old).result, kept.row(old).log, kept.row(old).removed) == (None, None, NOW)
        assert (kept.row(young).result, kept.row(young).log, kept.row(young).removed) == (*stays, None)
    with kept.filled.unit(ANA) as unit:
        row = unit.session.get_one(RunRow, old)
        shown = run_view.wire(unit, row, unit.session.get_one(JobRow, row.job))
        assert (shown.has_result, shown.has_log, shown.outputs_removed, shown.outputs_until) == (
            False,
            False,
            NOW,
            None,
        )
        for kind in ("result", "log"):
            with kept.missing():
                runs.output_path(unit, HERE, old, kind, purpose="open", form="")
        (event,) = unit.session.scalars(select(HistoryRow).where(HistoryRow.action == str(Event.OUTPUT_REMOVED)))
        assert (event.run, event.member, event.job) == (old, "workspace server", row.job)
        assert event.detail.endswith("after 90 days")
        assert set(unit.session.scalars(select(FileRow.digest)).all()) >= set(stays)
        assert not set(unit.session.scalars(select(FileRow.digest)).all()) & set(gone)


def test_a_file_that_a_later_run_gave_again_stays(kept: Kept) -> None:
    """What tests give is not sealed, so that two tests may give the very same file."""
    first, second = kept.runs[1:3]
    shared, _ = kept.give(first, age=OLD, result=b"the same", log=b"first log")
    assert kept.give(second, age=DAY, result=b"the same", log=b"second log")[0] == shared
    kept.sweep()
    assert kept.row(first).result is None
    assert kept.row(second).result == shared
    assert kept.is_there(shared)
    kept.give(second, age=OLD, result=b"the same", log=b"second log")
    kept.sweep()
    assert not kept.is_there(shared)


def test_a_file_of_another_workspace_stays(kept: Kept) -> None:
    run = kept.runs[1]
    shared, _ = kept.give(run, age=OLD, result=b"in both", log=b"a log")
    with kept.filled.unit(ANA, reading=False) as unit:
        unit.session.add(FileRow(workspace=ELSEWHERE, digest=shared, bytes=7, created=NOW))
    kept.sweep()
    assert kept.row(run).result is None
    assert kept.is_there(shared)


def test_a_file_that_a_dataset_has_stays(kept: Kept) -> None:
    run = kept.runs[1]
    shared, _ = kept.give(run, age=OLD, result=b"synthetic rows", log=b"a log")
    manifest = World().manifest("Alpha")
    published = replace(manifest, synthetic=replace(manifest.synthetic, digest=shared))
    with kept.filled.unit(ANA, reading=False) as unit:
        logbook.append(unit, HERE, "dataset", envelopes.sign(published, SigningKey.generate()))
    kept.sweep()
    assert kept.row(run).result is None
    assert kept.is_there(shared)


def test_a_server_that_keeps_for_ever_removes_nothing(kept: Kept) -> None:
    kept.filled.server.settings = replace(kept.filled.server.settings, results_days=0)
    run = kept.runs[1]
    result, log = kept.give(run, age=timedelta(days=4000), result=b"old", log=b"old log")
    kept.sweep()
    assert (kept.is_there(result), kept.is_there(log)) == (True, True)
    with kept.filled.unit(ANA) as unit:
        row = unit.session.get_one(RunRow, run)
        assert run_view.wire(unit, row, unit.session.get_one(JobRow, row.job)).outputs_until is None
