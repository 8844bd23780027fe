"""Real key services and enclaves, each call to them compared with what really happened (`release_rules`)."""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import pytest

from jupyter_secure_jobs.domain.errors import RefusedError, SecureJobsError
from jupyter_secure_jobs.keyservice.service import KeyService
from jupyter_secure_jobs.keyservice.state import State
from jupyter_secure_jobs.protocol import envelope as envelopes
from jupyter_secure_jobs.protocol import places
from jupyter_secure_jobs.protocol.order import KeyGrant
from tests.support.bare_enclave import BareEnclave
from tests.support.living_workspace import MEASUREMENTS, OWNERS, PLATFORMS, LivingWorkspace
from tests.support.lying_server import MALLORY, LyingServer
from tests.support.release_rules import (
    Attested,
    Released,
    Witness,
    against_enclave,
    against_release,
    against_run,
    enrolled,
    leaves_of,
)
from tests.support.world import WORKSPACE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jupyter_secure_jobs.protocol.envelope import Envelope
    from jupyter_secure_jobs.trust.dossier import Dossier


class WatchedParts:
    """Two key services and two enclaves of one workspace. Only a `SecureJobsError` may come out of them."""

    tally: ClassVar[Counter[str]] = Counter()

    def found_workspace(self) -> None:
        """Found the workspace, pin its genesis at the key services, and start the enclaves."""
        self.kept = LivingWorkspace()
        self.server = LyingServer(self.kept)
        self.folder = Path(tempfile.mkdtemp())
        self.witnesses = {owner: Witness(owner) for owner in OWNERS}
        self.services: dict[str, KeyService] = {}
        for owner in OWNERS:
            self._start(owner)
            self._state(owner).pin(WORKSPACE, self.kept.genesis)
        self.enclaves = {
            number: BareEnclave(
                platform=self.kept.world.keys[PLATFORMS[number]].signing,
                name=f"worker-{number}",
                measurement=MEASUREMENTS[number],
                clock=lambda: self.kept.now,
            )
            for number in PLATFORMS
        }
        self.prepared: dict[int, Dossier] = {}
        self.attested: dict[str, Attested] = {}
        self.asked: list[tuple[Envelope, Envelope, Dossier]] = []
        self.granted: list[Envelope] = []
        self.releases = 0
        self.last = ""

    def _state(self, owner: str) -> State:
        return self.services[owner]._state

    def _start(self, owner: str) -> None:
        ring = self.kept.world.ring(f"key service of {owner}")
        self.services[owner] = KeyService(ring, State(self.folder / f"{owner}.sqlite"))

    def _note(self, error: SecureJobsError) -> None:
        self.last = f"{error.code}: {error.detail}"
        self.tally[f"refused: {error.code}"] += 1

    def _nonce(self, owner: str, dossier: Dossier) -> str | None:
        witness, now = self.witnesses[owner], self.kept.now
        try:
            nonce = self.services[owner].nonce(dossier, workspace=WORKSPACE, now=now)
        except SecureJobsError as error:
            self._refused(owner, dossier, error)
            return None
        self._nothing_against(against_release(self.kept, witness, dossier, now), "gave a nonce")
        witness.nonces[dossier.order.hash] = (nonce, now)
        self._shown(owner, dossier)
        return nonce

    def _ask(self, number: int, dossier: Dossier, nonces: dict[str, str]) -> tuple[Envelope, Envelope] | None:
        enclave = self.enclaves[number]
        self.prepared.pop(number, None)
        try:
            enclave.prepare(dossier)
            self._nothing_against(against_run(self.kept, dossier, self.kept.now), "an enclave prepared a run")
            request, evidence = enclave.ask(nonces)
        except SecureJobsError as error:
            self._note(error)
            return None
        assert enrolled(self.kept, dossier.workers, number), "an enclave asked for keys that is not enrolled"
        self.prepared[number] = dossier
        self.attested[evidence.hash] = Attested(
            number, dossier.order.hash, dict(nonces), self.kept.now, enclave.sealing
        )
        self.asked.append((request, evidence, dossier))
        return request, evidence

    def _grant(self, owner: str, dossier: Dossier, request: Envelope, evidence: Envelope) -> Envelope | None:
        witness, now, order = self.witnesses[owner], self.kept.now, dossier.order.hash
        try:
            grant = self.services[owner].grant(dossier, request, evidence, workspace=WORKSPACE, now=now)
        except SecureJobsError as error:
            self._refused(owner, dossier, error)
            return None
        attested = self.attested.get(evidence.hash)
        self._nothing_against(against_release(self.kept, witness, dossier, now), "released keys")
        self._nothing_against(against_enclave(self.kept, witness, attested, dossier, now), "released keys")
        assert attested is not None
        witness.used.add(witness.nonces[order][0])
        known = witness.released.setdefault(order, Released(dossier.version.hash, now, 0))
        known.times += 1
        self._shown(owner, dossier)
        self._opens_there_alone(owner, grant, attested)
        self.granted.append(grant)
        self.releases += 1
        self.tally["releases"] += 1
        return grant

    def _opens_there_alone(self, owner: str, grant: Envelope, attested: Attested) -> None:
        keys = envelopes.read(KeyGrant, grant).keys
        assert all(self.kept.manifests[key.manifest][1].owner == owner for key in keys)
        for key in keys:
            place = places.granted_key(order=attested.order, manifest=key.manifest, key_id=key.key_id)
            assert attested.sealing.open(key.sealed, info=place) == self.kept.data_keys[key.manifest]
            for other in (MALLORY.sealing, *(e.sealing for e in self.enclaves.values() if e.busy)):
                if other is not attested.sealing:
                    with pytest.raises(RefusedError):
                        other.open(key.sealed, info=place)

    def _hand_over(self, number: int, grants: list[Envelope]) -> bool:
        dossier = self.prepared[number]
        try:
            keys = self.enclaves[number].opened(grants)
        except SecureJobsError as error:
            self._note(error)
            return False
        assert keys == {each: self.kept.data_keys[each] for each in keys}
        version = self.kept.versions[dossier.version.hash][1]
        assert set(keys) == {read.manifest for read in version.datasets}
        assert all(grant in self.granted for grant in grants), "an enclave took a grant that no key service made"
        self.tally["enclaves with every key"] += 1
        return True

    @staticmethod
    def _nothing_against(reasons: Iterable[str], what: str) -> None:
        found = list(reasons)
        assert not found, f"{what} although {'; '.join(found)}"

    def _shown(self, owner: str, dossier: Dossier) -> None:
        """A dossier was believed: what it shows counts from now on."""
        witness = self.witnesses[owner]
        for each in dossier.revocations:
            said = self.kept.revocations[each.hash][1]
            witness.heard.setdefault(said.version, set()).add(said.scope)
        self._settle(owner, len(dossier.rosters), len(dossier.workers), dossier)

    def _refused(self, owner: str, dossier: Dossier, error: SecureJobsError) -> None:
        self._note(error)
        self._settle(owner, 0, 0, dossier)
        if error.code == "withdrawn":
            # The key service has seen it now, whoever leaves it out later.
            for each in dossier.revocations:
                found = self.kept.revocations.get(each.hash)
                if found is not None and found[1].version == dossier.version.hash:
                    self.witnesses[owner].heard.setdefault(found[1].version, set()).add(found[1].scope)

    def _settle(self, owner: str, epoch: int, lists: int, dossier: Dossier | None = None) -> None:
        """Note what a key service remembers now; it forgets nothing, and goes on with true statements alone."""
        witness, pin = self.witnesses[owner], self._state(owner).pinned(WORKSPACE)
        assert pin is not None
        assert max(witness.epoch, epoch) <= pin.epoch, "a roster that was seen is not remembered"
        assert pin.roster == self.kept.rosters[pin.epoch - 1].hash, "a roster that the members did not sign is pinned"
        assert max(witness.lists, lists) <= pin.workers <= len(self.kept.lists), "a worker list is not remembered"
        witness.epoch, witness.lists = pin.epoch, pin.workers
        size = self.services[owner].log_sizes().get(WORKSPACE, 0)
        assert size >= len(witness.log), "the log that was seen became shorter"
        if size > len(witness.log):
            assert dossier is not None
            leaves = leaves_of(self.kept, dossier.log)
            assert leaves is not None
            assert leaves[: len(witness.log)] == witness.log, "another log is remembered"
            assert len(leaves) == size
            witness.log = leaves
