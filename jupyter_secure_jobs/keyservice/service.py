"""The key service's decisions: everything is verified again, counted here, and only then released."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from jupyter_secure_jobs.crypto import checkpoint as checkpoints
from jupyter_secure_jobs.crypto import sealing
from jupyter_secure_jobs.domain.errors import RefusedError
from jupyter_secure_jobs.domain.job import Scope, runs_refused
from jupyter_secure_jobs.domain.run import MOST_GRANTS_PER_ORDER, REGRANT_HOURS
from jupyter_secure_jobs.keyservice.state import Heard
from jupyter_secure_jobs.protocol import envelope as envelopes
from jupyter_secure_jobs.protocol import places
from jupyter_secure_jobs.protocol.dataset import Withdrawal
from jupyter_secure_jobs.protocol.decision import Acknowledgement, Decision, Revocation
from jupyter_secure_jobs.protocol.order import GrantedKey, KeyGrant
from jupyter_secure_jobs.protocol.roster import Roster
from jupyter_secure_jobs.trust.approval import CLOCK_SKEW, verify_revocation
from jupyter_secure_jobs.trust.dossier import AuthorisedRun, Dossier, verify_run
from jupyter_secure_jobs.trust.evidence import verify_key_request
from jupyter_secure_jobs.trust.manifest import verify_manifest, verify_withdrawal
from jupyter_secure_jobs.trust.roster import verify_rosters, verify_workers

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from jupyter_secure_jobs.crypto.checkpoint import Checkpoint
    from jupyter_secure_jobs.crypto.keyfile import KeyRing
    from jupyter_secure_jobs.keyservice.state import Pin, State
    from jupyter_secure_jobs.protocol.envelope import Envelope
    from jupyter_secure_jobs.protocol.notice import Notice
    from jupyter_secure_jobs.trust.roster import TrustedRosters


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """A stop that was heard and its acknowledgement, for the workspace server."""

    workspace: str
    statement: Envelope
    acknowledgement: Envelope


class KeyService:
    """One organisation's. Does no networking; time is passed in."""

    def __init__(self, ring: KeyRing, state: State) -> None:
        """Use the service's own keys and memory."""
        self._ring, self._state = ring, state
        self.organisation = ring.label["organisation"]

    def nonce(self, dossier: Dossier, *, workspace: str, now: datetime) -> str:
        """Return a single-use nonce for an order, if everything about the run but the enclave holds already.

        Raises:
            RefusedError: with the check that failed.
        """
        run = self._authorised(dossier, workspace=workspace, now=now)
        self._countable(run, now=now)
        nonce = secrets.token_urlsafe(32)
        self._state.give_nonce(run.order_hash, nonce, now=now)
        return nonce

    def grant(
        self, dossier: Dossier, request: Envelope, evidence: Envelope, *, workspace: str, now: datetime
    ) -> Envelope:
        """Return the keys of this organisation's datasets, sealed to the enclave that has the run.

        Order of checks: the run's statements, against the pinned genesis and no older epoch; no withdrawal or
        revocation that was heard, here or with an earlier run; the log continues the one seen before; the enclave's
        evidence with this service's own fresh nonce; the count of runs. The release is on disk before the grant exists.

        Raises:
            RefusedError: with the first check that failed; nothing was counted.
        """
        run = self._authorised(dossier, workspace=workspace, now=now)
        nonce = self._state.take_nonce(run.order_hash, now=now)
        attested = verify_key_request(request, evidence, run, organisation=self.organisation, nonce=nonce, now=now)
        manifests = dict.fromkeys(
            read.manifest for read in run.version.datasets if run.manifests[read.manifest].owner == self.organisation
        )
        keys = tuple(self._sealed(run, digest, attested.sealing_key) for digest in manifests)
        with self._state.transaction():
            # What was heard since the first look, by the inbox beside this thread, counts too.
            self._not_stopped(run, dossier)
            attempt = self._countable(run, now=now)
            self._state.release(run.order_hash, run.version_hash, now=now)
            self._state.advance(
                workspace, epoch=run.rosters.newest.epoch, roster=run.rosters.hash, workers=len(dossier.workers)
            )
        grant = KeyGrant(
            workspace=workspace,
            genesis=run.rosters.genesis,
            organisation=self.organisation,
            order=run.order_hash,
            evidence=evidence.hash,
            keys=keys,
            attempt=attempt,
            time=now,
        )
        return envelopes.sign(grant, self._ring.signing)

    def hear_revocation(
        self, revocation: Envelope, rosters: Sequence[Envelope], *, workspace: str, now: datetime
    ) -> Envelope:
        """Remember a member's revocation, and the roster if it is newer; return the signed acknowledgement.

        Raises:
            RefusedError: it is not a member's own, or the roster is older than the pinned one; nothing is remembered.
        """
        trusted = self._rosters(rosters, workspace=workspace)
        said = verify_revocation(revocation, trusted, None)
        with self._state.transaction():
            self._follow(trusted, rosters)
            self._state.revoke(workspace, said.version, said.scope, revocation.hash)
            return self._acknowledged(trusted, revocation, now)

    def hear_withdrawal(
        self,
        withdrawal: Envelope,
        manifest: Envelope,
        rosters: Sequence[Envelope],
        *,
        workspace: str,
        now: datetime,
    ) -> Envelope:
        """Remember that a dataset of this organisation was taken back; return the signed acknowledgement.

        Raises:
            RefusedError: it is not by a member of the owner, of another organisation's dataset, or with an older
                roster than the pinned one; nothing is remembered.
        """
        trusted = self._rosters(rosters, workspace=workspace)
        of = verify_manifest(manifest, trusted)
        # The manifest says who owns a dataset, so that another organisation could name this one's dataset as its own.
        if of.owner != self.organisation:
            raise RefusedError("not_our_dataset", "The withdrawal is of another organisation's dataset.")
        said = verify_withdrawal(withdrawal, trusted, of)
        with self._state.transaction():
            self._follow(trusted, rosters)
            self._state.withdraw(workspace, said.dataset, now=now)
            return self._acknowledged(trusted, withdrawal, now)

    def hear(self, notice: Notice, *, now: datetime) -> Envelope | None:
        """Hear what was carried here outside the server; return the acknowledgement of a statement, if there is one.

        Raises:
            RefusedError: with the check that failed; nothing is remembered.
        """
        if not notice.rosters:
            raise RefusedError("roster_missing", "There is no roster in the notice.")
        # Which pin to compare with is all that is taken from the chain before it is verified.
        workspace = envelopes.read(Roster, notice.rosters[0]).workspace
        if notice.statement is None:
            trusted = self._chain(notice.rosters, workspace=workspace)
            with self._state.transaction():
                self._follow(trusted, notice.rosters)
            return None
        if notice.statement.payloadType == envelopes.media_type(Revocation):
            return self.hear_revocation(notice.statement, notice.rosters, workspace=workspace, now=now)
        if notice.statement.payloadType == envelopes.media_type(Withdrawal):
            if notice.manifest is None:
                raise RefusedError("manifest_missing", "The withdrawn dataset's manifest is missing in the notice.")
            return self.hear_withdrawal(notice.statement, notice.manifest, notice.rosters, workspace=workspace, now=now)
        raise RefusedError("notice_kind", "A notice carries a revocation, a withdrawal or a roster, nothing else.")

    def hear_rosters(self, rosters: Sequence[Envelope], *, workspace: str, now: datetime) -> Envelope:
        """Follow the roster chain to its newest, also if that does not name this key service any more.

        Runs under an older roster are refused from now on. Returns the signed acknowledgement of the newest roster.

        Raises:
            RefusedError: a signature is missing, or the chain does not hold the newest roster that was seen before.
        """
        trusted = self._chain(rosters, workspace=workspace)
        with self._state.transaction():
            self._follow(trusted, rosters)
            return self._acknowledged(trusted, rosters[-1], now)

    def hear_workers(
        self, lists: Sequence[Envelope], rosters: Sequence[Envelope], *, workspace: str, now: datetime
    ) -> Envelope:
        """Follow the worker lists to the newest; returns the signed acknowledgement of that one.

        Raises:
            RefusedError: as `hear_rosters`; or the lists are older than what was seen before.
        """
        trusted = self._chain(rosters, workspace=workspace)
        verify_workers(lists, trusted)
        with self._state.transaction():
            _not_older_workers(lists, self._pin(workspace))
            self._follow(trusted, rosters, workers=len(lists))
            return self._acknowledged(trusted, lists[-1], now)

    def _acknowledged(self, rosters: TrustedRosters, heard: Envelope, now: datetime) -> Envelope:
        known = self._state.heard(heard.hash)
        if known is not None:
            return envelopes.Envelope.from_bytes(known.acknowledgement)
        word = Acknowledgement(
            workspace=rosters.workspace,
            genesis=rosters.genesis,
            organisation=self.organisation,
            revocation=heard.hash,
            time=now,
        )
        signed = envelopes.sign(word, self._ring.signing)
        self._state.hear(
            heard.hash,
            Heard(workspace=rosters.workspace, statement=heard.to_bytes(), acknowledgement=signed.to_bytes()),
        )
        return signed

    def untold(self) -> Iterator[Telling]:
        """Yield what was heard and the workspace server was not told yet."""
        for _, each in self._state.untold():
            yield Telling(
                workspace=each.workspace,
                statement=envelopes.Envelope.from_bytes(each.statement),
                acknowledgement=envelopes.Envelope.from_bytes(each.acknowledgement),
            )

    def told(self, statement: str) -> None:
        """Remember that the workspace server has the acknowledgement of the statement with this hash."""
        self._state.told(statement)

    def _pin(self, workspace: str) -> Pin:
        pin = self._state.pinned(workspace)
        if pin is None:
            raise RefusedError(
                "not_pinned",
                "This key service was not told to trust the workspace.",
                "Run `jupyter secure-jobs keyservice trust` with the genesis of the invitation.",
            )
        return pin

    def _rosters(self, chain: Sequence[Envelope], *, workspace: str) -> TrustedRosters:
        rosters = self._chain(chain, workspace=workspace)
        self._named_by(rosters)
        return rosters

    def _chain(self, chain: Sequence[Envelope], *, workspace: str) -> TrustedRosters:
        pin = self._pin(workspace)
        rosters = _of_workspace(verify_rosters(chain, genesis=pin.genesis), workspace)
        _not_older(chain, pin)
        return rosters

    def _follow(self, rosters: TrustedRosters, chain: Sequence[Envelope], *, workers: int = 0) -> None:
        _not_older(chain, self._pin(rosters.workspace))
        self._state.advance(rosters.workspace, epoch=rosters.newest.epoch, roster=rosters.hash, workers=workers)

    def _named_by(self, rosters: TrustedRosters) -> None:
        own = rosters.newest.organisation(self.organisation)
        keys = (self._ring.signing.public, self._ring.sealing.public)
        if own is None or own.key_service is None or (own.key_service.signing, own.key_service.sealing) != keys:
            raise RefusedError("not_this_service", "The roster names another key service for this organisation.")

    def _authorised(self, dossier: Dossier, *, workspace: str, now: datetime) -> AuthorisedRun:
        self._heed(dossier, workspace=workspace)
        pin = self._pin(workspace)
        run = verify_run(dossier, genesis=pin.genesis, now=now)
        _of_workspace(run.rosters, workspace)
        self._not_stopped(run, dossier)
        self._follow_log(run)
        self._go_on(run.rosters, workers=len(dossier.workers))
        return run

    def _heed(self, dossier: Dossier, *, workspace: str) -> None:
        """Remember the revocations that a run's statements carry: left out later, they count nevertheless.

        Raises:
            RefusedError: the rosters do not verify, or a revocation is not a member's own.
        """
        if dossier.revocations:
            rosters = self._chain(dossier.rosters, workspace=workspace)
            for envelope in dossier.revocations:
                said = verify_revocation(envelope, rosters, None)
                if self._state.revoked(workspace, said.version) not in (said.scope, Scope.ALL):
                    self._state.revoke(workspace, said.version, said.scope, envelope.hash)

    def _go_on(self, rosters: TrustedRosters, *, workers: int) -> None:
        """Remember the newest roster and worker list that were shown: from now on older ones are refused."""
        pin = self._pin(rosters.workspace)
        if rosters.newest.epoch > pin.epoch or workers > pin.workers:
            self._state.advance(rosters.workspace, epoch=rosters.newest.epoch, roster=rosters.hash, workers=workers)

    def _not_stopped(self, run: AuthorisedRun, dossier: Dossier) -> None:
        """Return if nothing that this key service remembers stops the run; what it remembers grows all the time."""
        workspace = run.rosters.workspace
        pin = self._pin(workspace)
        _not_older(dossier.rosters, pin)
        self._named_by(run.rosters)
        _not_older_workers(dossier.workers, pin)
        if self._state.revoked(workspace, run.version_hash) is Scope.ALL:
            raise RefusedError("withdrawn", "An acceptance of this version was withdrawn.", "Submit it again.")
        for read in run.version.datasets:
            if self._state.withdrawn(workspace, read.dataset):
                raise RefusedError("dataset_withdrawn", f"The dataset behind {read.table!r} was withdrawn.")
        restored = self._state.restored
        if restored is not None:
            # Counts and stops from before are not known any more: only what was signed since is sure to be unused.
            signed = [run.version.time, *(envelopes.read(Decision, each).time for each in dossier.decisions)]
            if min(signed) <= restored:
                raise RefusedError(
                    "accepted_before_restore",
                    "The key service was restored from a backup; what was accepted before counts no more.",
                    "Submit the job again.",
                )

    def log_sizes(self) -> dict[str, int]:
        """Return how many entries of each workspace's log this service has seen."""
        return {workspace: seen.size for workspace, seen in self._seen_logs().items()}

    def _seen_logs(self) -> dict[str, Checkpoint]:
        notes = self._state.log_notes()
        return {each: checkpoints.parse(note, origin=places.log_origin(each)) for each, note in notes.items()}

    def _follow_log(self, run: AuthorisedRun) -> None:
        """Go on from the log as it was seen before, and remember how it stands now.

        Raises:
            RefusedError: the log was rolled back or forked.
        """
        workspace = run.rosters.workspace
        seen = self._seen_logs().get(workspace)
        if seen is not None:
            run.log.follows(seen)
        if seen is None or run.log.newest.size > seen.size:
            self._state.saw_log(workspace, run.log.note)

    def _countable(self, run: AuthorisedRun, *, now: datetime) -> int:
        """Return which attempt of the order this is, from 1.

        Raises:
            RefusedError: the grant of runs is used up, expired or revoked; or the order was granted too often.
        """
        known = self._state.released(run.order_hash)
        if known is not None:
            if known.times >= MOST_GRANTS_PER_ORDER or now - known.first > timedelta(hours=REGRANT_HOURS):
                raise RefusedError(
                    "order_used", "Keys were released for this order before, as often as a crash allows."
                )
            return known.times + 1
        # What was heard here counts even if the server left it out of the statements.
        revoked = self._state.revoked(run.rosters.workspace, run.version_hash) or run.rerun_revoked
        refused = runs_refused(
            run.version.grant,
            used=self._state.used(run.version_hash),
            revoked=revoked,
            now=now - CLOCK_SKEW,
            single_member=len(run.rosters.newest.members) == 1,
        )
        if refused is not None:
            raise RefusedError("no_runs_left", refused, "Submit the job again.")
        return 1

    def _sealed(self, run: AuthorisedRun, digest: str, enclave: str) -> GrantedKey:
        manifest = run.manifests[digest]
        info = places.dataset_key(
            workspace=manifest.workspace, dataset=manifest.dataset, version=manifest.version, key_id=manifest.key_id
        )
        own = next((key for key in manifest.keys if key.recipient == self._ring.sealing.public), None)
        if own is None:
            raise RefusedError("no_dataset_key", f"The key of dataset {manifest.name!r} is not sealed to this service.")
        key = self._ring.sealing.open(own.sealed, info=info)
        if places.key_id(key) != manifest.key_id:
            raise RefusedError("no_dataset_key", f"The key of dataset {manifest.name!r} is not the one it names.")
        place = places.granted_key(order=run.order_hash, manifest=digest, key_id=manifest.key_id)
        return GrantedKey(manifest=digest, key_id=manifest.key_id, sealed=sealing.seal(enclave, key, info=place))


def _of_workspace(rosters: TrustedRosters, workspace: str) -> TrustedRosters:
    if rosters.workspace != workspace:
        raise RefusedError("other_workspace", "The roster is of another workspace.")
    return rosters


def _not_older(chain: Sequence[Envelope], pin: Pin) -> None:
    if len(chain) < pin.epoch or chain[pin.epoch - 1].hash != pin.roster:
        raise RefusedError(
            "stale_epoch",
            "The roster is older than the newest this key service has seen.",
            "Bring the newest roster with it.",
        )


def _not_older_workers(lists: Sequence[Envelope], pin: Pin) -> None:
    if len(lists) < pin.workers:
        raise RefusedError("stale_workers", "The worker list is older than the newest this key service has seen.")
