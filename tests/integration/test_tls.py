"""TLS with a real workspace server: a private authority works; another one, another name and plain http do not."""

from __future__ import annotations

import socket
import ssl
import subprocess
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from jupyter_secure_jobs.cli.main import main
from jupyter_secure_jobs.client.connection import Connection
from jupyter_secure_jobs.client.login import LoggedIn
from jupyter_secure_jobs.client.tls import CertificateError
from jupyter_secure_jobs.crypto import keyfile
from jupyter_secure_jobs.crypto.signing import SigningKey
from jupyter_secure_jobs.domain.errors import InvalidError, SecureJobsError, UnavailableError
from jupyter_secure_jobs.keyservice.service import KeyService
from jupyter_secure_jobs.keyservice.state import STATE_FILE, State
from jupyter_secure_jobs.keyservice.watch import Watch
from jupyter_secure_jobs.member import founding
from jupyter_secure_jobs.member.context import Acting, act
from jupyter_secure_jobs.member.identity import KEY_FILE, create
from jupyter_secure_jobs.rest.embedded import free_port
from jupyter_secure_jobs.rest.member_host import MemberHost
from jupyter_secure_jobs.rest.route import BASE
from jupyter_secure_jobs.wire.base import Nothing
from jupyter_secure_jobs.wire.session import Challenge
from tests.support.certificates import Authority
from tests.support.keys import digest
from tests.support.parts import ANA, PASSPHRASE, wait_until
from tests.support.process import Part, clean_environment, command
from tests.support.refusal import refused

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A workspace server with a certificate for `localhost` and 127.0.0.1."""

    folder: Path
    port: int
    authority: Authority
    other: Authority

    def url(self, host: str = "localhost", scheme: str = "https") -> str:
        """Return the server's address under a name."""
        return f"{scheme}://{host}:{self.port}{BASE}"


@contextmanager
def server(folder: Path, port: int, certificate: tuple[Path, Path]) -> Iterator[Part]:
    folder.mkdir(exist_ok=True)
    words = ("serve", "--data-dir", folder / "server", "--port", port, "--audience", f"localhost:{port}")
    files = ("--certfile", certificate[0], "--keyfile", certificate[1])
    part = Part(command(*(str(word) for word in (*words, *files))), folder / "server.log")
    part.start()
    try:
        wait_until(lambda: part.listens(port), "the workspace server")
        yield part
    finally:
        part.stop()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("tls")
    authority, port = Authority(folder, "authority"), free_port()
    create(folder / "ana", kind="member", name=ANA, organisation="Airline", passphrase=PASSPHRASE)
    keyfile.write_private(folder / "passphrase", PASSPHRASE.encode())
    with server(folder, port, authority.certificate("localhost", "127.0.0.1")):
        yield Served(folder=folder, port=port, authority=authority, other=Authority(folder, "other"))


@pytest.fixture(scope="module")
def ana(served: Served) -> Iterator[Acting]:
    """Give a member who has founded a workspace over TLS."""
    acting = act(served.folder / "ana", PASSPHRASE, served.url(), ca_file=served.authority.file)
    worker = create(served.folder / "worker", kind="worker", name="worker-1", organisation="", passphrase=PASSPHRASE)
    founding.found(acting, "Flights", [replace(worker, measurement=digest("an enclave"))])
    yield acting
    acting.client.connection.close()


def ask(url: str, ca_file: Path | None = None) -> Challenge:
    """Ask for a challenge, once; a certificate that is not right is never asked twice."""

    def pause(_seconds: float) -> None:
        raise AssertionError("it tried again")

    with closing(Connection(url, ca_file=ca_file, pause=pause)) as connection:
        return connection.post("sessions/challenge", Nothing(), Challenge)


def test_member_logs_in_over_tls_of_a_private_authority(served: Served, ana: Acting) -> None:
    assert [each.name for each in ana.client.workspaces()] == ["Flights"]
    with (
        socket.create_connection(("127.0.0.1", served.port)) as raw,
        ssl.create_default_context(cafile=str(served.authority.file)).wrap_socket(
            raw, server_hostname="localhost"
        ) as secured,
    ):
        assert secured.version() in ("TLSv1.2", "TLSv1.3")


