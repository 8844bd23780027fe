"""A server that shows another history: every side that saw the old one refuses, and tells people."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from jupyter_secure_jobs.crypto import merkle
from jupyter_secure_jobs.member import deciding, opening
from jupyter_secure_jobs.rest.member_host import MemberHost
from jupyter_secure_jobs.store import statements
from jupyter_secure_jobs.store.database import Database
from tests.support import tampering
from tests.support.parts import ANA, MIA, PASSPHRASE, Draft, Parts
from tests.support.refusal import refused

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager


@pytest.fixture
def forgetful(parts: Parts) -> Iterator[None]:
    """Give a test that makes the sides of these members remember warnings, and clean up behind it."""
    files = [parts.folder / "members" / who / "pins.json" for who in (ANA, MIA)]
    before = [file.read_bytes() for file in files]
    yield
    for file, content in zip(files, before, strict=True):
        file.write_bytes(content)


@pytest.fixture
def host(parts: Parts) -> Iterator[MemberHost]:
    """Give Ana's member side as a Jupyter server has it."""
    made = MemberHost([parts.folder / "members" / ANA], mode="member", workspace_url=parts.url)
    made.unlock(None, PASSPHRASE)
    yield made
    made.acting(None).client.connection.close()


def lies(parts: Parts) -> dict[str, AbstractContextManager[None]]:
    return {
        "log_rollback": tampering.other_log(parts, drop=1),
        "log_fork": tampering.other_log(parts, change=1),
    }


@pytest.mark.usefixtures("forgetful")
@pytest.mark.parametrize("code", ["log_rollback", "log_fork"])
def test_member_sides_sign_nothing_and_open_nothing(parts: Parts, host: MemberHost, code: str) -> None:
    job = parts.accepted(Draft())
    run = parts.ended(parts.order(job.id, {"low": 1}))
    under_review = parts.submitted(Draft())
    parts.submitted(Draft())  # the newest entry: what a rollback takes away
    ana, mia = parts.ana, parts.acting(MIA)
    for acting in (ana, mia):
        acting.checkpoint(parts.workspace, acting.rosters(parts.workspace))
    seen = deciding.review(mia, parts.workspace, under_review.id)
    with lies(parts)[code]:
        with refused(code):
            parts.decide(MIA, under_review.id)
        with refused(code):
            parts.order(job.id, {"low": 2})
        with refused(code):
            opening.preview(ana, parts.workspace, run.id)
        host.watch_logs()
        assert any("log" in line for line in host.status(None).identities[0].warnings)
    assert parts.job(under_review.id).version.hash == seen.version_hash
    assert host.status(None).identities[0].warnings, "the warning stays when the server is honest again"
    opening.preview(ana, parts.workspace, run.id)


def test_nobody_is_warned_of_an_honest_log(parts: Parts, host: MemberHost) -> None:
    parts.submitted(Draft())
    host.watch_logs()
    assert host.status(None).identities[0].warnings == []


def test_stored_subtrees_are_those_of_the_leaves(parts: Parts) -> None:
    """Proofs read stored subtrees; whatever order statements came in, they are those of the leaves."""
    with closing(Database(f"sqlite:///{parts.database}")) as database, database.transaction(reading=True) as session:
        tree = statements.tree(session, parts.workspace)
        leaves = [tree.node(0, place) for place in range(tree.size)]
        honest = merkle.Tree.of(leaves)
        for size in range(1, tree.size + 1):
            assert tree.root(size) == honest.root(size)
            assert tree.consistency(size) == honest.consistency(size)
