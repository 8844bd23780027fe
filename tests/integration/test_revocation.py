"""A revocation stops runs at the key service, also where the server hides it afterwards."""

from __future__ import annotations

import pytest

from jupyter_secure_jobs.domain.errors import NotAllowedError
from jupyter_secure_jobs.domain.job import Scope
from jupyter_secure_jobs.domain.run import ENDED
from jupyter_secure_jobs.member import deciding, opening
from jupyter_secure_jobs.member.context import envelope_of
from jupyter_secure_jobs.protocol import envelope as envelopes
from jupyter_secure_jobs.protocol.decision import Acknowledgement
from jupyter_secure_jobs.trust import signatures
from tests.support import tampering
from tests.support.parts import MIA, WEI, Draft, Parts, wait_until

PLAIN = Draft()


def heard(parts: Parts, job: str) -> list[Acknowledgement]:
    """Return the key services' signed acknowledgements, verified."""
    statements = parts.ana.client.review_statements(parts.workspace, job, 1)
    made = []
    for wire in statements.acknowledgements:
        envelope = envelope_of(wire)
        said = envelopes.read(Acknowledgement, envelope)
        signatures.require(envelope, parts.service_ring(said.organisation).signing.public, who="the key service")
        made.append(said)
    return made


@pytest.mark.parametrize(("scope", "code"), [(Scope.RERUNS, "no_runs_left"), (Scope.ALL, "withdrawn")])
def test_hidden_revocation_is_heeded_by_the_key_service_that_heard(parts: Parts, scope: Scope, code: str) -> None:
    job = parts.accepted(PLAIN)
    first = parts.ended(parts.order(job.id))
    assert first.status == "Succeeded"
    deciding.revoke(parts.acting(WEI), parts.workspace, job.id, scope)
    with pytest.raises(NotAllowedError, match=r"revoked|withdrawn"):
        parts.order(job.id)
    wait_until(lambda: len(heard(parts, job.id)) == 1, "the acknowledgement")
    assert heard(parts, job.id)[0].organisation == "Airline"

    version = job.version.hash or ""
    assert tampering.hide_revocations(parts, version) == 1
    assert parts.ana.client.review_statements(parts.workspace, job.id, 1).revocations == []
    run = parts.order(job.id)
    ended = parts.ended(run)
    assert (ended.status, ended.error_class, ended.used_up) == ("Failed", "Refused", False)
    assert f"The key service of Airline refused: {code}" in (ended.error_text or "")
    # What was given before stays open to those it was given to.
    assert opening.preview(parts.ana, parts.workspace, first.id).total == 12


def test_repeatability_revoked_before_the_first_run_leaves_one_run(parts: Parts) -> None:
    job = parts.accepted(PLAIN)
    revoked = deciding.revoke(parts.acting(MIA), parts.workspace, job.id, Scope.RERUNS)
    assert revoked.status == "Accepted"
    assert parts.ended(parts.order(job.id)).status == "Succeeded"
    with pytest.raises(NotAllowedError, match="revoked"):
        parts.order(job.id)


def test_withdrawn_acceptance_stops_the_first_run(parts: Parts) -> None:
    job = parts.accepted(PLAIN)
    deciding.revoke(parts.acting(MIA), parts.workspace, job.id, Scope.ALL)
    with pytest.raises(NotAllowedError, match="withdrawn"):
        parts.order(job.id)


def test_enclave_heeds_a_withdrawal_that_the_servers_table_lost(parts: Parts) -> None:
    # The server forgets the row that its own table of actions reads, but the statement reached the run's dossier.
    job = parts.accepted(PLAIN)
    parts.parts["worker"].stop()
    run = parts.order(job.id)
    deciding.revoke(parts.acting(MIA), parts.workspace, job.id, Scope.ALL)
    parts.parts["Airline"].stop()
    parts.start("worker")
    wait_until(lambda: parts.run(run.id).status in ENDED, "the enclave's refusal")
    ended = parts.run(run.id)
    assert (ended.status, ended.error_class) == ("Failed", "Refused")
    assert (ended.error_text or "").startswith("withdrawn:")
