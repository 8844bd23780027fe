"""What a key service is sent at once: a bounded portion, in which nobody's much keeps another's first things out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest
from sqlalchemy import delete, select, update

from jupyter_secure_jobs.client.connection import LARGEST_LIST
from jupyter_secure_jobs.domain.errors import NotFoundError, TooLargeError
from jupyter_secure_jobs.protocol.dataset import Withdrawal
from jupyter_secure_jobs.protocol.decision import Revocation
from jupyter_secure_jobs.protocol.envelope import Envelope, media_type
from jupyter_secure_jobs.protocol.roster import Roster, WorkerList
from jupyter_secure_jobs.services import dossiers, keymail, portion
from jupyter_secure_jobs.store.tables import KeyMailRow, NoticeRow, RunRow, ServiceKeyRow, StatementRow, WorkspaceRow
from jupyter_secure_jobs.wire.dataset import UploadNew
from jupyter_secure_jobs.wire.mailbox import KeyTask, KeyTasksAsked
from tests.support.filled import ANA, HERE, NOW, Filled, copied
from tests.support.refusal import refused
from tests.support.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from jupyter_secure_jobs.services.unit import Unit

KEY: Final = "key of Airline"
MIB: Final = 1024**2


class Mailing(Filled):
    """A server whose key service `KEY` may be listed in any number of workspaces."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, jobs=6, runs=3)
        with self.unit(ANA, reading=False) as unit:
            unit.session.execute(update(RunRow).values(status="Succeeded", lease=None, lease_expires=None))
        self.lists(HERE, founded=True)

    def lists(self, workspace: str, *, founded: bool = False) -> None:
        """Let a workspace name the key service."""
        with self.unit(ANA, reading=False) as unit:
            if not founded:
                unit.session.add(WorkspaceRow(id=workspace, name=workspace, genesis="g", created=NOW))
                unit.session.flush()
            unit.session.add(ServiceKeyRow(workspace=workspace, kind="keyservice", name="Airline", key=KEY, seen=NOW))
            unit.session.execute(delete(StatementRow).where(StatementRow.workspace == workspace))
        self.keeps(workspace, Roster, 1)

    def keeps(self, workspace: str, kind: type, length: int, *, name: str = "", heard: bool = True) -> None:
        """Keep a statement of so many bytes, which the key service has heard or has yet to hear."""
        envelope = Envelope(payload=bytes(length), payloadType=media_type(kind), signatures=())
        words = {Roster: "roster", WorkerList: "workers"}
        with self.unit(ANA, reading=False) as unit:
            place = len(unit.session.scalars(select(StatementRow.place)).all())
            digest = name or f"statement {place}"
            unit.session.add(StatementRow(workspace=workspace, hash=digest, kind=words.get(kind, "revocation"),
                                          place=place, leaf=b"", envelope=envelope.to_bytes(), time=NOW))  # fmt: skip
            if not heard:
                unit.session.add(
                    NoticeRow(workspace=workspace, organisation="Airline", statement=digest, acknowledgement=None)
                )

    def runs(self, run: str) -> None:
        """Let a run of `HERE` ask for a nonce."""
        with self.unit(ANA, reading=False) as unit:
            form = unit.session.scalars(select(RunRow).where(RunRow.workspace == HERE, RunRow.kind == "test")).first()
            assert form is not None
            unit.session.add(copied(form, id=run, kind="job", number=1000 + len(run), status="Queued", lease="lease",
                                    worker="one", lease_expires=NOW, finished=None, keys_released=False))  # fmt: skip
            unit.session.flush()
            unit.session.add(KeyMailRow(run=run, organisation="Airline", workspace=HERE, nonce=None, grant=None,
                                        refusal=None))  # fmt: skip

    def acknowledged(self, workspace: str) -> str:
        """Have one open notice acknowledged; return which."""
        with self.unit(ANA, reading=False) as unit:
            row = unit.session.scalars(
                select(NoticeRow).where(NoticeRow.workspace == workspace, NoticeRow.acknowledgement.is_(None))
            ).first()
            assert row is not None
            row.acknowledgement = b"heard"
            return row.statement

    def tasks(self) -> list[KeyTask]:
        """Return what the key service is sent; a client would take it."""
        with self.unit(KEY, reading=False) as unit:
            answer = keymail.tasks(unit, KeyTasksAsked())
        assert len(answer.model_dump_json()) <= LARGEST_LIST, "no client takes so much"
        return answer.items


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Mailing]:
    wire = dossiers.wire_of(World().dossier())

    def of_run(_unit: Unit, run: RunRow, **_: object) -> object:
        if run.id.startswith("no"):
            raise NotFoundError("no_statement", "There is no such statement.", "Fetch the job again.")
        return wire

    monkeypatch.setattr(dossiers, "of_run", of_run)
    made = Mailing(tmp_path)
    yield made
    made.database.close()


def here(items: list[KeyTask]) -> list[str]:
    """Return what of an answer is for `HERE`."""
    return [each.wants for each in items if each.workspace == HERE]


