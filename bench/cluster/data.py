"""The table of the cluster benchmark, in three forms, and the two queries with their answers."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pyarrow.parquet.encryption as modular

from bench.cluster import door
from bench.sample import WrongAnswerError
from jupyter_secure_jobs.crypto import files

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

FILES: Final = 4
PLACE: Final = b"bench/cluster"
# What a query reads decides what a way of reading costs that cannot leave columns out.
QUERIES: Final = {
    "narrow": "SELECT flag, sum(quantity) AS a FROM {table} GROUP BY flag ORDER BY flag",
    "wide": "SELECT flag, sum(quantity + price * (1 - discount) + day + key + length(note)) AS a "
    "FROM {table} GROUP BY flag ORDER BY flag",
}
_FLAGS: Final = ("A", "N", "R")


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """Where the table lies: plain, as modular encrypted Parquet, and as the sealed files that the product makes."""

    folder: Path

    @property
    def plain(self) -> Path:
        """Plain Parquet files."""
        return self.folder / "plain"

    @property
    def modular(self) -> Path:
        """Parquet files whose pages and footers are encrypted."""
        return self.folder / "modular"

    @property
    def sealed(self) -> Path:
        """Whole files encrypted as datasets are."""
        return self.folder / "sealed"

    @property
    def master(self) -> Path:
        """The master key of the modular encryption."""
        return self.folder / "master"

    @property
    def key(self) -> Path:
        """The key of the sealed files."""
        return self.folder / "key"


class _Wrapping(modular.KmsClient):  # type: ignore[misc]  # pyarrow has no types
    def __init__(self, master: bytes) -> None:
        super().__init__()
        self._master = master

    def wrap_key(self, key_bytes: bytes, _master_key: str) -> str:
        return door.wrap(key_bytes, self._master)

    def unwrap_key(self, wrapped_key: str, _master_key: str) -> bytes:
        return door.unwrap(wrapped_key.encode(), self._master)


def _part(rows: int, random: np.random.Generator) -> Any:  # noqa: ANN401 -- a table of pyarrow
    return pa.table({
        "key": random.integers(0, rows, rows),
        "quantity": random.integers(1, 51, rows).astype("float64"),
        "price": np.round(random.random(rows) * 1e5, 2),
        "discount": random.integers(0, 11, rows) / 100,
        "flag": pa.array(random.choice(_FLAGS, rows)),
        "day": random.integers(8_000, 10_600, rows).astype("int32"),
        "note": pa.array([f"{number:x}" for number in random.integers(0, 2**60, rows)]),
    })  # fmt: skip


def prepare(folder: Path, rows: int) -> Prepared:
    """Write the table of about `rows` rows in its three forms."""
    made = Prepared(folder=folder)
    for place in (made.plain, made.modular, made.sealed):
        place.mkdir(parents=True)
    master, key = door.new_master(), files.new_key()
    made.master.write_bytes(master)
    made.key.write_bytes(key)
    factory = modular.CryptoFactory(lambda _: _Wrapping(master))
    # One factory wraps all files' keys under one key: one request opens the whole dataset version.
    settings = modular.EncryptionConfiguration(
        footer_key=door.MASTER, uniform_encryption=True, cache_lifetime=timedelta(hours=1)
    )
    random = np.random.default_rng(7)
    for number in range(FILES):
        part, name = _part(rows // FILES, random), f"part-{number}.parquet"
        pq.write_table(part, made.plain / name)
        ways = factory.file_encryption_properties(modular.KmsConnectionConfig(), settings)
        with pq.ParquetWriter(made.modular / name, part.schema, encryption_properties=ways) as writer:
            writer.write_table(part)
        files.encrypt(made.plain / name, made.sealed / name, key=key, place=PLACE)
    return made


def open_modular(file: Path, master: bytes) -> Any:  # noqa: ANN401 -- a file of pyarrow
    """Open a modular encrypted Parquet file."""
    factory = modular.CryptoFactory(lambda _: _Wrapping(master))
    return pq.ParquetFile(file, decryption_properties=factory.file_decryption_properties(modular.KmsConnectionConfig()))


def decrypt(prepared: Prepared, target: Path) -> None:
    """Decrypt the sealed files into `target`, which is made, two at once as the machine has two cores."""
    target.mkdir()
    key = prepared.key.read_bytes()
    with ThreadPoolExecutor(2) as pool:
        for done in [
            pool.submit(files.decrypt, sealed, target / sealed.name, key=key, place=PLACE)
            for sealed in sorted(prepared.sealed.iterdir())
        ]:
            done.result()


def answers(prepared: Prepared) -> dict[str, list[float]]:
    """Return what both queries answer, computed by pyarrow alone."""
    table = pq.read_table(prepared.plain)
    flags = table["flag"].to_numpy(zero_copy_only=False)
    column = {name: table[name].to_numpy() for name in ("quantity", "price", "discount", "day", "key")}
    length = np.array([len(note) for note in table["note"].to_pylist()])
    wide = column["quantity"] + column["price"] * (1 - column["discount"]) + column["day"] + column["key"] + length
    values = {"narrow": column["quantity"], "wide": wide}
    return {name: [float(found[flags == flag].sum()) for flag in _FLAGS] for name, found in values.items()}


def check(rows: Sequence[Any], right: Sequence[float], *, who: str) -> None:
    """Refuse to count a query that answered otherwise, sums of floats up to their rounding.

    Raises:
        WrongAnswerError: what came instead; the table is made up.
    """
    found = [float(row["a"]) for row in rows]
    if len(found) != len(right) or not all(
        math.isclose(*pair, rel_tol=1e-9) for pair in zip(found, right, strict=True)
    ):
        raise WrongAnswerError(f"{who} answered {found} instead of {list(right)}. Run the benchmark again.")
