"""A real workspace server removes a result whose time is over, and everything else about the run stays."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from jupyter_secure_jobs.domain.errors import NotFoundError
from jupyter_secure_jobs.member import auditing, bundles, opening
from tests.support import tampering
from tests.support.parts import wait_until
from tests.support.refusal import refused

if TYPE_CHECKING:
    from tests.support.parts import Parts


def test_a_result_past_its_time_goes_and_its_receipt_stays(parts: Parts) -> None:
    job = parts.accepted().id
    old, young = (parts.ended(parts.order(job, {"low": 3})) for _ in range(2))
    assert len(opening.preview(parts.ana, parts.workspace, old.id).rows) == 10

    files = tampering.aged(parts, old.id, by=timedelta(days=91))
    assert len(files) == 2
    wait_until(lambda: not any(each.exists() for each in files), "the end of the old result")
    wait_until(lambda: parts.run(old.id).outputs_removed is not None, "the word that it was removed")
    shown = parts.run(old.id)
    assert (shown.has_result, shown.has_log, shown.rows) == (False, False, 10)
    for attempt in (opening.preview, opening.log_text):
        with refused("removed", kind=NotFoundError):
            attempt(parts.ana, parts.workspace, old.id)
    assert len(opening.preview(parts.ana, parts.workspace, young.id).rows) == 10
    assert bundles.bundle(parts.ana, parts.workspace, old.id, opened=False).receipt
    auditing.check(parts.ana, parts.workspace)
    told = parts.ana.client.audit(parts.workspace)
    assert [each.actor for each in told if (each.event, each.run) == ("output_removed", old.id)] == ["workspace server"]
