"""A server, an outsider or a recovery key that would change the members: refused where it matters."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from jupyter_secure_jobs.domain.errors import (
    ConflictError,
    InvalidError,
    NotAllowedError,
    NotFoundError,
    SecureJobsError,
)
from jupyter_secure_jobs.member import changing, deciding, founding, opening, receipts, resealing
from jupyter_secure_jobs.member.changing import Wish
from jupyter_secure_jobs.member.context import envelopes_of
from jupyter_secure_jobs.protocol import envelope as envelopes
from jupyter_secure_jobs.protocol.clock import utc_now
from jupyter_secure_jobs.protocol.roster import Worker, change_hash
from jupyter_secure_jobs.store.tables import MemberRow, ProposalRow, ResealRow, StatementRow
from jupyter_secure_jobs.wire.base import EnvelopeWire
from jupyter_secure_jobs.wire.change import ChangeNew, ChangeSignatures
from jupyter_secure_jobs.wire.run import ResealNew
from tests.support import tampering
from tests.support.circle import Circle
from tests.support.parts import ANA, BEN, MIA, WEI, wait_until
from tests.support.refusal import refused

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from jupyter_secure_jobs.crypto.signing import SigningKey
    from jupyter_secure_jobs.member.context import Acting
    from jupyter_secure_jobs.protocol.envelope import Envelope
    from tests.support.parts import Parts

EVE = "eve@airline.example"


@pytest.fixture
def circle(parts: Parts, tmp_path: Path) -> Iterator[Circle]:
    made = Circle(parts, tmp_path)
    yield made
    made.close()


def wire(envelope: Envelope) -> EnvelopeWire:
    """Return an envelope as it is sent."""
    return EnvelopeWire.model_validate(envelope.to_json())


def composed(circle: Circle, wish: Wish, *signers: SigningKey) -> tuple[Envelope, Envelope]:
    """Return a change that follows, signed by whom an attack has."""
    roster, listed = changing.compose(changing.in_force(circle.ana, circle.workspace), wish, time=utc_now())
    assert roster is not None
    return envelopes.sign(roster, *signers), envelopes.sign(listed, *signers)


def body(statements: tuple[Envelope, Envelope]) -> ChangeNew:
    """Return a change as it is proposed."""
    return ChangeNew(roster=wire(statements[0]), workers=wire(statements[1]))


def test_server_puts_a_change_in_force_without_every_signature(circle: Circle) -> None:
    """Two of five have signed, and the server's tables say that the newcomer is a member."""
    eve = circle.newcomer(EVE, "Airline")
    statements = composed(circle, Wish(add=(eve.card,)), circle.ana.ring.signing, eve.ring.signing)
    with tampering.database(circle) as session:
        for kind, envelope in zip(("roster", "workers"), statements, strict=True):
            tampering.put_statement(session, circle.workspace, kind, envelope)
        session.add(MemberRow(workspace=circle.workspace, email=EVE, organisation="Airline",
                              signing_key=eve.card.keys.signing, place=4, joined=True))  # fmt: skip
    draft = circle.draft()
    for who in (BEN, WEI, MIA):
        with refused("signature_missing"):
            circle.acting(who).rosters(circle.workspace)
    with refused("signature_missing"):
        deciding.submit(circle.ana, circle.workspace, draft.id)
    chain = envelopes_of(circle.ana.client.roster(circle.workspace).rosters)
    with circle.key_service("Weather Service") as service, refused("signature_missing"):
        service.hear_rosters(chain, workspace=circle.workspace, now=utc_now())
    assert circle.epoch_at("Weather Service") == (1, 1)


