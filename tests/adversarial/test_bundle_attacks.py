"""Attacks on a run's bundle: whoever hands it over changes, leaves out, swaps or makes up a part of it.

The log is remade to fit each time, as a hostile server would: what refuses is the statement itself, unless the test
says that the log is what is attacked.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import pytest

from jupyter_secure_jobs.domain.job import Scope
from jupyter_secure_jobs.domain.run import RunStatus
from jupyter_secure_jobs.protocol import canonical
from jupyter_secure_jobs.protocol.decision import Acknowledgement
from jupyter_secure_jobs.trust import trail
from jupyter_secure_jobs.trust.bundle import Bundle, Opened
from tests.support import bundles
from tests.support.bundles import made, signed_grants, signed_receipt, verify
from tests.support.keys import Keys
from tests.support.refusal import refused
from tests.support.tampering import altered
from tests.support.world import AUTHOR, COLLEAGUE, LAST_REVIEWER, NOW, PEOPLE, REVIEWER, WORKSPACE, World

if TYPE_CHECKING:
    from collections.abc import Callable

    from jupyter_secure_jobs.protocol.envelope import Envelope

MINUTE: Final = timedelta(minutes=1)


def checked(world: World, **parts: Any) -> None:
    """Make the bundle of a world and verify it against the genesis that the world began with."""
    verify(made(world, **parts), genesis=world.genesis)


# -- what is true ---------------------------------------------------------------------------------------------------


def test_honest_bundle(world: World) -> None:
    bundle = made(world)
    found = verify(bundle)
    assert found.logical == bundles.OPENED.logical
    assert [grant.organisation for grant in found.grants] == ["Alpha", "Beta"]
    assert Bundle.from_bytes(bundle.to_bytes()) == bundle
    signers = {signer.name for step in trail.steps(found) for signer in step.by}
    assert signers >= {*PEOPLE, "key service of Alpha", "key service of Beta", "worker worker-1", "the enclave"}
    places = [step.index for step in trail.steps(found) if step.index is not None]
    assert places == list(range(9, 21)), "every statement but the evidence, which the receipt names, is in the log"


def test_bundle_of_a_failed_run(world: World) -> None:
    failed = {"status": RunStatus.FAILED, "error_class": "ValueError", "result": None, "rows": None, "logical": None}
    receipt = signed_receipt(world, grants := signed_grants(world), **failed)
    assert verify(made(world, grants=grants, receipt=receipt, opened=None)).receipt.error_class == "ValueError"


def test_steps_name_a_recovery_key_only_where_it_was_needed(world: World) -> None:
    """The chain needs no recovery key here; one that signed all the same is verified before it is named."""
    follows = world.next_roster()
    world.rosters.append(world.sign(follows, *PEOPLE, "recovery of Beta"))
    world.workers[0] = world.sign(world.worker_list(), *PEOPLE)
    world.accept(world.sign(world.version_statement(), AUTHOR))
    steps = trail.steps(verify(made(world)))
    assert "recovery key of Beta" in [signer.name for signer in steps[1].by]
    last = world.rosters[-1]
    broken = tuple(replace(each, sig=each.sig[::-1]) for each in last.signatures[-1:])
    world.rosters[-1] = replace(last, signatures=(*last.signatures[:-1], *broken))
    found = verify(made(world))
    with refused("bad_signature"):
        trail.steps(found)


# -- statements altered ---------------------------------------------------------------------------------------------


ALTERED: Final[dict[str, tuple[Callable[[World], None], str]]] = {
    "member list": (lambda w: _put(w.rosters, name="Other"), "other_genesis"),
    "worker's measurement": (lambda w: _put(w.workers, epoch=1, time="2026-11-02T12:00:00.000Z"), "bad_signature"),
    "manifest": (lambda w: _put(w.manifests, rows=7), "bad_signature"),
    "code": (lambda w: _set(w, "version", code="SELECT * FROM a"), "bad_signature"),
    "decision's expiry": (lambda w: _put(w.decisions, expires="2027-06-01T12:00:00.000Z"), "bad_signature"),
    "input value": (lambda w: _set(w, "order", inputs={"month": 8}), "bad_signature"),
    "measurement in the evidence": (lambda w: _set(w, "evidence", measurement=canonical.digest(b"x")), "bad_signature"),
}


def _put(statements: list[Envelope], **changes: Any) -> None:
    statements[0] = altered(statements[0], **changes)


def _set(world: World, name: str, **changes: Any) -> None:
    setattr(world, name, altered(getattr(world, name), **changes))


@pytest.mark.parametrize("what", ALTERED)
def test_altered_statement(world: World, what: str) -> None:
    alter, code = ALTERED[what]
    alter(world)
    with refused(code):
        checked(world)


def test_altered_grant(world: World) -> None:
    grants = signed_grants(world)
    grants[0] = altered(grants[0], attempt=2)
    with refused("bad_signature"):
        checked(world, grants=grants)


@pytest.mark.parametrize(
    "changes", [{"rows": 17}, {"logical": None}, {"status": "Failed"}, {"error_class": "KeyError"}]
)
def test_altered_receipt(world: World, changes: dict[str, Any]) -> None:
    receipt = altered(signed_receipt(world, signed_grants(world)), **changes)
    with refused("bad_signature"):
        checked(world, receipt=receipt)


# -- statements removed ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("part", "code"),
    [("rosters", "roster_missing"), ("workers", "workers_missing"), ("manifests", "manifest_missing"),
     ("decisions", "not_accepted")],
)  # fmt: skip
def test_removed_statement(world: World, part: str, code: str) -> None:
    bundle = made(world)
    left = getattr(bundle.dossier, part)[1:]
    gone = getattr(bundle.dossier, part)[0].hash
    proofs = tuple(each for each in bundle.inclusions if each.statement != gone)
    cut = replace(bundle, dossier=replace(bundle.dossier, **{part: left}), inclusions=proofs)
    with refused(code):
        verify(cut, genesis=world.genesis)


def test_removed_grant(world: World) -> None:
    grants = signed_grants(world)
    with refused("key_grant"):
        checked(world, grants=grants[:1], receipt=signed_receipt(world, grants))
    with refused("key_grant"):
        checked(world, grants=grants[:1], receipt=signed_receipt(world, grants[:1]))


def test_manifest_that_the_version_does_not_name(world: World) -> None:
    world.manifests.append(world.sign(world.manifest("Beta", version=2), REVIEWER))
    with refused("manifest_missing"):
        checked(world)


# -- another run's, another workspace's -----------------------------------------------------------------------------


def _other_run(world: World) -> Bundle:
    """Return the bundle of a second run of the same version, as honest as the first."""
    other = World()
    assert other.version == world.version
    other.run(other.sign(other.run_order(nonce="order-2", inputs={"month": 8}), AUTHOR))
    return made(other)


@pytest.mark.parametrize(
    ("part", "code"), [("evidence", "evidence_binding"), ("grants", "key_grant"), ("receipt", "receipt")]
)
def test_part_of_another_run(world: World, part: str, code: str) -> None:
    other = _other_run(world)
    verify(other)
    if part == "evidence":
        world.evidence = other.evidence
        with refused(code):
            checked(world)
    elif part == "grants":
        with refused(code):
            checked(world, grants=other.grants)
    else:
        with refused(code):
            checked(world, receipt=other.receipt)


def test_order_of_another_run(world: World) -> None:
    """The receipt stays, the order before it is swapped: other input values would be believed."""
    bundle = made(world)
    world.order = _other_run(world).dossier.order
    with refused("evidence_binding"):
        checked(world, grants=bundle.grants, receipt=bundle.receipt)


def test_other_genesis(world: World) -> None:
    with refused("other_genesis"):
        verify(made(world), genesis=canonical.digest(b"another"))


def test_whole_bundle_of_an_invented_workspace(world: World) -> None:
    """A server makes up a workspace of the same people with keys of its own: nothing is wrong but the genesis."""
    invented = World(keys={**world.keys, **{name: Keys.of(f"invented {name}") for name in world.keys}})
    verify(made(invented), genesis=invented.genesis)
    with refused("other_genesis"):
        verify(made(invented), genesis=world.genesis)


# -- signed by somebody else ----------------------------------------------------------------------------------------


RESIGNED: Final[dict[str, Callable[[World], None]]] = {
    "worker list": lambda w: w.workers.__setitem__(0, w.sign(w.worker_list(), "mallory")),
    "manifest": lambda w: w.manifests.__setitem__(1, w.sign(w.manifest("Beta"), "mallory")),
    "manifest by another organisation": lambda w: w.manifests.__setitem__(1, w.sign(w.manifest("Beta"), AUTHOR)),
    "version": lambda w: setattr(w, "version", w.sign(w.version_statement(), "mallory")),
    "decision": lambda w: w.decisions.__setitem__(0, w.sign(w.decision(COLLEAGUE), "mallory")),
    "decision by another member": lambda w: w.decisions.__setitem__(0, w.sign(w.decision(COLLEAGUE), REVIEWER)),
    "order": lambda w: setattr(w, "order", w.sign(w.run_order(), "mallory")),
    "order by a reviewer": lambda w: setattr(w, "order", w.sign(w.run_order(), REVIEWER)),
}


@pytest.mark.parametrize("what", RESIGNED)
def test_statement_signed_by_somebody_else(world: World, what: str) -> None:
    RESIGNED[what](world)
    with refused("signature_missing"):
        checked(world)


def test_evidence_of_a_platform_that_is_not_enrolled(world: World) -> None:
    world.evidence = world.sign(world.evidence_statement(), "mallory")
    with refused("unknown_platform"):
        checked(world)


@pytest.mark.parametrize("signer", ["mallory", "key service of Beta", AUTHOR])
def test_grant_signed_by_somebody_else(world: World, signer: str) -> None:
    grants = signed_grants(world)
    grants[0] = world.sign(world.key_grant("Alpha"), signer)
    with refused("signature_missing"):
        checked(world, grants=grants)


@pytest.mark.parametrize("signer", ["mallory", "platform", AUTHOR])
def test_receipt_signed_by_somebody_else(world: World, signer: str) -> None:
    grants = signed_grants(world)
    named = tuple(sorted(grant.hash for grant in grants))
    with refused("signature_missing"):
        checked(world, grants=grants, receipt=world.sign(world.receipt(grants=named), signer))


# -- grants ---------------------------------------------------------------------------------------------------------


def test_receipt_that_names_other_grants(world: World) -> None:
    grants = signed_grants(world)
    again = world.sign(world.key_grant("Alpha", attempt=2), "key service of Alpha")
    with refused("receipt"):
        checked(world, grants=[again, grants[1]], receipt=signed_receipt(world, grants))


def test_two_grants_of_one_key_service(world: World) -> None:
    grants = signed_grants(world)
    grants.append(world.sign(world.key_grant("Alpha", attempt=2), "key service of Alpha"))
    with refused("key_grant"):
        checked(world, grants=grants)


@pytest.mark.parametrize(
    ("moved", "code"),
    [(-8 * MINUTE, "order_expired"), (timedelta(days=7), "order_expired"), (3 * MINUTE, "evidence_stale")],
)
def test_grant_at_a_time_when_no_key_was_due(world: World, moved: timedelta, code: str) -> None:
    grants = [
        world.sign(world.key_grant(owner, time=NOW + moved), f"key service of {owner}") for owner in bundles.OWNERS
    ]
    with refused(code):
        checked(world, grants=grants)


def test_grant_after_the_approval_for_reruns_had_expired(world: World) -> None:
    until = {"reruns": True, "most_runs": 5, "until": NOW - timedelta(hours=1)}
    terms = replace(world.version_statement().grant, **until)
    world.accept(world.sign(world.version_statement(grant=terms), AUTHOR))
    with refused("no_runs_left"):
        checked(world)
    regranted = [
        world.sign(world.key_grant(owner, attempt=2), f"key service of {owner}") for owner in bundles.OWNERS
    ]  # fmt: skip
    checked(world, grants=regranted)


def test_grant_after_an_acceptance_had_expired(world: World) -> None:
    """The acceptance held when the run was ordered, and not any more when the keys were released."""
    world.decisions[2] = world.sign(world.decision(LAST_REVIEWER, expires=NOW - 3 * MINUTE), LAST_REVIEWER)
    with refused("not_accepted"):
        checked(world)


# -- times ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "times",
    [
        {"started": NOW - 10 * MINUTE},
        {"started": NOW - 3 * MINUTE},
        {"started": NOW + timedelta(days=7), "finished": NOW + timedelta(days=7)},
        {"finished": NOW - MINUTE},
    ],
)
def test_receipt_whose_times_do_not_fit(world: World, times: dict[str, Any]) -> None:
    grants = signed_grants(world)
    with refused("receipt_time"):
        checked(world, grants=grants, receipt=signed_receipt(world, grants, **times))


def test_clocks_that_differ_a_little(world: World) -> None:
    grants = signed_grants(world)
    checked(world, grants=grants, receipt=signed_receipt(world, grants, started=NOW - MINUTE))


def test_bundle_from_the_future(world: World) -> None:
    with refused("from_the_future"):
        verify(made(world), now=NOW - timedelta(days=1))
    with refused("from_the_future"):
        verify(made(world), now=NOW - timedelta(minutes=4))
    verify(made(world), now=NOW - MINUTE)


# -- revocations ----------------------------------------------------------------------------------------------------


def _revoked(world: World, scope: Scope, *, by: str = REVIEWER) -> Envelope:
    said = world.sign(world.revocation(by, scope), by)
    world.revocations.append(said)
    return said


def _heard(world: World, said: Envelope, owner: str, **changes: Any) -> Envelope:
    word = Acknowledgement(
        workspace=WORKSPACE, genesis=world.genesis, organisation=owner, revocation=said.hash, time=NOW - MINUTE
    )
    return world.sign(replace(word, **changes), f"key service of {owner}")


def test_order_after_a_withdrawal(world: World) -> None:
    _revoked(world, Scope.ALL)
    with refused("withdrawn"):
        checked(world)


def test_withdrawal_after_the_order_does_not_undo_the_run(world: World) -> None:
    said = _revoked(world, Scope.ALL)
    found = verify(made(world, late=[said]))
    assert [each.member for each in found.revoked_after] == [REVIEWER]
    assert found.revoked_before == ()
    assert "after the run order" in " ".join(step.found for step in trail.steps(found))


def test_repeatability_revoked_before_is_told(world: World) -> None:
    said = _revoked(world, Scope.RERUNS)
    found = verify(made(world, acknowledgements=[_heard(world, said, "Beta")]))
    assert [each.scope for each in found.revoked_before] == [Scope.RERUNS]


def test_grant_after_its_key_service_acknowledged_a_withdrawal(world: World) -> None:
    said = _revoked(world, Scope.ALL)
    with refused("withdrawn", saying="had acknowledged"):
        checked(world, late=[said], acknowledgements=[_heard(world, said, "Beta")])
    checked(world, late=[said], acknowledgements=[_heard(world, said, "Beta", time=NOW + MINUTE)])


@pytest.mark.parametrize("late", [False, True])
def test_revocation_made_up(world: World, late: bool) -> None:  # noqa: FBT001 -- a parameter of the test
    said = world.sign(world.revocation(REVIEWER, Scope.RERUNS), "mallory")
    world.revocations.append(said)
    with refused("signature_missing"):
        checked(world, late=[said] if late else [])


def test_acknowledgement_made_up(world: World) -> None:
    said = _revoked(world, Scope.RERUNS)
    forged = altered(_heard(world, said, "Beta"), organisation="Alpha")
    with refused("signature_missing"):
        checked(world, acknowledgements=[forged])
    with refused("acknowledgement"):
        checked(world, acknowledgements=[_heard(world, said, "Beta", revocation=canonical.digest(b"another"))])
    with refused("acknowledgement"):
        checked(world, acknowledgements=[_heard(world, said, "Beta", workspace="ws-2")])


# -- the disclosed digest -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "opened",
    [
        Opened(salt=bundles.SALT, logical=canonical.digest(b"other rows")),
        Opened(salt=b"x" * 32, logical=bundles.OPENED.logical),
    ],
)
def test_digest_of_other_rows(world: World, opened: Opened) -> None:
    with refused("result_digest"):
        checked(world, opened=opened)


def test_digest_disclosed_of_a_run_without_rows(world: World) -> None:
    grants = signed_grants(world)
    receipt = signed_receipt(world, grants, logical=None, result=None, rows=None, status=RunStatus.FAILED)
    with refused("result_digest"):
        checked(world, grants=grants, receipt=receipt)
