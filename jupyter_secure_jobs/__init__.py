"""Secure notebook jobs on data that several organisations will not hand to each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_secure_jobs._version import __version__

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

__all__ = ["__version__"]


def load_ipython_extension(ipython: InteractiveShell) -> None:
    """Load the magics: `%load_ext jupyter_secure_jobs`."""
    from kernel_magics import load  # noqa: PLC0415 -- lazy, so that a server or worker never imports the magics

    load(ipython)


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    return [{"src": "labextension", "dest": "jupyter-secure-jobs"}]


def _jupyter_server_extension_points() -> list[dict[str, object]]:
    from jupyter_secure_jobs.rest.extension import SecureJobs  # noqa: PLC0415 -- lazy: enclaves import this package too

    return [{"module": "jupyter_secure_jobs", "app": SecureJobs}]