def test_server_shows_the_old_chain(circle: Circle) -> None:
    circle.change(Wish(remove=(BEN,)))
    assert circle.people() == (ANA, WEI, MIA)
    wait_until(lambda: circle.epoch_at("Weather Service") == (2, 2), "the key service hears")
    old = envelopes_of(circle.ana.client.roster(circle.workspace).rosters)[:1]
    with tampering.database(circle) as session:
        rows = session.scalars(select(StatementRow).where(StatementRow.workspace == circle.workspace)).all()
        for row in rows:
            if row.kind in ("roster", "workers") and row.hash != circle.genesis and row.place > 1:
                session.delete(row)
    with refused("stale_epoch"):
        circle.ana.rosters(circle.workspace)
    with refused("stale_epoch"):
        changing.propose(circle.ana, circle.workspace, Wish(remove=(MIA,)))
    with circle.key_service("Weather Service") as service, refused("stale_epoch"):
        service.hear_rosters(old, workspace=circle.workspace, now=utc_now())


def test_server_shows_an_old_worker_list(circle: Circle) -> None:
    circle.change(Wish(workers=(circle.new_worker("worker-2"),), drop_workers=("worker-1",)))
    wait_until(lambda: circle.epoch_at("Weather Service") == (1, 2), "the key service hears")
    chain = circle.ana.client.roster(circle.workspace)
    with tampering.database(circle) as session:
        rows = session.scalars(select(StatementRow).where(StatementRow.workspace == circle.workspace)).all()
        session.delete(max((row for row in rows if row.kind == "workers"), key=lambda row: row.place))
    with refused("stale_workers"):
        circle.acting(MIA).rosters(circle.workspace)
    with circle.key_service("Weather Service") as service, refused("stale_workers"):
        service.hear_workers(
            envelopes_of(chain.workers)[:1], envelopes_of(chain.rosters), workspace=circle.workspace, now=utc_now()
        )


def test_an_outsider_proposes_to_join(circle: Circle) -> None:
    eve = circle.newcomer(EVE, "Airline")
    statements = composed(circle, Wish(add=(eve.card,)), eve.ring.signing)
    with refused("no_workspace", kind=NotFoundError):
        eve.client.propose_change(circle.workspace, body(statements))
    # The same by a member who has not signed it.
    with refused("signature_missing", kind=InvalidError, saying=WEI):
        circle.acting(WEI).client.propose_change(circle.workspace, body(statements))
    assert circle.ana.client.changes(circle.workspace).pending is None


def test_invited_one_compares_genesis_and_hash(circle: Circle) -> None:
    eve = circle.newcomer(EVE, "Airline")
    changing.propose(circle.ana, circle.workspace, Wish(add=(eve.card,)))
    with refused("other_genesis"):
        changing.look_at_change(eve, circle.workspace, genesis="sha256:" + "0" * 64)
    with refused("other_change", kind=ConflictError):
        changing.accept_change(eve, circle.workspace, shown="sha256:" + "0" * 64, genesis=circle.genesis)
    assert not eve.pins.knows(circle.workspace)
    # Somebody else's key store is not concerned, whatever its name says.
    again = circle.newcomer(EVE, "Airline")
    with refused("no_workspace", kind=NotFoundError):
        changing.look_at_change(again, circle.workspace, genesis=circle.genesis)


def test_proposal_altered_between_look_and_accept(circle: Circle) -> None:
    """The server swaps the worker list under the roster that was shown: its own worker would get the data."""
    eve = circle.newcomer(EVE, "Airline")
    seen = changing.propose(circle.ana, circle.workspace, Wish(add=(eve.card,)))
    assert seen is not None
    swapped = replace(seen.change.listed, workers=founding_workers(circle))
    with tampering.database(circle) as session:
        row = session.get_one(ProposalRow, (circle.workspace, 1))
        forged = envelopes.sign(swapped)
        assert seen.change.roster is not None
        row.workers, row.hash = forged.to_bytes(), change_hash(roster=seen.change.roster.hash, workers=forged.hash)
    wei = circle.acting(WEI)
    with refused("other_change", kind=ConflictError):
        changing.accept_change(wei, circle.workspace, shown=seen.hash)
    assert WEI in changing.look_at_change(wei, circle.workspace).missing
    assert any("worker mallory" in line for line in changing.look_at_change(wei, circle.workspace).lines)


