"""Attacks with statements that are genuine: too many runs, stops kept secret, old lists, invented people."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from demo.apart.ground import key_service
from demo.hostile.attack import OWNERS, Attack, AttackSucceededError, Refusal, services
from demo.hostile.forging import Json, hash_of, said, signed
from demo.hostile.prepared import TABLES, new_job
from demo.place import ANA, MEMBERS, WEI
from jupyter_secure_jobs.crypto.sealing import SealingKey
from jupyter_secure_jobs.crypto.signing import SigningKey
from jupyter_secure_jobs.domain.job import Scope
from jupyter_secure_jobs.protocol import codec
from jupyter_secure_jobs.protocol.clock import utc_now
from jupyter_secure_jobs.wire.job import GrantWire

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from demo.hostile.scene import Scene

_MOST_GRANTS: Final = 3
_PATIENCE: Final = 60.0


def _unheard(dossier: Json) -> Json:
    """Return a dossier without the revocations, as the server shows it to those who must not know."""
    return {**dossier, "revocations": []}


def _second_run(scene: Scene) -> list[Refusal]:
    job = scene.people.accepted(new_job("Once and never again", GrantWire()), TABLES)
    scene.succeeded(scene.dossier(job))
    return scene.refusals(scene.play(scene.dossier(job)))


def _third_run(scene: Scene) -> list[Refusal]:
    job = scene.people.accepted(new_job("Twice at most", GrantWire(reruns=True, most_runs=2)), TABLES)
    for _ in range(2):
        scene.succeeded(scene.dossier(job))
    return scene.refusals(scene.play(scene.dossier(job)))


def _replayed_order(scene: Scene) -> list[Refusal]:
    # A crash may cost a run its keys, so that the same order is granted three times; it is one run for the count.
    # Once it was granted when the jobs were prepared.
    dossier = scene.prepared.play.dossier
    for _ in range(_MOST_GRANTS - 1):
        scene.succeeded(dossier)
    return scene.refusals(scene.play(dossier))


def _heard(scene: Scene, job: str, scope: Scope, owners: int) -> None:
    """Let Wei stop a job; wait until so many key services have acknowledged it."""
    before = len(scene.review(job)["acknowledgements"])
    scene.parts.client(WEI).revoke(scene.workspace, job, scope)
    deadline = time.monotonic() + _PATIENCE
    while len(scene.review(job)["acknowledgements"]) < before + owners:
        if time.monotonic() > deadline:
            raise AttackSucceededError("The key services did not acknowledge a revocation.")
        time.sleep(0.1)


def _revoked_reruns(scene: Scene) -> list[Refusal]:
    job = scene.people.accepted(new_job("Repeatability revoked"), TABLES)
    scene.succeeded(scene.dossier(job))
    _heard(scene, job, Scope.RERUNS, len(OWNERS))
    return scene.refusals(scene.play(_unheard(scene.dossier(job))))


def _withdrawn(scene: Scene) -> list[Refusal]:
    job = scene.people.accepted(new_job("Acceptance withdrawn"), TABLES)
    _heard(scene, job, Scope.ALL, len(OWNERS))
    return scene.resisted(_unheard(scene.dossier(job)))


def _half_hidden(scene: Scene) -> list[Refusal]:
    job = scene.people.accepted(new_job("Withdrawn, and one not told"), TABLES)
    scene.stage.withhold(OWNERS[1])
    try:
        _heard(scene, job, Scope.ALL, 1)
        return scene.refusals(scene.play(_unheard(scene.dossier(job))))
    finally:
        scene.stage.withhold_no_more()


def _stale_workers(scene: Scene) -> list[Refusal]:
    before = scene.prepared.dossier["workers"]
    last = before[-1]
    spare = {**said(last)["workers"][0], "name": "worker-2", "platform_key": SigningKey.generate().public}
    everyone = [scene.ring(member.email).signing for member in MEMBERS]
    newer = signed(last, everyone, epoch=said(last)["epoch"] + 1, previous=hash_of(last),
                   time=codec.to_json(utc_now()), workers=[*said(last)["workers"], spare])  # fmt: skip
    where = f"workspaces/{scene.workspace}/workers"
    made = scene.server.as_holder(scene.keys[ANA.email]["signing"], "POST", where, {"workers": newer})
    if made.status >= 400:  # noqa: PLR2004 -- where HTTP's errors begin
        raise AttackSucceededError(f"The members could not enrol a worker: {made.body[:200]!r}")
    # A run tells the key services of the new list; from then on the old one is of yesterday.
    now = {"workers": [*before, newer]}
    known = scene.prepared
    scene.prepared = replace(known, given={**known.given, **now}, dossier={**known.dossier, **now})
    scene.succeeded(scene.dossier(known.base))
    return scene.refusals(scene.play(scene.dossier(known.base, workers=before)))


def _invented_peers(scene: Scene) -> list[Refusal]:
    """Make a whole workspace up, in which keys of the server's accept everything; the datasets are the real ones."""
    real = scene.prepared.dossier
    signing = {member.email: SigningKey.generate() for member in MEMBERS}
    sealed = {member.email: SealingKey.generate() for member in MEMBERS}
    everyone = list(signing.values())

    def people(words: Json) -> None:
        for each in words["members"]:
            each["keys"] = {"signing": signing[each["email"]].public, "sealing": sealed[each["email"]].public}

    genesis = signed(real["rosters"][0], everyone, people)
    named: dict[str, Any] = {"genesis": hash_of(genesis)}
    workers = signed(real["workers"][0], everyone, **named)
    manifests = [signed(each, [signing[said(each)["publisher"]]], **named) for each in real["manifests"]]
    renamed = {hash_of(old): hash_of(new) for old, new in zip(real["manifests"], manifests, strict=True)}

    def terms(words: Json) -> None:
        for read in words["datasets"]:
            read["manifest"] = renamed[read["manifest"]]
        for each in words["recipients"]:
            each["sealing_key"] = sealed[each["member"]].public

    version = signed(real["version"], [signing[ANA.email]], terms, roster=hash_of(genesis), **named)
    named = {**named, "version": hash_of(version)}
    decisions = [signed(each, [signing[said(each)["member"]]], **named) for each in real["decisions"]]
    order = signed(real["order"], [signing[ANA.email]], **named)
    made_up = {"rosters": [genesis], "workers": [workers], "manifests": manifests, "version": version,
               "decisions": decisions, "order": order}  # fmt: skip
    return scene.resisted({**real, **made_up})