def test_key_service_tells_what_it_heard_over_tls(served: Served, tmp_path: Path) -> None:
    """The watch over its inbox has a connection of its own, which trusts the same authority as the loop beside it."""
    create(tmp_path / "keys", kind="keyservice", name="keys", organisation="Airline", passphrase=PASSPHRASE)
    ring = keyfile.load(tmp_path / "keys" / KEY_FILE, PASSPHRASE)
    with closing(State(tmp_path / "keys" / STATE_FILE)) as state:
        for ca_file in (served.authority.file, None):
            watch = Watch(KeyService(ring, state), ring, tmp_path / "keys", served.url(), ca_file=ca_file)
            with closing(watch._login):
                if ca_file is not None:
                    assert watch._login.connection.post("sessions/challenge", Nothing(), Challenge).nonce
                    continue
                with pytest.raises(CertificateError):
                    watch._login.connection.post("sessions/challenge", Nothing(), Challenge)


def test_command_with_a_ca_file(served: Served, ana: Acting) -> None:
    words = ["workspace", "list", "--key-store", str(served.folder / "ana"), "--workspace-url", served.url()]
    words += ["--passphrase-file", str(served.folder / "passphrase")]
    done = _run(*words, "--ca-file", str(served.authority.file))
    assert (done.returncode, "Flights" in done.stdout) == (0, True), done.stderr
    for more in ((), ("--ca-file", str(served.other.file))):
        done = _run(*words, *more)
        assert done.returncode == 1
        assert "is not trusted here" in done.stderr
        assert "--ca-file" in done.stderr
        assert "Traceback" not in done.stderr
    assert ana.client.workspaces()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("notice", "--save", "{place}/notice"), "The roster of epoch 1"),
        (("revoke", "Delays"), "There is no job"),
        (("dataset", "withdraw", "flights"), "no dataset of that name"),
        (("roster", "show"), "Workspace 'Flights'"),
        (("roster", "recover", "--card", "{store}/card.json", "--seed-file", "{place}/seed", "--workspace",
          "{workspace}", "--genesis", "{genesis}"), "workspace"),
    ],
    ids=lambda given: given[0] if isinstance(given, tuple) else "",
)  # fmt: skip
def test_commands_that_stop_and_recover_with_a_ca_file(
    served: Served, ana: Acting, tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    """A stop that does not reach the server stops nothing: these too take the authority that they are given."""
    (tmp_path / "seed").write_text("5e" * 32)
    (known,) = ana.client.workspaces()
    store = str(served.folder / "ana")
    given = {"place": str(tmp_path), "store": store, "workspace": known.id, "genesis": known.genesis}
    asked = [word.format(**given) for word in words]
    asked += ["--key-store", store, "--workspace-url", served.url()]
    if "recover" not in words:
        asked += ["--passphrase-file", str(served.folder / "passphrase")]
    refused_first = _run(*asked)
    assert "is not trusted here" in refused_first.stderr + refused_first.stdout
    done = _run(*asked, "--ca-file", str(served.authority.file))
    assert "is not trusted here" not in done.stderr + done.stdout
    assert said in done.stderr + done.stdout
    assert "Traceback" not in done.stderr


def _run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(*words), capture_output=True, text=True, check=False, env=clean_environment())


def test_member_side_takes_the_authority_from_its_settings(served: Served, ana: Acting) -> None:
    url = served.url()
    right = MemberHost([served.folder / "ana"], mode="member", workspace_url=url, ca_file=served.authority.file)
    wrong = MemberHost([served.folder / "ana"], mode="member", workspace_url=url)
    for host in (right, wrong):
        host.unlock(None, PASSPHRASE)
    assert right.acting(None).client.workspaces() == ana.client.workspaces()
    with refused("certificate_untrusted", kind=UnavailableError):
        wrong.acting(None).client.workspaces()
    for host in (right, wrong):
        host.acting(None).client.connection.close()


