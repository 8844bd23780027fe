"""Attacks on results: forged, exchanged, given to others; and on the sessions by which one gets at them."""

from __future__ import annotations

import sqlite3
import tempfile
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from demo.apart.ground import SERVER
from demo.hostile.attack import Attack, AttackSucceededError, Refusal
from demo.hostile.forging import Json, altered, hash_of, said, signed
from demo.hostile.prepared import TABLES, new_job
from demo.hostile.scene import side
from demo.hostile.server import Answer, answer
from demo.place import ANA, MIA, WEI
from jupyter_secure_jobs.crypto import files, sealing
from jupyter_secure_jobs.protocol import canonical, codec, places
from jupyter_secure_jobs.protocol.result_digest import logical_digest
from jupyter_secure_jobs.trust.evidence import salted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from demo.hostile.scene import Scene
    from demo.place import Member

_OPENING: Final = "when the result is opened"
_LONG_NAME: Final = 14


def _opened(
    scene: Scene, run: str, *, outcome: Callable[[Json], Json] | None = None, result: bytes | None = None,
    who: Member = ANA,
) -> list[Refusal]:  # fmt: skip
    """Let somebody open a run's result while the server gives another outcome, or another file."""
    where = f"workspaces/{scene.workspace}/runs/{run}"
    with ExitStack() as lying:
        if outcome is not None:
            honest = scene.fetch(f"runs/{run}/opening")
            changed = {**honest, "outcome": outcome(honest["outcome"])}
            lying.enter_context(scene.server.while_("GET", f"{where}/opening", lambda _a, _m: answer(changed)))
        if result is not None:
            lying.enter_context(
                scene.server.while_("GET", f"{where}/result", lambda _a, _m: Answer(200, result, _BYTES))
            )
        client = scene.parts.client(who)
        return [scene.refused_by(side(who), _OPENING, lambda: client.preview(scene.workspace, run))]


_BYTES: Final = {"content-type": "application/octet-stream"}


def _receipt_altered(scene: Scene) -> list[Refusal]:
    run = scene.prepared.runs[0]
    return _opened(scene, run, outcome=lambda found: {**found, "receipt": altered(found["receipt"], rows=1)})


def _own_result(scene: Scene, run: str) -> tuple[Json, bytes]:
    """Return a receipt and a sealed file of the server's making, in which everything fits but the signatures."""
    found = scene.fetch(f"runs/{run}/outcome")
    order = hash_of(found["order"])
    key, salt = files.new_key(), b"s" * 32
    rows = pa.table({"airline": ["Everybody"], "airports": [1]})
    with tempfile.TemporaryDirectory() as name:
        plain, sealed = Path(name) / "plain", Path(name) / "sealed"
        pq.write_table(rows, plain)
        files.encrypt(plain, sealed, key=key, place=places.outcome_file(order=order, kind="result"))
        data = sealed.read_bytes()
    digest = logical_digest(rows, ordered=False)
    secret = canonical.encode({"result": key.hex(), "log": key.hex(), "salt": salt.hex(), "logical": digest})
    keys = []
    for each in said(found["receipt"])["keys"]:
        info = places.outcome_keys(order=order, recipient=each["recipient"])
        keys.append({**each, "sealed": codec.to_json(sealing.seal(each["recipient"], secret, info=info))})
    changes: dict[str, Any] = {
        "rows": 1,
        "result": {"digest": canonical.digest(data), "bytes": len(data)},
        "logical": salted(digest, salt),
        "keys": keys,
    }
    return {**found, "receipt": signed(found["receipt"], [scene.mallory], **changes)}, data


def _forged(scene: Scene) -> list[Refusal]:
    run = scene.prepared.runs[0]
    outcome, data = _own_result(scene, run)
    return _opened(scene, run, outcome=lambda _found: outcome, result=data)


def _forged_with_evidence(scene: Scene) -> list[Refusal]:
    run = scene.prepared.runs[0]
    outcome, data = _own_result(scene, run)
    evidence = signed(outcome["evidence"], [scene.mallory], signing_key=scene.mallory.public)
    receipt = signed(outcome["receipt"], [scene.mallory], evidence=hash_of(evidence))
    made_up = {**outcome, "evidence": evidence, "receipt": receipt}
    return _opened(scene, run, outcome=lambda _found: made_up, result=data)


def _of_another_run(scene: Scene) -> list[Refusal]:
    shown, other = scene.prepared.runs
    return _opened(
        scene,
        shown,
        outcome=lambda _found: scene.fetch(f"runs/{other}/outcome"),
        result=scene.fetch_bytes(f"runs/{other}/result"),
    )


def _flipped(scene: Scene) -> list[Refusal]:
    run = scene.prepared.runs[0]
    data = scene.fetch_bytes(f"runs/{run}/result")
    return _opened(scene, run, result=data[:-1] + bytes([data[-1] ^ 1]))


def _to_another_organisation(scene: Scene) -> list[Refusal]:
    run = scene.prepared.runs[0]
    data = scene.fetch_bytes(f"runs/{run}/result")
    return _opened(scene, run, outcome=lambda found: found, result=data, who=MIA)


