"""The tables of a run on their way into memory: which of them, whether they fit, and their decryption."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from jupyter_secure_jobs.crypto import files
from jupyter_secure_jobs.domain.errors import RefusedError
from jupyter_secure_jobs.domain.job import Language
from jupyter_secure_jobs.flow.reading import tables_read
from jupyter_secure_jobs.protocol import places

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from jupyter_secure_jobs.protocol.dataset import Manifest
    from jupyter_secure_jobs.protocol.version import Version
    from jupyter_secure_jobs.trust.dossier import AuthorisedRun

# Decryption and the kernel's new pages of memory share the time, so that a second thread still gains a little.
_THREADS: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sealed:
    source: Path
    target: Path
    key: bytes
    place: bytes

    def open(self) -> None:
        # The streaming cipher authenticates every byte and its place; hashing the file again would only cost.
        files.decrypt(self.source, self.target, key=self.key, place=self.place)


def needed(version: Version) -> frozenset[str]:
    """Return the names of the tables that a version's code may read; of a Python job all of them."""
    names = [read.table for read in version.datasets]
    return tables_read(version.code, names) if version.language is Language.SQL else frozenset(names)


def _manifests(run: AuthorisedRun, tables: frozenset[str]) -> list[tuple[int, str, str, Manifest]]:
    return [
        (number, read.table, read.manifest, run.manifests[read.manifest])
        for number, read in enumerate(run.version.datasets)
        if read.table in tables
    ]


def size(run: AuthorisedRun, tables: frozenset[str]) -> int:
    """Return how many bytes the tables take, about."""
    return sum(file.bytes for *_, manifest in _manifests(run, tables) for file in manifest.files)


def digests(run: AuthorisedRun, tables: frozenset[str]) -> list[str]:
    """Return the digests of the ciphertext files that the tables are made of."""
    return sorted({file.digest for *_, manifest in _manifests(run, tables) for file in manifest.files})


def decrypt(
    run: AuthorisedRun, tables: frozenset[str], keys: Mapping[str, bytes], fetched: Mapping[str, Path], into: Path
) -> dict[str, tuple[str, ...]]:
    """Decrypt the tables' files into the folder `into`, some at once; return the names of each table's files.

    Raises:
        RefusedError: a file was not brought, or does not open; then none of the others is begun any more.
    """
    made: dict[str, tuple[str, ...]] = {}
    sealed: list[_Sealed] = []
    for number, table, digest, manifest in _manifests(run, tables):
        names: list[str] = []
        for file in manifest.files:
            source = fetched.get(file.digest)
            if source is None:
                raise RefusedError("file_missing", f"A file of {manifest.name!r} was not brought.")
            names.append(f"{number:03d}-{len(names):05d}.parquet")
            place = places.dataset_file(
                workspace=manifest.workspace, dataset=manifest.dataset, version=manifest.version, path=file.path
            )
            sealed.append(_Sealed(source=source, target=into / names[-1], key=keys[digest], place=place))
        made[table] = tuple(names)
    if len(sealed) == 1:
        sealed[0].open()
        return made
    # The largest first: the others fit beside it.
    sealed.sort(key=lambda each: -each.source.stat().st_size)
    with ThreadPoolExecutor(_THREADS, thread_name_prefix="decrypt") as pool:
        opening = [pool.submit(each.open) for each in sealed]
        try:
            for each in opening:
                each.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
    return made
