"""A hostile workspace server: it holds all that was ever signed, has keys of its own, and hands over what it likes."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from jupyter_secure_jobs.crypto import merkle
from jupyter_secure_jobs.domain.review import Verdict
from jupyter_secure_jobs.protocol import envelope as envelopes
from jupyter_secure_jobs.protocol.decision import Decision
from jupyter_secure_jobs.protocol.envelope import Envelope, Signature
from jupyter_secure_jobs.protocol.log import Consistency, LogProof
from jupyter_secure_jobs.protocol.order import Evidence
from jupyter_secure_jobs.trust.dossier import Dossier
from tests.support.keys import Keys
from tests.support.world import MEASUREMENT, PEOPLE, World

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Sequence

    from tests.support.living_workspace import LivingWorkspace

MALLORY: Final = Keys.of("mallory")


def altered(envelope: Envelope, **changes: Any) -> Envelope:
    """Return an envelope that says something else under the same signatures."""
    said = {**json.loads(envelope.payload), **changes}
    payload = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    return Envelope(payload=payload, payloadType=envelope.payloadType, signatures=envelope.signatures)


def resigned(envelope: Envelope, *, under: str | None = None) -> Envelope:
    """Return an envelope signed by the server alone, under its own key id or under somebody else's."""
    sig = MALLORY.signing.sign(envelope.signed_bytes())
    return replace(envelope, signatures=(Signature(keyid=under or MALLORY.signing.public, sig=sig),))


