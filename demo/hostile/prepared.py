"""The jobs that attacks are made on: each was drafted, submitted and decided by the people, through the server."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from demo.apart.ground import publisher
from demo.founding import all_of
from demo.hostile.forging import Json, said
from demo.hostile.plays import Play
from demo.nycflights import DATASETS, REGISTRY
from demo.place import ANA, BEN, MIA, WEI
from jupyter_secure_jobs.domain.job import Language
from jupyter_secure_jobs.domain.review import Verdict
from jupyter_secure_jobs.wire.job import GrantWire, InputVariableWire, JobNew
from jupyter_secure_jobs.wire.member_side import DatasetAsked

if TYPE_CHECKING:
    from collections.abc import Callable

    from demo.hostile.scene import Scene

TABLES: Final = ("airlines", "airports")
MANY: Final = GrantWire(reruns=True, most_runs=100)
CODE: Final = """\
SELECT airlines.name AS airline, count(*) AS airports
FROM airlines CROSS JOIN airports
WHERE airports.alt >= :lowest
GROUP BY airlines.name ORDER BY airlines.name"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """Ids of jobs and runs, and what the server once saw of them.

    `given`: a dossier that the honest server gave; `dossier`: that of a new order for the base job; `play`: a run of
    the base job that nothing was wrong with; `older`: the manifest that the base job's dataset had before.
    """

    base: str
    declined: str
    resubmitted: str
    earlier: tuple[Json, ...]
    runs: tuple[str, str]
    given: Json
    dossier: Json
    play: Play
    older: Json

    @property
    def waiting(self) -> str:
        """A job that waits for a decision of somebody."""
        return self.resubmitted


def new_job(name: str, grant: GrantWire = MANY) -> JobNew:
    """Return a job over data of two organisations, neither of them the author's."""
    lowest = InputVariableWire(name="lowest", type="integer", low="0", high="9999", default=0)
    return JobNew(name=name, language=Language.SQL, code=CODE, inputs=[lowest], grant=grant)


def prepare(scene: Scene) -> None:
    """Make the jobs ready, and `scene.prepared` with them."""
    people, workspace = scene.people, scene.workspace
    older = _manifest(scene, "airlines")
    _publish_again(scene, "airlines")
    made: dict[str, str] = {}

    def base() -> None:
        made["base"] = people.accepted(new_job("Airports by airline"), TABLES)

    def declined() -> None:
        job = people.draft(new_job("Declined by Mia"), TABLES).id
        people.submit(job)
        people.decide(BEN, job)
        people.decide(WEI, job)
        people.decide(MIA, job, Verdict.DECLINE, "No.")
        made["declined"] = job

    def resubmitted() -> None:
        job = people.draft(new_job("Submitted twice"), TABLES).id
        people.submit(job)
        people.decide(BEN, job)
        people.decide(WEI, job)
        made["earlier"] = job
        scene_earlier.extend(scene.review(job)["decisions"])
        scene.parts.client(ANA).act(workspace, job, "cancel-review")
        people.submit(job)
        people.decide(MIA, job)
        made["resubmitted"] = job

    scene_earlier: list[Json] = []
    steps: list[Callable[[], None]] = [base, declined, resubmitted]
    all_of(steps)
    runs = [people.run(made["base"], {"lowest": lowest}) for lowest in (0, 1000)]
    given = scene.stage.leases[runs[0].id]["dossier"]
    # From here on dossiers are made from the one that the honest server gave.
    ready = partial(
        Prepared,
        base=made["base"],
        declined=made["declined"],
        resubmitted=made["resubmitted"],
        earlier=tuple(scene_earlier),
        runs=(runs[0].id, runs[1].id),
        given=given,
        older=older,
    )
    scene.prepared = ready(dossier=given, play=Play(dossier=given, owners=()))
    played = scene.succeeded(scene.dossier(made["base"]))
    scene.prepared = ready(dossier=scene.dossier(made["base"]), play=played)


def _manifest(scene: Scene, name: str) -> Json:
    known = next(each for each in scene.parts.client(ANA).datasets(scene.workspace) if each.name == name)
    found: Json = scene.fetch(f"datasets/{known.id}/manifest")["manifest"]
    return found


def _publish_again(scene: Scene, name: str) -> None:
    dataset = next(each for each in DATASETS if each.name == name)
    asked = DatasetAsked(
        name=name,
        files=[str(scene.parts.ground.raw(REGISTRY) / file) for file in dataset.files],
        public=sorted(dataset.public),
        key_groups=dict(dataset.key_groups),
        confirm=True,
    )
    scene.parts.client(publisher(REGISTRY)).publish(scene.workspace, asked)


def digests_of(manifest: Json) -> list[str]:
    """Return the digests of a dataset's encrypted files."""
    return [str(file["digest"]) for file in said(manifest)["files"]]
