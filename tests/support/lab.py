"""A real JupyterLab in embedded mode, on this machine, with the extension that is installed here."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Final

import httpx

from jupyter_secure_jobs.client import Client, Connection
from jupyter_secure_jobs.rest.embedded import free_port
from jupyter_secure_jobs.rest.member_handlers import MEMBER_HEADER
from jupyter_secure_jobs.rest.route import BASE
from tests.support.parts import wait_until
from tests.support.process import Part, clean_environment

if TYPE_CHECKING:
    from pathlib import Path

TOKEN: Final = "a-token-of-the-tests"


class Lab:
    """One Lab in one folder, with a configuration of its own."""

    def __init__(self, folder: Path) -> None:
        """Choose a port."""
        self.folder, self.port = folder, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._clients: dict[str, Client] = {}
        for name in ("notebooks", "config", "runtime", "lab-settings", "workspaces"):
            (folder / name).mkdir(parents=True)
        settings = folder / "lab-settings" / "@jupyterlab" / "apputils-extension"
        settings.mkdir(parents=True)
        (settings / "notification.jupyterlab-settings").write_text(json.dumps({"fetchNews": "false"}))
        environment = {
            **clean_environment(),
            "SECURE_JOBS_DATA_DIR": str(folder / "parts"),
            "JUPYTER_CONFIG_DIR": str(folder / "config"),
            "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
            "IPYTHONDIR": str(folder / "ipython"),
        }
        words = [
            sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--port={self.port}",
            "--ServerApp.port_retries=0", f"--IdentityProvider.token={TOKEN}",
            f"--ServerApp.root_dir={folder / 'notebooks'}", f"--LabApp.user_settings_dir={folder / 'lab-settings'}",
            f"--LabApp.workspaces_dir={folder / 'workspaces'}",
        ]  # fmt: skip
        self.part = Part(words, folder / "lab.log", environment)

    def start(self) -> None:
        """Start it, and wait until its parts have founded their workspace."""
        self.part.start()
        wait_until(self._answers, "an answer of JupyterLab", seconds=120)

    def _answers(self) -> bool:
        assert self.part.alive, self.part.text()
        try:
            answer = httpx.get(f"{self.url}{BASE}member/status", headers=self._headers(), trust_env=False)
        except httpx.TransportError:
            return False
        return answer.is_success

    def _headers(self, email: str | None = None) -> dict[str, str]:
        member = {MEMBER_HEADER: email} if email is not None else {}
        return {"Authorization": f"token {TOKEN}", **member}

    def client(self, email: str) -> Client:
        """Return the API as a member sees it through this Lab; `stop` closes it."""
        if email not in self._clients:
            self._clients[email] = Client(Connection(self.url + BASE, headers=lambda: self._headers(email)))
        return self._clients[email]

    @property
    def passphrase(self) -> str:
        """The demonstration's passphrase."""
        return (self.folder / "parts" / "passphrase").read_text().strip()

    def stop(self) -> None:
        """Stop it and all that it started."""
        for client in self._clients.values():
            client.connection.close()
        self.part.stop()
