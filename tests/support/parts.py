"""The real parts on this machine, each a process, and four members in three organisations. Nothing is a fake."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import httpx

from jupyter_secure_jobs.client.login import LoggedIn
from jupyter_secure_jobs.crypto import keyfile
from jupyter_secure_jobs.domain.comment import LineComment
from jupyter_secure_jobs.domain.review import Verdict
from jupyter_secure_jobs.domain.run import ENDED
from jupyter_secure_jobs.keyservice.service import KeyService
from jupyter_secure_jobs.keyservice.state import State
from jupyter_secure_jobs.member import deciding, founding, publishing
from jupyter_secure_jobs.member.context import act
from jupyter_secure_jobs.member.identity import CARD_FILE, KEY_FILE, Card, create
from jupyter_secure_jobs.rest.embedded import free_port, organisation_folder
from jupyter_secure_jobs.rest.route import BASE
from jupyter_secure_jobs.wire.job import DatasetReadWire, GrantWire, InputVariableWire, JobNew
from jupyter_secure_jobs.wire.member_side import DatasetAsked
from tests.support.process import Part, command

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from jupyter_secure_jobs.crypto.keyfile import KeyRing
    from jupyter_secure_jobs.member.context import Acting
    from jupyter_secure_jobs.wire.job import JobDetailWire
    from jupyter_secure_jobs.wire.output import OutputPolicyWire
    from jupyter_secure_jobs.wire.run import InputValue, RunWire

PASSPHRASE: Final = "correct horse battery"
ANA, BEN, WEI, MIA = "ana@airline.example", "ben@airline.example", "wei@weather.example", "mia@registry.example"
MEMBERS: Final = {ANA: "Airline", BEN: "Airline", WEI: "Weather Service", MIA: "Aircraft Registry"}
REVIEWERS: Final = (BEN, WEI, MIA)
STRANGER: Final = "eve@elsewhere.example"
ORGANISATIONS: Final = tuple(dict.fromkeys(MEMBERS.values()))
LEASE_SECONDS: Final = 3.0
PATIENCE: Final = 60.0

# Values of columns that are not public; each stands in one row alone, in the middle of its column's range.
CANARIES: Final = ("Zanzibarquokka", "Nebelparduwicht", "Kolibrifjordtang")
CANARY_NUMBER: Final = 48_151_623_42
FLIGHTS: Final = "flight,month,delay,captain,ticket\n" + "".join(
    f"{number},{number % 12 + 1},{number % 7 * 5},{CANARIES[0] if number == 31 else f'captain {number}'},"
    f"{CANARY_NUMBER if number == 31 else number * 160_000_001}\n"
    for number in range(60)
)
WEATHER: Final = "month,wind,station\n" + "".join(
    f"{month},{month * 3},{CANARIES[1] if month == 7 else f'station {month}'}\n" for month in range(1, 13)
)
PLANES: Final = "tailnum,year,keeper\n" + "".join(
    f"N{number},{1990 + number},{CANARIES[2] if number == 9 else f'keeper {number}'}\n" for number in range(20)
)

TOTALS: Final = (
    "SELECT month, count(*) AS n, sum(delay) AS late FROM flights WHERE month >= :low GROUP BY month ORDER BY month"
)
LOW: Final = InputVariableWire(name="low", type="integer", low="1", high="12", default=1)

THREE_RUNS: Final = GrantWire(reruns=True, most_runs=3)


def wait_until(true: Callable[[], bool], what: str, *, seconds: float = PATIENCE) -> None:
    """Return when `true` says so; fail with `what` if it never does."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"never came: {what}"
        time.sleep(0.05)  # the pace of asking; what is waited for is a state, not a time


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a job of the tests says unless a test wants otherwise."""

    code: str = TOTALS
    language: str = "sql"
    tables: tuple[str, ...] = ("flights",)
    inputs: tuple[InputVariableWire, ...] = (LOW,)
    grant: GrantWire = THREE_RUNS
    log_policy: str = "standard"
    output_policy: OutputPolicyWire | None = None
    counts: tuple[str, ...] = ()


class Parts:
    """One world in one folder: `server`, `members`, `keyservices`, `worker`, `logs`."""

    def __init__(self, folder: Path, *, workers: int = 1) -> None:
        """Choose a port; nothing is made yet. The parts of the workers are `worker`, `worker-2` and so on."""
        self.folder = folder
        self.workers = ["worker", *(f"worker-{number}" for number in range(2, workers + 1))]
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}{BASE}"
        self.passphrase_file = folder / "passphrase"
        self.parts: dict[str, Part] = {}
        self.workspace = ""
        self.datasets: dict[str, str] = {}
        self._acting: dict[str, Acting] = {}
        self._rings: dict[Path, KeyRing] = {}
        self._jobs = 0

    # -- making ---------------------------------------------------------------------------------------------------

    def build(self) -> None:
        """Make every key, start every part, found the workspace and publish three datasets."""
        (self.folder / "logs").mkdir(parents=True)
        keyfile.write_private(self.passphrase_file, PASSPHRASE.encode())
        for email, organisation in {**MEMBERS, STRANGER: "Elsewhere"}.items():
            folder = self.folder / "members" / email
            create(folder, kind="member", name=email, organisation=organisation, passphrase=PASSPHRASE)
        for name in ORGANISATIONS:
            folder = self.service_folder(name)
            create(folder, kind="keyservice", name=name, organisation=name, passphrase=PASSPHRASE)
        for number, name in enumerate(self.workers, 1):
            enroll = self._part("enroll", "worker", "enroll", "--name", f"worker-{number}", "--key-store",
                                self.folder / name, "--passphrase-file", self.passphrase_file)  # fmt: skip
            enroll.start()
            wait_until(lambda enroll=enroll: not enroll.alive, "the enrolment of the worker")  # type: ignore[misc]
            del self.parts["enroll"]
        self._part("server", "serve", "--data-dir", self.folder / "server", "--port", self.port,
                   "--lease-seconds", LEASE_SECONDS, "--heartbeat-seconds", 0.5)  # fmt: skip
        self.start("server")
        self._found()
        secret = ("--workspace-url", self.url, "--passphrase-file", self.passphrase_file)
        for name in ORGANISATIONS:
            self._part(name, "keyservice", "run", "--key-store", self.service_folder(name), *secret)
        wheels = ("--wheel-house", self.wheel_house)
        for name in self.workers:
            # One sandbox waits instead of two: a test orders one run after another, and whatever waits is thrown away.
            self._part(name, "worker", "run", "--key-store", self.folder / name, "--ready-sandboxes", 1, *wheels,
                       *secret)  # fmt: skip
        self.start_all()
        self.publish(ANA, "flights", FLIGHTS)
        self.publish(WEI, "weather", WEATHER)
        self.publish(MIA, "planes", PLANES)

    def _part(self, name: str, *words: object) -> Part:
        log = self.folder / "logs" / f"{organisation_folder(name)}.log"
        self.parts[name] = Part(command(*(str(word) for word in words)), log)
        return self.parts[name]

    def _found(self) -> None:
        cards = [Card.read(self.folder / "members" / email / CARD_FILE) for email in (BEN, WEI, MIA)]
        cards += [Card.read(self.service_folder(name) / CARD_FILE) for name in ORGANISATIONS]
        cards += [Card.read(self.folder / name / CARD_FILE) for name in self.workers]
        invitation = founding.found(self.acting(ANA), "Flights", cards)
        self.workspace = invitation.workspace
        for email in REVIEWERS:
            founding.accept(self.acting(email), self.workspace, genesis=invitation.genesis)
        for name in ORGANISATIONS:
            state = State(self.service_folder(name) / "state.sqlite")
            state.pin(self.workspace, invitation.genesis)
            state.close()

    @property
    def worker_folder(self) -> Path:
        """The worker's key store."""
        return self.folder / "worker"

    @property
    def wheel_house(self) -> Path:
        """The folder of the worker's wheels."""
        return self.folder / "wheels"

    @property
    def database(self) -> Path:
        """The workspace server's database."""
        return self.folder / "server" / "workspace.sqlite"

    def service_folder(self, organisation: str) -> Path:
        """Return a key service's key store."""
        return self.folder / "keyservices" / organisation_folder(organisation)

    # -- running --------------------------------------------------------------------------------------------------

    def start(self, name: str) -> None:
        """Start one part; the server is waited for."""
        self.parts[name].start()
        if name == "server":
            wait_until(self._answers, "an answer of the workspace server")

    def _answers(self) -> bool:
        assert self.parts["server"].alive, self.parts["server"].text()
        try:
            return httpx.post(self.url + "sessions/challenge", content=b"{}", trust_env=False).is_success
        except httpx.TransportError:
            return False

    def start_all(self) -> None:
        """Start whatever does not run."""
        for name in self.parts:
            self.start(name)

    def stop(self) -> None:
        """Stop every part and close every connection."""
        for acting in self._acting.values():
            acting.client.connection.close()
        for part in self.parts.values():
            part.ask_to_stop()
        for part in self.parts.values():
            part.stop()

    # -- people ---------------------------------------------------------------------------------------------------

    def acting(self, email: str) -> Acting:
        """Return a member with keys unlocked."""
        if email not in self._acting:
            self._acting[email] = act(self.folder / "members" / email, PASSPHRASE, self.url)
        return self._acting[email]

    @property
    def ana(self) -> Acting:
        """The author."""
        return self.acting(ANA)

    def http(self, who: str | None) -> httpx.Client:
        """Return a plain HTTP client with a member's own bearer token; with None, without any."""
        headers = self.acting(who).client.connection.headers() if who is not None else {}
        return httpx.Client(base_url=self.url, headers=dict(headers), trust_env=False, timeout=30)

    def service_ring(self, organisation: str) -> KeyRing:
        """Return a key service's keys."""
        return self._ring(self.service_folder(organisation))

    def _ring(self, folder: Path) -> KeyRing:
        # Opening a key store takes most of a second, on purpose.
        if folder not in self._rings:
            self._rings[folder] = keyfile.load(folder / KEY_FILE, PASSPHRASE)
        return self._rings[folder]

    def worker_ring(self) -> KeyRing:
        """Return the worker's platform key."""
        return self._ring(self.worker_folder)

    def login(self, ring: KeyRing) -> LoggedIn:
        """Return a session of whoever has these keys."""
        return LoggedIn(self.url, ring.signing)

    @contextmanager
    def key_service(self, organisation: str) -> Iterator[KeyService]:
        """Give an organisation's key service with its own memory, inside this process."""
        state = State(self.service_folder(organisation) / "state.sqlite")
        try:
            yield KeyService(self.service_ring(organisation), state)
        finally:
            state.close()

    # -- what members do ------------------------------------------------------------------------------------------

    def publish(
        self,
        who: str,
        name: str,
        text: str,
        *,
        public: Sequence[str] = ("month",),
        output_policy: OutputPolicyWire | None = None,
    ) -> str:
        """Publish a CSV text as a dataset; return its id."""
        source = self.folder / "files" / f"{name}.csv"
        source.parent.mkdir(mode=0o700, exist_ok=True)
        source.write_text(text)
        columns = text.partition("\n")[0].split(",")
        asked = DatasetAsked(
            name=name,
            files=[str(source)],
            public=[each for each in public if each in columns],
            output_policy=output_policy,
        )
        made = publishing.publish(self.acting(who), self.workspace, asked, agree=lambda _proposal: True)
        assert made.dataset is not None
        self.datasets[name] = made.dataset
        return made.dataset

    def name(self, stem: str = "Job") -> str:
        """Return a job's name that is not taken."""
        self._jobs += 1
        return f"{stem} {self._jobs}"

    def draft(self, draft: Draft | None = None, *, name: str | None = None, who: str = ANA) -> JobDetailWire:
        """Create a job."""
        made = draft or Draft()
        new = JobNew.model_validate(
            {
                "name": name or self.name(),
                "language": made.language,
                "code": made.code,
                "datasets": [DatasetReadWire(table=each, dataset=self.datasets[each]) for each in made.tables],
                "inputs": list(made.inputs),
                "grant": made.grant,
                "log_policy": made.log_policy,
                "output_policy": made.output_policy,
                "counts": list(made.counts),
            }
        )
        return self.acting(who).client.create_job(self.workspace, new)

    def submitted(self, draft: Draft | None = None) -> JobDetailWire:
        """Create a job and submit it."""
        return deciding.submit(self.ana, self.workspace, self.draft(draft).id)

    def decide(
        self,
        who: str,
        job: str,
        verdict: Verdict = Verdict.ACCEPT,
        comment: str = "Fine.",
        lines: Mapping[int, str] | None = None,
    ) -> JobDetailWire:
        """Review and decide as one member; `lines` are comments beside lines of the code."""
        acting = self.acting(who)
        seen = deciding.review(acting, self.workspace, job)
        return deciding.decide(
            acting,
            self.workspace,
            job,
            version_hash=seen.version_hash,
            verdict=verdict,
            comment=comment,
            line_comments=[LineComment(line=line, text=text) for line, text in (lines or {}).items()],
        )

    def accepted(self, draft: Draft | None = None) -> JobDetailWire:
        """Create a job that everybody has accepted."""
        job = self.submitted(draft)
        for who in REVIEWERS:
            job = self.decide(who, job.id)
        assert job.status == "Accepted"
        return self.job(job.id)

    def job(self, job: str, who: str = ANA) -> JobDetailWire:
        """Return a job as a member sees it."""
        return self.acting(who).client.job(self.workspace, job)

    def order(self, job: str, inputs: Mapping[str, InputValue] | None = None) -> RunWire:
        """Order a run as the author."""
        return deciding.run(self.ana, self.workspace, job, inputs or {})

    def run(self, run: str) -> RunWire:
        """Return a run as the author sees it."""
        return self.ana.client.run_of(self.workspace, run)

    def ended(self, run: RunWire, *, seconds: float = PATIENCE) -> RunWire:
        """Return the run once it has ended."""
        wait_until(lambda: self.run(run.id).status in ENDED, f"the end of run {run.id}", seconds=seconds)
        return self.run(run.id)

    def in_phase(self, run: RunWire, *phases: str) -> None:
        """Wait until a run is in one of these phases."""
        wait_until(lambda: str(self.run(run.id).phase) in phases, f"phase {' or '.join(phases)}")
