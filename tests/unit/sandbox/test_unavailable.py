"""Where the sandbox cannot be made, it says so before anything else happens."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from jupyter_secure_jobs.engines.run import HARNESS, arguments
from jupyter_secure_jobs.sandbox import bubblewrap
from jupyter_secure_jobs.sandbox.child import Child
from jupyter_secure_jobs.sandbox.errors import SandboxUnavailableError
from jupyter_secure_jobs.sandbox.report import check

if TYPE_CHECKING:
    from pathlib import Path


def test_this_machine_can() -> None:
    report = check(module=HARNESS, arguments=arguments())
    assert report.available, report
    assert report.bubblewrap == bubblewrap.find_bubblewrap()


def test_without_bubblewrap_the_operator_reads_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bubblewrap, "_SYSTEM_LOCATIONS", ())
    monkeypatch.setenv("PATH", "")
    with pytest.raises(SandboxUnavailableError, match="Install bubblewrap"):
        bubblewrap.find_bubblewrap()


def test_a_harness_that_does_not_start_is_reported_with_its_words(tmp_path: Path) -> None:
    with (
        Child.start(tmp_path, module="jupyter_secure_jobs.no_such_module") as child,
        pytest.raises(SandboxUnavailableError, match="no_such_module"),
    ):
        child.wait_until_ready()
