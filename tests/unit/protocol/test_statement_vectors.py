"""Each kind of statement has the bytes, the hash and the signature that the vectors say: formats cannot drift."""

from __future__ import annotations

import importlib
import json
import pkgutil
from dataclasses import fields, is_dataclass
from pathlib import Path

import pytest

import jupyter_secure_jobs.protocol
from jupyter_secure_jobs.crypto import signing
from jupyter_secure_jobs.protocol import canonical, codec
from jupyter_secure_jobs.protocol import envelope as envelopes
from jupyter_secure_jobs.protocol.envelope import Envelope, Signature
from tests.support.refusal import refused
from tests.support.statements import every_kind
from tests.support.world import World

VECTORS: dict[str, dict[str, str]] = json.loads(
    (Path(__file__).parents[2] / "vectors" / "statements.json").read_text(encoding="utf-8")
)
STATEMENTS = every_kind(World())


def vector(name: str) -> Envelope:
    parts = VECTORS[name]
    signature = Signature(keyid=parts["keyid"], sig=bytes.fromhex(parts["sig"]))
    return Envelope(payload=parts["payload"].encode(), payloadType=parts["payloadType"], signatures=(signature,))


def test_there_is_a_vector_for_every_kind() -> None:
    modules = [
        importlib.import_module(f"jupyter_secure_jobs.protocol.{module.name}")
        for module in pkgutil.iter_modules(jupyter_secure_jobs.protocol.__path__)
    ]
    kinds = {
        found.TYPE
        for module in modules
        for found in vars(module).values()
        if is_dataclass(found) and isinstance(getattr(found, "TYPE", None), str)
    }
    assert kinds == set(VECTORS) == set(STATEMENTS)


@pytest.mark.parametrize("name", VECTORS)
def test_statement_has_the_bytes_of_its_vector(name: str) -> None:
    statement, signer = STATEMENTS[name]
    made = World().sign(statement, signer)
    assert made.payload.decode() == VECTORS[name]["payload"]
    assert made == vector(name)
    assert made.hash == VECTORS[name]["hash"]
    signing.verify(VECTORS[name]["keyid"], made.signed_bytes(), made.signatures[0].sig)


@pytest.mark.parametrize("name", VECTORS)
def test_vector_reads_back_and_is_written_the_same(name: str) -> None:
    kind = type(STATEMENTS[name][0])
    read = envelopes.read(kind, vector(name))
    assert envelopes.payload(read) == vector(name).payload
    again = Envelope.from_bytes(vector(name).to_bytes())
    assert again == vector(name)


@pytest.mark.parametrize("name", VECTORS)
def test_statement_is_read_as_its_own_kind_alone(name: str) -> None:
    for other, (statement, _) in STATEMENTS.items():
        if other != name:
            with refused("statement_type"):
                envelopes.read(type(statement), vector(name))


FIELDS = [(name, field.name) for name, (statement, _) in STATEMENTS.items() for field in fields(statement)]  # type: ignore[arg-type]  # every statement is a dataclass


@pytest.mark.parametrize(("name", "field"), FIELDS)
def test_field_missing_of_another_type_or_renamed(name: str, field: str) -> None:
    kind = type(STATEMENTS[name][0])
    value = canonical.decode(vector(name).payload)
    without = {key: inner for key, inner in value.items() if key != field}
    for changed in (without, {**without, f"{field}_": value[field]}, {**value, "more": None}):
        with refused("statement_shape"):
            codec.from_json(kind, changed)
    with refused("statement_shape"):
        codec.from_json(kind, {**value, field: {"of": {"another": "type"}}})


REFUSED = {
    "deceiving name of a job": ("version.v1", "name", "Delays\u202e", "name_characters"),
    "name with a space at its end": ("version.v1", "name", "Delays ", "name"),
    "empty name": ("version.v1", "name", "", "name_empty"),
    "name that is too long": ("version.v1", "name", "x" * 51, "name_too_long"),
    "description that is too long": ("version.v1", "description", "x" * 151, "text_too_long"),
    "empty code": ("version.v1", "code", " \n", "code"),
    "code with other line ends": ("version.v1", "code", "SELECT\r\n1", "code"),
    "code with a control character": ("version.v1", "code", "SELECT\0", "code_characters"),
    "code that is too long": ("version.v1", "code", "x" * (256 * 1024 + 1), "code_too_long"),
    "no recipients": ("version.v1", "recipients", [], "recipients"),
    "two tables of one name": (
        "version.v1",
        "datasets",
        [{"table": t, "dataset": "d", "manifest": "m"} for t in ("a", "A")],
        "datasets",
    ),
    "table name that is no identifier": (
        "version.v1",
        "datasets",
        [{"table": "a b", "dataset": "d", "manifest": "m"}],
        "not_an_identifier",
    ),
    "limits out of range": (
        "version.v1",
        "limits",
        {"seconds": 0, "memory_bytes": 2**32, "result_bytes": 1024, "log_bytes": 0, "scratch_bytes": 2**30, "cores": 1},
        "limit",
    ),
    "bounds without reruns": ("version.v1", "grant", {"reruns": False, "most_runs": 2, "until": None}, "grant"),
    "no members": ("roster.v1", "members", [], "roster_size"),
    "no columns": ("dataset.v1", "columns", [], "dataset_empty"),
    "dataset name that is no identifier": ("dataset.v1", "name", "my data", "not_an_identifier"),
    "two files in one place": (
        "dataset.v1",
        "files",
        [{"path": "a", "bytes": 1, "digest": "d"}] * 2,
        "file_path",
    ),
    "file of negative size": ("dataset.v1", "files", [{"path": "a", "bytes": -1, "digest": "d"}], "file_size"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_content_that_is_refused(case: str) -> None:
    name, field, value, code = REFUSED[case]
    kind = type(STATEMENTS[name][0])
    with refused(code, saying=kind.__name__):
        codec.from_json(kind, {**canonical.decode(vector(name).payload), field: value})
