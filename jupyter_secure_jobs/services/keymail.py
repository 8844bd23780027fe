"""The exchange between an enclave and key services. The server carries it and understands none of it."""

from __future__ import annotations

import re
import secrets
from functools import partial
from itertools import chain, zip_longest
from typing import TYPE_CHECKING, Final

from jupyter_secure_jobs.domain.audit import Event, key_service
from jupyter_secure_jobs.domain.errors import ConflictError, InvalidError, NotFoundError, SecureJobsError
from jupyter_secure_jobs.domain.run import Phase
from jupyter_secure_jobs.protocol import envelope as envelopes
from jupyter_secure_jobs.protocol.dataset import Withdrawal
from jupyter_secure_jobs.protocol.decision import Revocation
from jupyter_secure_jobs.protocol.envelope import media_type
from jupyter_secure_jobs.protocol.order import KeyGrant
from jupyter_secure_jobs.protocol.roster import WorkerList
from jupyter_secure_jobs.services import carried, dossiers, logbook, notices, portion, queue
from jupyter_secure_jobs.services.dispatch import enrolled, leased
from jupyter_secure_jobs.services.run_state import mark, note_sandbox, words
from jupyter_secure_jobs.services.unit import Waiting
from jupyter_secure_jobs.store import datasets, history, runs, statements
from jupyter_secure_jobs.store.tables import KeyMailRow
from jupyter_secure_jobs.trust import signatures
from jupyter_secure_jobs.wire.base import EnvelopeWire, Nothing
from jupyter_secure_jobs.wire.mailbox import (
    Acknowledged,
    KeyReply,
    KeysAnswer,
    KeysAsked,
    KeyTask,
    KeyTasks,
    KeyTasksAsked,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from jupyter_secure_jobs.services.unit import Unit
    from jupyter_secure_jobs.store.tables import RunRow, ServiceKeyRow

_HEAR: Final = "acknowledgement"
_CHAINS: Final = ("roster", "workers")
_CHANCE: Final = secrets.SystemRandom()
_NONCE = re.compile(r"[A-Za-z0-9_-]{22,64}\Z")


def ask(unit: Unit, workspace: str, run: str, body: KeysAsked) -> KeysAnswer:
    """Take the enclave's request, if it comes with one, and return what the key services have said so far.

    The request of a run that is to be cancelled is not taken: no key is asked for any more.
    """
    row = leased(unit, workspace, run, body.lease)
    if body.request is not None and body.evidence is not None and not row.cancel_requested:
        request = logbook.envelope_of(body.request).to_bytes()
        if row.request != request:
            row.request, row.request_evidence = request, logbook.envelope_of(body.evidence).to_bytes()
            if body.sandbox_ms is not None:
                note_sandbox(row, body.sandbox_ms)
            mark(row, Phase.KEYS, unit.now)
            unit.changes(workspace, Waiting.MAIL)
    mails = runs.mail(unit.session, run)
    waiting = [mail.organisation for mail in mails if mail.nonce is None]
    known = enrolled(unit, "worker", "was_worker") if waiting else []
    served = {each.workspace: each for each in known if each.kind == "worker" and each.seen is not None}
    return KeysAnswer(
        nonces={mail.organisation: mail.nonce for mail in mails if mail.nonce is not None},
        grants={mail.organisation: logbook.wire_of(mail.grant) for mail in mails if mail.grant is not None},
        refusals={mail.organisation: mail.refusal for mail in mails if mail.refusal is not None},
        waiting=waiting,
        cancel=row.cancel_requested,
        others=queue.anything(unit, served),
    )


def waits(unit: Unit) -> bool:
    """Tell whether something may wait for the calling key service: a look that writes nothing."""
    return runs.waits_for(unit.session, unit.caller())


def tasks(unit: Unit, body: KeyTasksAsked) -> KeyTasks:
    """Return what the calling key service has to answer: what it must hear first, then nonces and grants.

    It is a portion, in turn from all its workspaces, and what is left comes once this is answered. Some of it never is,
    as in a workspace that the key service does not trust: so another one is first each time.

    One that the newest roster does not name any more hears of that, and nothing else.
    """
    services = enrolled(unit, "keyservice", "was_service")
    _CHANCE.shuffle(services)
    items = portion.portion([_waiting(unit, service, body.seen.get(service.workspace)) for service in services])
    return KeyTasks(items=sorted(items, key=lambda each: each.wants != _HEAR))


def _waiting(unit: Unit, service: ServiceKeyRow, seen: int | None) -> Iterator[KeyTask]:
    """Yield what waits in one workspace, in turn what is to be heard and what is to be answered.

    What cannot be made, or is larger than any answer, must not keep a key service from all its other work. Nor must a
    notice that is never acknowledged keep another from being heard: with more than 20, others come each time.
    """
    unheard = runs.open_notices(unit.session, service.workspace, service.name)
    mails = runs.open_mail(unit.session, service.workspace, service.name) if service.kind == "keyservice" else []
    # Chains that are too long for any run are not even read.
    if not (unheard or mails) or statements.length(unit.session, service.workspace, _CHAINS) > portion.MOST:
        return
    some = _CHANCE.sample(unheard, min(len(unheard), runs.MOST_TASKS))
    heard = [partial(_notice, unit, service.workspace, each) for each in some]
    asked = [partial(_asked, unit, mail, run, seen) for mail, run in mails]
    for make in chain.from_iterable(zip_longest(heard, asked)):
        made = _made(make) if make is not None else None
        if made is not None:
            yield made


def _made(make: Callable[[], KeyTask]) -> KeyTask | None:
    try:
        return make()
    except SecureJobsError:
        return None


def _asked(unit: Unit, mail: KeyMailRow, run: RunRow, seen: int | None) -> KeyTask:
    wants = "nonce" if mail.nonce is None else "grant"
    return KeyTask(
        run=run.id,
        workspace=run.workspace,
        wants=wants,
        dossier=dossiers.of_run(unit, run, seen=seen),
        request=logbook.wire_of(run.request) if wants == "grant" and run.request else None,
        evidence=logbook.wire_of(run.request_evidence) if wants == "grant" and run.request_evidence else None,
    )


def _notice(unit: Unit, workspace: str, statement: str) -> KeyTask:
    envelope = logbook.read(unit, workspace, statement)
    said, kind = logbook.wire_of(envelope), envelope.payloadType
    withdrawn = kind == media_type(Withdrawal)
    return KeyTask(
        run=None,
        workspace=workspace,
        wants=_HEAR,
        revocation=said if kind == media_type(Revocation) else None,
        withdrawal=said if withdrawn else None,
        rosters=_carried(unit, workspace, "roster"),
        workers=_carried(unit, workspace, "workers") if kind == media_type(WorkerList) else [],
        manifest=_manifest(unit, workspace, envelope) if withdrawn else None,
    )


def _carried(unit: Unit, workspace: str, kind: str) -> list[EnvelopeWire]:
    return [logbook.wire_of(row.envelope) for row in statements.of_kind(unit.session, workspace, kind)]


def _manifest(unit: Unit, workspace: str, withdrawal: envelopes.Envelope) -> EnvelopeWire | None:
    row = datasets.get(unit.session, workspace, envelopes.read(Withdrawal, withdrawal).dataset)
    return logbook.wire_of(logbook.read(unit, workspace, row.manifest)) if row is not None else None


def reply(unit: Unit, workspace: str, run: str, body: KeyReply) -> Nothing:
    """Keep a key service's answer for the enclave.

    Raises:
        ConflictError: the run was taken back meanwhile.
        InvalidError: it is not exactly one answer.
        RefusedError: the grant is not signed by the calling key service.
    """
    services = {row.workspace: row.name for row in enrolled(unit, "keyservice")}
    mail = unit.session.get(KeyMailRow, (run, services.get(workspace, "")))
    row = runs.get(unit.session, workspace, run)
    if mail is None or row is None:
        raise NotFoundError("no_run", "There is no such run for this key service.", "Fetch the open tasks again.")
    if row.lease is None:
        raise ConflictError("lease_lost", "The run was taken back.", "Fetch the open tasks again.")
    if sum(part is not None for part in (body.nonce, body.grant, body.refusal)) != 1:
        raise InvalidError("reply", "An answer is exactly one of nonce, grant and refusal.", "Answer again.")
    if body.nonce is not None:
        if not _NONCE.match(body.nonce):
            raise InvalidError("nonce", "That is not a nonce.", "Send 22 to 64 characters of base64url.")
        mail.nonce = body.nonce
    if body.refusal is not None:
        mail.refusal = body.refusal[:500]
        # The same run may be refused again after its worker went silent: that is one event.
        if history.of_run(unit.session, row, Event.KEY_REFUSED, mail.organisation) is None:
            _record(unit, row, mail.organisation, Event.KEY_REFUSED, f"{words(row)}: {mail.refusal}", None)
    if body.grant is not None:
        envelope = logbook.envelope_of(body.grant)
        said = envelopes.read(KeyGrant, envelope)
        signatures.require(envelope, unit.caller(), who=f"the key service of {mail.organisation}")
        again = f", attempt {said.attempt}" if said.attempt > 1 else ""
        if mail.grant != envelope.to_bytes():
            _record(unit, row, mail.organisation, Event.KEY_RELEASED, words(row) + again, envelope.hash)
        mail.grant = envelope.to_bytes()
        runs.count_key(unit.session, row)
        logbook.append(unit, workspace, "grant", envelope)
        unit.changes(workspace, Waiting.ANSWERS)
    unit.stir(Waiting.ANSWERS)
    return Nothing()


def _record(unit: Unit, run: RunRow, organisation: str, event: Event, detail: str, statement: str | None) -> None:
    unit.record(workspace=run.workspace, member=key_service(organisation), organisation=organisation, action=event,
                job=run.job, version=run.version, run=run.id, detail=detail, statement=statement)  # fmt: skip


def acknowledge(unit: Unit, workspace: str, body: Acknowledged) -> Nothing:
    """Keep a key service's signed acknowledgement; with a statement that is not known here, learn that first.

    One that the newest roster does not name any more has, with its last acknowledgement, heard the last.

    Raises:
        RefusedError: the statement does not verify, or the acknowledgement is not of the calling key service.
    """
    services = {row.workspace: row for row in enrolled(unit, "keyservice", "was_service")}
    if workspace not in services:
        raise NotFoundError("no_workspace", "There is no such workspace.", "Check the address.")
    row = services[workspace]
    if body.statement is not None and row.kind == "keyservice":
        statement = logbook.envelope_of(body.statement)
        if not notices.posted(unit, workspace, row.name, statement.hash):
            carried.learn(unit, workspace, statement, heard_by=row.name)
            # One whose data the job does not read may be told too; its word is kept like the others'.
            notices.post(unit, workspace, statement.hash, [row.name])
            unit.stir(Waiting.MAIL)
    answer = notices.acknowledge(unit, workspace, row.name, body)
    unit.session.flush()
    if row.kind != "keyservice" and not runs.open_notices(unit.session, workspace, row.name):
        unit.session.delete(row)
    return answer
