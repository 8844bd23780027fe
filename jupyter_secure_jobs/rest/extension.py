"""The Jupyter server extension: a workspace server, a member side, or the embedded demonstration with both."""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from jupyter_core.paths import jupyter_data_dir
from jupyter_server.extension.application import ExtensionApp
from sqlalchemy.exc import OperationalError
from tornado.ioloop import IOLoop, PeriodicCallback
from traitlets import Enum, Float, Int, List, TraitError, Unicode, default

from jupyter_secure_jobs.crypto.keyfile import write_private
from jupyter_secure_jobs.crypto.signing import SigningKey
from jupyter_secure_jobs.domain.errors import InvalidError
from jupyter_secure_jobs.domain.text import clean_email
from jupyter_secure_jobs.rest import heap
from jupyter_secure_jobs.rest.embedded import Embedded, has_keys
from jupyter_secure_jobs.rest.handlers import handlers_for
from jupyter_secure_jobs.rest.member_handlers import member_handlers
from jupyter_secure_jobs.rest.member_host import LOG_WATCHED, TOKEN_RENEWED, MemberHost
from jupyter_secure_jobs.rest.notifier import Notifier
from jupyter_secure_jobs.rest.route import BASE
from jupyter_secure_jobs.rest.routes import ROUTES
from jupyter_secure_jobs.services import dispatch, retention
from jupyter_secure_jobs.services.unit import Server, Settings
from jupyter_secure_jobs.store.blobs import Blobs
from jupyter_secure_jobs.store.database import Database

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jupyter_server.serverapp import ServerApp
    from traitlets import TraitType

PREFIX: Final = "SECURE_JOBS_"
# Set for kernels by the extension itself, or by whoever starts them, or read by a worker; not by this server.
_FOR_OTHERS: Final = {
    *("SECURE_JOBS_URL", "SECURE_JOBS_TOKEN", "SECURE_JOBS_MEMBER", "SECURE_JOBS_WORKSPACE"),
    "SECURE_JOBS_WHEEL_HOUSE",
}


