"""The record of an event: the bytes are fixed for ever, each part of it counts, and the salt hides it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import Any, Final

import pytest

from jupyter_secure_jobs.protocol import codec
from jupyter_secure_jobs.protocol import envelope as envelopes
from jupyter_secure_jobs.protocol.decision import Decision
from jupyter_secure_jobs.protocol.envelope import Envelope
from jupyter_secure_jobs.protocol.event import EventRecord
from tests.support.refusal import refused

RECORD: Final = EventRecord(
    workspace="w",
    time=datetime(2026, 11, 22, 12, 0, tzinfo=UTC),
    actor="ana@airline.example",
    organisation="Airline",
    event="ordered",
    job="j",
    job_name="Delays é",
    version=1,
    run="r",
    detail="job run 1: low=3",
    statement="sha256:00",
    salt="c2FsdA",
)
BYTES: Final = (
    '{"actor":"ana@airline.example","detail":"job run 1: low=3","event":"ordered","job":"j","job_name":"Delays é",'
    '"organisation":"Airline","run":"r","salt":"c2FsdA","statement":"sha256:00","time":"2026-11-22T12:00:00.000Z",'
    '"type":"jupyter-secure-jobs/event/v1","version":1,"workspace":"w"}'
).encode()
OTHER: Final[dict[str, Any]] = {"time": datetime(2026, 11, 22, 12, 1, tzinfo=UTC), "version": 2}


def test_bytes_and_hash_are_as_written_down() -> None:
    assert RECORD.to_bytes() == BYTES
    assert RECORD.hash == "sha256:" + hashlib.sha256(BYTES).hexdigest()


@pytest.mark.parametrize("name", [field.name for field in fields(EventRecord)])
def test_every_part_counts(name: str) -> None:
    assert replace(RECORD, **{name: OTHER.get(name, "another")}).hash != RECORD.hash


def test_record_is_no_statement() -> None:
    # Were a record's hash given for a statement's, reading it as one must fail, whatever kind it claims to be.
    disguised = Envelope(payload=RECORD.to_bytes(), payloadType=envelopes.media_type(Decision), signatures=())
    with refused("statement_shape"):
        envelopes.read(Decision, disguised)
    assert "type" not in codec.to_json(RECORD), "no field of the record can take the place of its type"
    assert json.loads(BYTES)["type"] == "jupyter-secure-jobs/event/v1"
