"""One part of the system as a process that a test may stop, kill and start again."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# Started from here, a copy of the tree tests its own package and no installed one.
ROOT = Path(__file__).resolve().parents[2]


def clean_environment() -> dict[str, str]:
    """Return this process's environment without what would configure a part from outside."""
    kept = ("SECURE_JOBS_", "JUPYTER_TOKEN", "JPY_")
    return {name: value for name, value in os.environ.items() if not name.startswith(kept)}


def command(*words: str) -> list[str]:
    """Return the command line of `jupyter secure-jobs WORDS`."""
    return [sys.executable, "-m", "jupyter_secure_jobs.cli.main", *words]


class Part:
    """A process in a group of its own, with a log that is kept over restarts."""

    def __init__(self, words: Sequence[str], log: Path, environment: Mapping[str, str] | None = None) -> None:
        """Keep how to start it."""
        self.words, self.log = list(words), log
        self.environment = dict(environment) if environment is not None else clean_environment()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """The id of the process that was started last."""
        assert self._process is not None, "it was never started"
        return self._process.pid

    def start(self) -> None:
        """Start it, unless it runs."""
        if self.alive:
            return
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                self.words,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=self.environment,
                start_new_session=True,
            )

    def listens(self, port: int) -> bool:
        """Whether something answers at the port; it must run."""
        assert self.alive, self.text()
        with closing(socket.socket()) as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    def ask_to_stop(self) -> None:
        """Ask it to end; do not wait."""
        if self._process is not None:
            self._process.terminate()

    def stop(self) -> None:
        """Ask it to end, and wait."""
        self.ask_to_stop()
        if self._process is not None:
            try:
                self._process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                self.kill()

    def kill(self) -> None:
        """Kill it and whatever it started, at once, as a power cut would."""
        if self._process is not None:
            if self._process.poll() is None:
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def kill_alone(self) -> None:
        """Kill it and leave what it started to find out by itself."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def text(self) -> str:
        """Return its log."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""
