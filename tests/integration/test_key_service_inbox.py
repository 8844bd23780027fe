"""Key services hear without the server: notices carried by hand stop runs, and the server learns of them afterwards."""

from __future__ import annotations

import json
import subprocess
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from jupyter_secure_jobs.client.mailbox import KeyServiceMailbox
from jupyter_secure_jobs.domain.errors import InvalidError, NotAllowedError, NotFoundError
from jupyter_secure_jobs.domain.job import Scope
from jupyter_secure_jobs.keyservice.inbox import read_notice
from jupyter_secure_jobs.member import stopping
from jupyter_secure_jobs.member.context import envelope_of
from jupyter_secure_jobs.protocol import envelope as envelopes
from jupyter_secure_jobs.protocol.clock import utc_now
from jupyter_secure_jobs.protocol.decision import Acknowledgement
from jupyter_secure_jobs.protocol.envelope import Envelope
from jupyter_secure_jobs.trust import signatures
from jupyter_secure_jobs.trust.approval import verify_revocation
from jupyter_secure_jobs.wire.base import EnvelopeWire
from jupyter_secure_jobs.wire.mailbox import Acknowledged
from tests.support import tampering
from tests.support.parts import MIA, WEI, Draft, Parts, wait_until
from tests.support.process import clean_environment, command
from tests.support.refusal import refused

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from jupyter_secure_jobs.protocol.notice import Notice
    from jupyter_secure_jobs.wire.job import JobDetailWire, StopWire

WEATHER = "Weather Service"
BOTH = Draft(
    code="SELECT f.month, max(w.wind) AS wind FROM flights f JOIN weather w ON f.month = w.month GROUP BY f.month",
    tables=("flights", "weather"), inputs=(),
)  # fmt: skip


def told(parts: Parts, *words: object, code: int = 0) -> str:
    """Run a command to its end and return what it said."""
    secret = ("--passphrase-file", parts.passphrase_file)
    done = subprocess.run(
        command(*(str(word) for word in (*words, *secret))),
        capture_output=True, text=True, timeout=60, check=False, env=clean_environment(),
    )  # fmt: skip
    said = done.stdout + done.stderr
    assert done.returncode == code, said
    assert "Traceback" not in said
    return said


def member_store(parts: Parts, who: str) -> tuple[object, ...]:
    """Return the options that name a member's key store."""
    return "--key-store", parts.folder / "members" / who


def alone(parts: Parts, who: str) -> stopping.Alone:
    """Return a member without a connection."""
    acting = parts.acting(who)
    return stopping.Alone.of(acting.folder, acting.ring)


def revoked_alone(parts: Parts, job: JobDetailWire, scope: Scope = Scope.ALL, who: str = WEI) -> Notice:
    """Return a notice of which the server knows nothing."""
    version = job.live.hash if job.live else ""
    return stopping.revocation_alone(alone(parts, who), parts.workspace, version or "", scope, now=utc_now())


def deliver(parts: Parts, organisation: str, notice: Notice) -> Path:
    """Lay a notice into a running key service's inbox, renamed into place; return where its acknowledgement comes."""
    inbox = parts.service_folder(organisation) / "inbox"
    wait_until(inbox.is_dir, "the inbox")
    (inbox / f".{notice.name}").write_bytes(notice.to_bytes())
    (inbox / f".{notice.name}").rename(inbox / "from wei.json")
    return inbox / "acknowledged" / f"{notice.name}.json"


def stops(parts: Parts, job: str) -> list[StopWire]:
    """Return what stops the live version, as the server shows it."""
    return parts.job(job).stops


def test_hidden_revocation_is_heeded_by_one_of_two_key_services_that_heard_it_by_hand(parts: Parts) -> None:
    job = parts.accepted(BOTH)
    notice = revoked_alone(parts, job)
    parts.parts["Airline"].stop()
    acknowledged = deliver(parts, WEATHER, notice)
    wait_until(acknowledged.is_file, "the acknowledgement")
    word = Envelope.from_json(json.loads(acknowledged.read_text()))
    signatures.require(word, parts.service_ring(WEATHER).signing.public, who="the key service")
    assert envelopes.read(Acknowledgement, word).revocation == stopping.statement_of(notice).hash

    # The server keeps what it was told from the other key service, and carries on.
    version = job.version.hash or ""
    wait_until(lambda: len(stops(parts, job.id)) == 1, "the server's learning of it")
    assert tampering.hide_revocations(parts, version) == 1
    parts.start("Airline")
    run = parts.ended(parts.order(job.id))
    assert (run.status, run.error_class, run.used_up) == ("Failed", "Refused", False)
    assert run.error_text == (
        f"key_service: The key service of {WEATHER} refused: withdrawn: An acceptance of this version was withdrawn."
    )
    with parts.key_service("Airline") as service:
        assert service._state.used(version) == 0, "the one that did not hear has released nothing"


