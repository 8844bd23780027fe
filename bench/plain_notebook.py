"""The plain side: the same query on the same engine, in a notebook without any protection."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import nbformat
import papermill
from nbclient import NotebookClient

from bench import sample

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

KERNEL: Final = "python3"
# nbformat's functions carry no types.
_FORMAT: Final[Any] = nbformat
_SETUP: Final = """\
import os

os.environ["RUST_LOG"] = "off"  # as in the sandbox: the engine's own log is not wanted between the figures

from pysail.spark import SparkConnectServer
from pyspark.sql import SparkSession

server = SparkConnectServer(ip="127.0.0.1", port=0)
server.start(background=True)
_, port = server.listening_address
spark = SparkSession.builder.remote(f"sc://127.0.0.1:{{port}}").getOrCreate()
spark.read.parquet({table!r}).createOrReplaceTempView({name!r})"""
_CELL_SECONDS: Final = 120


def notebook(table: Path) -> Any:  # noqa: ANN401 -- a notebook of nbformat
    """Return a notebook of two cells: one starts the engine and names the table, one runs the query."""
    setup = _SETUP.format(table=str(table), name=sample.TABLE)
    query = f"spark.sql({sample.QUERY!r}).toPandas()"
    cells = [_FORMAT.v4.new_code_cell(setup), _FORMAT.v4.new_code_cell(query)]
    made = _FORMAT.from_dict({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
    made.metadata["kernelspec"] = {"name": KERNEL, "display_name": KERNEL, "language": "python"}
    return made


def _check(cell: Any, *, who: str) -> None:  # noqa: ANN401 -- a cell of nbformat
    shown = "".join(output["data"]["text/plain"] for output in cell.outputs if "data" in output)
    sample.check(shown.split()[-1] if shown else "", who=who)


def nbclient_new_kernel(table: Path) -> float:
    """Execute the notebook by nbclient in a new kernel; return the milliseconds of the whole call."""
    made = notebook(table)
    tick = time.perf_counter()
    NotebookClient(made, kernel_name=KERNEL, timeout=_CELL_SECONDS).execute()
    taken = (time.perf_counter() - tick) * 1000
    _check(made.cells[1], who="nbclient")
    return taken


def papermill_new_kernel(table: Path, folder: Path) -> float:
    """Execute the notebook by papermill, from file to file, in a new kernel; return the milliseconds of the call."""
    source, target = folder / "plain.ipynb", folder / "executed.ipynb"
    _FORMAT.write(notebook(table), source)
    tick = time.perf_counter()
    made = papermill.execute_notebook(source, target, kernel_name=KERNEL, progress_bar=False)
    taken = (time.perf_counter() - tick) * 1000
    _check(made.cells[1], who="papermill")
    return taken


@contextmanager
def running_kernel(table: Path) -> Iterator[Callable[[], float]]:
    """Give a measurement of the query cell alone, in a kernel where the engine runs and the table is known."""
    made = notebook(table)
    client = NotebookClient(made, kernel_name=KERNEL, timeout=_CELL_SECONDS)
    with client.setup_kernel():
        client.execute_cell(made.cells[0], 0)

        def query_cell() -> float:
            tick = time.perf_counter()
            client.execute_cell(made.cells[1], 1)
            taken = (time.perf_counter() - tick) * 1000
            _check(made.cells[1], who="The running kernel")
            return taken

        # The first query of an engine is slower than all later ones and belongs to its start.
        query_cell()
        yield query_cell
