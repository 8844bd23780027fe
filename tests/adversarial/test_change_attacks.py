"""Attacks on changes that wait for signatures, on runs verified as of then, and on keys that are sealed again."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from jupyter_secure_jobs.domain.workspace import Organisation
from jupyter_secure_jobs.member.differences import in_words
from jupyter_secure_jobs.protocol.envelope import Envelope, sign
from jupyter_secure_jobs.trust.change import Change, read_change, verify_change
from jupyter_secure_jobs.trust.dossier import AuthorisedRun, as_of, verify_run
from jupyter_secure_jobs.trust.evidence import verify_receipt, verify_test
from jupyter_secure_jobs.trust.reseal import verify_reseal
from jupyter_secure_jobs.trust.roster import verify_every_workers
from tests.support.keys import Keys, digest
from tests.support.refusal import refused
from tests.support.world import COLLEAGUE, LAST_REVIEWER, NOW, PEOPLE, REVIEWER, World

if TYPE_CHECKING:
    from jupyter_secure_jobs.protocol.order import Reseal
    from jupyter_secure_jobs.protocol.roster import Roster, Worker, WorkerList
    from jupyter_secure_jobs.trust.roster import TrustedRosters

ALL = tuple(PEOPLE)
NEW = "dan@alpha.example"
RECEIPT = digest("receipt")


@pytest.fixture
def joining(world: World) -> World:
    """Give a world with keys for one who may join."""
    world.keys[NEW] = Keys.of(NEW)
    return world


def next_list(world: World, **changes: object) -> WorkerList:
    """Return a worker list that follows the newest."""
    follows = {"epoch": len(world.workers) + 1, "previous": world.workers[-1].hash}
    return world.worker_list(**{**follows, **changes})


def with_one_more(world: World, organisation: str = "Alpha") -> Roster:
    """Return a roster with one who joins."""
    return world.next_roster([*world.roster().members, world.member(NEW, organisation)])


def proposed(world: World, roster: Envelope | None, workers: Envelope) -> Change:
    """Return a change as it is read."""
    return read_change(world.trusted(), world.workers, roster=roster, workers=workers)


def put_in_force(world: World, change: Change) -> TrustedRosters:
    """Verify a change with all that went before."""
    return verify_change(world.rosters, world.workers, change, genesis=world.genesis)


def follow(world: World, roster: Roster | None, *signers: str, workers: tuple[Worker, ...] | None = None) -> None:
    """Put a change in force in the world."""
    listed = next_list(world) if workers is None else next_list(world, workers=workers)
    if roster is not None:
        world.rosters.append(world.sign(roster, *signers))
    world.workers.append(world.sign(listed, *signers))


# -- proposals ----------------------------------------------------------------------------------------------------


def test_a_change_is_in_force_with_every_signature_and_not_before(joining: World) -> None:
    roster, listed = with_one_more(joining), next_list(joining)
    signers = (*ALL, NEW)
    for count in range(len(signers)):
        some = proposed(joining, joining.sign(roster, *signers[:count]), joining.sign(listed, *signers[:count]))
        assert some.missing() == signers[count:]
        with refused("signature_missing", saying=signers[count]):
            put_in_force(joining, some)
    whole = proposed(joining, joining.sign(roster, *signers), joining.sign(listed, *signers))
    assert whole.missing() == ()
    assert put_in_force(joining, whole).newest.epoch == 2


def test_a_roster_without_everybody_on_the_worker_list(joining: World) -> None:
    roster = joining.sign(with_one_more(joining), *ALL, NEW)
    change = proposed(joining, roster, joining.sign(next_list(joining), *ALL))
    assert change.missing() == (NEW,)
    with refused("signature_missing", saying=NEW):
        put_in_force(joining, change)


def test_a_signature_by_somebody_else_counts_for_nobody(joining: World) -> None:
    signed = joining.sign(with_one_more(joining), "mallory", "recovery of Beta")
    change = proposed(joining, signed, joining.sign(next_list(joining), "mallory"))
    assert set(change.missing()) == {*ALL, NEW}
    assert not change.waits_for(joining.keys["mallory"].signing.public)


def test_a_forged_signature_is_not_counted(joining: World) -> None:
    roster = joining.sign(with_one_more(joining), *ALL, NEW)
    forged = replace(roster, payload=roster.payload.replace(b"Flights", b"Flighty"))
    change = proposed(joining, forged, joining.sign(next_list(joining), *ALL, NEW))
    with refused("bad_signature"):
        change.missing()


def test_the_hash_names_both_statements(joining: World) -> None:
    roster, listed = joining.sign(with_one_more(joining)), joining.sign(next_list(joining))
    other = joining.sign(next_list(joining, workers=(joining.worker("mallory"),)))
    shown = proposed(joining, roster, listed).hash
    assert shown != proposed(joining, roster, other).hash, "the worker list was swapped under the same roster"
    assert shown != proposed(joining, None, listed).hash
    assert shown != proposed(joining, joining.sign(joining.next_roster(name="Second")), listed).hash


@pytest.mark.parametrize("change", [{"epoch": 3}, {"previous": "sha256:0"}, {"genesis": "sha256:0"}])
def test_a_proposal_that_does_not_follow(joining: World, change: dict[str, object]) -> None:
    listed = joining.sign(next_list(joining))
    with refused("roster_chain"):
        proposed(joining, joining.sign(replace(with_one_more(joining), **change)), listed)  # type: ignore[arg-type]  # a table of wrong values
    with refused("workers_chain"):
        proposed(joining, None, joining.sign(next_list(joining, **change)))


def test_an_address_never_moves_to_another_organisation(joining: World) -> None:
    """Datasets and results are held by address and organisation; a former member's name would open both."""
    staying = [member for member in joining.roster().members if member.email != LAST_REVIEWER]
    follow(joining, joining.next_roster(staying), *ALL)
    back = joining.next_roster([*staying, joining.member(LAST_REVIEWER, "Beta")])
    with refused("member_moved", saying=LAST_REVIEWER):
        proposed(joining, joining.sign(back), joining.sign(next_list(joining)))
    again = joining.next_roster([*staying, joining.member(LAST_REVIEWER, "Gamma")])
    assert proposed(joining, joining.sign(again), joining.sign(next_list(joining))).missing()


