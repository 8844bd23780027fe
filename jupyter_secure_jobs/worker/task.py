"""A test run as a worker hands it to its enclave."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jupyter_secure_jobs.wire.mailbox import LeaseWire, TestTask


def task_frame(lease: LeaseWire, task: TestTask, files: Mapping[str, str], outbox: str) -> dict[str, Any]:
    """Return the frame that asks for a test; `files` are the paths of its synthetic tables by digest."""
    return {
        "do": "test",
        "files": files,
        "outbox": outbox,
        "task": {
            "workspace": lease.workspace,
            "genesis": task.genesis,
            "run": lease.run,
            "text_hash": task.text_hash,
            "language": task.language,
            "code": task.code,
            "tables": task.tables,
            "datasets": task.datasets,
            "inputs": task.inputs,
            "declarations": [each.model_dump(mode="json", exclude={"constraint"}) for each in task.declarations],
            "limits": task.limits.model_dump(mode="json"),
            "compute": task.compute.model_dump(mode="json"),
            "output_policy": task.output_policy.model_dump(mode="json"),
            "counts": task.counts,
            "owners": [each.model_dump(mode="json") for each in task.owners],
        },
    }
