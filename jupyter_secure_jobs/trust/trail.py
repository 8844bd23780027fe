"""A verified bundle in steps, from the genesis to the result's digest: what was checked, who signed it, when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from jupyter_secure_jobs.crypto import encoding
from jupyter_secure_jobs.domain.review import Verdict
from jupyter_secure_jobs.protocol import envelope as envelopes
from jupyter_secure_jobs.protocol.decision import Revocation
from jupyter_secure_jobs.protocol.roster import WorkerList
from jupyter_secure_jobs.trust import signatures
from jupyter_secure_jobs.trust.manifest import publishers_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from jupyter_secure_jobs.protocol.envelope import Envelope
    from jupyter_secure_jobs.protocol.order import SealedOutput
    from jupyter_secure_jobs.trust.bundle import VerifiedBundle
    from jupyter_secure_jobs.trust.roster import TrustedRosters

NOT_PROVEN: Final = (
    (
        "That nobody looked on: the enclave is software. Root, or the worker's account, on the worker's host can read "
        "the data there and could make an enclave sign another result."
    ),
    (
        "That the measured code ran: the measurement is the word of the worker's platform key, which software keeps. "
        "Whoever holds that key can sign any measurement on the members' list."
    ),
    (
        "That the server hid nothing: the log proves that what it had shown was not taken back later. A revocation "
        "that it kept from the key services, or that stands in the log and was left out of this file, is not seen "
        "here, nor is anything after the newest checkpoint. Compare that with the one that a member's side shows."
    ),
    "How many runs there were before: each key service counts them for itself.",
    "When things happened, to the minute: each time is the word of its signer's clock; 120 seconds are allowed.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """Whose signature was verified: a member's e-mail address, a key service, a recovery key, a worker, an enclave."""

    name: str
    organisation: str | None
    fingerprint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One check that held. `subject` names the statement, `found` says in a sentence what it showed.

    `time` is the signer's own; `statement` is the hash and `index` the place in the log, where there are such.
    """

    subject: str
    found: str
    by: tuple[Signer, ...]
    time: datetime | None
    statement: str | None
    index: int | None


def steps(verified: VerifiedBundle) -> tuple[Step, ...]:
    """Return the steps, in the order in which each rests on those before it."""
    return tuple(_Trail(verified).all())


class _Trail:
    """Walks a verified bundle. It names only those signers whose signatures are required, and so were verified."""

    def __init__(self, verified: VerifiedBundle) -> None:
        self._all = verified
        self._run, self._dossier = verified.run, verified.bundle.dossier

    def all(self) -> Iterator[Step]:
        """Give every step."""
        yield from self._membership()
        yield from self._terms()
        yield from self._stops()
        yield from self._release()
        yield from self._outcome()

    def _step(
        self, subject: str, found: str, *by: Signer, time: datetime | None = None, envelope: Envelope | None = None
    ) -> Step:
        digest = envelope.hash if envelope is not None else None
        index = self._all.index.get(digest) if digest is not None else None
        return Step(subject=subject, found=found, by=by, time=time, statement=digest, index=index)

    def _member(self, email: str) -> Signer:
        member = self._run.rosters.member(email)
        return Signer(name=email, organisation=member.organisation, fingerprint=_short(member.keys.signing))

    def _service(self, organisation: str) -> Signer:
        named = self._run.rosters.newest.organisation(organisation)
        key = named.key_service.signing if named is not None and named.key_service is not None else ""
        return Signer(name=f"key service of {organisation}", organisation=organisation, fingerprint=_short(key))

    def _membership(self) -> Iterator[Step]:
        rosters = self._run.rosters
        for number, (roster, envelope) in enumerate(zip(rosters.chain, self._dossier.rosters, strict=True)):
            organisations = ", ".join(each.name for each in roster.organisations)
            found = f"{len(roster.members)} members of {organisations}."
            if number:
                found += " It follows the one before."
            signers = _roster_signers(rosters, number, envelope)
            subject = "Roster 1, the genesis" if not number else f"Roster {roster.epoch}"
            yield self._step(subject, found, *signers, time=roster.time, envelope=envelope)
        names = ", ".join(sorted(worker.name for worker in self._run.workers.values()))
        everybody = (self._member(member.email) for member in rosters.newest.members)
        newest = self._dossier.workers[-1]
        made = envelopes.read(WorkerList, newest).time
        yield self._step("Worker list", f"It enrols {names}.", *everybody, time=made, envelope=newest)

    def _terms(self) -> Iterator[Step]:
        for envelope in self._dossier.manifests:
            manifest = self._run.manifests[envelope.hash]
            found = f"{manifest.name}, version {manifest.version}: {manifest.rows:,} rows of {manifest.owner}."
            signed = {signature.keyid for signature in envelope.signatures}
            key = next(key for key in publishers_of(manifest, self._run.rosters) if key in signed)
            signer = Signer(name=manifest.publisher, organisation=manifest.owner, fingerprint=_short(key))
            yield self._step("Dataset", found, signer, time=manifest.time, envelope=envelope)
        version, author = self._run.version, self._member(self._run.version.author)
        found = f'"{version.name}", version {version.number}, in {version.language.value}: code, datasets, inputs, '
        found += "grant, limits, policies and recipients as below."
        yield self._step("Version", found, author, time=version.time, envelope=self._dossier.version)
        for decision, envelope in zip(self._all.decisions, self._dossier.decisions, strict=True):
            word = "Accepts" if decision.verdict is Verdict.ACCEPT else "Declines"
            found = f"{word} exactly this version, until {decision.expires:%Y-%m-%d}."
            yield self._step("Decision", found, self._member(decision.member), time=decision.time, envelope=envelope)
        order = self._run.order
        found = "It orders one run of exactly this version, with input values that it allows."
        yield self._step("Run order", found, author, time=order.time, envelope=self._dossier.order)

    def _stops(self) -> Iterator[Step]:
        ordered_at = self._all.index[self._dossier.order.hash]
        for envelope in self._dossier.revocations:
            said = envelopes.read(Revocation, envelope)
            when = "before" if self._all.index[envelope.hash] < ordered_at else "after"
            found = f"Scope {said.scope.value!r}; in the log {when} the run order."
            yield self._step("Revocation", found, self._member(said.member), time=said.time, envelope=envelope)
        heard = zip(self._all.acknowledgements, self._all.bundle.acknowledgements, strict=True)
        for word, envelope in heard:
            by = self._service(word.organisation)
            yield self._step("Acknowledgement", "It heard a revocation.", by, time=word.time, envelope=envelope)

    def _release(self) -> Iterator[Step]:
        evidence = self._all.evidence
        keys = {worker.name: worker.platform_key for worker in self._run.workers.values()}
        worker = Signer(name=f"worker {evidence.worker}", organisation=None, fingerprint=_short(keys[evidence.worker]))
        found = (
            f"A {evidence.assurance} enclave with measurement {evidence.measurement}, which is on the members' list."
        )
        yield self._step("Evidence", found, worker, time=evidence.iat, envelope=self._all.bundle.evidence)
        for grant, envelope in zip(self._all.grants, self._all.bundle.grants, strict=True):
            names = ", ".join(sorted(self._run.manifests[key.manifest].name for key in grant.keys))
            found = f"It released the keys of {names} to that enclave for this order (attempt {grant.attempt})."
            by = self._service(grant.organisation)
            yield self._step("Key grant", found, by, time=grant.time, envelope=envelope)

    def _outcome(self) -> Iterator[Step]:
        receipt, evidence = self._all.receipt, self._all.evidence
        enclave = Signer(name="the enclave", organisation=None, fingerprint=_short(evidence.signing_key))
        found = f"{receipt.status.value}; {_sealed('result', receipt.result)}; {_sealed('log', receipt.log)}."
        envelope = self._all.bundle.receipt
        yield self._step("Receipt", found, enclave, time=receipt.finished, envelope=envelope)
        newest = self._run.log.newest
        key = self._run.rosters.newest.log_key
        log = Signer(name="the log's key, named by the genesis", organisation=None, fingerprint=_short(key))
        found = (
            f"One log of {newest.size} entries has all of these, in this order, and continues what every signer saw."
        )
        yield self._step("Log", found, log)
        if self._all.logical is not None:
            found = f"A recipient disclosed the digest of the rows, {self._all.logical}; it is the one of the receipt."
            yield self._step("Rows", found, enclave, time=receipt.finished)


def _roster_signers(rosters: TrustedRosters, number: int, envelope: Envelope) -> Iterator[Signer]:
    now = rosters.chain[number]
    last = rosters.chain[number - 1] if number else now
    known = {member.keys.signing: (member.email, member.organisation) for member in (*last.members, *now.members)}
    for each in last.organisations:
        if each.recovery is not None:
            known[each.recovery.signing] = (f"recovery key of {each.name}", each.name)
    for signature in envelope.signatures:
        if signature.keyid in known:
            # More may have signed than the chain needs; nobody is named here whose signature was not verified.
            name, organisation = known[signature.keyid]
            signatures.require(envelope, signature.keyid, who=name)
            yield Signer(name=name, organisation=organisation, fingerprint=_short(signature.keyid))


def _sealed(kind: str, output: SealedOutput | None) -> str:
    return f"sealed {kind}: {output.digest}, {output.bytes:,} bytes" if output is not None else f"no {kind}"


def _short(public: str) -> str:
    return encoding.fingerprint(public)
