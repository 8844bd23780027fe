"""How long does it take to verify a run, by each who is concerned with it, among few members and among many?"""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from bench import verify_plot, verify_table
from bench.machine import describe
from bench.report import Report
from bench.verify_kinds import MEMBERS, STATES
from bench.verify_run import OWNERS, WORKSPACE, AcceptedJob, Enclave
from jupyter_secure_jobs.crypto import signing
from jupyter_secure_jobs.keyservice.service import KeyService
from jupyter_secure_jobs.keyservice.state import State
from jupyter_secure_jobs.protocol import codec
from jupyter_secure_jobs.protocol.clock import utc_now
from jupyter_secure_jobs.trust.bundle import Bundle, verify_bundle
from jupyter_secure_jobs.trust.dossier import Dossier, verify_run
from jupyter_secure_jobs.trust.roster import verify_rosters, verify_workers
from jupyter_secure_jobs.trust.verified import VERIFIED

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console

    from jupyter_secure_jobs.protocol.envelope import Envelope

NAME: Final = "verify"


def measure(folder: Path, rounds: int, console: Console) -> None:
    """Measure everything in one go; print it, and write `verify.json` and `verify.png` into `folder`.

    Raises:
        RefusedError: a statement does not verify: then the figures would say nothing.
    """
    machine = describe()
    figures: dict[str, float] = {}
    for members in MEMBERS:
        console.print(f"Signing for {members} members …")
        figures |= _figures(AcceptedJob(members), members, rounds)
    report = Report(name=NAME, machine=machine, figures=figures)
    verify_table.show(report, console)
    console.print(f"Written: {report.write(folder)}, {verify_plot.draw(report.figures, folder / f'{NAME}.png')}")


def _figures(job: AcceptedJob, members: int, rounds: int) -> dict[str, float]:
    measured: dict[str, list[float]] = {}

    def add(name: str, milliseconds: float) -> None:
        measured.setdefault(f"{name}_ms_{members}_members", []).append(milliseconds)

    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        services = {owner: _service(job, owner, Path(name) / f"{owner}.sqlite") for owner in OWNERS}
        for _ in range(rounds):
            for state in STATES:
                for step, taken in _run(job, services, state).items():
                    add(f"{step}_{state}", taken)
            dossier = job.order()
            VERIFIED.forget()
            add("verify", _timed(lambda given=dossier: verify_run(given, genesis=job.genesis, now=job.now))[0])  # type: ignore[misc]
            add("bare", _bare(dossier))
    figures = {key: statistics.median(found) for key, found in measured.items()}
    figures[f"added_ms_{members}_members"] = figures.pop(f"added_new_version_ms_{members}_members")
    figures[f"signatures_{members}_members_count"] = len(_signed(job.order()))
    least = min(measured[f"bare_ms_{members}_members"])
    figures[f"verify_over_bare_{members}_members_ratio"] = min(measured[f"verify_ms_{members}_members"]) / least
    return figures


def _service(job: AcceptedJob, owner: str, path: Path) -> KeyService:
    state = State(path)
    state.pin(WORKSPACE, job.genesis)
    return KeyService(job.ring(owner), state)


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    tick = time.perf_counter()
    done = work()
    return (time.perf_counter() - tick) * 1000, done


def _prepare(job: AcceptedJob, state: str, dossier: Dossier | None = None) -> None:
    """Make this process remember what a part's own process would have verified: before the run, and in `dossier`.

    Enclave and key services are processes of their own: none knows what another has verified.
    """
    VERIFIED.forget()
    if state == "new_version":
        verify_workers(job.workers, verify_rosters(job.rosters, genesis=job.genesis))
    elif state == "rerun":
        verify_run(job.order(), genesis=job.genesis, now=job.now)
    if dossier is not None:
        verify_run(dossier, genesis=job.genesis, now=job.now)


def _run(job: AcceptedJob, services: dict[str, KeyService], state: str) -> dict[str, float]:
    """Verify one run as every part does; return the milliseconds of each, and of those that come one after another."""
    dossier = job.order(seen=max(service.log_sizes().get(WORKSPACE, 0) for service in services.values()))
    carried = codec.to_json(dossier)
    enclave = Enclave(job.platform)
    _prepare(job, state)
    prepared, run = _timed(lambda: enclave.prepare(Dossier.from_json(carried), now=utc_now()))
    answers: dict[str, tuple[float, str]] = {}
    for owner, service in services.items():
        _prepare(job, state)

        def nonce(service: KeyService = service) -> str:
            return service.nonce(Dossier.from_json(carried), workspace=WORKSPACE, now=utc_now())

        answers[owner] = _timed(nonce)
    nonces = {owner: answer for owner, (_, answer) in answers.items()}
    _prepare(job, state, dossier)
    asked, (request, evidence) = _timed(lambda: enclave.ask(run, nonces))
    grants: dict[str, tuple[float, Envelope]] = {}
    for owner, service in services.items():
        _prepare(job, state, dossier)

        def grant(service: KeyService = service) -> Envelope:
            given = Dossier.from_json(carried)
            return service.grant(given, request, evidence, workspace=WORKSPACE, now=utc_now())

        grants[owner] = _timed(grant)
    given = tuple(envelope for _, envelope in grants.values())
    _prepare(job, state, dossier)
    opened, _ = _timed(lambda: enclave.open(run, given, evidence))
    slower = max(answers[owner][0] + grants[owner][0] for owner in OWNERS)
    written = job.bundle(dossier, evidence, given, enclave.signing).to_bytes()
    VERIFIED.forget()
    checked, _ = _timed(
        lambda: verify_bundle(Bundle.from_bytes(written), genesis=job.genesis, now=utc_now())
    )  # fmt: skip
    steps = {"enclave": prepared + asked + opened, "key_service": slower, "added": prepared + asked + opened + slower}
    return {**steps, **({"bundle": checked} if state == "cold" else {})}


def _signed(dossier: Dossier) -> list[tuple[str, bytes, bytes]]:
    every = (*dossier.rosters, *dossier.workers, *dossier.manifests, dossier.version, *dossier.decisions, dossier.order)
    return [(each.keyid, envelope.signed_bytes(), each.sig) for envelope in every for each in envelope.signatures]


def _bare(dossier: Dossier) -> float:
    signed = _signed(dossier)

    def verify() -> None:
        for public, message, signature in signed:
            signing.verify(public, message, signature)

    return _timed(verify)[0]
