"""Attacks on run orders: forged, by others, expired, for another version, or with values that nobody accepted."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from jupyter_secure_jobs.domain.inputs import InputType, InputVariable
from tests.support.refusal import refused
from tests.support.world import AUTHOR, COLLEAGUE, NOW, REVIEWER, World


def order(world: World, *signers: str, **changes: Any) -> None:
    """Order a run so, signed by the author unless others are named, and ask whether it is authorised."""
    world.run(world.sign(world.run_order(**changes), *(signers or (AUTHOR,))))
    world.authorised()


def test_run_order_forged_by_the_server(world: World) -> None:
    with refused("signature_missing", saying=AUTHOR):
        order(world, "mallory")


def test_run_order_forged_under_the_authors_signature(world: World) -> None:
    forged = world.sign(world.run_order(nonce="order-2"))
    world.run(replace(forged, signatures=world.order.signatures))
    with refused("bad_signature"):
        world.authorised()


@pytest.mark.parametrize("who", [COLLEAGUE, REVIEWER])
def test_run_order_by_another_member(world: World, who: str) -> None:
    with refused("not_the_author"):
        order(world, who, member=who)


def test_run_order_in_the_authors_name_by_a_colleague(world: World) -> None:
    with refused("signature_missing", saying=AUTHOR):
        order(world, COLLEAGUE)


@pytest.mark.parametrize(
    "change", [{"version": "sha256:0"}, {"epoch": 2}, {"workspace": "ws-2"}, {"genesis": "sha256:0"}]
)
def test_run_order_of_another_place(world: World, change: dict[str, Any]) -> None:
    with refused("other_version"):
        order(world, **change)


def test_run_order_of_an_earlier_version(world: World) -> None:
    earlier = world.order
    world.accept(world.sign(world.version_statement(number=2), AUTHOR))
    world.run(earlier)
    with refused("other_version"):
        world.authorised()


def test_expired_run_order(world: World) -> None:
    with refused("order_expired"):
        order(world, time=NOW - timedelta(days=2), expires=NOW - timedelta(seconds=121))


def test_run_order_that_holds_for_too_long(world: World) -> None:
    with refused("order_expired"):
        order(world, expires=NOW + timedelta(days=7))


def test_run_order_from_the_future(world: World) -> None:
    with refused("from_the_future"):
        order(world, time=NOW + timedelta(seconds=121))


@pytest.mark.parametrize("value", [0, 13, "x", "", True, 7.5, "1 OR 1=1"])
def test_input_outside_its_constraint(world: World, value: Any) -> None:
    with refused("input_value"):
        order(world, inputs={"month": value})


def test_input_that_was_not_declared(world: World) -> None:
    with refused("input_unknown"):
        order(world, inputs={"month": 7, "more": 1})


def test_input_left_out(world: World) -> None:
    with refused("input_value"):
        order(world, inputs={})


def test_input_in_another_spelling(world: World) -> None:
    """The enclave, the key services and the pages must read one value: only its canonical form is taken."""
    with refused("inputs_not_canonical"):
        order(world, inputs={"month": "7"})


def test_default_left_out_of_the_order(world: World) -> None:
    month = InputVariable(name="month", type=InputType.INTEGER, default=7)
    world.accept(world.sign(world.version_statement(inputs=(month,)), AUTHOR))
    with refused("inputs_not_canonical"):
        order(world, inputs={})


def test_big_integers_travel_as_text(world: World) -> None:
    big = InputVariable(name="big", type=InputType.INTEGER)
    version = world.sign(world.version_statement(inputs=(big,)), AUTHOR)
    world.version = version
    world.decisions = [world.sign(world.decision(who), who) for who in (COLLEAGUE, REVIEWER, "cem@gamma.example")]
    world.run(world.sign(world.run_order(inputs={"big": 2**60}), AUTHOR))
    assert b'"big":"1152921504606846976"' in world.order.payload
    assert world.authorised().inputs == {"big": 2**60}


def test_big_floats_travel_as_numbers(world: World) -> None:
    ratio = InputVariable(name="ratio", type=InputType.NUMBER)
    world.version = world.sign(world.version_statement(inputs=(ratio,)), AUTHOR)
    world.decisions = [world.sign(world.decision(who), who) for who in (COLLEAGUE, REVIEWER, "cem@gamma.example")]
    world.run(world.sign(world.run_order(inputs={"ratio": 1e20}), AUTHOR))
    assert world.authorised().inputs == {"ratio": 1e20}
