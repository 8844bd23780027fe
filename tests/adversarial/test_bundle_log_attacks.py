"""Attacks on the log behind a bundle: wrong proofs, wrong places, an order in which no run comes about, forks."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from jupyter_secure_jobs.crypto import merkle
from tests.support.bundles import made, signed_grants, signed_receipt, verify
from tests.support.refusal import refused
from tests.support.world import AUTHOR, COLLEAGUE, LOG_LEAVES, World

if TYPE_CHECKING:
    from collections.abc import Callable

    from jupyter_secure_jobs.protocol.envelope import Envelope
    from jupyter_secure_jobs.protocol.log import Inclusion
    from jupyter_secure_jobs.trust.bundle import Bundle

FORKED = [*LOG_LEAVES[:5], merkle.leaf_hash(b"another"), *LOG_LEAVES[6:]]


def proofs_changed(bundle: Bundle, change: Callable[[Inclusion], Inclusion], statement: Envelope) -> Bundle:
    """Return the bundle with the proof of one statement changed."""
    proofs = tuple(change(each) if each.statement == statement.hash else each for each in bundle.inclusions)
    return replace(bundle, inclusions=proofs)


WRONG = {
    "another place": lambda each: replace(each, index=each.index + 1),
    "a place outside": lambda each: replace(each, index=1_000_000),
    "a negative place": lambda each: replace(each, index=-1),
    "a changed hash": lambda each: replace(each, proof=(b"\0" * 32, *each.proof[1:])),
    "a proof cut short": lambda each: replace(each, proof=each.proof[:-1]),
    "a proof too long": lambda each: replace(each, proof=(*each.proof, b"\0" * 32)),
    "no proof": lambda each: replace(each, proof=()),
}


@pytest.mark.parametrize("what", WRONG)
@pytest.mark.parametrize("part", ["rosters", "manifests", "version", "decisions", "order", "grants", "receipt"])
def test_wrong_proof(world: World, what: str, part: str) -> None:
    bundle = made(world)
    found = getattr(bundle, part) if hasattr(bundle, part) else getattr(bundle.dossier, part)
    statement = found[-1] if isinstance(found, tuple) else found
    with refused("log_inclusion"):
        verify(proofs_changed(bundle, WRONG[what], statement))


def test_statement_without_a_proof(world: World) -> None:
    bundle = made(world)
    for number in range(len(bundle.inclusions)):
        left = (*bundle.inclusions[:number], *bundle.inclusions[number + 1 :])
        with refused("log_inclusion"):
            verify(replace(bundle, inclusions=left))


def test_proof_of_something_else(world: World) -> None:
    bundle = made(world)
    first = bundle.inclusions[0]
    for more in (first, replace(first, index=3), replace(first, statement="sha256:" + "0" * 64)):
        with refused("log_inclusion"):
            verify(replace(bundle, inclusions=(*bundle.inclusions, more)))


def test_one_statement_twice(world: World) -> None:
    bundle = made(world)
    twice = replace(bundle.dossier, manifests=(bundle.dossier.manifests[0], *bundle.dossier.manifests))
    with refused("log_inclusion"):
        verify(replace(bundle, dossier=twice))


def test_receipt_that_is_in_no_log(world: World) -> None:
    """The log is honest and ends before the receipt; its proof is one of another entry."""
    grants = signed_grants(world)
    receipt = signed_receipt(world, grants)
    bundle = made(world, grants=grants, receipt=receipt)
    shorter = made(world, grants=grants, receipt=receipt, logged=_entries(bundle)[:-1])
    borrowed = replace(shorter.inclusions[-1], statement=receipt.hash)
    with refused("log_inclusion"):
        verify(replace(shorter, inclusions=(*shorter.inclusions, borrowed)))


def _entries(bundle: Bundle) -> list[Envelope]:
    dossier = bundle.dossier
    before = [*dossier.rosters, *dossier.workers, *dossier.manifests, dossier.version, *dossier.decisions]
    return [*before, dossier.order, *bundle.grants, bundle.receipt]


@pytest.mark.parametrize(
    ("early", "late"),
    [("receipt", "grants"), ("grants", "order"), ("order", "decisions"), ("decisions", "version"),
     ("version", "manifests"), ("version", "rosters")],
)  # fmt: skip
def test_order_in_which_no_run_comes_about(world: World, early: str, late: str) -> None:
    """A server that writes the acceptances into its log after the run shows them in a place where they help nobody."""
    bundle = made(world)
    entries = _entries(bundle)

    def last(part: str) -> Envelope:
        found = getattr(bundle, part) if hasattr(bundle, part) else getattr(bundle.dossier, part)
        return found[-1] if isinstance(found, tuple) else found

    here, there = entries.index(last(early)), entries.index(last(late))
    entries[here], entries[there] = entries[there], entries[here]
    with refused("log_order"):
        verify(made(world, grants=bundle.grants, receipt=bundle.receipt, logged=entries))


def test_log_signed_by_another_key(world: World) -> None:
    with refused("checkpoint", saying="another key"):
        verify(made(world, signer="mallory"))


def test_forked_log(world: World) -> None:
    """A reviewer was shown another history; their decision carries it into every bundle."""
    world.decisions[0] = world.sign(world.decision(COLLEAGUE, checkpoint=world.note(7, FORKED)), COLLEAGUE)
    with refused("log_fork"):
        verify(made(world))


def test_log_rolled_back_behind_what_the_author_saw(world: World) -> None:
    world.run(world.sign(world.run_order(checkpoint=world.note(30)), AUTHOR))
    with refused("log_rollback"):
        verify(made(world))
