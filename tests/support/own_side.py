"""A member's side that talks to a server of the test's making, and the shapes such a server answers with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from jupyter_secure_jobs.domain.workspace import KeyPair
from jupyter_secure_jobs.member.context import Acting
from jupyter_secure_jobs.member.identity import Card
from jupyter_secure_jobs.member.pins import Pins
from jupyter_secure_jobs.protocol import codec
from jupyter_secure_jobs.wire.base import EnvelopeWire
from jupyter_secure_jobs.wire.log import LogProofWire
from tests.support.world import PEOPLE, WORKSPACE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from jupyter_secure_jobs.client.facade import Client
    from jupyter_secure_jobs.protocol.envelope import Envelope
    from jupyter_secure_jobs.protocol.log import LogProof


def wires(envelopes: Sequence[Envelope]) -> list[EnvelopeWire]:
    """Return envelopes as they are sent."""
    return [EnvelopeWire.model_validate(each.to_json()) for each in envelopes]


def log_wire(log: LogProof) -> LogProofWire:
    """Return a proof of the log as it is sent."""
    return LogProofWire.model_validate(codec.to_json(log))


def side(server: Any, holder: Any, email: str, folder: Path, genesis: str) -> Acting:
    """Return a member's side that has pinned the genesis."""
    ring = holder.ring(email, PEOPLE[email])
    public = KeyPair(signing=ring.signing.public, sealing=ring.sealing.public)
    pins = Pins(folder / "pins.json")
    pins.pin(WORKSPACE, genesis)
    return Acting(
        card=Card(kind="member", name=email, organisation=PEOPLE[email], keys=public),
        ring=ring,
        client=cast("Client", server),
        pins=pins,
        folder=folder,
    )
