"""All defences, by the part that they stand in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bite import (
    amounts,
    changes,
    ciphers,
    keepers,
    machines,
    owners,
    packages,
    people,
    plans,
    queueing,
    review,
    running,
    sandboxes,
    sides,
    trials,
)

if TYPE_CHECKING:
    from bite.defence import Defence

TABLE: Final[dict[str, tuple[Defence, ...]]] = {
    "Who takes part": people.DEFENCES,
    "What was accepted": review.DEFENCES,
    "Run orders": running.ORDERS,
    "The log": running.LOG,
    "Evidence and key requests": running.ENCLAVES,
    "Grants, receipts and tests": running.OUTCOMES,
    "Key services": keepers.KEY_SERVICES,
    "Enclaves": keepers.ENCLAVES,
    "Any sequence of a hostile server's steps": keepers.SEQUENCES,
    "Ciphers, signatures and hashes": ciphers.CRYPTO,
    "The form of statements": ciphers.STATEMENTS,
    "Members' sides": sides.MEMBERS,
    "The workspace server's own rules": sides.SERVER,
    "What owners say, and what members' sides pass on": owners.DEFENCES,
    "Results sealed again, notices, restored memories, output policies": changes.DEFENCES,
    "What plans say of Python jobs": plans.DEFENCES,
    "The sandbox and what comes out of it": sandboxes.DEFENCES,
    "Sandboxes that wait, and processors": machines.SANDBOXES,
    "Room, and what is looked at before a key is asked for": machines.ROOM,
    "Which tables are there, and large results": machines.TABLES,
    "Spark's virtual machine": machines.SPARK,
    "Python packages": packages.WHEELS,
    "What a job asks to be computed with": packages.ASKED,
    "Compute profiles": queueing.PROFILES,
    "The queue": queueing.QUEUE,
    "Leases and signs of life": queueing.LEASES,
    "Test runs": trials.TESTS,
    "Whose runs a worker takes": trials.SERVED,
    "What a key service tells": queueing.TOLD,
    "How much goes into one answer": amounts.ANSWERS,
    "How much a statement says": amounts.STATEMENTS,
}
