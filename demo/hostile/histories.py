"""Attacks on the log: the server, who holds the log's own key, shows two histories, or an older one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from demo.apart.ground import SERVER
from demo.hostile.attack import Attack, Refusal, everybody
from demo.hostile.forging import Json, said
from demo.hostile.scene import side
from demo.place import ANA, WEI
from jupyter_secure_jobs.crypto import checkpoint as checkpoints
from jupyter_secure_jobs.crypto.checkpoint import Checkpoint
from jupyter_secure_jobs.crypto.signing import SigningKey
from jupyter_secure_jobs.protocol import places

if TYPE_CHECKING:
    from collections.abc import Callable

    from demo.hostile.scene import Scene

_REVIEWED: Final = "when the version is read for review"
_ORDERED: Final = "when a run is ordered"


def _forked(scene: Scene, log: Json) -> Json:
    """Return a log of the same length with another content, signed by the log's own key."""
    key = SigningKey.from_seed((scene.parts.ground.part(SERVER) / "data" / "log.key").read_bytes())
    origin = places.log_origin(scene.workspace)
    honest = checkpoints.parse(log["checkpoint"], origin=origin)
    other = Checkpoint(origin=origin, size=honest.size, root=bytes(32))
    return {**log, "checkpoint": checkpoints.sign(other, key)}


def _rolled_back(scene: Scene, log: Json) -> Json:
    """Return the log as it was when a reviewer of the first job decided: genuine, signed, and old."""
    decided = scene.prepared.dossier["decisions"][0]
    return {**log, "checkpoint": said(decided)["checkpoint"], "consistency": []}


def _run(lie: Callable[[Scene, Json], Json]) -> Callable[[Scene], list[Refusal]]:
    def run(scene: Scene) -> list[Refusal]:
        with scene.lying_about_the_log(lambda log: lie(scene, log)):
            return scene.resisted(scene.prepared.dossier)

    return run


def _reviewed(lie: Callable[[Scene, Json], Json]) -> Callable[[Scene], list[Refusal]]:
    def run(scene: Scene) -> list[Refusal]:
        job, client = scene.prepared.waiting, scene.parts.client(WEI)
        client.review(scene.workspace, job)  # what he has seen before
        where = f"workspaces/{scene.workspace}/jobs/{job}/versions/[0-9]+/review"
        with scene.server.rewriting(where, lambda found: {**found, "log": lie(scene, found["log"])}):
            return [scene.refused_by(side(WEI), _REVIEWED, lambda: client.review(scene.workspace, job))]

    return run


def _ordered(lie: Callable[[Scene, Json], Json]) -> Callable[[Scene], list[Refusal]]:
    def run(scene: Scene) -> list[Refusal]:
        client, job = scene.parts.client(ANA), scene.prepared.base
        where = f"workspaces/{scene.workspace}/jobs/{job}/live"

        def lying(found: Json) -> Json:
            return {**found, "review": {**found["review"], "log": lie(scene, found["review"]["log"])}}

        with scene.server.rewriting(where, lying):
            return [scene.refused_by(side(ANA), _ORDERED, lambda: client.run(scene.workspace, job, {}))]

    return run


HISTORIES: Final = (
    Attack(name="log_fork", sentence="A run comes with another history of the log than the reviewers saw.",
           expected=everybody("log_fork"), run=_run(_forked)),
    Attack(name="log_rollback", sentence="A run comes with the log as it was before its own order.",
           expected=everybody("log_rollback"), run=_run(_rolled_back)),
    Attack(name="log_fork_shown_to_a_reviewer", sentence="Wei is shown another history of the log than before.",
           expected={side(WEI): "log_fork"}, run=_reviewed(_forked)),
    Attack(name="log_rolled_back_for_a_reviewer", sentence="Wei is shown the log without its newest entries.",
           expected={side(WEI): "log_rollback"}, run=_reviewed(_rolled_back)),
    Attack(name="log_fork_shown_to_the_author", sentence="Ana is given another history to put into her order.",
           expected={side(ANA): "log_fork"}, run=_ordered(_forked)),
)  # fmt: skip
