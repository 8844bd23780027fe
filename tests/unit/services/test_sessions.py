"""Login by signed challenge: once, for this server, by the key's holder; and what a session lets one see."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from jupyter_secure_jobs.crypto.signing import SigningKey
from jupyter_secure_jobs.domain.errors import NotFoundError, UnauthenticatedError
from jupyter_secure_jobs.protocol import envelope as envelopes
from jupyter_secure_jobs.protocol.login import Login
from jupyter_secure_jobs.services import dispatch, sessions, uploads
from jupyter_secure_jobs.services.unit import Server, Settings
from jupyter_secure_jobs.store.blobs import Blobs
from jupyter_secure_jobs.store.database import Database
from jupyter_secure_jobs.store.tables import Base, MemberRow, WorkspaceRow
from jupyter_secure_jobs.wire.base import EnvelopeWire
from jupyter_secure_jobs.wire.dataset import UploadNew
from jupyter_secure_jobs.wire.session import LoginWire
from tests.support.keys import Keys, digest
from tests.support.refusal import refused
from tests.support.world import NOW

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from jupyter_secure_jobs.wire.session import Session

ANN, MALLORY = Keys.of("ann").signing, Keys.of("mallory").signing
HERE = "https://here.example"


class Clock:
    """Shows the time that a test sets."""

    now = NOW

    def __call__(self) -> object:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def server(tmp_path: Path, clock: Clock) -> Iterator[Server]:
    """Give a server with one workspace, of which Ann is the only member."""
    database = Database(f"sqlite:///{tmp_path / 'server.sqlite'}")
    Base.metadata.create_all(database.engine)
    made = Server(
        database=database,
        blobs=Blobs(tmp_path / "blobs"),
        log_key=SigningKey.generate(),
        settings=Settings(audience=HERE),
        clock=clock,  # type: ignore[arg-type]  # the time is a datetime
    )
    with made.unit() as unit:
        unit.session.add(WorkspaceRow(id="ws-1", name="Flights", genesis=digest("genesis"), created=NOW))
        unit.session.flush()
        unit.session.add(
            MemberRow(
                workspace="ws-1", email="ann@alpha.example", organisation="Alpha", signing_key=ANN.public, place=0,
                joined=True,
            )
        )  # fmt: skip
    yield made
    database.engine.dispose()


def challenged(server: Server) -> str:
    with server.unit() as unit:
        return sessions.challenge(unit).nonce


def login(server: Server, nonce: str, *, signer: SigningKey = ANN, audience: str = HERE) -> Session:
    """Answer a challenge in Ann's name."""
    said = envelopes.sign(Login(audience=audience, nonce=nonce, key=ANN.public, time=NOW), signer)
    with server.unit() as unit:
        return sessions.login(unit, LoginWire(login=EnvelopeWire.model_validate(said.to_json())))


def test_honest_login(server: Server) -> None:
    token = login(server, challenged(server)).token
    assert sessions.authenticate(server, token) == ANN.public


def test_answer_used_twice(server: Server) -> None:
    nonce = challenged(server)
    login(server, nonce)
    with refused("challenge", kind=UnauthenticatedError):
        login(server, nonce)


def test_challenge_that_nobody_gave_out(server: Server) -> None:
    with refused("challenge", kind=UnauthenticatedError):
        login(server, "a nonce of one's own")


def test_challenge_that_is_too_old(server: Server, clock: Clock) -> None:
    nonce = challenged(server)
    clock.now += timedelta(seconds=121)
    with refused("challenge", kind=UnauthenticatedError):
        login(server, nonce)


def test_answer_that_another_server_passed_on(server: Server) -> None:
    """A hostile server asks for the same nonce and passes the answer on as its own."""
    with refused("audience", kind=UnauthenticatedError):
        login(server, challenged(server), audience="https://hostile.example")


def test_answer_signed_by_somebody_else(server: Server) -> None:
    with refused("signature_missing"):
        login(server, challenged(server), signer=MALLORY)


def test_session_that_is_over(server: Server, clock: Clock) -> None:
    token = login(server, challenged(server)).token
    clock.now += timedelta(minutes=15, seconds=1)
    assert sessions.authenticate(server, token) is None


@pytest.mark.parametrize("token", [None, "", "guess"])
def test_token_that_nobody_has(server: Server, token: str | None) -> None:
    login(server, challenged(server))
    assert sessions.authenticate(server, token) is None


def test_token_is_not_stored(server: Server, tmp_path: Path) -> None:
    token = login(server, challenged(server)).token
    server.database.engine.dispose()
    stored = b"".join(path.read_bytes() for path in tmp_path.glob("server.sqlite*"))
    assert ANN.public.encode() in stored
    assert token.encode() not in stored


def test_workspace_of_others_looks_as_if_it_did_not_exist(server: Server) -> None:
    with server.unit(ANN.public, reading=True) as unit:
        assert unit.workspace("ws-1").name == "Flights"
    told = []
    for where in ("ws-1", "ws-2"):
        with server.unit(MALLORY.public, reading=True) as unit, pytest.raises(NotFoundError) as caught:
            unit.workspace(where)
        told.append((caught.value.code, str(caught.value)))
    assert told[0] == told[1]


def test_member_is_no_worker(server: Server) -> None:
    with refused("not_enrolled", kind=UnauthenticatedError), server.unit(ANN.public) as unit:
        dispatch.enrolled(unit, "worker")


def test_upload_of_somebody_else(server: Server) -> None:
    with server.unit(ANN.public) as unit:
        made = uploads.begin(unit, "ws-1", UploadNew(bytes=7, digest=digest("file")))
    with refused("no_upload", kind=NotFoundError), server.unit(MALLORY.public) as unit:
        uploads.get(unit, "ws-1", made.id)
