"""The Python client of the REST API: `Client` has a method per route, `Connection` carries them."""

from __future__ import annotations

from jupyter_secure_jobs.client.connection import Connection
from jupyter_secure_jobs.client.facade import Client

__all__ = ["Client", "Connection"]
