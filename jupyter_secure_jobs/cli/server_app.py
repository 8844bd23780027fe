"""The Jupyter server that a workspace server or a headless member side is."""

from __future__ import annotations

import sys
from http import HTTPStatus
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from types import ModuleType

    from tornado.web import RequestHandler

# Jupyter checks its events by jsonschema, which would make a grammar of internationalised addresses at each start: a
# second, for a check that no schema asks for. Without the package it leaves that check out.
sys.modules.setdefault("rfc3987_syntax", cast("ModuleType", None))

from jupyter_server.log import log_request  # noqa: E402 -- after the above
from jupyter_server.serverapp import ServerApp  # noqa: E402 -- as above
from traitlets.config import Config  # noqa: E402 -- as above


class ReducedServerApp(ServerApp):
    """A Jupyter server without contents, kernels, terminals and other extensions: our REST API and nothing else."""

    default_services = ("auth", "security")  # type: ignore[assignment]  # the base class annotates its own value

    def find_server_extensions(self) -> None:
        """Load no extension that merely happens to be installed."""


def _log_refused(handler: RequestHandler) -> None:
    """Log a request that did not succeed. Jupyter composes a line for each, also where it then is not shown."""
    if handler.get_status() >= HTTPStatus.BAD_REQUEST:
        log_request(handler)  # type: ignore[no-untyped-call]  # Jupyter gives it no types


def launch(
    port: int, settings: dict[str, object], *, identity: dict[str, object] | None = None, **server: object
) -> None:
    """Run a server on the port until it is stopped; `settings` are those of `SecureJobs`, `server` of `ServerApp`.

    A setting that is None was not given: the environment or the trait's own default says what it is.

    Raises:
        SecureJobsError: the part cannot be made ready, for example by an unknown setting or a newer database.
    """
    config = {
        "SecureJobs": {name: value for name, value in settings.items() if value is not None},
        "ServerApp": {
            "port": port,
            "port_retries": 0,
            "open_browser": False,
            "allow_root": True,
            # A part that could not be made ready must end with its reason, not serve an empty server.
            "reraise_server_extension_failures": True,
            "jpserver_extensions": {"jupyter_secure_jobs": True},
            "tornado_settings": {"log_function": _log_refused},
            **{name: value for name, value in server.items() if value != ""},
        },
        "IdentityProvider": identity or {},
    }
    # The parts take their settings from here alone; a user's own jupyter configuration is for their notebooks.
    ReducedServerApp.launch_instance(argv=[], config=Config(config))
