"""A member's notebook, executed for real while it is written: one kernel, which knows that member's side alone."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Final, Self

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellControlSignal

from demo.summary import DemoError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from types import TracebackType

# nbformat's functions carry no types.
_FORMAT: Final[Any] = nbformat
_CELL_SECONDS: Final = 120


class Notebook:
    """Cells go in and are executed at once; leaving the context stops the kernel and saves the file.

    As nbclient does it for any notebook, outputs and the state of widgets are saved with it.
    """

    def __init__(self, path: Path, title: str, *, environment: Mapping[str, str], folder: Path, log: Path) -> None:
        """Write to `path` in the end; the kernel gets `environment`, works in `folder`, and complains to `log`."""
        self._path = path
        self._notebook = _FORMAT.v4.new_notebook(
            metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}}
        )
        self._client = NotebookClient(self._notebook, timeout=_CELL_SECONDS, kernel_name="python3")
        self._start = {"env": dict(environment), "cwd": str(folder)}
        self._log = log
        self._open = ExitStack()
        self.say(f"# {title}")

    def __enter__(self) -> Self:
        """Start the kernel and load the magics.

        Raises:
            DemoError: the kernel did not start.
        """
        try:
            with self._log.open("ab") as complaints:
                self._open.enter_context(self._client.setup_kernel(**self._start, stderr=complaints))
        except RuntimeError as error:
            raise DemoError(f"a kernel did not start: {error}") from error
        self.run("%load_ext jupyter_secure_jobs")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the kernel and save."""
        self._open.close()
        self._client.set_widgets_metadata()
        _FORMAT.validate(self._notebook)
        _FORMAT.write(self._notebook, self._path)

    def say(self, text: str) -> None:
        """Add a cell of text."""
        self._notebook.cells.append(_FORMAT.v4.new_markdown_cell(text))

    def run(self, code: str) -> str:
        """Execute a cell; return what it printed and showed, as text.

        Raises:
            DemoError: the cell failed; the text is its error.
        """
        text, error = self._execute(code)
        if error is not None:
            raise DemoError(f"a cell failed: {error}")
        return text

    def refused(self, code: str) -> str:
        """Execute a cell that is expected to be refused; return the first line of the refusal, or `not refused`."""
        _, error = self._execute(code, "raises-exception")
        return "not refused" if error is None else error.partition("\n")[0]

    def _execute(self, code: str, *tags: str) -> tuple[str, str | None]:
        cell = _FORMAT.v4.new_code_cell(code, metadata={"tags": ["raises-exception"]})
        self._notebook.cells.append(cell)
        try:
            self._client.execute_cell(cell, len(self._notebook.cells) - 1)
        except (CellControlSignal, RuntimeError) as cause:
            raise DemoError(f"a cell did not come to its end: {cause}") from cause
        # The tag only keeps nbclient from raising; in the saved notebook it marks the refusals that are expected.
        cell.metadata = _FORMAT.from_dict({"tags": list(tags)} if tags else {})
        shown: list[str] = []
        error = None
        for output in cell.outputs:
            if output.output_type == "error":
                error = output.evalue
            elif output.output_type == "stream":
                shown.append(output.text)
            else:
                shown.append(output.data.get("text/plain", ""))
        return "\n".join(shown), error
