"""The road of one run, stage by stage, with real key services and a real enclave that has no sandbox."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from jupyter_secure_jobs.domain.job import Grant
from jupyter_secure_jobs.domain.review import Verdict
from jupyter_secure_jobs.keyservice.service import KeyService
from jupyter_secure_jobs.keyservice.state import State
from tests.support.bare_enclave import BareEnclave
from tests.support.living_workspace import OWNERS, LivingWorkspace
from tests.support.lying_server import LyingServer
from tests.support.world import AUTHOR, MEASUREMENT, WORKSPACE

if TYPE_CHECKING:
    from pathlib import Path

    from jupyter_secure_jobs.protocol.envelope import Envelope
    from jupyter_secure_jobs.trust.dossier import Dossier


class Road:
    """A job that everybody accepted, its author's first order, and all who must agree."""

    def __init__(self, folder: Path, grant: Grant | None = None) -> None:
        """Make everything up to the order."""
        self.folder = folder
        self.kept = LivingWorkspace()
        self.server = LyingServer(self.kept)
        self.services: dict[str, KeyService] = {}
        for owner in OWNERS:
            self.start(owner)
            self.services[owner]._state.pin(WORKSPACE, self.kept.genesis)
        self.enclave = self.enclave_of("platform")
        self.version = self.accepted(grant or Grant(reruns=True, most_runs=3))
        self.order = self.ordered()

    def close(self) -> None:
        """Close the key services' files."""
        for service in self.services.values():
            service._state.close()

    def start(self, owner: str, holder: str | None = None) -> None:
        """Start an organisation's key service, again if it runs; with another holder's keys if one is named."""
        if owner in self.services:
            self.services[owner]._state.close()
        ring = self.kept.world.ring(holder or f"key service of {owner}", owner)
        self.services[owner] = KeyService(ring, State(self.folder / f"{owner}.sqlite"))

    def enclave_of(self, holder: str) -> BareEnclave:
        """Return the enclave of a worker whose platform key this holder has."""
        platform = self.kept.world.keys[holder].signing
        return BareEnclave(platform=platform, name="worker-1", measurement=MEASUREMENT, clock=lambda: self.kept.now)

    def accepted(self, grant: Grant) -> str:
        """Submit a version that everybody accepts."""
        version = self.kept.submit(AUTHOR, grant, OWNERS)
        for who in self.kept.undecided(version):
            self.kept.decide(version, who, Verdict.ACCEPT, days=90)
        return version

    def ordered(self) -> str:
        """Order a run of the accepted version."""
        order = self.kept.order(self.version, AUTHOR, month=7, hours=100)
        assert order is not None
        return order

    def passes(self, **length: float) -> None:
        """Let time pass."""
        self.kept.now += timedelta(**length)

    def dossier(self, order: str | None = None) -> Dossier:
        """Return what an honest server hands over."""
        self.server.sizes = {size for service in self.services.values() for size in service.log_sizes().values()}
        return self.server.dossier(order or self.order)

    def nonce(self, owner: str, dossier: Dossier | None = None) -> str:
        """Ask a key service for its nonce."""
        return self.services[owner].nonce(dossier or self.dossier(), workspace=WORKSPACE, now=self.kept.now)

    def asked(self, dossier: Dossier | None = None) -> tuple[Envelope, Envelope]:
        """Bring the enclave as far as its key request; return that and its evidence."""
        shown = dossier or self.dossier()
        nonces = {owner: self.nonce(owner, shown) for owner in OWNERS}
        self.enclave.prepare(shown)
        return self.enclave.ask(nonces)

    def grant(self, owner: str, asked: tuple[Envelope, Envelope], dossier: Dossier | None = None) -> Envelope:
        """Ask a key service for its grant."""
        return self.services[owner].grant(dossier or self.dossier(), *asked, workspace=WORKSPACE, now=self.kept.now)

    def granted(self, dossier: Dossier | None = None) -> list[Envelope]:
        """Go all the way to the grants."""
        asked = self.asked(dossier)
        return [self.grant(owner, asked, dossier) for owner in OWNERS]
