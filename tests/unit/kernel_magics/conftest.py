"""A notebook without a front end, on a member side in memory."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from IPython.core.interactiveshell import InteractiveShell

from kernel_magics.api import SecureJobs, connect
from kernel_magics.desk import Desk
from kernel_magics.extension import load, unload
from tests.unit.kernel_magics.place import URL
from tests.unit.kernel_magics.side import MemberSide

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def side() -> MemberSide:
    return MemberSide()


@pytest.fixture
def session(side: MemberSide) -> SecureJobs:
    return connect(URL, "token", transport=httpx.MockTransport(side))


class Notebook:
    """Runs cells and keeps what each showed, as (data by media type, metadata)."""

    def __init__(self, shell: InteractiveShell) -> None:
        self.shell = shell
        self.shown: list[dict[str, Any]] = []  # Jupyter's media bundles hold any JSON
        self.metadata: list[dict[str, Any]] = []

    def publish(self, data: dict[str, Any], metadata: dict[str, Any] | None = None, **_: object) -> None:
        self.shown.append(data)
        self.metadata.append(metadata or {})

    def cell(self, text: str) -> str:
        """Run a cell; return all plain text that it showed. Raises what the cell raised."""
        before = len(self.shown)
        self.shell.run_cell(text).raise_error()  # type: ignore[no-untyped-call]  # IPython has no annotations there
        return "\n".join(data.get("text/plain", "") for data in self.shown[before:])

    def saved(self) -> str:
        """Return all that a notebook file would hold, markup included."""
        return json.dumps(self.shown)


@pytest.fixture
def notebook(session: SecureJobs, monkeypatch: pytest.MonkeyPatch) -> Iterator[Notebook]:
    shell = InteractiveShell.instance()
    made = Notebook(shell)
    monkeypatch.setattr(shell.display_pub, "publish", made.publish)
    load(shell, Desk(lambda: session))
    shell.user_ns["session"] = session
    yield made
    unload(shell)
    InteractiveShell.clear_instance()
