"""A stand-in for the part of Kubernetes that Sail's driver uses: each pod that it asks for becomes a process here.

It is how a Sail cluster of real processes runs on one machine: Sail's `local-cluster` mode has its workers as threads.
"""

from __future__ import annotations

import http.server
import json
import os
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any, Final, Self

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

WORKER: Final = (sys.executable, "-m", "pysail", "worker")


class Pods:
    """The stand-in, open while it is used in a `with`; leaving ends the workers that it started.

    config: the file that tells Sail where it is. processes: of each worker.
    """

    def __init__(self, folder: Path, *, scripts: Sequence[Path] = ()) -> None:
        """Listen on a free port of the loopback; with `scripts`, each worker is started through the next of them."""
        self._scripts, self._folder = list(scripts), folder
        self.processes: list[subprocess.Popen[bytes]] = []
        pods = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _any(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                answer: Any = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"}
                if self.command == "POST":
                    answer = json.loads(body)
                    pods.start({each["name"]: each.get("value") for each in answer["spec"]["containers"][0]["env"]})
                written = json.dumps(answer).encode()
                self.send_response(201 if self.command == "POST" else 200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(written)))
                self.end_headers()
                self.wfile.write(written)

            do_GET = do_POST = do_DELETE = _any  # noqa: N815 -- the library's names

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.config = folder / "pods.json"
        self.config.write_text(json.dumps(self._config()))

    def _config(self) -> dict[str, object]:
        address = f"http://127.0.0.1:{self._server.server_address[1]}"
        return {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "here",
            "clusters": [{"name": "here", "cluster": {"server": address}}],
            "users": [{"name": "here", "user": {}}],
            "contexts": [{"name": "here", "context": {"cluster": "here", "user": "here", "namespace": "default"}}],
        }

    def start(self, told: Mapping[str, str | None]) -> None:
        """Start one worker with the environment that the driver asked for."""
        environment = {name: value if value is not None else "127.0.0.1" for name, value in told.items()}
        environment["SAIL_CLUSTER__WORKER_LISTEN_HOST"] = "127.0.0.1"
        words = [str(self._scripts[len(self.processes)])] if self._scripts else list(WORKER)
        with (self._folder / f"worker-{len(self.processes)}.log").open("wb") as log:
            self.processes.append(
                subprocess.Popen(words, env={**os.environ, **environment}, stdout=log, stderr=log, cwd=self._folder)
            )

    def __enter__(self) -> Self:
        """Serve."""
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        """End every worker and close."""
        for process in self.processes:
            process.kill()
            process.wait()
        self._server.shutdown()
        self._server.server_close()
