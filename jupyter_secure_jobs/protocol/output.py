"""The output rules of a version: its own policy and those of the manifests that it names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_secure_jobs.domain.output import THE_JOB, OutputRules, combine, of_dataset

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jupyter_secure_jobs.protocol.dataset import Manifest
    from jupyter_secure_jobs.protocol.version import Version


def rules_of(version: Version, manifests: Mapping[str, Manifest]) -> OutputRules:
    """Return what holds for the results of a version; `manifests` are those that it names, by hash.

    Raises:
        KeyError: one is missing.
    """
    owners = [manifests[read.manifest] for read in version.datasets]
    asked = [(of_dataset(manifest.owner, manifest.name), manifest.output_policy) for manifest in owners]
    return combine([*asked, (THE_JOB, version.output_policy)], counts=version.counts)