# -- what is shown before it is signed ----------------------------------------------------------------------------


def altered_rosters(world: World) -> dict[str, Roster]:
    """Return rosters that differ from the newest in one thing each."""
    last = world.roster()
    fresh = Keys.of("fresh").public
    first, *rest = last.members
    beta = last.organisations[1]

    def with_beta(organisation: Organisation) -> Roster:
        changed = tuple(organisation if each.name == "Beta" else each for each in last.organisations)
        return world.next_roster(organisations=changed)

    return {
        "a new name": world.next_roster(name="Second"),
        "one who joins": with_one_more(world),
        "one who leaves": world.next_roster(rest),
        "new keys": world.next_roster([replace(first, keys=fresh), *rest]),
        "a new sealing key": world.next_roster(
            [replace(first, keys=replace(first.keys, sealing=fresh.sealing)), *rest]
        ),
        "another order": world.next_roster([*rest, first]),
        "another order of organisations": world.next_roster(organisations=last.organisations[::-1]),
        "another key service": with_beta(replace(beta, key_service=fresh)),
        "another sealing key of a key service": with_beta(
            replace(beta, key_service=replace(beta.key_service, sealing=fresh.sealing))  # type: ignore[type-var]  # Beta has one
        ),
        "no key service": with_beta(replace(beta, key_service=None)),
        "another recovery key": with_beta(replace(beta, recovery=fresh)),
        "no recovery key": with_beta(replace(beta, recovery=None)),
        "one organisation more": world.next_roster(
            organisations=(*last.organisations, Organisation(name="Delta", key_service=fresh, recovery=None))
        ),
    }


CASES = tuple(altered_rosters(World(keys={**World().keys, NEW: Keys.of(NEW)})))


@pytest.mark.parametrize("case", CASES)
def test_nothing_in_a_roster_goes_unsaid(joining: World, case: str) -> None:
    listed = joining.sign(next_list(joining))
    same = in_words(proposed(joining, joining.sign(joining.next_roster()), listed))
    assert same == ("Nothing changes but the number of the list.",)
    lines = in_words(proposed(joining, joining.sign(altered_rosters(joining)[case]), listed))
    assert lines
    assert lines != same