class LyingServer:
    """Composes what it hands over about a run; `chance` decides how."""

    def __init__(self, workspace: LivingWorkspace) -> None:
        """Take everything that the members give it."""
        self.kept = workspace
        self.own = World()
        self.sizes: set[int] = set()

    # -- the truth ----------------------------------------------------------------------------------------------------

    def dossier(self, order: str) -> Dossier:
        """Return what an honest server would hand over."""
        envelope, said = self.kept.orders[order]
        version, _ = self.kept.versions[said.version]
        return Dossier(
            rosters=tuple(self.kept.rosters),
            workers=tuple(self.kept.lists),
            manifests=tuple(made for made, _ in self.kept.manifests.values()),
            version=version,
            decisions=tuple(made for (of, _), (made, _) in self.kept.decisions.items() if of == said.version),
            revocations=tuple(made for made, of in self.kept.revocations.values() if of.version == said.version),
            order=envelope,
            log=self.log(self.kept.logs[0]),
        )

    def log(self, leaves: Sequence[bytes], size: int | None = None) -> LogProof:
        """Return how a log stands, proven from every size that anybody may have seen."""
        end = len(leaves) if size is None else size
        tree = merkle.Tree.of(leaves[:end])
        known = {len(seen) for seen in (*self.kept.carried.values(), *self.kept.seen.values())} | self.sizes
        proofs = [
            Consistency(size=each, proof=tuple(tree.consistency(each))) for each in sorted(known) if 0 < each < end
        ]
        return LogProof(checkpoint=self.kept.world.note(end, leaves), consistency=tuple(proofs))

    # -- lies ---------------------------------------------------------------------------------------------------------

    def lie(self, dossier: Dossier, chance: random.Random) -> Dossier:
        """Return the dossier with one lie in it, often the one that would help."""
        if self.kept.undecided(dossier.version.hash) and chance.random() < 0.5:
            return self.acceptances_made_up(dossier, chance)
        name = chance.choice(list(LIES) if chance.random() < 0.8 else ["log_that_fits"])
        return LIES[name](self, dossier, chance)

    def roster_left_out(self, dossier: Dossier, chance: random.Random) -> Dossier:
        chain = dossier.rosters
        at = chance.randrange(len(chain)) if chain else 0
        left = chain[:at] if chance.random() < 0.7 else [*chain[:at], *chain[at + 1 :]]
        return replace(dossier, rosters=tuple(left))

    def roster_of_its_own(self, dossier: Dossier, chance: random.Random) -> Dossier:
        """A next roster without those who have not accepted, or a workspace of the server's own making."""
        if chance.random() < 0.3:
            mine = self.own.sign(self.own.roster(name="of the server"), *PEOPLE)
            return replace(dossier, rosters=(mine,))
        if not dossier.rosters:
            return dossier
        last = dossier.rosters[-1]
        said = json.loads(last.payload)
        left = said["members"][: max(1, len(said["members"]) - 1)]
        bare = altered(last, members=left, epoch=said["epoch"] + 1, genesis=self.kept.genesis, previous=last.hash)
        forged = chance.choice([bare, resigned(bare)])
        return replace(dossier, rosters=(*dossier.rosters, forged))

    def roster_that_waits(self, dossier: Dossier, chance: random.Random) -> Dossier:
        """A roster that not everybody has signed."""
        if not self.kept.pending:
            return self.roster_of_its_own(dossier, chance)
        waiting = chance.choice(self.kept.pending)
        at = chance.randrange(len(dossier.rosters) + 1)
        return replace(dossier, rosters=(*dossier.rosters[:at], waiting))

    def workers_older(self, dossier: Dossier, chance: random.Random) -> Dossier:
        return replace(dossier, workers=dossier.workers[: chance.randrange(len(dossier.workers) + 1)])

    def workers_of_its_own(self, dossier: Dossier, chance: random.Random) -> Dossier:
        if not dossier.workers:
            return dossier
        last = dossier.workers[-1]
        mine = [{"name": "worker-1", "platform_key": MALLORY.signing.public, "measurements": [MEASUREMENT]}]
        bare = altered(last, epoch=len(dossier.workers) + 1, previous=last.hash, workers=mine)
        forged = chance.choice([bare, resigned(bare)])
        replacing = replace(last, payload=altered(last, workers=mine).payload)
        return replace(dossier, workers=chance.choice([(*dossier.workers, forged), (*dossier.workers[:-1], replacing)]))

    def decision_left_out(self, dossier: Dossier, chance: random.Random) -> Dossier:
        decisions = list(dossier.decisions)
        if decisions:
            del decisions[chance.randrange(len(decisions))]
        return replace(dossier, decisions=tuple(decisions))

    def decision_from_elsewhere(self, dossier: Dossier, chance: random.Random) -> Dossier:
        every = [made for made, _ in self.kept.decisions.values()]
        return self._decided(dossier, chance.choice(every), chance) if every else dossier

    def decision_altered(self, dossier: Dossier, chance: random.Random) -> Dossier:
        """An acceptance made out of any decision: of the server's own, or rewritten under its signature."""
        every = [made for made, _ in self.kept.decisions.values()]
        if not every:
            return dossier
        who = chance.choice(self.kept.emails)
        changes: dict[str, Any] = {"verdict": "accept", "version": dossier.version.hash}
        if chance.random() < 0.7:
            changes |= {"member": who, "epoch": len(dossier.rosters)}
        if chance.random() < 0.5:
            changes["expires"] = "2030-01-01T00:00:00.000Z"
        made = altered(chance.choice(every), **changes)
        forged = chance.choice([made, resigned(made), resigned(made, under=self.kept.key(who).signing.public)])
        return self._decided(dossier, forged, chance)

    def acceptances_made_up(self, dossier: Dossier, chance: random.Random) -> Dossier:
        """An acceptance for everybody who has not accepted, each signed by nobody who may, all in one way."""
        found = self.kept.versions.get(dossier.version.hash)
        every = [made for made, _ in self.kept.decisions.values()]
        if found is None or not every:
            return dossier
        how = chance.randrange(3)
        for who in self.kept.emails:
            known = self.kept.decisions.get((dossier.version.hash, who))
            if who == found[1].author or (known is not None and known[1].verdict is Verdict.ACCEPT):
                continue
            said = {
                "verdict": "accept",
                "version": dossier.version.hash,
                "member": who,
                "epoch": len(self.kept.rosters),
            }
            made = altered(every[-1], expires="2030-01-01T00:00:00.000Z", **said)
            key = self.kept.key(who).signing.public
            dossier = self._decided(dossier, [made, resigned(made), resigned(made, under=key)][how], chance)
        return dossier

    def _decided(self, dossier: Dossier, more: Envelope, chance: random.Random) -> Dossier:
        """Put a decision beside the others or in the place of the same member's."""
        who = envelopes.read(Decision, more).member
        others = [each for each in dossier.decisions if envelopes.read(Decision, each).member != who]
        kept = list(dossier.decisions) if chance.random() < 0.2 else others
        kept.insert(chance.randrange(len(kept) + 1), more)
        return replace(dossier, decisions=tuple(kept))

    def shuffled(self, dossier: Dossier, chance: random.Random) -> Dossier:
        decisions, manifests = list(dossier.decisions), list(dossier.manifests)
        chance.shuffle(decisions)
        chance.shuffle(manifests)
        return replace(dossier, decisions=tuple(decisions), manifests=tuple(manifests))

    def revocations_hidden(self, dossier: Dossier, _chance: random.Random) -> Dossier:
        return replace(dossier, revocations=())

    def revocations_mixed(self, dossier: Dossier, chance: random.Random) -> Dossier:
        every = [made for made, _ in self.kept.revocations.values()]
        return replace(dossier, revocations=tuple(chance.sample(every, chance.randrange(len(every) + 1))))

    def version_swapped(self, dossier: Dossier, chance: random.Random) -> Dossier:
        return replace(dossier, version=chance.choice([made for made, _ in self.kept.versions.values()]))

    def version_altered(self, dossier: Dossier, chance: random.Random) -> Dossier:
        changes: dict[str, Any] = chance.choice(
            [
                {"code": "SELECT * FROM beta"},
                {"grant": {"reruns": True, "most_runs": 500, "until": None}},
                {"inputs": []},
                {"recipients": [{"member": "mallory@beta.example", "sealing_key": MALLORY.sealing.public}]},
                {"author": chance.choice(self.kept.emails)},
                {"epoch": len(self.kept.rosters), "roster": self.kept.rosters[-1].hash},
            ]
        )
        made = altered(dossier.version, **changes)
        return replace(dossier, version=chance.choice([made, resigned(made)]))

    def order_swapped(self, dossier: Dossier, chance: random.Random) -> Dossier:
        return replace(dossier, order=chance.choice([made for made, _ in self.kept.orders.values()]))

    def order_altered(self, dossier: Dossier, chance: random.Random) -> Dossier:
        changes: dict[str, Any] = chance.choice(
            [
                {"nonce": f"mine-{chance.randrange(1000)}"},
                {"inputs": {"month": 13}},
                {"version": dossier.version.hash},
                {"expires": "2030-01-01T00:00:00.000Z"},
                {"member": chance.choice(self.kept.emails)},
            ]
        )
        made = altered(dossier.order, **changes)
        return replace(dossier, order=chance.choice([made, resigned(made)]))

    def manifest_changed(self, dossier: Dossier, chance: random.Random) -> Dossier:
        manifests = list(dossier.manifests)
        if not manifests:
            return dossier
        at = chance.randrange(len(manifests))
        own = altered(manifests[at], owner=chance.choice(["Alpha", "Beta", "Gamma"]))
        manifests[at : at + 1] = chance.choice([[], [own]])
        return replace(dossier, manifests=tuple(manifests))

    def log_forked(self, dossier: Dossier, chance: random.Random) -> Dossier:
        return replace(dossier, log=self.log(chance.choice(self.kept.logs)))

    def log_shortened(self, dossier: Dossier, chance: random.Random) -> Dossier:
        leaves = chance.choice(self.kept.logs)
        # Mostly by a little, so that all that the statements carry is still there.
        least = max(1, len(leaves) - 4) if chance.random() < 0.7 else 1
        return replace(dossier, log=self.log(leaves, chance.randrange(least, len(leaves) + 1)))

    def log_that_fits(self, dossier: Dossier, chance: random.Random) -> Dossier:
        """A log that goes on from all that the statements carry, and leaves out or changes what came after."""
        carried = [self.kept.carried.get(each.hash, ()) for each in (dossier.order, *dossier.decisions)]
        longest = max(carried, key=len)
        truth = self.kept.logs[0]
        if chance.random() < 0.5 and tuple(truth[: len(longest)]) == longest:
            return replace(dossier, log=self.log(truth, chance.randrange(max(1, len(longest)), len(truth) + 1)))
        fork = [
            *longest,
            *(merkle.leaf_hash(f"made up {chance.random()}".encode()) for _ in range(chance.randrange(1, 6))),
        ]
        self.kept.forks.append(fork)
        return replace(dossier, log=self.log(fork))

    def log_without_proofs(self, dossier: Dossier, _chance: random.Random) -> Dossier:
        return replace(dossier, log=replace(dossier.log, consistency=()))

    # -- invented enclaves --------------------------------------------------------------------------------------------

    def invented(
        self, asked: tuple[Envelope, Envelope], before: tuple[Envelope, Envelope], chance: random.Random
    ) -> tuple[Envelope, Envelope]:
        """Return a key request and evidence made out of those of now and of an earlier run, and of the server's own."""
        request, evidence = asked
        forged = self._evidence(envelopes.read(Evidence, evidence), chance)
        # The server's sealing key in an enclave's evidence, under the old signature.
        stolen = altered(evidence, sealing_key=MALLORY.sealing.public)
        return chance.choice(
            [
                asked,
                (request, before[1]),
                (before[0], evidence),
                (resigned(request), evidence),
                (altered(request, nonces=[]), evidence),
                (request, stolen),
                (resigned(altered(request, evidence=forged.hash)), forged),
            ]
        )

    def _evidence(self, honest: Evidence, chance: random.Random) -> Envelope:
        """Return evidence of an enclave of the server's own, which claims to be an enrolled one."""
        claims = replace(honest, signing_key=MALLORY.signing.public, sealing_key=MALLORY.sealing.public)
        signed = envelopes.sign(claims, MALLORY.signing)
        enrolled = self.kept.world.keys["platform"].signing.public
        return chance.choice([signed, resigned(signed, under=enrolled)])


LIES: Final[dict[str, Callable[[LyingServer, Dossier, random.Random], Dossier]]] = {
    name: getattr(LyingServer, name)
    for name in (
        *("roster_left_out", "roster_of_its_own", "roster_that_waits", "workers_older", "workers_of_its_own"),
        *("decision_left_out", "decision_from_elsewhere", "decision_altered", "acceptances_made_up", "shuffled"),
        *("revocations_hidden", "revocations_mixed", "version_swapped", "version_altered"),
        *("order_swapped", "order_altered", "manifest_changed"),
        *("log_forked", "log_shortened", "log_that_fits", "log_without_proofs"),
    )
}
