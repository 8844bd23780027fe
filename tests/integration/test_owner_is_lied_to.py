"""A server that shows an owner other datasets, versions and proposers than there are: nothing wrong is signed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from jupyter_secure_jobs.domain.errors import ConflictError
from jupyter_secure_jobs.domain.job import Scope
from jupyter_secure_jobs.member import changing, publishing, stopping
from jupyter_secure_jobs.member.changing import Wish
from jupyter_secure_jobs.wire.member_side import DatasetAsked
from jupyter_secure_jobs.wire.output import OutputPolicyWire
from tests.support.circle import Circle
from tests.support.parts import MIA, Draft
from tests.support.refusal import refused

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from jupyter_secure_jobs.wire.dataset import DatasetWire
    from tests.support.parts import Parts

ROWS = "month,colour\n1,red\n2,blue\n"
GUARDED = OutputPolicyWire(smallest_group=10)


def lied_to(parts: Parts, monkeypatch: pytest.MonkeyPatch, lie: Callable[[DatasetWire], DatasetWire | None]) -> None:
    """Have the server show each dataset to Mia as `lie` says; None leaves it out."""
    client = parts.acting(MIA).client
    honest = client.datasets
    monkeypatch.setattr(client, "datasets", lambda workspace: [s for d in honest(workspace) if (s := lie(d))])


def publish_again(parts: Parts, name: str) -> None:
    """Publish new rows as somebody does who leaves the output policy as it was."""
    source = parts.folder / "files" / f"{name}.csv"
    asked = DatasetAsked(name=name, files=[str(source)])
    publishing.publish(parts.acting(MIA), parts.workspace, asked, agree=lambda _proposal: True)


@pytest.mark.parametrize("lie", ["left out", "another id", "set back"])
def test_policy_is_not_lost_by_hiding_what_was_published(
    parts: Parts, monkeypatch: pytest.MonkeyPatch, lie: str
) -> None:
    name = f"guarded_{lie.replace(' ', '_')}"
    dataset = parts.publish(MIA, name, ROWS, output_policy=GUARDED)
    changes = {"left out": None, "another id": {"id": parts.datasets["planes"]}, "set back": {"version": 0}}[lie]

    def shown(given: DatasetWire) -> DatasetWire | None:
        if given.name != name:
            return given
        return given.model_copy(update=changes) if changes is not None else None

    lied_to(parts, monkeypatch, shown)
    with refused("stale_dataset"):
        publish_again(parts, name)
    assert parts.ana.client.dataset(parts.workspace, dataset).version == 1


def test_withdrawal_is_of_the_dataset_that_was_named(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    meant = parts.publish(MIA, "meant", ROWS)
    other = parts.publish(MIA, "other", ROWS)
    lied_to(parts, monkeypatch, lambda d: d.model_copy(update={"id": other}) if d.id == meant else d)
    with refused("other_dataset"):
        stopping.withdrawal(parts.acting(MIA), parts.workspace, "meant")
    with refused("other_dataset"):
        publishing.withdraw(parts.acting(MIA), parts.workspace, "meant")


def test_withdrawn_dataset_gets_no_new_version(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its key service releases nothing any more: a version that no run could read is not published."""
    dataset = parts.publish(MIA, "gone", ROWS)
    publishing.withdraw(parts.acting(MIA), parts.workspace, "gone")
    with refused("dataset_withdrawn", kind=ConflictError):
        publish_again(parts, "gone")
    # Nor does the server take one from a side that does not look.
    lied_to(parts, monkeypatch, lambda d: d.model_copy(update={"withdrawn": None}))
    with refused("dataset_withdrawn", kind=ConflictError):
        publish_again(parts, "gone")
    seen = parts.ana.client.dataset(parts.workspace, dataset)
    assert seen.version == 1
    assert seen.withdrawn is not None


def test_revocation_is_of_the_version_that_was_named(parts: Parts) -> None:
    job = parts.accepted(Draft())
    with refused("version_changed", kind=ConflictError):
        stopping.revocation(parts.ana, parts.workspace, job.id, Scope.ALL, version_hash="sha256:" + "0" * 64)


def test_proposer_says_nothing_but_who(parts: Parts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who proposed a change is the server's word, shown before the question whether to sign."""
    circle = Circle(parts, tmp_path)
    eve = circle.newcomer("eve@airline.example", "Airline")
    changing.propose(circle.ana, circle.workspace, Wish(add=(eve.card,)))
    honest = circle.ana.client.changes

    def forged(workspace: str) -> object:
        answer = honest(workspace)
        assert answer.pending is not None
        said = f"{circle.ana.email}, sha256:0:\n  nothing changes\nStill to sign: you.\x1b[8m"
        return answer.model_copy(update={"pending": answer.pending.model_copy(update={"proposer": said})})

    assert changing.look_at_change(circle.ana, circle.workspace).proposer == circle.ana.email
    monkeypatch.setattr(circle.ana.client, "changes", forged)
    assert changing.look_at_change(circle.ana, circle.workspace).proposer == "somebody whom the roster does not name"
    circle.close()