@pytest.mark.parametrize("case", ["enrolled", "dropped", "new key", "upgraded", "twice"])
def test_nothing_in_a_worker_list_goes_unsaid(world: World, case: str) -> None:
    own, other = world.worker(), world.worker("mallory", "worker-2")
    workers = {
        "enrolled": (own, other),
        "dropped": (),
        "new key": (world.worker("mallory"),),
        "upgraded": (replace(own, measurements=(digest("other files"),)),),
        "twice": (own, own),
    }[case]
    lines = in_words(proposed(world, None, world.sign(next_list(world, workers=workers))))
    assert lines != ("Nothing changes but the number of the list.",)


# -- as of then ---------------------------------------------------------------------------------------------------


def then(world: World, *, roster: str | None = None, workers: str | None = None) -> AuthorisedRun:
    """Verify the run as it was with the first roster and list, unless an attack names others."""
    cut = as_of(world.dossier(), roster=roster or world.rosters[0].hash, workers=workers or world.workers[0].hash)
    return verify_run(cut, genesis=world.genesis, now=NOW)


def test_an_old_run_is_verified_after_every_change(joining: World) -> None:
    receipt = joining.sign(joining.receipt(), "enclave")
    fresh = Keys.of("bea again")
    joining.keys["bea again"] = fresh
    others = [joining.member(email) for email in ALL if email not in (REVIEWER, COLLEAGUE)]
    signers = (*ALL, NEW, "bea again")
    follow(joining, joining.next_roster([*others, joining.member(REVIEWER, keys=fresh), joining.member(NEW, "Alpha")]),
           *signers, workers=())  # fmt: skip
    with refused("stale_epoch"):
        joining.authorised()
    assert verify_receipt(receipt, joining.evidence, then(joining)).rows == 16


@pytest.mark.parametrize("which", ["roster", "workers"])
def test_a_run_of_a_roster_or_list_that_was_never_in_force(world: World, which: str) -> None:
    with refused("not_in_chain"):
        then(world, **{which: digest("made up")})


def test_a_list_from_before_one_who_joined(joining: World) -> None:
    """The newest roster with an old worker list: the newcomer never signed those workers."""
    follow(joining, with_one_more(joining), *ALL, NEW)
    with refused("signature_missing", saying=NEW):
        then(joining, roster=joining.rosters[1].hash)


def test_a_dropped_worker_attests_a_new_run(world: World) -> None:
    """Its evidence can name the newest list, on which it does not stand, or its own, which is not the newest."""
    follow(world, None, *ALL, workers=(world.worker("mallory"),))
    old = world.sign(world.evidence_statement(workers=world.workers[0].hash), "platform")
    newest = world.sign(world.evidence_statement(), "platform")
    receipt = world.sign(world.receipt(evidence=old.hash), "enclave")
    with refused("unknown_platform"):
        verify_receipt(receipt, old, world.authorised())
    with refused("unknown_platform"):
        verify_receipt(receipt, newest, world.authorised())


def test_evidence_that_names_another_worker_list(world: World) -> None:
    follow(world, None, *ALL)
    old = world.sign(world.evidence_statement(workers=world.workers[0].hash), "platform")
    receipt = world.sign(world.receipt(evidence=old.hash), "enclave")
    with refused("evidence_binding"):
        verify_receipt(receipt, old, world.authorised())


def test_a_test_of_a_worker_that_was_dropped(world: World) -> None:
    follow(world, None, *ALL, workers=(world.worker("mallory", "worker-2"),))
    newest, *earlier = verify_every_workers(world.workers, world.trusted())
    tested = world.sign(world.test_result(), "platform")
    with refused("test_worker"):
        verify_test(tested, newest)
    assert verify_test(tested, newest, earlier=earlier).worker == "worker-1"
    # An earlier list vouches for its own key and enclave alone.
    for forged in (
        world.sign(world.test_result(), "mallory"),
        world.sign(world.test_result(measurement=digest("other files")), "platform"),
        world.sign(world.test_result(worker="worker-2"), "platform"),
    ):
        with refused("test_worker"):
            verify_test(forged, {}, earlier=earlier)