class SecureJobs(ExtensionApp):
    """Configuration of jupyter_secure_jobs; each trait also as `SECURE_JOBS_<NAME>` in the environment."""

    name = "secure_jobs"
    extension_url = "/lab"
    load_other_extensions = True

    mode = Enum(
        ["embedded", "server", "member"],
        default_value="embedded",
        help="embedded: a demonstration, one machine holds every part. server: the workspace server. member: a "
        "member's own side.",
    ).tag(config=True)
    workspace_url = Unicode(
        "", help="member: address of the workspace server's API, ending in /secure-jobs/api/v1/."
    ).tag(config=True)
    ca_file = Unicode(
        "", help="member: certificates (PEM) of the authority behind the workspace server's; empty: the public ones."
    ).tag(config=True)
    database_url = Unicode("", help="server: SQLAlchemy URL; by default SQLite in data_dir.").tag(config=True)
    data_dir = Unicode("", help="Where this part keeps what it holds.").tag(config=True)
    key_store = Unicode("", help="member: the folder of the member's key store.").tag(config=True)
    passphrase_file = Unicode(
        "", help="member: a file with the passphrase, for use without a person; readable by its owner alone."
    ).tag(config=True)
    kernel_environment_file = Unicode(
        "", help="member: a file (JSON, mode 0600) that gets what kernels started elsewhere need: URL and scoped token."
    ).tag(config=True)
    audience = Unicode("", help="server: the host:port under which members reach it.").tag(config=True)
    workspace_creators = List(
        Unicode(), help="server: e-mail addresses that may found workspaces; empty: everybody."
    ).tag(config=True)
    lease_seconds = Float(60.0, help="server: how long a worker may be silent before its run is taken back.").tag(
        config=True
    )
    heartbeat_seconds = Float(15.0, help="server: how often a worker gives a sign of life.").tag(config=True)

    results_days = Float(
        90.0, help="server: after so many days a run's result and log are removed; statements stay. 0: never."
    ).tag(config=True)

    workers = Int(1, help="embedded: how many workers to start; each takes one run at a time.").tag(config=True)

    _embedded: Embedded | None = None
    _host: MemberHost | None = None
    _server: Server | None = None
    _renewing: PeriodicCallback | None = None
    _watching: PeriodicCallback | None = None
    _sweeping: PeriodicCallback | None = None

    @default("data_dir")
    def _default_data_dir(self) -> str:
        return str(Path(jupyter_data_dir()) / "secure_jobs" / str(self.mode))

    @default("key_store")
    def _default_key_store(self) -> str:
        return str(Path(jupyter_data_dir()) / "secure_jobs" / "member")

    def _read_environment(self) -> None:
        for variable, name in settings_in(os.environ).items():
            if name not in self.config.get("SecureJobs", {}):
                setattr(self, name, _read(variable, self.traits()[name]))

    def initialize_settings(self) -> None:
        """Make ready what the mode needs; nothing is stored with a looser mode than 0700."""
        self._read_environment()
        self._pool = ThreadPoolExecutor(max_workers=8, thread_name_prefix="secure-jobs")
        folder = Path(str(self.data_dir))
        if self.mode == "server":
            heap.keep_few_arenas()
            self._server = self._workspace_server(folder)
        elif self.mode == "embedded":
            self._embedded = Embedded(folder, workers=int(self.workers))
            self._embedded.start()
            self._host = MemberHost(self._embedded.members, mode="embedded", workspace_url=self._embedded.url)
            for member in self._embedded.members:
                # A demonstration says plainly that one machine holds every key, so it may as well unlock them.
                self._host.unlock(member.name, self._embedded.passphrase())
        else:
            self._host = self._member_side()

    def _workspace_server(self, folder: Path) -> Server:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        database = Database(str(self.database_url) or f"sqlite:///{folder / 'workspace.sqlite'}")
        if database.engine.dialect.name == "sqlite" or database.current_revision() is None:
            database.migrate()
        key_file = folder / "log.key"
        if not key_file.exists():
            write_private(key_file, SigningKey.generate().seed())
        app: ServerApp = self.serverapp  # type: ignore[assignment]  # set by the time settings are made
        audience = str(self.audience) or f"{app.ip or '127.0.0.1'}:{app.port}"
        settings = Settings(
            audience=audience,
            lease_seconds=float(self.lease_seconds),
            heartbeat_seconds=float(self.heartbeat_seconds),
            away_seconds=max(float(self.lease_seconds), 30.0),
            results_days=float(self.results_days),
            creators=tuple(clean_email(each) for each in self.workspace_creators),
        )
        return Server(
            database=database,
            blobs=Blobs(folder),
            log_key=SigningKey.from_seed(key_file.read_bytes()),
            settings=settings,
        )

    def _member_side(self) -> MemberHost:
        folder = Path(str(self.key_store))
        folders = [folder] if has_keys(folder) else []
        if not folders:
            self.log.warning("secure jobs: no key store in %s; make one: jupyter secure-jobs key create", folder)
        ca_file = Path(str(self.ca_file)) if self.ca_file else None
        host = MemberHost(folders, mode="member", workspace_url=str(self.workspace_url), ca_file=ca_file)
        if folders and self.passphrase_file:
            host.unlock(None, Path(str(self.passphrase_file)).read_text().strip())
        return host

    def initialize_handlers(self) -> None:
        """Register the routes of the mode."""
        app: ServerApp = self.serverapp  # type: ignore[assignment]  # set by the time handlers are made
        pool = self._pool
        if self._server is not None:
            notifier = Notifier()
            self._server.notify = notifier.notify
            self._notifier = notifier
            shared = {"server": self._server, "notifier": notifier, "pool": pool}
            self.handlers.extend(handlers_for(app.base_url, ROUTES, **shared))
        if self._host is not None:
            self.handlers.extend(member_handlers(app.base_url, self._host, pool))

    async def _start_jupyter_server_extension(self, serverapp: ServerApp) -> None:
        if self._server is not None:
            self._notifier.attach()
            # A worker that went silent may be the only one; its run must not wait for another worker to ask.
            self._sweeping = PeriodicCallback(self._sweep, max(1.0, float(self.lease_seconds) / 4) * 1000)
            self._sweeping.start()
        if self._host is not None:
            self._tell_kernels(serverapp)
            self._renewing = PeriodicCallback(lambda: self._tell_kernels(serverapp), TOKEN_RENEWED * 1000)
            self._renewing.start()
            self._watching = PeriodicCallback(self._watch_logs, LOG_WATCHED * 1000)
            self._watching.start()

    async def _watch_logs(self) -> None:
        if self._host is not None:
            await IOLoop.current().run_in_executor(self._pool, self._host.watch_logs)

    async def _sweep(self) -> None:
        server = self._server
        if server is None:
            return

        def sweep() -> None:
            with server.unit() as unit:
                dispatch.sweep(unit)
            with server.unit() as unit:
                retention.remove_old(unit)
            heap.give_back()

        try:
            await IOLoop.current().run_in_executor(self._pool, sweep)
        except (OperationalError, OSError):
            self.log.exception("secure jobs: database or disk refused; lost runs and old results are looked for again")

    def _tell_kernels(self, serverapp: ServerApp) -> None:
        """Put the address and a scoped token where kernels inherit them."""
        if self._host is not None:
            scheme = "https" if serverapp.certfile else "http"
            base = serverapp.base_url.rstrip("/")
            told = {
                "SECURE_JOBS_URL": f"{scheme}://127.0.0.1:{serverapp.port}{base}{BASE}",
                "SECURE_JOBS_TOKEN": self._host.tokens.issue(),
            }
            os.environ.update(told)
            if self.kernel_environment_file:
                write_private(Path(str(self.kernel_environment_file)), json.dumps(told).encode())

    async def stop_extension(self) -> None:
        """Stop what was started."""
        for repeated in (self._renewing, self._watching, self._sweeping):
            if repeated is not None:
                repeated.stop()
        if self._embedded is not None:
            self._embedded.stop()
        if self._server is not None:
            self._server.database.close()
        self._pool.shutdown(wait=False, cancel_futures=True)


def _read(variable: str, trait: TraitType[Any, Any]) -> object:
    text = os.environ[variable]
    try:
        if isinstance(trait, List):
            return trait.from_string_list([each.strip() for each in text.split(",") if each.strip()])
        return trait.from_string(text)
    except (ValueError, TraitError) as error:
        raise InvalidError(
            "setting_value", f"The environment sets {variable} to what it cannot be.", f"It says: {trait.help}"
        ) from error


def settings_in(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the names of the settings that an environment gives, by variable.

    Raises:
        InvalidError: a variable of ours is no setting.
    """
    known = {PREFIX + name.upper(): name for name in SecureJobs.class_own_traits(config=True)}
    found = [name for name in environment if name.startswith(PREFIX) and name not in _FOR_OTHERS]
    for variable in found:
        if variable not in known:
            raise InvalidError(
                "unknown_setting",
                f"The environment sets {variable}, which is no setting of jupyter_secure_jobs.",
                f"Remove it, or use one of {', '.join(sorted(known))}.",
            )
    return {variable: known[variable] for variable in found}
