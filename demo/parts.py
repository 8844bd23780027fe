"""The parts as processes of their own, and the commands that people type: all by `jupyter secure-jobs`."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from contextlib import closing
from typing import TYPE_CHECKING, Final

import httpx

from demo.summary import DemoError

if TYPE_CHECKING:
    from collections.abc import Callable

    from demo.place import Member, Place

_START_SECONDS: Final = 60.0
_STOP_SECONDS: Final = 20.0
_LAST_WORDS: Final = 800


class Parts:
    """Starts parts and runs commands; `stop` ends every part that was started."""

    def __init__(self, place: Place) -> None:
        """Use the demo's folder; nothing is started yet."""
        self._place = place
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self.url = f"http://127.0.0.1:{free_port()}/secure-jobs/api/v1/"
        # A user's own settings of Jupyter and IPython are for their notebooks, and would make each demo another one.
        own = ("SECURE_JOBS_", "JUPYTER_", "JPY_", "IPYTHON")
        self.environment = {name: text for name, text in os.environ.items() if not name.startswith(own)}
        for name in ("JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR", "IPYTHONDIR"):
            self.environment[name] = str(place.runtime / name.lower())

    def command(self, *words: str) -> str:
        """Run `jupyter secure-jobs WORDS` to its end; return what it printed.

        Raises:
            DemoError: it was refused; the text is what it said.
        """
        done = subprocess.run(
            _line(*words), env=self.environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise DemoError(f"`{words[0]}` was refused: {done.stderr.strip()[-_LAST_WORDS:]}")
        return done.stdout

    def as_member(self, member: Member, *words: str) -> str:
        """Run a command with a member's key store, at the workspace server."""
        store = ("--key-store", str(self._place.member(member)), "--workspace-url", self.url)
        return self.command(*words, *store, *self.secret)

    @property
    def secret(self) -> tuple[str, str]:
        """How every command gets the passphrase where nobody types it."""
        return "--passphrase-file", str(self._place.passphrase)

    def start(self, name: str, *words: str) -> None:
        """Start a part; its output goes to a log of its name."""
        with (self._place.logs / f"{name}.log").open("ab") as output:
            self._running[name] = subprocess.Popen(
                _line(*words),
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,  # Ctrl-C is the demo's own, which then stops the parts in order
            )

    def start_server(self) -> None:
        """Start the workspace server; `wait_for_server` waits until it answers."""
        port = str(httpx.URL(self.url).port)
        self.start("server", "serve", "--data-dir", str(self._place.server), "--port", port)

    def wait_for_server(self) -> None:
        """Wait until the workspace server answers.

        Raises:
            DemoError: it did not start.
        """
        self._wait("server", lambda http: http.post(self.url + "sessions/challenge", content=b"{}").is_success)

    def start_member_sides(self, members: tuple[Member, ...]) -> None:
        """Start each member's side, on a port and with a token of its own."""
        for member in members:
            store = ("--key-store", str(self._place.member(member)), "--workspace-url", self.url)
            words = ("member", "--port", str(free_port()), *store, *self.secret)
            self.start(member.email, *words, "--kernel-env", str(self._place.kernel_environment(member)))

    def kernel_environment(self, member: Member) -> dict[str, str]:
        """Return what a member's kernels get: the address of their side, and a token that cannot decide.

        Raises:
            DemoError: the member's side did not start.
        """
        self._wait(member.email, lambda http: self._answers(http, member))
        return self._told(member)

    def _told(self, member: Member) -> dict[str, str]:
        told: dict[str, str] = json.loads(self._place.kernel_environment(member).read_text())
        return {**self.environment, **told}

    def _answers(self, http: httpx.Client, member: Member) -> bool:
        if not self._place.kernel_environment(member).is_file():
            return False
        told = self._told(member)
        headers = {"X-Secure-Jobs-Token": told["SECURE_JOBS_TOKEN"]}
        return http.get(told["SECURE_JOBS_URL"] + "member/status", headers=headers).is_success

    def _wait(self, name: str, answers: Callable[[httpx.Client], bool]) -> None:
        deadline = time.monotonic() + _START_SECONDS
        with httpx.Client(trust_env=False) as http:
            while time.monotonic() < deadline and self._running[name].poll() is None:
                try:
                    if answers(http):
                        return
                except httpx.TransportError:
                    pass  # not listening yet
                time.sleep(0.1)
        raise DemoError(f"{name} did not start; see {self._place.logs / name}.log")

    def running(self) -> int:
        """Return how many parts run now."""
        return sum(process.poll() is None for process in self._running.values())

    def stop(self) -> None:
        """Stop every part; one that does not go by itself is killed."""
        for process in self._running.values():
            if process.poll() is None:
                process.terminate()
        for process in self._running.values():
            try:
                process.wait(timeout=_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _line(*words: str) -> list[str]:
    return [sys.executable, "-m", "jupyter_secure_jobs.cli.main", *words]


def free_port() -> int:
    """Return a port of this machine that is free now."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
