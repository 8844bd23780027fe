"""The embedded demonstration: one Jupyter server starts every part as a process of its own, on this machine."""

from __future__ import annotations

import fcntl
import json
import logging
import os
import secrets
import socket
import subprocess
import sys
import threading
import time
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import httpx

from jupyter_secure_jobs.crypto.keyfile import write_private
from jupyter_secure_jobs.domain.errors import InvalidError, SecureJobsError, UnavailableError
from jupyter_secure_jobs.member import founding
from jupyter_secure_jobs.member.context import act
from jupyter_secure_jobs.member.identity import CARD_FILE, KEY_FILE, Card, create
from jupyter_secure_jobs.rest.route import BASE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from jupyter_secure_jobs.member.context import Acting

log: Final = logging.getLogger(__name__)
PASSPHRASE_FILE: Final = "passphrase"  # noqa: S105 -- the name of a file
DEMO_MEMBERS: Final = (
    ("ana@airline.example", "Airline"),
    ("ben@airline.example", "Airline"),
    ("wei@weather.example", "Weather Service"),
    ("mia@registry.example", "Aircraft Registry"),
)
MOST_WORKERS: Final = 64
_START_SECONDS: Final = 60.0


def free_port() -> int:
    """Return a port of this machine that is free now."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def organisation_folder(name: str) -> str:
    """Return a folder name for an organisation."""
    return "".join(letter if letter.isalnum() else "-" for letter in name.lower())


class Embedded:
    """All parts below one folder: server, members, keyservices, worker. Made at the first start.

    With several workers the others are `worker-2` and so on: each a process with an enclave and a platform key of its
    own, so that each takes a run of its own.
    """

    def __init__(self, folder: Path, *, workers: int = 1) -> None:
        """Use `folder`; nothing is started yet.

        Raises:
            InvalidError: there are to be less than one worker or more than `MOST_WORKERS`.
        """
        if not 1 <= workers <= MOST_WORKERS:
            raise InvalidError(
                "workers", f"There can be 1 to {MOST_WORKERS} workers on one machine.", "Change the number of workers."
            )
        self.folder = folder
        self._workers = ["worker", *(f"worker-{number}" for number in range(2, workers + 1))]
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}{BASE}"
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._commands: dict[str, list[str]] = {}
        self._stopping = threading.Event()
        self._lock = -1

    @property
    def members(self) -> list[Path]:
        """The folders of the demo members, in the order they were made."""
        made = sorted((self.folder / "members").glob(f"*/{CARD_FILE}"), key=lambda card: card.stat().st_mtime_ns)
        return [card.parent for card in made]

    @property
    def pids(self) -> dict[str, int]:
        """The processes of the parts, by name."""
        return {name: process.pid for name, process in self._processes.items()}

    def passphrase(self) -> str:
        """Return the demonstration's one passphrase; it is made at the first start and lies beside the keys."""
        path = self.folder / PASSPHRASE_FILE
        if not path.exists():
            write_private(path, f"demo-{secrets.token_hex(4)}\n".encode())
        return path.read_text().strip()

    def start(self) -> None:
        """Start every part, and found the demo workspace if there is none.

        Raises:
            UnavailableError: a part did not start.
        """
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._hold()
        try:
            self._start_parts()
        except BaseException:
            self.stop()
            raise

    def _hold(self) -> None:
        # Two sets of parts on one folder would hand the same runs out twice.
        self._lock = os.open(self.folder / "lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(self._lock)
            self._lock = -1
            raise UnavailableError(
                "embedded_running",
                "Another Jupyter server on this machine runs the demonstration in this folder.",
                "Use that one, or set SECURE_JOBS_DATA_DIR to another folder.",
            ) from error

    def _start_parts(self) -> None:
        passphrase = self.passphrase()
        new = not self.members
        if new:
            self._make_keys(passphrase)
        self._run("server", "serve", "--data-dir", str(self.folder / "server"), "--port", str(self.port))
        self._enroll_workers()
        if new:
            self._wait_for_server()
            self._found(passphrase)
        # From the second start on they come up beside the server; until it answers they ask again.
        secret = ["--passphrase-file", str(self.folder / PASSPHRASE_FILE), "--workspace-url", self.url]
        wheels = ("--wheel-house", str(self.folder / "wheels"))
        for name in self._workers:
            self._run(name, "worker", "run", "--key-store", str(self.folder / name), *wheels, *secret)
        services = sorted((self.folder / "keyservices").iterdir())
        stores = [part for folder in services for part in ("--key-store", str(folder))]
        self._run("keyservices", "keyservice", "run", *stores, *secret)
        if not new:
            self._wait_for_server()
            self._renew_workers(passphrase)
        threading.Thread(target=self._watch, daemon=True).start()

    def _make_keys(self, passphrase: str) -> None:
        for email, organisation in DEMO_MEMBERS:
            create(
                self.folder / "members" / email,
                kind="member",
                name=email,
                organisation=organisation,
                passphrase=passphrase,
            )
        for organisation in dict.fromkeys(organisation for _, organisation in DEMO_MEMBERS):
            folder = self.folder / "keyservices" / organisation_folder(organisation)
            create(folder, kind="keyservice", name=organisation, organisation=organisation, passphrase=passphrase)

    def _enroll_workers(self) -> None:
        for number, name in enumerate(self._workers, 1):
            if (self.folder / name / CARD_FILE).exists():
                continue
            called = "embedded" if number == 1 else f"embedded-{number}"
            command = [sys.executable, "-m", "jupyter_secure_jobs.cli.main", "worker", "enroll", "--name", called]
            command += ["--key-store", str(self.folder / name)]
            command += ["--passphrase-file", str(self.folder / PASSPHRASE_FILE)]
            done = subprocess.run(command, capture_output=True, check=False)  # noqa: S603 -- our own module, no shell
            if done.returncode:
                raise UnavailableError(
                    "worker_enroll", "The embedded worker could not be enrolled.", done.stderr.decode()[-500:]
                )

    def _found(self, passphrase: str) -> None:
        parts = [*(self.folder / "keyservices").iterdir(), *(self.folder / name for name in self._workers)]
        cards = [Card.read(part / CARD_FILE) for part in parts]
        with self._acting(passphrase) as members:
            invitation = founding.found(members[0], "Demonstration", [*(m.card for m in members[1:]), *cards])
            for member in members[1:]:
                founding.accept(member, invitation.workspace, genesis=invitation.genesis)
        trusted = json.dumps({invitation.workspace: invitation.genesis}).encode()
        for folder in (self.folder / "keyservices").iterdir():
            write_private(folder / "trusted.json", trusted)

    def _renew_workers(self, passphrase: str) -> None:
        # An upgrade of the package changes the enclave's measurement; the members, all of them here, sign the new one,
        # and with it the workers that were not there before.
        cards = {name: Card.read(self.folder / name / CARD_FILE) for name in self._workers}
        measurement = measured_now()
        measured = {name: replace(card, measurement=measurement) for name, card in cards.items()}
        for name, card in measured.items():
            if card != cards[name]:
                (self.folder / name / CARD_FILE).write_text(card.to_text())
        with self._acting(passphrase) as members:
            self._put_in_force(members, list(measured.values()))

    @contextmanager
    def _acting(self, passphrase: str) -> Iterator[list[Acting]]:
        members = [act(folder, passphrase, self.url) for folder in self.members]
        try:
            yield members
        finally:
            for member in members:
                member.client.connection.close()

    def _put_in_force(self, members: list[Acting], cards: list[Card]) -> None:
        for each in members[0].client.workspaces():
            try:
                renewed = founding.renew(members, each.id, cards)
            except SecureJobsError as error:
                if error.code == "statement_shape":
                    raise UnavailableError(
                        "workspace_older",
                        f"The demonstration in {self.folder} was made by an earlier version; this one cannot read its "
                        "statements.",
                        "Move that folder away or delete it, then start again: a new demonstration is made.",
                    ) from error
                # Somebody else may have joined, or a change may wait: then people have to enroll the worker again.
                log.warning("the workers of %s are not renewed: %s", each.name, error)
                continue
            if renewed:
                log.warning("the workers changed; the demonstration's members signed their new list for %s", each.name)

    def _run(self, name: str, *words: str) -> None:
        command = [sys.executable, "-m", "jupyter_secure_jobs.cli.main", *words]
        self._commands[name] = command
        logs = self.folder / "logs"
        logs.mkdir(mode=0o700, exist_ok=True)
        with (logs / f"{name}.log").open("ab") as output:
            self._processes[name] = subprocess.Popen(  # noqa: S603 -- our own module, no shell
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=_environment(),
                start_new_session=True,
            )

    def _wait_for_server(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        with httpx.Client(trust_env=False) as http:
            while time.monotonic() < deadline and self._processes["server"].poll() is None:
                try:
                    if http.post(self.url + "sessions/challenge", content=b"{}").is_success:
                        return
                except httpx.TransportError:
                    pass  # not listening yet
                time.sleep(0.1)
        raise UnavailableError(
            "server_start", "The embedded workspace server did not start.", f"See {self.folder / 'logs'}."
        )

    def _watch(self) -> None:
        while not self._stopping.wait(2.0):
            for name, process in list(self._processes.items()):
                if process.poll() is not None and not self._stopping.is_set():
                    log.warning("the embedded %s ended with code %s and is started again", name, process.returncode)
                    self._run(name, *self._commands[name][3:])

    def stop(self) -> None:
        """Stop every part."""
        self._stopping.set()
        for process in self._processes.values():
            process.terminate()
        for process in self._processes.values():
            try:
                process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1


def _environment() -> dict[str, str]:
    # The parts need none of this server's secrets, which kernels inherit.
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("SECURE_JOBS_", "JUPYTER_TOKEN", "JPY_"))
    }


def measured_now() -> str:
    """Return the enclave's measurement of the code as it is installed now.

    Raises:
        UnavailableError: it cannot be taken.
    """
    command = [sys.executable, "-m", "jupyter_secure_jobs.cli.main", "worker", "measure"]
    done = subprocess.run(command, capture_output=True, check=False, text=True)  # noqa: S603 -- our own module, no shell
    if done.returncode:
        raise UnavailableError("worker_measure", "The worker cannot be measured.", done.stderr[-500:])
    return done.stdout.strip()


def has_keys(folder: Path) -> bool:
    """Tell whether a folder is a key store."""
    return (folder / KEY_FILE).is_file()