def test_a_test_of_a_worker_that_was_upgraded(world: World) -> None:
    """The same platform key with other files: the earlier list says which enclave tested."""
    upgraded = replace(world.worker(), measurements=(digest("other files"),))
    follow(world, None, *ALL, workers=(upgraded,))
    newest, *earlier = verify_every_workers(world.workers, world.trusted())
    tested = world.sign(world.test_result(), "platform")
    with refused("test_worker"):
        verify_test(tested, newest)
    assert verify_test(tested, newest, earlier=earlier).measurement != digest("other files")


# -- sealing again ------------------------------------------------------------------------------------------------


@pytest.fixture
def grown(joining: World) -> tuple[World, AuthorisedRun]:
    """Give a world in which a colleague joined after the run, and the run as of then."""
    follow(joining, with_one_more(joining), *ALL, NEW)
    return joining, then(joining)


def check(grown: tuple[World, AuthorisedRun], envelope: Envelope) -> Reseal:
    """Verify re-sealed keys."""
    world, run = grown
    return verify_reseal(envelope, run, receipt=RECEIPT, newest=world.trusted())


def test_a_recipient_seals_again_to_a_colleague_who_joined(grown: tuple[World, AuthorisedRun]) -> None:
    world, _ = grown
    assert check(grown, world.sign(world.reseal(NEW), COLLEAGUE)).recipient == NEW


def test_sealed_again_by_another_organisation(grown: tuple[World, AuthorisedRun]) -> None:
    world, _ = grown
    with refused("reseal_signer"):
        check(grown, world.sign(world.reseal(NEW, member=REVIEWER), REVIEWER))


def test_sealed_again_by_one_to_whom_it_was_not_sealed(grown: tuple[World, AuthorisedRun]) -> None:
    world, _ = grown
    with refused("reseal_signer"):
        check(grown, world.sign(world.reseal(NEW, member=NEW), NEW))


def test_sealed_again_by_the_server(grown: tuple[World, AuthorisedRun]) -> None:
    world, _ = grown
    with refused("signature_missing", saying=COLLEAGUE):
        check(grown, world.sign(world.reseal(NEW), "mallory"))


def test_sealed_again_and_altered(grown: tuple[World, AuthorisedRun]) -> None:
    world, _ = grown
    honest = world.sign(world.reseal(NEW), COLLEAGUE)
    forged = sign(world.reseal(NEW, sealed=b"keys of the server's choice"))
    with refused("bad_signature"):
        check(grown, replace(forged, signatures=honest.signatures))


@pytest.mark.parametrize("to", [REVIEWER, "mallory"])
def test_sealed_again_to_another_organisation(grown: tuple[World, AuthorisedRun], to: str) -> None:
    world, _ = grown
    with refused("reseal_recipient"):
        check(grown, world.sign(world.reseal(to), COLLEAGUE))


def test_sealed_again_to_a_key_that_the_roster_does_not_name(grown: tuple[World, AuthorisedRun]) -> None:
    world, _ = grown
    swapped = world.reseal(NEW, sealing_key=world.keys["mallory"].sealing.public)
    with refused("reseal_recipient"):
        check(grown, world.sign(swapped, COLLEAGUE))


def test_sealed_again_to_one_who_has_left(grown: tuple[World, AuthorisedRun]) -> None:
    world, run = grown
    follow(world, world.next_roster(world.roster().members), *ALL, NEW)
    with refused("reseal_recipient"):
        check((world, run), world.sign(world.reseal(NEW), COLLEAGUE))


@pytest.mark.parametrize(
    "change",
    [{"order": digest("other")}, {"receipt": digest("other")}, {"workspace": "ws-2"}, {"genesis": digest("other")}],
)
def test_sealed_again_for_another_run(grown: tuple[World, AuthorisedRun], change: dict[str, str]) -> None:
    world, _ = grown
    with refused("reseal"):
        check(grown, world.sign(world.reseal(NEW, **change), COLLEAGUE))
