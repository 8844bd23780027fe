"""Where a workspace server's settings come from: its command, else the environment, else the traits' defaults."""

from __future__ import annotations

import os
import subprocess
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from jupyter_secure_jobs.domain.errors import NotAllowedError
from jupyter_secure_jobs.member import founding
from jupyter_secure_jobs.member.context import act
from jupyter_secure_jobs.member.identity import create
from jupyter_secure_jobs.rest.embedded import free_port
from jupyter_secure_jobs.rest.route import BASE
from tests.support.keys import digest
from tests.support.parts import ANA, PASSPHRASE, WEI, wait_until
from tests.support.process import Part, clean_environment, command
from tests.support.refusal import refused

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path


@contextmanager
def served(folder: Path, *words: str, environment: Mapping[str, str]) -> Iterator[str]:
    """Give the address of a server that was started so."""
    port = free_port()
    data = () if "SECURE_JOBS_DATA_DIR" in environment else ("--data-dir", str(folder / "server"))
    part = Part(command("serve", "--port", str(port), *data, *words), folder / "log", clean_environment() | environment)
    part.start()
    try:
        wait_until(lambda: part.listens(port), "the server")
        yield f"http://127.0.0.1:{port}{BASE}"
    finally:
        part.stop()


def found(folder: Path, url: str, who: str) -> None:
    """Found a workspace as somebody new."""
    create(folder / who, kind="member", name=who, organisation="Airline", passphrase=PASSPHRASE)
    worker = create(folder / f"w-{who}", kind="worker", name="worker-1", organisation="", passphrase=PASSPHRASE)
    acting = act(folder / who, PASSPHRASE, url)
    with closing(acting.client.connection):
        founding.found(acting, "Flights", [replace(worker, measurement=digest("an enclave"))])


@pytest.mark.parametrize(
    ("words", "environment"),
    [
        (("--workspace-creators", f"Somebody@else.example,{ANA.upper()}"), {}),
        ((), {"SECURE_JOBS_WORKSPACE_CREATORS": f"somebody@else.example, {ANA.upper()}"}),
        (("--workspace-creators", ANA), {"SECURE_JOBS_WORKSPACE_CREATORS": WEI}),
    ],
    ids=["command", "environment", "the command counts"],
)
def test_only_some_may_found(tmp_path: Path, words: tuple[str, ...], environment: dict[str, str]) -> None:
    with served(tmp_path, *words, environment=environment) as url:
        found(tmp_path, url, ANA)
        with refused("may_not_found", kind=NotAllowedError):
            found(tmp_path, url, WEI)


def test_settings_of_the_environment_are_heeded_and_a_workers_passed_by(tmp_path: Path) -> None:
    place = tmp_path / "elsewhere"
    environment = {"SECURE_JOBS_DATA_DIR": str(place), "SECURE_JOBS_WHEEL_HOUSE": str(tmp_path)}
    with served(tmp_path, environment=environment):
        assert (place / "workspace.sqlite").exists()


@pytest.mark.parametrize(
    ("words", "environment", "said"),
    [
        ((), {"SECURE_JOBS_RESULTS_DAYS": "soon"}, "SECURE_JOBS_RESULTS_DAYS"),
        ((), {"SECURE_JOBS_WORKSPACE_CREATORS": "ana"}, "not an e-mail address"),
        (("--workspace-creators", "ana"), {}, "not an e-mail address"),
    ],
)
def test_settings_that_cannot_be(
    tmp_path: Path, words: tuple[str, ...], environment: dict[str, str], said: str
) -> None:
    done = subprocess.run(
        command("serve", "--data-dir", str(tmp_path / "server"), "--port", str(free_port()), *words),
        env={**clean_environment(), **environment}, cwd=os.curdir, capture_output=True, text=True, check=False,
        timeout=120,
    )  # fmt: skip
    assert done.returncode != 0
    assert said in done.stderr
    assert "Traceback" not in done.stderr
