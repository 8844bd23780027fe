"""Routes about datasets and uploads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_secure_jobs.client.connection import path
from jupyter_secure_jobs.client.upload import upload
from jupyter_secure_jobs.wire.dataset import DatasetNew, DatasetWire, ManifestWire, UploadWire, WithdrawalNew

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import BinaryIO

    from jupyter_secure_jobs.client.connection import Connection


class DatasetRoutes:
    """Datasets of one workspace. Every method raises what `Connection.get` raises."""

    connection: Connection

    def datasets(self, workspace: str) -> list[DatasetWire]:
        """Return the newest version of every dataset."""
        return self.connection.all(path("workspaces", workspace, "datasets"), DatasetWire)

    def dataset(self, workspace: str, dataset: str) -> DatasetWire:
        """Return one dataset."""
        return self.connection.get(path("workspaces", workspace, "datasets", dataset), DatasetWire)

    def manifest(self, workspace: str, dataset: str) -> ManifestWire:
        """Return a dataset's signed manifest, unverified."""
        return self.connection.get(path("workspaces", workspace, "datasets", dataset, "manifest"), ManifestWire)

    def add_dataset(self, workspace: str, new: DatasetNew) -> DatasetWire:
        """Publish finished uploads under a signed manifest."""
        return self.connection.post(path("workspaces", workspace, "datasets"), new, DatasetWire, timeout=120.0)

    def withdraw_dataset(self, workspace: str, dataset: str, withdrawal: WithdrawalNew) -> DatasetWire:
        """Withdraw a dataset by a signed statement."""
        where = path("workspaces", workspace, "datasets", dataset, "withdrawal")
        return self.connection.post(where, withdrawal, DatasetWire)

    def download_synthetic(self, workspace: str, dataset: str, sink: BinaryIO, *, largest: int) -> int:
        """Write a dataset's synthetic twin into `sink`; return its bytes."""
        where = path("workspaces", workspace, "datasets", dataset, "synthetic")
        return self.connection.download(where, sink, largest=largest)

    def upload(
        self,
        workspace: str,
        source: BinaryIO,
        *,
        size: int,
        digest: str,
        progress: Callable[[int], None] | None = None,
    ) -> UploadWire:
        """Send a file in parts, resuming after broken ones; see `client.upload`."""
        return upload(self.connection, workspace, source, size=size, digest=digest, progress=progress)

    def upload_of(self, workspace: str, upload_id: str) -> UploadWire:
        """Return how far an upload has come."""
        return self.connection.get(path("workspaces", workspace, "uploads", upload_id), UploadWire)