def test_one_workspace_with_much_keeps_nothing_of_anothers_out(server: Mailing) -> None:
    """Somebody lists the key service in a workspace of their own, with a chain of rosters as large as can be."""
    server.keeps(HERE, Revocation, 500, heard=False)
    server.runs("run-0")
    server.lists("theirs")
    server.keeps("theirs", Roster, 3 * MIB // 2)
    server.keeps("theirs", Roster, 3 * MIB // 2)
    for _ in range(25):
        server.keeps("theirs", Revocation, 500, heard=False)
    for _ in range(5):
        items = server.tasks()
        assert here(items) == ["acknowledgement", "nonce"]
        assert 0 < len(items) - 2 < 3, "theirs come too, as far as there is room"


def test_many_worker_lists_of_one_workspace_keep_nothing_of_anothers_out(server: Mailing) -> None:
    server.runs("run-0")
    server.lists("theirs")
    for number in range(12):
        server.keeps("theirs", WorkerList, MIB // 2, heard=number < 11)
    server.lists("theirs too")
    for number in range(12):
        server.keeps("theirs too", WorkerList, 3 * MIB // 4, heard=number < 11)
    came: set[tuple[str, ...]] = set()
    for _ in range(100):
        came.add(tuple(each.workspace for each in server.tasks() if each.workers))
        if len(came) == 2:
            break
    assert came == {("theirs",), ("theirs too",)}, "of two that do not fit together, each has its turn"
    assert here(server.tasks()) == ["nonce"]


def test_a_crowd_of_workspaces_that_nobody_trusts_starves_nobody(server: Mailing) -> None:
    """None of theirs is ever acknowledged, and all of it together is far more than an answer takes."""
    for number in range(30):
        server.lists(f"theirs {number}")
        server.keeps(f"theirs {number}", Roster, 250_000)
        for _ in range(2):
            server.keeps(f"theirs {number}", Revocation, 500, heard=False)
    for number in range(3):
        server.keeps(HERE, Revocation, 500, name=f"stop {number}", heard=False)
    heard: set[str] = set()
    for _ in range(100):
        heard |= {server.acknowledged(HERE) for each in server.tasks() if each.workspace == HERE}
        if len(heard) == 3:
            break
    assert heard == {"stop 0", "stop 1", "stop 2"}


def test_what_is_larger_than_any_answer_harms_nobody(server: Mailing) -> None:
    server.keeps(HERE, Revocation, 500, heard=False)
    for name, length, lists in (("long chain", 3 * MIB // 2, 8), ("long lists", 3 * MIB // 2, 9)):
        server.lists(name)
        for number in range(lists):
            server.keeps(name, Roster if name == "long chain" else WorkerList, length, heard=number < lists - 1)
    assert [each.workspace for each in server.tasks()] == [HERE]


def test_notices_that_are_never_acknowledged_keep_no_other_from_being_heard(server: Mailing) -> None:
    for number in range(40):
        server.keeps(HERE, Revocation, 500 + number, heard=False)
    seen: set[int] = set()
    for _ in range(60):
        items = server.tasks()
        assert len(items) == 20
        seen |= {len(each.revocation.payload) for each in items if each.revocation is not None}
    with server.unit(ANA) as unit:
        found = unit.session.scalars(select(StatementRow.envelope).where(StatementRow.kind == "revocation")).all()
    assert seen == {len(Envelope.from_bytes(each).to_json()["payload"]) for each in found}


def test_what_cannot_be_made_keeps_no_other_from_its_work(server: Mailing) -> None:
    server.keeps(HERE, Withdrawal, 3, heard=False)  # no dataset can be read from it
    with server.unit(ANA, reading=False) as unit:
        unit.session.add(NoticeRow(workspace=HERE, organisation="Airline", statement="nowhere", acknowledgement=None))
    server.keeps(HERE, Revocation, 500, heard=False)
    server.runs("no statements")
    server.runs("run-0")
    assert here(server.tasks()) == ["acknowledgement", "nonce"]


def test_an_order_whose_statements_fit_into_no_answer_is_not_taken(
    server: Mailing, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World()
    kept = dossiers._Kept(
        rosters=[bytes(dossiers.MOST_BYTES)], workers=[], manifests=[], version=b"", decisions=[], revocations=[],
        order=b"one", log=dossiers.wire_of(world.dossier()).log,
    )  # fmt: skip
    monkeypatch.setattr(dossiers, "_kept", lambda *_, **__: kept)
    with server.unit(ANA) as unit, refused("dossier_too_large", kind=TooLargeError):
        dossiers.gather(unit, None, HERE, world.order)  # type: ignore[arg-type]  # it is only looked up


# -- the portion itself -----------------------------------------------------------------------------------------------


def things(name: str, *lengths: int) -> Iterator[UploadNew]:
    """Yield things of these lengths, with the name that they begin with."""
    for number, length in enumerate(lengths):
        yield UploadNew(bytes=number + 1, digest=name * length)


def names(items: list[UploadNew]) -> list[str]:
    return [f"{each.digest[0]}{each.bytes}" for each in items]


def test_each_has_its_turn() -> None:
    assert names(portion.portion([things("a", 1, 1, 1), things("b"), things("c", 1, 1)])) == [
        "a1",
        "c1",
        "a2",
        "c2",
        "a3",
    ]


def test_an_answer_has_an_end() -> None:
    half = MIB // 2
    made = portion.portion([things("a", *[half] * 50), things("b", half)])
    assert names(made) == ["a1", "b1", "a2", "a3", "a4", "a5", "a6"]


def test_large_things_go_behind_and_one_alone_may_be_very_large() -> None:
    assert names(portion.portion([things("a", 14 * MIB), things("b", 3 * MIB), things("c", 1)])) == ["c1", "a1"]
    assert names(portion.portion([things("b", 3 * MIB), things("a", 14 * MIB), things("c", 1)])) == ["c1", "b1"]
    assert names(portion.portion([things("a", 16 * MIB), things("b", 3 * MIB, 3 * MIB, 3 * MIB)])) == ["b1", "b2"]


def test_no_more_is_made_than_can_be_needed() -> None:
    made: list[int] = []

    def without_end() -> Iterator[UploadNew]:
        while True:
            made.append(1)
            yield UploadNew(bytes=1, digest="x" * 3 * MIB)

    assert len(portion.portion([without_end()])) == 2
    assert len(made) <= portion.MOST_MADE // (3 * MIB) + 1
