"""The list of jobs: filtered, sorted and counted where the jobs are, at a cost that does not grow with their number.

A status is worked out in SQL, by the rules of `domain.lifecycle`; a test holds the two together. `store.job_index`
keeps it beside the job, for filters and orders alone. As with every column beside a signed statement, a tampered
database shows a wrong list and makes nothing happen.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import ColumnElement, Select, String, and_, case, false, func, literal, select, tuple_

from jupyter_secure_jobs.domain.errors import InvalidError
from jupyter_secure_jobs.domain.job_list import MOST_COUNTED, Group, Order, Sort, Wanted
from jupyter_secure_jobs.domain.lifecycle import Status
from jupyter_secure_jobs.store.paging import ID, check_limit
from jupyter_secure_jobs.store.tables import DecisionRow, JobRow, RunRow, VersionRow

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy.orm import Session

MOST: Final = 200
_PLACES: Final = {word: place for place, word in enumerate(Status)}
_BY_ARCHIVED: Final = frozenset({None, Sort.CREATED, Sort.UPDATED})
_CURSOR: Final = re.compile(r"[A-Za-z0-9_=-]{1,2000}")


def _opened(*conditions: ColumnElement[bool]) -> Select[str]:
    here = (VersionRow.job == JobRow.id) & (VersionRow.number == JobRow.open_version)
    return select(VersionRow.stage).where(here, *conditions).correlate(JobRow)


def newest_run(what: ColumnElement[str]) -> ColumnElement[str]:
    """Return a column of the newest job run of a job's live version; null if there is none."""
    # Ids sort by time, so that the newest run is the one with the largest id.
    runs = select(what).where(RunRow.job == JobRow.id, RunRow.kind == "job", RunRow.version == JobRow.live_version)
    return runs.correlate(JobRow).order_by(RunRow.id.desc()).limit(1).scalar_subquery()


def status() -> ColumnElement[str]:
    """Return a job's status as `domain.lifecycle.status` says it."""
    return case(
        (JobRow.archived, Status.ARCHIVED.value),
        (
            JobRow.open_version.is_not(None),
            case((_opened(VersionRow.stage == "review").exists(), Status.UNDER_REVIEW.value), else_=Status.DRAFT.value),
        ),
        else_=func.coalesce(newest_run(RunRow.status.expression), Status.ACCEPTED.value),
    )


def needs(member: str) -> ColumnElement[bool]:
    """Return whether a job is under review by others, and the member has not decided."""
    own = (DecisionRow.version == VersionRow.statement) & (DecisionRow.member == member)
    decided = select(DecisionRow.version).where(own)
    asked = _opened(VersionRow.stage == "review", ~decided.exists()).exists()
    return and_(JobRow.author != member, JobRow.listed_status == _PLACES[Status.UNDER_REVIEW], asked)


def _key(sort: Sort) -> ColumnElement[Any]:
    keys: Mapping[Sort, ColumnElement[Any]] = {
        Sort.CREATED: JobRow.id.expression,
        Sort.UPDATED: JobRow.updated.expression,
        Sort.NAME: JobRow.folded.expression,
        Sort.AUTHOR: JobRow.author.expression,
        Sort.ORGANISATION: JobRow.folded_organisation.expression,
        Sort.RUN: JobRow.listed_run.expression,
        Sort.STATUS: JobRow.listed_status.expression,
    }
    return keys[sort]


def _narrowed(
    query: Select[Any], workspace: str, member: str, wanted: Wanted, *, deciding: bool, sort: Sort | None = None
) -> Select[Any]:
    query = query.where(JobRow.workspace == workspace)
    if wanted.archived is not None:
        # Where another index gives the order, SQLite must not take one of the archived jobs, and sort all it finds.
        archived = JobRow.archived if sort in _BY_ARCHIVED else func.coalesce(JobRow.archived, false())
        query = query.where(archived.is_(wanted.archived))
    if wanted.group is Group.MINE:
        query = query.where(JobRow.author == member)
    if wanted.group is Group.NEEDS_ME:
        query = query.where(needs(member) if deciding else false())
    if wanted.group is Group.OTHERS:
        query = query.where(JobRow.author != member)
        query = query.where(~needs(member)) if deciding else query
    if wanted.statuses:
        query = query.where(JobRow.listed_status.in_(sorted(_PLACES[each] for each in wanted.statuses)))
    if wanted.text:
        query = query.where(JobRow.searched.contains(wanted.text, autoescape=True))
    if wanted.name is not None:
        query = query.where(JobRow.folded == wanted.name)
    return query


