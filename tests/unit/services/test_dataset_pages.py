"""Pages of datasets: a client takes each of them, however wide the tables are."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from jupyter_secure_jobs.client.connection import LARGEST_LIST
from jupyter_secure_jobs.domain.dataset import MOST_COLUMNS, Column
from jupyter_secure_jobs.domain.errors import InvalidError
from jupyter_secure_jobs.protocol import envelope as envelopes
from jupyter_secure_jobs.services import datasets, workspaces
from jupyter_secure_jobs.store.tables import DatasetRow, StatementRow
from jupyter_secure_jobs.wire.base import EnvelopeWire
from jupyter_secure_jobs.wire.dataset import DatasetNew
from tests.support.filled import ANA, HERE, NOW, Filled
from tests.support.refusal import refused
from tests.support.world import REVIEWER, World

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from jupyter_secure_jobs.services.unit import Unit

WIDE = tuple(Column(name=f"{number:063}".replace("0", "c"), type="timestamp_ntz") for number in range(MOST_COLUMNS))


def test_wide_tables_make_short_pages(tmp_path: Path) -> None:
    """Before, a hundred of them made a page that no client takes, so that no member saw any dataset."""
    server = Filled(tmp_path, jobs=0, runs=0)
    manifest = World().manifest("Beta", columns=WIDE)
    with server.unit(ANA, reading=False) as unit:
        signed = envelopes.Envelope(
            payload=envelopes.payload(manifest), payloadType=envelopes.media_type(type(manifest)), signatures=()
        )
        unit.session.add(StatementRow(workspace=HERE, hash=signed.hash, kind="dataset", place=10, leaf=b"",
                                      envelope=signed.to_bytes(), time=NOW))  # fmt: skip
        for number in range(70):
            unit.session.add(DatasetRow(id=str(UUID(int=number)), workspace=HERE, name=f"d{number}",
                                        folded=f"d{number}", owner="Beta", version=1, manifest=signed.hash,
                                        published=NOW, withdrawn=None))  # fmt: skip
    found: list[str] = []
    after: str | None = None
    while True:
        with server.unit(ANA) as unit:
            page = datasets.listed(unit, HERE, after=after, limit=100)
        assert len(page.model_dump_json()) <= LARGEST_LIST, "no client takes so much"
        found += [each.id for each in page.items]
        after = page.next
        if after is None:
            break
    assert found == [str(UUID(int=number)) for number in reversed(range(70))]
    server.database.close()


def test_an_id_that_no_list_could_go_by_is_not_published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page goes on from the last id of the one before; one that is no id would end the list there, for everybody."""
    server, world = Filled(tmp_path, jobs=0, runs=0), World()

    def trusted(_unit: Unit, _workspace: str) -> object:
        return world.trusted()

    monkeypatch.setattr(workspaces, "trusted", trusted)
    signed = world.sign(world.manifest("Beta", dataset="zzz", publisher=REVIEWER), REVIEWER)
    new = DatasetNew(manifest=EnvelopeWire.model_validate(signed.to_json()), files={}, synthetic="")
    with server.unit(ANA, reading=False) as unit:
        row = unit.member(HERE)
        row.email = REVIEWER
        with refused("dataset_id", kind=InvalidError):
            datasets.publish(unit, HERE, new)
    server.database.close()