def _tested(scene: Scene, change: Callable[[Scene, Json], Json]) -> list[Refusal]:
    client = scene.parts.client(ANA)
    job = scene.people.draft(new_job(f"Tested {change.__name__}"), TABLES).id
    run = client.wait(client.test(scene.workspace, job, {}), timeout=300)
    return _opened(scene, run.id, outcome=lambda found: {**found, "test": change(scene, found["test"])})


def _rows_altered(_scene: Scene, test: Json) -> Json:
    return altered(test, rows=1)


def _by_server(scene: Scene, test: Json) -> Json:
    return signed(test, [scene.mallory], rows=1)


def _refused_by_server(given: Answer, where: str) -> list[Refusal]:
    if given.status < 400:  # noqa: PLR2004 -- where HTTP's errors begin
        raise AttackSucceededError(f"The workspace server let it through: {given.body[:200]!r}")
    return [Refusal(by=SERVER, code=str(given.json["code"]), where=where)]


def _stolen(scene: Scene) -> list[Refusal]:
    """Use Wei's session, stolen by whoever, to accept for him."""
    job = scene.prepared.waiting
    other = scene.review(job)["decisions"][0]
    decision = signed(other, [scene.mallory], member=WEI.email)
    where = f"workspaces/{scene.workspace}/jobs/{job}/decisions"
    body = {"decision": decision, "comment": "", "salt": ""}
    given = scene.server.as_holder(scene.keys[WEI.email]["signing"], "POST", where, body)
    return _refused_by_server(given, "when a decision comes with a stolen session")


def _expired(scene: Scene) -> list[Refusal]:
    """Use a session of Mia's after its time; here its time is moved, in the honest server's own database."""
    key = scene.keys[MIA.email]["signing"]
    token = scene.server.token(key)
    database = scene.parts.ground.part(SERVER) / "data" / "workspace.sqlite"
    with closing(sqlite3.connect(database, timeout=20)) as connection, connection:
        past = "2001-01-01 00:00:00.000000"
        connection.execute("UPDATE session SET expires = ? WHERE key = ?", (past, key))
    given = scene.server.with_token(token, "GET", f"workspaces/{scene.workspace}/jobs")
    return _refused_by_server(given, "at any request with a session of yesterday")


def _searched(scene: Scene) -> list[Refusal]:
    """Look for the owners' values in all that the server holds, and in all that the parts ever sent it."""
    airports = next(iter(scene.parts.ground.folder.glob("parts/*/raw/airports.csv"))).read_text().splitlines()[1:]
    names = {row.split(",")[1].strip('"').encode() for row in airports}
    wanted = [name for name in names if len(name) >= _LONG_NAME]
    held = list(_held(scene.parts.ground.part(SERVER)))
    for data in (*(path.read_bytes() for path in held), *scene.server.seen):
        found = [name for name in wanted if name in data]
        if found:
            raise AttackSucceededError(f"The server can read {len(found)} of the owners' values.")
    where = f"{len(wanted):,} names in {len(held)} files and {len(scene.server.seen):,} requests"
    return [Refusal(by="encryption at the owner's side", code="nothing_found", where=where)]


def _held(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())


RESULTS: Final = (
    Attack(name="receipt_altered", sentence="The receipt of a run is rewritten under the enclave's signature.",
           expected={side(ANA): "bad_signature"}, run=_receipt_altered),
    Attack(name="result_forged", sentence="A result of the server's making is sealed to the author.",
           expected={side(ANA): "signature_missing"}, run=_forged),
    Attack(name="result_forged_with_evidence", sentence="It comes with evidence of the server's making too.",
           expected={side(ANA): "unknown_platform"}, run=_forged_with_evidence),
    Attack(name="result_of_another_run", sentence="The genuine result of another run is shown for this one.",
           expected={side(ANA): "other_run"}, run=_of_another_run),
    Attack(name="result_flipped", sentence="One bit of the sealed result is another.",
           expected={side(ANA): "outcome_digest"}, run=_flipped),
    Attack(name="result_to_another_organisation", sentence="The server hands Mia the sealed result of Ana's run.",
           expected={side(MIA): "not_a_recipient"}, run=_to_another_organisation),
    Attack(name="test_altered", sentence="A test's outcome is rewritten under the worker's signature.",
           expected={side(ANA): "bad_signature"}, run=partial(_tested, change=_rows_altered)),
    Attack(name="test_forged", sentence="A test's outcome is signed by the server.",
           expected={side(ANA): "signature_missing"}, run=partial(_tested, change=_by_server)),
    Attack(name="session_stolen", sentence="Whoever has Wei's session tries to accept for him.",
           expected={SERVER: "signature_missing"}, run=_stolen),
    Attack(name="session_expired", sentence="A session of Mia's is used after its time.",
           expected={SERVER: "login_needed"}, run=_expired),
    Attack(name="server_reads_what_it_holds", sentence="The server looks for values in all that it ever got.",
           expected={"encryption at the owner's side": "nothing_found"}, run=_searched),
)  # fmt: skip