def founding_workers(circle: Circle) -> tuple[Worker, ...]:
    """Return a worker of the server's own."""
    card = circle.new_worker("mallory")
    return (Worker(name=card.name, platform_key=card.keys.signing, measurements=(card.measurement,)),)


def test_two_proposals_at_once(circle: Circle) -> None:
    happened: list[str] = []

    def propose(who: str, leaver: str) -> None:
        try:
            changing.propose(circle.acting(who), circle.workspace, Wish(remove=(leaver,)))
            happened.append("proposed")
        except SecureJobsError as error:
            happened.append(error.code)

    threads = [threading.Thread(target=propose, args=pair) for pair in ((ANA, BEN), (WEI, MIA), (MIA, WEI))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(happened) == ["change_pending", "change_pending", "proposed"]
    pending = circle.ana.client.changes(circle.workspace).pending
    assert pending is not None
    with refused("change_pending", kind=ConflictError):
        founding.renew(
            [circle.ana], circle.workspace, [replace(circle.worker_card(), measurement="sha256:" + "0" * 64)]
        )


def test_refused_proposal_is_proposed_and_replayed(circle: Circle) -> None:
    eve = circle.newcomer(EVE, "Airline")
    statements = composed(circle, Wish(add=(eve.card,)), circle.ana.ring.signing)
    circle.ana.client.propose_change(circle.workspace, body(statements))
    assert circle.sign(eve, circle.acting(BEN), circle.acting(WEI)) == (MIA,)
    with refused("reason_needed", kind=InvalidError):
        changing.refuse_change(circle.acting(MIA), circle.workspace, reason=" ")
    changing.refuse_change(circle.acting(MIA), circle.workspace, reason="I do not know her.")
    after = circle.ana.client.changes(circle.workspace)
    assert after.pending is None
    assert [(each.outcome, each.ended_by, each.reason) for each in after.ended] == [
        ("refused", MIA, "I do not know her.")
    ]
    with pytest.raises(NotFoundError):
        eve.client.changes(circle.workspace)
    with refused("change_ended", kind=ConflictError, saying=MIA):
        circle.ana.client.propose_change(circle.workspace, body(statements))
    # The server forgets the refusal and keeps the signatures: the one that is missing is missing still.
    with tampering.database(circle) as session:
        session.get_one(ProposalRow, (circle.workspace, 1)).ended = None
    assert circle.sign(eve, circle.acting(BEN), circle.acting(WEI)) == (MIA,)
    assert circle.people() == (ANA, BEN, WEI, MIA)


def test_a_bad_signature_is_not_kept(circle: Circle) -> None:
    eve = circle.newcomer(EVE, "Airline")
    seen = changing.propose(circle.ana, circle.workspace, Wish(add=(eve.card,)))
    assert seen is not None
    assert seen.change.roster is not None
    own = envelopes.countersign(seen.change.roster, eve.ring.signing)
    forged = own.with_signatures([envelopes.Signature(keyid=circle.acting(MIA).card.keys.signing, sig=b"0" * 64)])
    listed = envelopes.countersign(seen.change.workers, eve.ring.signing)
    with refused("bad_signature", kind=InvalidError):
        eve.client.sign_change(
            circle.workspace, ChangeSignatures(change=seen.hash, envelopes=[wire(forged), wire(listed)])
        )
    assert set(changing.look_at_change(circle.ana, circle.workspace).missing) == {BEN, WEI, MIA, EVE}


# -- recovery keys misused ----------------------------------------------------------------------------------------


def misuse(circle: Circle, recovery: Acting, wish: Wish) -> None:
    """Propose with a recovery key, past what the member side would compose."""
    recovery.client.propose_change(circle.workspace, body(composed(circle, wish, recovery.ring.signing)))


def test_recovery_key_of_another_organisation(circle: Circle) -> None:
    new, weather = circle.newcomer(BEN, "Airline"), circle.recovery("Weather Service")
    with refused("not_concerned", kind=InvalidError):
        changing.recover(weather, circle.workspace, new.card, genesis=circle.genesis, agree=lambda _: True)
    with refused("recovery_only_replaces", kind=NotAllowedError):
        misuse(circle, weather, Wish(replace=(new.card,)))
    # A change that waits for Ben's own key takes no signature of another organisation's recovery key in its place.
    seen = changing.propose(circle.ana, circle.workspace, Wish(replace=(new.card,)))
    assert seen is not None
    assert seen.change.roster is not None
    other = wire(envelopes.countersign(seen.change.roster, weather.ring.signing))
    circle.ana.client.sign_change(circle.workspace, ChangeSignatures(change=seen.hash, envelopes=[other]))
    assert BEN in changing.look_at_change(circle.ana, circle.workspace).missing
    with refused("not_in_roster"):
        changing.look_at_change(weather, circle.workspace, genesis=circle.genesis)


@pytest.mark.parametrize("what", ["adds", "removes", "moves"])
def test_recovery_key_does_more_than_replace_keys(circle: Circle, what: str) -> None:
    new, airline = circle.newcomer(BEN, "Airline"), circle.recovery("Airline")
    wish = {
        "adds": Wish(add=(circle.newcomer(EVE, "Airline").card,)),
        "removes": Wish(remove=(BEN,)),
        "moves": Wish(replace=(new.card,)),
    }[what]
    statements = composed(circle, wish, airline.ring.signing)
    if what == "moves":
        roster = changing.compose(changing.in_force(circle.ana, circle.workspace), wish, time=utc_now())[0]
        assert roster is not None
        moved = [replace(m, organisation="Weather Service") if m.email == BEN else m for m in roster.members]
        statements = (envelopes.sign(replace(roster, members=tuple(moved)), airline.ring.signing), statements[1])
    code = "member_moved" if what == "moves" else "recovery_only_replaces"
    with pytest.raises(SecureJobsError) as caught:
        airline.client.propose_change(circle.workspace, body(statements))
    assert caught.value.code == code


# -- re-sealed keys ------------------------------------------------------------------------------------------------


def test_sealed_again_by_the_server_or_another_organisation(circle: Circle) -> None:
    run = circle.ended(circle.order(circle.accepted().id))
    eve = circle.newcomer(EVE, "Airline")
    circle.join(eve)
    ben, mia = circle.acting(BEN), circle.acting(MIA)
    outcome = ben.client.outcome(circle.workspace, run.id)
    found = receipts.checked(ben, run, outcome)
    keys = receipts.sealed_to(ben.ring, found)
    named = found.newest.member(EVE)
    assert keys is not None
    honest = resealing.resealed(found, keys, member=BEN, recipient=named)
    forged = wire(envelopes.sign(replace(honest, sealed=b"0" * 1200), mia.ring.signing))
    with refused("signature_missing", kind=InvalidError):
        ben.client.reseal(circle.workspace, run.id, ResealNew(reseal=forged))
    with refused("not_your_organisation", kind=NotAllowedError):
        mia.client.reseal(circle.workspace, run.id, ResealNew(reseal=wire(envelopes.sign(honest, ben.ring.signing))))
    for recipient in (MIA, WEI):
        outside = resealing.resealed(found, keys, member=BEN, recipient=found.newest.member(recipient))
        with refused("reseal_recipient", kind=InvalidError):
            ben.client.reseal(
                circle.workspace, run.id, ResealNew(reseal=wire(envelopes.sign(outside, ben.ring.signing)))
            )
    # The server plants its own past every check.
    with tampering.database(circle) as session:
        planted = envelopes.Envelope.from_json(forged.model_dump())
        digest = tampering.put_statement(session, circle.workspace, "reseal", planted)
        session.add(ResealRow(run=run.id, statement=digest, workspace=circle.workspace, recipient=EVE))
    with refused("signature_missing", saying=BEN):
        opening.preview(eve, circle.workspace, run.id)
    assert opening.preview(ben, circle.workspace, run.id).total == 12
