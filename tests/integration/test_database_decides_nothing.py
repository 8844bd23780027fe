"""The server's database says "accepted": enclave and key service, each on its own, look at the signatures."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import pytest

from jupyter_secure_jobs.client.mailbox import KeyServiceMailbox, WorkerMailbox
from jupyter_secure_jobs.domain.errors import RefusedError
from jupyter_secure_jobs.domain.review import Verdict
from jupyter_secure_jobs.domain.run import ENDED
from jupyter_secure_jobs.member import deciding
from jupyter_secure_jobs.protocol.clock import utc_now
from jupyter_secure_jobs.store.tables import ServiceKeyRow
from jupyter_secure_jobs.trust.dossier import Dossier
from jupyter_secure_jobs.wire.mailbox import KeysAsked
from tests.support import tampering
from tests.support.parts import BEN, MIA, REVIEWERS, WEI, Draft, Parts, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable

    from jupyter_secure_jobs.wire.mailbox import KeysAnswer, LeaseWire

PLAIN: Final = Draft()


def missing(parts: Parts) -> str:
    """Two of three have accepted; nobody asked the third."""
    job = parts.submitted(PLAIN)
    for who in (BEN, WEI):
        parts.decide(who, job.id)
    tampering.say_accepted(parts, job.id)
    return job.id


def none_at_all(parts: Parts) -> str:
    """Nobody has decided."""
    job = parts.submitted(PLAIN)
    tampering.say_accepted(parts, job.id)
    return job.id


def declined_counted_as_accepted(parts: Parts) -> str:
    """The third has declined, and the database says she accepted."""
    job = parts.submitted(PLAIN)
    for who in (BEN, WEI):
        parts.decide(who, job.id)
    parts.decide(MIA, job.id, Verdict.DECLINE, "No.")
    version = tampering.say_accepted(parts, job.id)
    tampering.put_decision(parts, version, MIA, tampering.decision(parts, version, MIA))
    return job.id


def altered(parts: Parts) -> str:
    """The third has declined, and her statement was rewritten under her signature."""
    job = parts.submitted(PLAIN)
    for who in (BEN, WEI):
        parts.decide(who, job.id)
    parts.decide(MIA, job.id, Verdict.DECLINE, "No.")
    version = tampering.say_accepted(parts, job.id)
    rewritten = tampering.altered(tampering.decision(parts, version, MIA), verdict="accept")
    tampering.put_decision(parts, version, MIA, rewritten)
    return job.id


def of_another_version(parts: Parts) -> str:
    """The third has accepted another job."""
    other = parts.accepted(PLAIN)
    job = missing(parts)
    elsewhere = tampering.decision(parts, parts.job(other.id).version.hash or "", MIA)
    tampering.put_decision(parts, parts.job(job).version.hash or "", MIA, elsewhere)
    return job


def of_another_submission(parts: Parts) -> str:
    """All had accepted an earlier submission of the very same text."""
    job = parts.submitted(PLAIN)
    first = job.version.hash or ""
    for who in (BEN, WEI):
        parts.decide(who, job.id)
    kept = {who: tampering.decision(parts, first, who) for who in (BEN, WEI)}
    parts.ana.client.act(parts.workspace, job.id, "cancel-review")
    deciding.submit(parts.ana, parts.workspace, job.id)
    parts.decide(MIA, job.id)
    version = tampering.say_accepted(parts, job.id)
    for who, envelope in kept.items():
        tampering.put_decision(parts, version, who, envelope)
    return job.id


ATTACKS: Final = {
    missing: "not_accepted",
    none_at_all: "not_accepted",
    declined_counted_as_accepted: "declined",
    altered: "bad_signature",
    of_another_version: "other_version",
    of_another_submission: "other_version",
}
ATTACK: Final = pytest.mark.parametrize(("attack", "code"), ATTACKS.items(), ids=[each.__name__ for each in ATTACKS])


def released(parts: Parts, version: str) -> int:
    """Return for how many orders of a version the key service gave keys."""
    with parts.key_service("Airline") as service:
        return service._state.used(version)


def stop_airline(parts: Parts) -> None:
    """Stop the key service when the server has just seen it: no run is handed out for one that is not there."""

    def seen() -> bool:
        with tampering.database(parts) as session:
            row = session.get_one(ServiceKeyRow, (parts.workspace, "keyservice", "Airline"))
            return row.seen is not None and utc_now() - row.seen < timedelta(seconds=15)

    wait_until(seen, "a call of the key service")
    parts.parts["Airline"].stop()


@ATTACK
def test_enclave_refuses_on_its_own(parts: Parts, attack: Callable[[Parts], str], code: str) -> None:
    job = attack(parts)
    # No key service is there to help: what refuses is the enclave alone.
    stop_airline(parts)
    run = tampering.queue(parts, job)
    wait_until(lambda: parts.run(run).status in ENDED, "the enclave's refusal")
    ended = parts.run(run)
    assert (ended.status, ended.error_class, ended.used_up) == ("Failed", "Refused", False)
    assert (ended.error_text or "").startswith(f"{code}:"), ended.error_text
    assert not ended.has_result


@ATTACK
def test_key_service_refuses_on_its_own(parts: Parts, attack: Callable[[Parts], str], code: str) -> None:
    job = attack(parts)
    # A worker that checks nothing stands in for the enclave: what refuses is the key service alone.
    parts.parts["worker"].stop()
    run = tampering.queue(parts, job)
    with closing(parts.login(parts.worker_ring())) as login:
        mailbox = WorkerMailbox(login.connection)
        lease = mailbox.lease()
        assert lease is not None
        assert lease.run == run
        answer = _asked(mailbox, lease)
        assert answer.nonces == {}
        assert answer.grants == {}
        assert answer.refusals["Airline"].startswith(f"{code}:"), answer.refusals
        assert lease.dossier is not None
        with parts.key_service("Airline") as service, pytest.raises(RefusedError) as caught:
            service.nonce(Dossier.from_json(lease.dossier.model_dump()), workspace=parts.workspace, now=utc_now())
        assert caught.value.code == code
        mailbox.release(lease)
        parts.ana.client.cancel_run(parts.workspace, run)
    assert released(parts, parts.job(job).version.hash or "") == 0


def _asked(mailbox: WorkerMailbox, lease: LeaseWire) -> KeysAnswer:
    while True:
        answer = mailbox.keys(lease, KeysAsked(lease=lease.lease), wait=3)
        if answer.refusals or answer.nonces:
            return answer


def test_key_service_gives_no_key_without_fresh_evidence(parts: Parts) -> None:
    # Everything is accepted; but who asks is no enclave that the members listed.
    job = parts.accepted(PLAIN)
    parts.parts["worker"].stop()
    stop_airline(parts)
    run = parts.order(job.id)
    with closing(parts.login(parts.worker_ring())) as login, closing(parts.login(parts.service_ring("Airline"))) as own:
        mailbox = WorkerMailbox(login.connection)
        lease = mailbox.lease()
        assert lease is not None
        with parts.key_service("Airline") as service:
            seen = service.log_sizes()
        task = next(each for each in KeyServiceMailbox(own.connection).tasks(seen).items if each.run == run.id)
        assert (task.wants, task.dossier is None) == ("nonce", False)
        dossier = Dossier.from_json(task.dossier.model_dump())
        with parts.key_service("Airline") as service:
            service.nonce(dossier, workspace=parts.workspace, now=utc_now())
            with pytest.raises(RefusedError):
                service.grant(dossier, dossier.order, dossier.version, workspace=parts.workspace, now=utc_now())
            # The nonce was used up by the attempt.
            with pytest.raises(RefusedError) as caught:
                service.grant(dossier, dossier.order, dossier.version, workspace=parts.workspace, now=utc_now())
            assert caught.value.code == "nonce"
        mailbox.release(lease)
    assert released(parts, parts.job(job.id).version.hash or "") == 0
    parts.start_all()
    assert parts.ended(run).status == "Succeeded"


def test_untouched_database_lets_the_same_road_through(parts: Parts) -> None:
    # The control: what these tests put into the database is complete, so that only the decisions stop the run.
    job = parts.submitted(PLAIN)
    for who in REVIEWERS:
        parts.decide(who, job.id)
    run = tampering.queue(parts, job.id)
    wait_until(lambda: parts.run(run).status in ENDED, "the end of the run")
    assert parts.run(run).status == "Succeeded"
