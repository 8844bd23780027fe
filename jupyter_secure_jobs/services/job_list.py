"""The list of jobs, as one member sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_secure_jobs.domain.job_list import MOST_COUNTED, Group, order_of, sort_of, wanted
from jupyter_secure_jobs.services.job_view import View
from jupyter_secure_jobs.store import job_list, jobs
from jupyter_secure_jobs.wire.base import Page
from jupyter_secure_jobs.wire.job import JobCounts, JobWire

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jupyter_secure_jobs.domain.job_list import Wanted
    from jupyter_secure_jobs.services.unit import Unit


def _wanted(query: Mapping[str, str]) -> Wanted:
    return wanted(
        group=query.get("filter"), status=query.get("status", ""), text=query.get("q", ""), name=query.get("name")
    )


def page(unit: Unit, workspace: str, query: Mapping[str, str], *, after: str | None, limit: int) -> Page[JobWire]:
    """Return a page of jobs. `query`: filter, status, q, name, sort and order, as `domain.job_list` reads them.

    Raises:
        InvalidError: one of them, the cursor or the page size is wrong.
    """
    member = unit.member(workspace)
    view = View(unit, member)
    sort = sort_of(query.get("sort"))
    rows, cursor = job_list.page(
        unit.session,
        workspace,
        member=member.email,
        wanted=_wanted(query),
        sort=sort,
        order=order_of(query.get("order"), sort),
        after=after,
        limit=limit,
        deciding=view.active,
    )
    return Page[JobWire](items=view.summaries(jobs.bundles(unit.session, rows)), next=cursor)


def counts(unit: Unit, workspace: str, query: Mapping[str, str]) -> JobCounts:
    """Return how many jobs each group has. `query`: status and q, as for a page.

    Raises:
        InvalidError: there is no such status.
    """
    member = unit.member(workspace)
    found = job_list.counts(
        unit.session, workspace, member=member.email, wanted=_wanted(query), deciding=View(unit, member).active
    )
    return JobCounts(
        most=MOST_COUNTED, needs_me=found[Group.NEEDS_ME], mine=found[Group.MINE], others=found[Group.OTHERS],
        archived=found[Group.ARCHIVED],
    )  # fmt: skip