def test_server_learns_from_a_key_service_what_it_was_never_told(parts: Parts) -> None:
    job = parts.accepted(BOTH)
    parts.parts["Airline"].stop()
    notice = revoked_alone(parts, job, Scope.RERUNS)
    deliver(parts, WEATHER, notice)
    wait_until(lambda: bool(stops(parts, job.id)) and bool(stops(parts, job.id)[0].heard_by), "the stop on the page")
    (stop,) = stops(parts, job.id)
    assert (stop.member, stop.scope, stop.heard_by, stop.waiting_for) == (WEI, Scope.RERUNS, [WEATHER], ["Airline"])
    (entry,) = [each for each in parts.job(job.id).history if each.action == "reruns_revoked"]
    assert (entry.member, entry.detail) == (WEI, f"heard by the key service of {WEATHER} without the server")
    # Every member can verify it, as if it had been handed in.
    statements = parts.ana.client.review_statements(parts.workspace, job.id, 1)
    (envelope,) = [envelope_of(wire) for wire in statements.revocations]
    assert verify_revocation(envelope, parts.ana.rosters(parts.workspace), job.version.hash).scope is Scope.RERUNS
    parts.start("Airline")
    wait_until(lambda: stops(parts, job.id)[0].waiting_for == [], "the other key service's hearing it from the server")
    assert parts.ended(parts.order(job.id)).status == "Succeeded"
    with pytest.raises(NotAllowedError, match="revoked"):
        parts.order(job.id)


def test_revoking_while_the_server_is_away(parts: Parts, tmp_path: Path) -> None:
    job = parts.accepted(BOTH)
    file = tmp_path / "stop.json"
    parts.parts["server"].stop()
    words = ("revoke", job.name, "--all", "--save", file, "--workspace-url", parts.url, *member_store(parts, MIA))
    said = told(parts, *words, code=1)
    assert "cannot be reached" in said
    assert "--version-hash" in said
    assert not file.exists()
    said = told(parts, *words, "--version-hash", job.version.hash)
    assert "it stops nothing yet" in said
    assert f"Airline, {WEATHER}, Aircraft Registry" in said
    assert told(parts, *words, "--version-hash", job.version.hash, code=1).startswith("There is a file")

    parts.parts[WEATHER].stop()
    store = ("--key-store", parts.service_folder(WEATHER))
    said = told(parts, "keyservice", "inbox", file, *store)
    assert "heeds it from now on" in said
    parts.start_all()
    wait_until(lambda: [stop.heard_by for stop in stops(parts, job.id)] == [["Airline", WEATHER]], "both key services")
    with pytest.raises(NotAllowedError, match="withdrawn"):
        parts.order(job.id)


def test_revoking_with_a_copy_in_a_file(parts: Parts, tmp_path: Path) -> None:
    job = parts.accepted(BOTH)
    file = tmp_path / "stop.json"
    said = told(parts, "revoke", job.name, "--save", file, "--workspace-url", parts.url, *member_store(parts, MIA))
    assert "No run after the first." in said
    (stop,) = stops(parts, job.id)
    assert (stop.member, stop.scope) == (MIA, Scope.RERUNS)
    with parts.key_service("Aircraft Registry") as service:
        # A key service whose data the job does not read hears it too, if it is given to it.
        assert service.hear(read_notice(file), now=utc_now())


def test_commands_that_cannot_do_what_they_are_asked(parts: Parts, tmp_path: Path) -> None:
    file, store = tmp_path / "n.json", member_store(parts, MIA)
    cases = {
        ("revoke", "Any", "--offline"): "Give --save",
        ("revoke", "Any"): "Give --workspace-url",
        ("revoke", "Any", "--offline", "--save", file): "Give --version-hash",
        ("revoke", "Any", "--offline", "--save", file, "--version-hash", "sha256:1"): "not a version's hash",
        ("dataset", "withdraw", "planets", "--offline", "--save", file): "No manifest of a dataset of that name",
        ("notice", "--offline", "--save", file, "--workspace", "Other"): "Give --workspace",
    }  # fmt: skip
    for words, answer in cases.items():
        assert answer in told(parts, *words, *store, code=1)
    assert not file.exists()


def test_roster_carried_by_hand(parts: Parts, tmp_path: Path) -> None:
    file = tmp_path / "roster.json"
    said = told(parts, "notice", "--save", file, "--offline", *member_store(parts, WEI))
    assert f"Key services: Airline, {WEATHER}, Aircraft Registry." in said
    store = ("--key-store", parts.service_folder("Aircraft Registry"))
    assert "follows this roster" in told(parts, "keyservice", "inbox", file, *store)
    forged = tmp_path / "forged.json"
    forged.write_bytes(file.read_bytes()[:-30])
    said = told(parts, "keyservice", "inbox", forged, file, *store, code=1)
    assert "Refused forged.json: not_json" in said
    assert "Heard roster.json" in said
    assert "1 of 2 files were refused" in said