def page(  # noqa: PLR0913 -- the parts of a question
    session: Session,
    workspace: str,
    *,
    member: str,
    wanted: Wanted,
    sort: Sort,
    order: Order,
    after: str | None,
    limit: int,
    deciding: bool = True,
) -> tuple[Sequence[JobRow], str | None]:
    """Return a page of the jobs that a member wants, and the cursor of the next page.

    `deciding`: whether decisions can be made at all; else no job waits for one.

    Raises:
        InvalidError: the cursor is none of a list sorted so, or the page size is out of bounds.
    """
    check_limit(limit, most=MOST)
    key = _key(sort)
    place = tuple_(key, JobRow.id)
    query = _narrowed(select(JobRow.id, key.label("key")), workspace, member, wanted, deciding=deciding, sort=sort)
    if after:
        seen = _read(after, sort, order)
        bound = tuple_(literal(seen[0], key.type), literal(seen[1], String()))
        query = query.where(place < bound if order is Order.DESCENDING else place > bound)
    columns = (key,) if sort is Sort.CREATED else (key, JobRow.id)
    falling = order is Order.DESCENDING
    ordered = query.order_by(*(column.desc() if falling else column.asc() for column in columns)).limit(limit + 1)
    found = session.execute(ordered).all()
    ids = [row.id for row in found[:limit]]
    rows = {row.id: row for row in session.scalars(select(JobRow).where(JobRow.id.in_(ids)))}
    cursor = _written(sort, order, found[limit - 1].key, ids[-1]) if len(found) > limit else None
    return [rows[each] for each in ids], cursor


def counts(session: Session, workspace: str, *, member: str, wanted: Wanted, deciding: bool = True) -> dict[Group, int]:
    """Return how many of the wanted jobs each group has; of more than `MOST_COUNTED` one more is counted, no others.

    The group that `wanted` names counts for nothing.
    """
    found: dict[Group, int] = {}
    rare = _rare(session, workspace, wanted.text) if wanted.text else None
    for group in Group:
        if group is Group.ALL:
            continue
        text = wanted.text if rare is None else ""
        each = Wanted(group=group, statuses=wanted.statuses, text=text, name=wanted.name)
        some = _narrowed(select(JobRow.id), workspace, member, each, deciding=deciding)
        if rare is not None:
            some = some.where(JobRow.id.in_(rare))
        counted = some.limit(MOST_COUNTED + 1).subquery()
        found[group] = session.scalar(select(func.count()).select_from(counted)) or 0
    return found


def _rare(session: Session, workspace: str, text: str) -> list[str] | None:
    """Return the jobs with a text that few have, looked for once; None if there are more than `MOST_COUNTED`."""
    query = select(JobRow.id).where(JobRow.workspace == workspace, JobRow.searched.contains(text, autoescape=True))
    found = list(session.scalars(query.limit(MOST_COUNTED + 1)))
    return found if len(found) <= MOST_COUNTED else None


def _written(sort: Sort, order: Order, key: object, job: str) -> str:
    said = key.isoformat() if isinstance(key, datetime) else key
    return base64.urlsafe_b64encode(json.dumps([sort, order, said, job]).encode()).decode()


def _read(cursor: str, sort: Sort, order: Order) -> tuple[Any, str]:
    wrong = InvalidError("cursor", "That is no cursor of this list.", "Start from the first page.")
    if not _CURSOR.fullmatch(cursor):
        raise wrong
    try:
        kept_sort, kept_order, key, job = json.loads(base64.urlsafe_b64decode(cursor))
        if kept_sort == sort == Sort.UPDATED:
            key = datetime.fromisoformat(key)
    except (binascii.Error, ValueError, TypeError, RecursionError) as error:
        raise wrong from error
    if not isinstance(job, str) or not ID.fullmatch(job):
        raise wrong
    if (kept_sort, kept_order) != (sort, order):
        raise InvalidError(
            "cursor", "That is a cursor of a list that is sorted otherwise.", "Start from the first page."
        )
    if not _fits(sort, key):
        raise wrong
    return key, job


def _fits(sort: Sort, key: object) -> bool:
    if sort is Sort.UPDATED:
        return isinstance(key, datetime) and key.tzinfo is not None
    if sort is Sort.STATUS:
        return type(key) is int and 0 <= key < len(Status)
    # No key of the list holds what a database would not take as text.
    return isinstance(key, str) and not any(c == "\0" or "\ud800" <= c <= "\udfff" for c in key)
