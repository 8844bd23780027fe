"""A workspace server with a filled workspace, as a process of its own, asked over HTTP by a member."""

from __future__ import annotations

import time
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import httpx

from bench import sample, secure_job
from bench.bulk import bulk
from bench.ui_workspace import fill
from jupyter_secure_jobs.client.login import LoggedIn
from jupyter_secure_jobs.crypto import keyfile
from jupyter_secure_jobs.member import publishing
from jupyter_secure_jobs.member.identity import KEY_FILE
from jupyter_secure_jobs.rest.embedded import PASSPHRASE_FILE, free_port
from jupyter_secure_jobs.rest.route import BASE
from jupyter_secure_jobs.wire.member_side import DatasetAsked
from tests.support.process import Part, command

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from jupyter_secure_jobs.crypto.keyfile import KeyRing

_START_SECONDS: Final = 60.0


class NoServerError(Exception):
    """The workspace server did not start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FilledServer:
    """A running server. `most_run` is the job that has run most often; `filled` how many seconds the filling took."""

    url: str
    workspace: str
    most_run: str
    filled: float
    ring: KeyRing

    def client(self) -> httpx.Client:
        """Return a logged-in member's client, below the workspace."""
        with closing(LoggedIn(self.url, self.ring.signing)) as login:
            headers = dict(login.connection.headers())
        return httpx.Client(
            base_url=f"{self.url}workspaces/{self.workspace}/", headers=headers, trust_env=False, timeout=60
        )


@contextmanager
def filled_server(folder: Path, *, jobs: int, runs: int) -> Iterator[FilledServer]:
    """Found a workspace in `folder`, fill it, and serve it alone; stop the server in the end.

    Raises:
        NoServerError: it did not start.
    """
    folder.mkdir(parents=True, exist_ok=True)
    table = sample.write_table(folder)
    with secure_job.started(folder / "parts") as parts:
        owner = parts.host.acting(secure_job.OWNER)
        workspace = owner.client.workspaces()[0].id
        asked = DatasetAsked(name=sample.TABLE, files=[str(table)])
        publishing.publish(owner, workspace, asked, agree=lambda _proposal: True)
    began = time.monotonic()
    with bulk(f"sqlite:///{folder / 'parts' / 'server' / 'workspace.sqlite'}") as session:
        made = fill(session, workspace, jobs=jobs, runs=runs)
    filled = time.monotonic() - began
    port = free_port()
    words = command("serve", "--data-dir", str(folder / "parts" / "server"), "--port", str(port))
    server = Part(words, folder / "server.log")
    server.start()
    try:
        url = f"http://127.0.0.1:{port}{BASE}"
        _wait(server, url)
        passphrase = (folder / "parts" / PASSPHRASE_FILE).read_text().strip()
        ring = keyfile.load(folder / "parts" / "members" / secure_job.AUTHOR / KEY_FILE, passphrase)
        yield FilledServer(url=url, workspace=workspace, most_run=next(iter(made)), filled=filled, ring=ring)
    finally:
        server.stop()


def _wait(server: Part, url: str) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and server.alive:
        try:
            if httpx.post(url + "sessions/challenge", content=b"{}", trust_env=False).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise NoServerError(f"The workspace server does not answer: {server.text()[-500:]}")
