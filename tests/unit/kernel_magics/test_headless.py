"""A notebook run by nbclient: a real kernel, real HTTP, no front end."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import httpx
import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.unit.kernel_magics.side import MemberSide

SECRET = "row-4711"
CELLS = (
    "%load_ext jupyter_secure_jobs\nfrom kernel_magics import panels\n%securejob datasets",
    '%%securejob "Delays" --input "month integer 1..12 = 1" --test\nSELECT count(*) FROM flights',
    'job = panels.DESK.session.job("Delays")\npanel = panels.job(job)\npanel',
    "panels.jobs()",
)
RUN = (
    '%securejob run "Delays" month=7 --wait',
    'delays = %securejob results "Delays"\nassert len(delays) == 2\ndelays',
    '%securejob results "Delays"',
    "panel.close()",
)


@pytest.fixture
def server(side: MemberSide, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            length = int(self.headers.get("Content-Length", "0"))
            asked = httpx.Request(
                self.command,
                f"http://127.0.0.1{self.path}",
                headers=dict(self.headers),
                content=self.rfile.read(length),
            )
            answer = side(asked)
            self.send_response(answer.status_code)
            self.send_header("Content-Length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        do_GET = do_POST = do_PATCH = do_DELETE = _answer  # noqa: N815 -- http.server's names

        def log_message(self, *_: object) -> None:
            """Keep the test's output clean."""

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=listening.serve_forever, daemon=True)
    thread.start()
    monkeypatch.setenv("SECURE_JOBS_URL", f"http://127.0.0.1:{listening.server_port}/secure-jobs/api/v1/")
    monkeypatch.setenv("SECURE_JOBS_TOKEN", "token")
    yield
    listening.shutdown()
    listening.server_close()
    thread.join()


def executed(cells: tuple[str, ...]) -> dict[str, Any]:
    """Return the executed notebook as the JSON that its file would hold."""
    new = nbformat.v4  # its functions have no annotations
    made = new.new_notebook(cells=[new.new_code_cell(text) for text in cells])  # type: ignore[no-untyped-call]
    NotebookClient(made, timeout=120, kernel_name="python3").execute()
    return json.loads(nbformat.writes(made))  # type: ignore[no-any-return,no-untyped-call]


@pytest.mark.usefixtures("server")
def test_a_headless_notebook_works_and_saves_no_row_of_a_job_run(side: MemberSide) -> None:
    first = executed(CELLS)
    assert "Synthetic data" in json.dumps(first)
    assert "Software enclave, not hardware" in json.dumps(first)
    side.accept_all("j1")
    second = executed((CELLS[0], *CELLS[2:], *RUN))
    saved = json.dumps(second)
    assert "2 of 2 rows, not saved in this notebook" in saved
    assert "Succeeded" in saved
    assert second["metadata"]["widgets"]
    assert SECRET not in saved


@pytest.mark.usefixtures("server")
def test_a_slip_fails_a_headless_notebook_without_a_stack() -> None:
    with pytest.raises(CellExecutionError) as error:
        executed((CELLS[0], '%securejob show "Nothing"'))
    assert error.value.ename == "JobsError"
    assert "There is no job" in error.value.evalue
    assert "File " not in error.value.traceback