def _row(name: str, sentence: str, expected: Mapping[str, str], run: Callable[[Scene], list[Refusal]]) -> Attack:
    return Attack(name=name, sentence=sentence, expected=expected, run=run)


RUNS: Final = (
    _row("invented_peers", "A whole workspace is made up, in which the server's keys accept everything.",
         services("other_genesis"), _invented_peers),
    _row("second_run", "A job accepted for one run is run twice, with two orders of the author's.",
         services("no_runs_left"), _second_run),
    _row("run_past_the_bound", "A job accepted for two runs is run three times.", services("no_runs_left"), _third_run),
    _row("order_replayed", "The same order is run again and again.", services("order_used"), _replayed_order),
    _row("revocation_hidden", "Wei revoked repeatability; the server shows it to nobody.", services("no_runs_left"),
         _revoked_reruns),
    _row("withdrawal_hidden", "Wei withdrew the acceptance; the server shows it to nobody.", services("withdrawn"),
         _withdrawn),
    _row("withdrawal_kept_from_one", "One of two key services is never told that Wei withdrew.",
         {key_service(OWNERS[0]): "withdrawn"}, _half_hidden),
    _row("worker_list_stale", "A worker list that was replaced is shown again.", services("stale_workers"),
         _stale_workers),
)  # fmt: skip