@pytest.fixture
def spare(parts: Parts) -> Iterator[str]:
    """Give a dataset of the registry that may be withdrawn."""
    name = "spare"
    yield parts.publish(MIA, name, "tailnum,year\nN1,1990\nN2,1991\n")
    del parts.datasets[name]


def test_withdrawal_carried_by_hand(parts: Parts, spare: str, tmp_path: Path) -> None:
    file = tmp_path / "withdrawal.json"
    said = told(parts, "dataset", "withdraw", "spare", "--offline", "--save", file, *member_store(parts, MIA))
    assert "it stops nothing yet" in said
    assert parts.ana.client.dataset(parts.workspace, spare).withdrawn is None
    deliver(parts, "Aircraft Registry", read_notice(file))
    wait_until(lambda: parts.ana.client.dataset(parts.workspace, spare).withdrawn is not None, "the withdrawal")
    seen = parts.ana.client.dataset(parts.workspace, spare)
    assert (seen.heard_by, seen.waiting_for) == (["Aircraft Registry"], [])
    with parts.key_service("Aircraft Registry") as service:
        assert service._state.withdrawn(parts.workspace, spare)


def acknowledgement(parts: Parts, organisation: str, notice: Notice) -> Acknowledged:
    """Return what a key service that verifies nothing would tell the server."""
    statement = stopping.statement_of(notice)
    word = Acknowledgement(
        workspace=parts.workspace, genesis=parts.ana.pins.genesis(parts.workspace), organisation=organisation,
        revocation=statement.hash, time=utc_now(),
    )  # fmt: skip
    signed = envelopes.sign(word, parts.service_ring(organisation).signing)
    return Acknowledged(
        acknowledgement=EnvelopeWire.model_validate(signed.to_json()),
        statement=EnvelopeWire.model_validate(statement.to_json()),
    )


def test_key_service_cannot_make_the_server_record_what_no_member_signed(parts: Parts) -> None:
    job = parts.accepted(BOTH)
    notice = revoked_alone(parts, job)
    signed = stopping.statement_of(notice)
    ring = parts.service_ring("Aircraft Registry")
    forged = envelopes.countersign(Envelope(payload=signed.payload, payloadType=signed.payloadType, signatures=()),
                                   ring.signing)  # fmt: skip
    with closing(parts.login(ring)) as login:
        mailbox = KeyServiceMailbox(login.connection)
        told_of = acknowledgement(parts, "Aircraft Registry", notice)
        wire = EnvelopeWire.model_validate(forged.to_json())
        with refused("signature_missing", kind=InvalidError):
            mailbox.acknowledge(parts.workspace, told_of.model_copy(update={"statement": wire}))
        order = EnvelopeWire.model_validate(tampering.signed_order(parts, job.id).to_json())
        with refused("notice_kind", kind=InvalidError):
            mailbox.acknowledge(parts.workspace, told_of.model_copy(update={"statement": order}))
        with refused("no_notice", kind=NotFoundError):
            mailbox.acknowledge(parts.workspace, told_of.model_copy(update={"statement": None}))
        assert stops(parts, job.id) == []
        # Nor in another key service's name.
        theirs = acknowledgement(parts, "Airline", notice)
        with refused("no_notice", kind=NotFoundError):
            mailbox.acknowledge(parts.workspace, theirs)
        assert stops(parts, job.id) == []


def test_server_that_refuses_loses_nothing(parts: Parts) -> None:
    """A revocation of a version that the server denies to know is heeded, and told again and again."""
    job = parts.accepted(Draft(tables=("flights",)))
    unknown = stopping.revocation_alone(
        alone(parts, WEI), parts.workspace, "sha256:" + "0" * 64, Scope.ALL, now=utc_now()
    )
    acknowledged = deliver(parts, "Airline", unknown)
    wait_until(acknowledged.is_file, "the acknowledgement")
    known = revoked_alone(parts, job)
    deliver(parts, "Airline", known)
    wait_until(lambda: len(stops(parts, job.id)) == 1, "the one that the server takes")
    with parts.key_service("Airline") as service:

        def left() -> list[Envelope]:
            # Other tests share these parts, and may have left what their server will never take.
            mine = (unknown.statement, known.statement)
            return [each.statement for each in service.untold() if each.statement in mine]

        wait_until(lambda: left() == [unknown.statement], "the one it does not")
        assert service._state.revoked(parts.workspace, "sha256:" + "0" * 64) is Scope.ALL
        service.told(stopping.statement_of(unknown).hash)
