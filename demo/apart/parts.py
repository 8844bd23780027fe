"""The parts, each a process under its own user, started by the public command lines and by nothing else."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import time
from contextlib import closing
from typing import TYPE_CHECKING, Final

import httpx

from demo.apart.accounts import ROOT
from demo.apart.ground import SERVER
from demo.parts import free_port
from demo.summary import DemoError
from jupyter_secure_jobs.client.connection import Connection
from jupyter_secure_jobs.client.facade import Client
from jupyter_secure_jobs.domain.errors import SecureJobsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from demo.apart.accounts import Accounts
    from demo.apart.ground import Ground
    from demo.place import Member

_START_SECONDS: Final = 90.0
_STOP_SECONDS: Final = 40.0
_LAST_WORDS: Final = 800
OTHER_SERVER: Final = "workspace server of others"
_API: Final = "/secure-jobs/api/v1/"


def clean_environment() -> dict[str, str]:
    """Return this process's environment without what would configure a part from outside."""
    own = ("SECURE_JOBS_", "JUPYTER", "JPY_", "IPYTHON", "XDG_", "PYTHONPATH")
    kept = {name: text for name, text in os.environ.items() if not name.startswith(own)}
    return {**kept, "PYTHONPATH": str(ROOT)}


class Apart:
    """Starts parts and runs commands; `stop` ends every part that was started."""

    def __init__(self, ground: Ground, accounts: Accounts) -> None:
        """Choose ports and the tokens by which people reach their own sides; nothing is started yet."""
        self.ground, self.accounts = ground, accounts
        self.port = free_port()
        self.address = f"127.0.0.1:{self.port}"
        self.url = f"http://{self.address}{_API}"
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._sides: dict[str, int] = {}
        self._tokens: dict[str, str] = {}
        self._clients: dict[str, Client] = {}

    # -- processes ------------------------------------------------------------------------------------------------

    def environment(self, part: str) -> dict[str, str]:
        """Return a part's environment: its home is its own folder."""
        own = str(self.ground.part(part))
        made = {**clean_environment(), "HOME": own, "JUPYTER_RUNTIME_DIR": f"{own}/runtime", "IPYTHONDIR": own}
        # In the environment, which other users cannot read; a command line is there for everybody.
        return {**made, "JUPYTER_TOKEN": self._tokens[part]} if part in self._tokens else made

    def line(self, part: str, *words: str) -> list[str]:
        """Return the whole command line of `jupyter secure-jobs WORDS` as a part's user."""
        return self.accounts.line(part, [sys.executable, "-m", "jupyter_secure_jobs.cli.main", *words])

    def attempt(self, part: str, *words: str) -> subprocess.CompletedProcess[str]:
        """Run `jupyter secure-jobs WORDS` to its end as a part's user, whatever comes of it."""
        return subprocess.run(
            self.line(part, *words),
            cwd=ROOT,
            env=self.environment(part),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def command(self, part: str, *words: str) -> str:
        """Run a command as `attempt` does; return what it printed.

        Raises:
            DemoError: it was refused; the text is what it said.
        """
        done = self.attempt(part, *words)
        if done.returncode:
            raise DemoError(f"`{words[0]}` was refused: {done.stderr.strip()[-_LAST_WORDS:]}")
        return done.stdout

    def own(self, part: str) -> tuple[str, ...]:
        """Return the options that name a part's key store and passphrase."""
        return "--key-store", str(self.ground.keys(part)), "--passphrase-file", str(self.ground.passphrase(part))

    def at_server(self, part: str) -> tuple[str, ...]:
        """Return the options of a part that talks to the workspace server."""
        return "--workspace-url", self.url, *self.own(part)

    def start(self, part: str, *words: str) -> None:
        """Start a part; its output goes to a log of its name."""
        self._start(part, part, *words)

    def _start(self, name: str, part: str, *words: str) -> None:
        with (self.ground.logs / f"{name}.log").open("ab") as output:
            self._running[name] = subprocess.Popen(
                self.line(part, *words),
                cwd=ROOT,
                env=self.environment(part),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,  # Ctrl-C is the demo's own, which then stops the parts in order
            )

    def pid(self, part: str) -> int:
        """Return the process of a part."""
        return self._running[part].pid

    @property
    def running(self) -> tuple[str, ...]:
        """The parts that run now."""
        return tuple(part for part, process in self._running.items() if process.poll() is None)

    def end(self, part: str) -> None:
        """Stop one part; if it does not go by itself it is killed."""
        process = self._running.pop(part)
        process.terminate()
        try:
            process.wait(timeout=_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def stop(self) -> None:
        """Stop every part, and forget the connections."""
        for client in self._clients.values():
            client.connection.close()
        for process in self._running.values():
            process.terminate()
        for part in list(self._running):
            self.end(part)

    # -- the workspace server -------------------------------------------------------------------------------------

    def start_server(self, port: int | None = None) -> str:
        """Start the workspace server, on another port if given; members know it by the first. Return its address."""
        own = port or self.port
        data = self.ground.part(SERVER) / "data"
        audience = ("--audience", self.address)
        self.start(SERVER, "serve", "--data-dir", str(data), "--port", str(own), *audience)
        url = f"http://127.0.0.1:{own}{_API}"
        self.wait(SERVER, lambda http: http.post(url + "sessions/challenge", content=b"{}").is_success)
        return url

    def start_other_server(self) -> str:
        """Start a workspace server of other people; return its address."""
        port = free_port()
        data = self.ground.part(SERVER) / "data-of-others"
        words = ("serve", "--data-dir", str(data), "--port", str(port))
        self._start(OTHER_SERVER, SERVER, *words)
        url = f"http://127.0.0.1:{port}{_API}"
        self.wait(OTHER_SERVER, lambda http: http.post(url + "sessions/challenge", content=b"{}").is_success)
        return url

    def wait(self, part: str, true: Callable[[httpx.Client], bool]) -> None:
        """Wait until a part answers.

        Raises:
            DemoError: it did not start.
        """
        deadline = time.monotonic() + _START_SECONDS
        with httpx.Client(trust_env=False, timeout=30) as http:
            while time.monotonic() < deadline and self._running[part].poll() is None:
                try:
                    if true(http):
                        return
                except (httpx.TransportError, SecureJobsError):
                    pass  # not listening yet
                time.sleep(0.1)
        raise DemoError(f"{part} did not start; see {self.ground.logs / part}.log")

    # -- people ---------------------------------------------------------------------------------------------------

    def start_side(self, member: Member) -> None:
        """Start a member's own Jupyter server."""
        part = member.email
        self._sides[part], self._tokens[part] = free_port(), secrets.token_urlsafe(24)
        self.start(part, "member", "--port", str(self._sides[part]), *self.at_server(part))

    def side_port(self, member: Member) -> int:
        """Return the port of a member's own side."""
        return self._sides[member.email]

    def client(self, member: Member) -> Client:
        """Return what a member's browser has: the address of their own side, and their token for it."""
        part = member.email
        if part not in self._clients:
            headers = {"Authorization": f"token {self._tokens[part]}"}
            url = f"http://127.0.0.1:{self._sides[part]}{_API}"
            self.wait(part, lambda http: http.get(url + "member/status", headers=headers).is_success)
            self._clients[part] = Client(Connection(url, headers=lambda: headers))
        return self._clients[part]

    def secret(self, part: str) -> str:
        """Return the passphrase that a part's person types."""
        return self.ground.passphrase(part).read_text().strip()

    def bare_answer(self, url: str) -> int:
        """Return the status of a GET without any token."""
        with closing(httpx.Client(trust_env=False, timeout=30)) as http:
            return http.get(url).status_code