def test_member_side_process_passes_requests_on_over_tls(served: Served, ana: Acting) -> None:
    """The routes that are passed on use a client of their own; the authority comes by the environment here."""
    for ca_file, answer in ((served.authority.file, "Flights"), (served.other.file, "certificate_untrusted")):
        port = free_port()
        words = ("member", "--port", str(port), "--token", "t", "--key-store", str(served.folder / "ana"),
                 "--workspace-url", served.url(), "--passphrase-file", str(served.folder / "passphrase"))  # fmt: skip
        environment = {**clean_environment(), "SECURE_JOBS_CA_FILE": str(ca_file)}
        part = Part(command(*words), served.folder / f"member-{port}.log", environment)
        part.start()
        try:
            wait_until(lambda port=port, part=part: part.listens(port), "the member side")  # type: ignore[misc]
            with closing(
                Connection(f"http://127.0.0.1:{port}{BASE}", headers=lambda: {"Authorization": "token t"})
            ) as side:
                if answer == "Flights":
                    assert "Flights" in side._body("GET", "workspaces").decode()
                else:
                    with refused(answer, kind=UnavailableError):
                        side._body("GET", "workspaces")
        finally:
            part.stop()
    assert ana.client.workspaces()


@pytest.mark.parametrize("known", ["the public authorities", "another authority"])
def test_certificate_of_an_authority_that_is_not_known(served: Served, known: str) -> None:
    ca_file = served.other.file if known == "another authority" else None
    with refused("certificate_untrusted", kind=UnavailableError, saying="not trusted here"):
        ask(served.url(), ca_file)


def test_known_authority_alone_counts(served: Served) -> None:
    """A file given as authority replaces the public ones; it does not come on top of them."""
    with refused("certificate_untrusted", kind=UnavailableError):
        ask(served.url(), served.other.file)
    assert ask(served.url(), served.authority.file).nonce


def test_certificate_for_another_name(served: Served) -> None:
    port = free_port()
    with server(served.folder / "named", port, served.authority.certificate("workspace.example")):
        for host in ("localhost", "127.0.0.1"):
            with refused("certificate_name", kind=UnavailableError, saying="not for that name"):
                ask(f"https://{host}:{port}{BASE}", served.authority.file)


def test_expired_certificate(served: Served) -> None:
    port = free_port()
    expired = served.authority.certificate("localhost", life=-timedelta(days=1))
    with (
        server(served.folder / "expired", port, expired),
        refused("certificate_untrusted", kind=UnavailableError, saying="expired"),
    ):
        ask(f"https://localhost:{port}{BASE}", served.authority.file)


def test_server_that_does_not_speak_tls(served: Served) -> None:
    with closing(socket.socket()) as plain:
        plain.bind(("127.0.0.1", 0))
        plain.listen()
        url = f"https://localhost:{plain.getsockname()[1]}{BASE}"
        done = subprocess.Popen(
            [command()[0], "-c", _PLAIN, str(plain.fileno())], pass_fds=[plain.fileno()], stdin=subprocess.DEVNULL
        )
        try:
            with refused("no_tls", kind=UnavailableError):
                ask(url, served.authority.file)
        finally:
            done.kill()
            done.wait()


_PLAIN = """
import socket, sys
server = socket.socket(fileno=int(sys.argv[1]))
while True:
    asked, _ = server.accept()
    asked.recv(100)
    asked.sendall(b"HTTP/1.1 400 Bad Request\\r\\nContent-Length: 0\\r\\n\\r\\n")
    asked.close()
"""


@pytest.mark.parametrize("host", ["workspace.example", "10.0.0.1", "localhost.example", "127.0.0.1.example"])
def test_plain_http_beyond_this_machine(host: str) -> None:
    with refused("tls_needed", kind=InvalidError):
        LoggedIn(f"http://{host}{BASE}", SigningKey.generate())


def test_plain_http_to_a_server_that_speaks_tls(served: Served) -> None:
    with (
        pytest.raises(SecureJobsError) as caught,
        closing(Connection(served.url(scheme="http"), pause=lambda _: None)) as c,
    ):
        c.post("sessions/challenge", Nothing(), Challenge)
    assert not isinstance(caught.value, CertificateError)


@pytest.mark.parametrize("content", [None, b"", b"no certificate", b"-----BEGIN CERTIFICATE-----\nAAAA\n"])
def test_ca_file_without_a_certificate(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_bytes(content)
    with refused("ca_file", kind=InvalidError):
        Connection("https://localhost/", ca_file=file)


def test_server_beyond_this_machine_without_tls(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["serve", "--data-dir", str(tmp_path / "server"), "--ip", "0.0.0.0", "--port", str(free_port())])
    assert ended.value.code == 1
    assert "needs TLS" in capsys.readouterr().err
    assert not (tmp_path / "server").exists()
