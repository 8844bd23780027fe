"""The list of jobs: groups, orders, pages, search, and nobody else's."""

from __future__ import annotations

import base64
import json
from itertools import pairwise, product
from typing import TYPE_CHECKING, Any, Final

import pytest
from sqlalchemy import update

from jupyter_secure_jobs.domain.errors import InvalidError, NotFoundError
from jupyter_secure_jobs.domain.job_list import Group, Order, Sort
from jupyter_secure_jobs.domain.lifecycle import Status
from jupyter_secure_jobs.services import job_list, jobs
from jupyter_secure_jobs.store.tables import JobRow, MemberRow
from jupyter_secure_jobs.wire.job import DraftChange, JobNew
from tests.support.filled import ANA, ELSEWHERE, HERE, MIA, NOW, OUTSIDER, PEOPLE, WEI
from tests.support.refusal import refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from jupyter_secure_jobs.wire.job import JobWire
    from tests.support.filled import Filled


def names(found: list[JobWire]) -> set[str]:
    """Return the names of jobs."""
    return {job.name for job in found}


# -- groups -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", PEOPLE)
def test_groups_are_disjoint_complete_and_counted(filled: Filled, who: str) -> None:
    groups = {group: filled.listed(who, filter=group) for group in Group if group is not Group.ALL}
    ids = [job.id for found in groups.values() for job in found]
    assert len(ids) == len(set(ids)), "no job is in two groups"
    assert set(ids) == set(filled.statuses), "every job is in one"
    assert all(job.needs_me for job in groups[Group.NEEDS_ME])
    assert not any(job.needs_me for group in (Group.MINE, Group.OTHERS, Group.ARCHIVED) for job in groups[group])
    assert all(job.mine for job in groups[Group.MINE])
    assert not any(job.mine for job in groups[Group.OTHERS])
    with filled.unit(who) as unit:
        counted = job_list.counts(unit, HERE, {})
    assert counted.model_dump(exclude={"most"}) == {str(group): len(found) for group, found in groups.items()}
    assert all(counted.model_dump().values())


def test_two_members_see_different_groups(filled: Filled) -> None:
    for group in (Group.NEEDS_ME, Group.MINE, Group.OTHERS):
        assert names(filled.listed(ANA, filter=group)) != names(filled.listed(WEI, filter=group))
    assert {job.author for job in filled.listed(WEI, filter="mine")} == {WEI}


@pytest.mark.parametrize("query", [{"q": "flights"}, {"status": "Under Review"}, {"status": "Archived,Failed"},
                                   {"q": "WEATHER", "status": "Draft"}, {"q": "nowhere"}])  # fmt: skip
def test_counts_count_what_the_groups_find(filled: Filled, query: dict[str, str]) -> None:
    with filled.unit(MIA) as unit:
        counted = job_list.counts(unit, HERE, query).model_dump(exclude={"most"})
    assert counted == {
        str(group): len(filled.listed(MIA, filter=group, **query)) for group in Group if group is not Group.ALL
    }


@pytest.mark.parametrize("query", [{}, {"q": "flights"}, {"status": "Draft,Failed,Archived"}])
def test_counting_stops_one_after_the_most(
    filled: Filled, monkeypatch: pytest.MonkeyPatch, query: dict[str, str]
) -> None:
    groups = {group: len(filled.listed(MIA, filter=group, **query)) for group in Group if group is not Group.ALL}
    most = sorted(groups.values())[2]
    monkeypatch.setattr("jupyter_secure_jobs.store.job_list.MOST_COUNTED", most)
    with filled.unit(MIA) as unit:
        counted = job_list.counts(unit, HERE, query).model_dump(exclude={"most"})
    assert counted == {str(group): min(found, most + 1) for group, found in groups.items()}
    assert max(groups.values()) > most


def test_no_job_waits_for_a_decision_that_cannot_be_made(small: Filled) -> None:
    waiting = names(small.listed(filter="needs_me"))
    assert waiting
    with small.unit(ANA, reading=False) as unit:
        unit.session.execute(update(MemberRow).where(MemberRow.email == MIA).values(joined=False))
    assert small.listed(filter="needs_me") == []
    assert names(small.listed(filter="others")) > waiting
    with small.unit(ANA) as unit:
        assert job_list.counts(unit, HERE, {}).needs_me == 0


# -- orders and pages -------------------------------------------------------------------------------------------------

KEYS: Final[dict[Sort, Callable[[JobWire], Any]]] = {
    Sort.CREATED: lambda job: job.created,
    Sort.UPDATED: lambda job: job.updated,
    Sort.NAME: lambda job: job.name.casefold(),
    Sort.STATUS: lambda job: list(Status).index(Status(job.status)),
    Sort.AUTHOR: lambda job: job.author,
    Sort.ORGANISATION: lambda job: job.organisation.lower(),
    Sort.RUN: lambda job: job.newest_run.id if job.newest_run else "",
}


@pytest.mark.parametrize("order", Order)
@pytest.mark.parametrize("sort", Sort)
def test_pages_are_sorted_and_miss_nothing(filled: Filled, sort: Sort, order: Order) -> None:
    whole = filled.listed(sort=sort, order=order)
    paged = filled.listed(sort=sort, order=order, limit=7)
    assert [job.id for job in paged] == [job.id for job in whole]
    assert (
        len({job.id for job in paged})
        == len(paged)
        == sum(each is not Status.ARCHIVED for each in filled.statuses.values())
    )
    keys = [KEYS[sort](job) for job in paged]
    assert keys == sorted(keys, reverse=order is Order.DESCENDING)
    assert len(set(keys)) > 1


def test_orders_unless_told_otherwise(filled: Filled) -> None:
    assert filled.listed() == filled.listed(sort="created", order="desc")
    assert filled.listed(sort="updated") == filled.listed(sort="updated", order="desc")
    assert filled.listed(sort="run") == filled.listed(sort="run", order="desc")
    assert filled.listed(sort="name") == filled.listed(sort="name", order="asc")


def test_equal_keys_keep_one_order_that_turns_round(filled: Filled) -> None:
    up = [job.id for job in filled.listed(sort="organisation", order="asc", limit=3)]
    down = [job.id for job in filled.listed(sort="organisation", order="desc", limit=3)]
    assert up == down[::-1]


def test_a_change_meanwhile_moves_no_job_past_who_walks_by_creation(small: Filled) -> None:
    with small.unit(ANA) as unit:
        first = job_list.page(unit, HERE, {}, after=None, limit=5)
    shown = {job.id for job in first.items}
    rest = {job.id for job in small.listed()} - shown
    with small.unit(ANA, reading=False) as unit:
        unit.session.execute(update(JobRow).where(JobRow.id.in_(rest)).values(updated=NOW))
    found: set[str] = set()
    after = first.next
    while after is not None:
        with small.unit(ANA) as unit:
            page = job_list.page(unit, HERE, {}, after=after, limit=5)
        found |= {job.id for job in page.items}
        after = page.next
    assert found == rest


def _cursor(*parts: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode()


def test_a_cursor_of_another_order_is_refused(filled: Filled) -> None:
    kinds = list(product(Sort, Order))
    for (sort, order), (other, turned) in [*pairwise(kinds), (kinds[-1], kinds[0])]:
        with filled.unit(ANA) as unit:
            cursor = job_list.page(unit, HERE, {"sort": sort, "order": order}, after=None, limit=5).next
            with refused("cursor", kind=InvalidError):
                job_list.page(unit, HERE, {"sort": other, "order": turned}, after=cursor, limit=5)


ID: Final = "01900000-0000-7000-8000-000000000000"
BROKEN: Final = {
    "text": "nonsense",
    "id of old lists": ID,
    "empty list": _cursor(),
    "no list": base64.urlsafe_b64encode(b"7").decode(),
    "too few": _cursor("created", "desc", ID),
    "too many": _cursor("created", "desc", ID, ID, ID),
    "number as key": _cursor("created", "desc", 7, ID),
    "list as key": _cursor("created", "desc", [ID], ID),
    "null as key": _cursor("created", "desc", None, ID),
    "no id": _cursor("created", "desc", ID, "x"),
    "long": _cursor("created", "desc", "a" * 3000, ID),
    "bytes": base64.urlsafe_b64encode(b"\xff\xfe").decode(),
    "nothing as text": _cursor("created", "desc", "\0", ID),
    "half a character": _cursor("created", "desc", "\ud800", ID),
    "deep": base64.urlsafe_b64encode(b"[" * 1400).decode(),
}


@pytest.mark.parametrize("cursor", BROKEN.values(), ids=BROKEN)
def test_what_is_no_cursor_is_refused(filled: Filled, cursor: str) -> None:
    with filled.unit(ANA) as unit, refused("cursor", kind=InvalidError):
        job_list.page(unit, HERE, {}, after=cursor, limit=5)


@pytest.mark.parametrize(
    ("sort", "key"),
    [
        ("updated", "now"),
        ("updated", 7),
        ("updated", "2026-11-01T12:00:00"),
        ("status", "Draft"),
        ("status", True),
        ("status", 1.5),
        ("status", 10**30),
        ("name", None),
    ],
)
def test_a_key_of_another_kind_is_refused(filled: Filled, sort: str, key: object) -> None:
    with filled.unit(ANA) as unit, refused("cursor", kind=InvalidError):
        job_list.page(unit, HERE, {"sort": sort, "order": "asc"}, after=_cursor(sort, "asc", key, ID), limit=5)


@pytest.mark.parametrize(
    ("query", "limit", "code"),
    [({"filter": "theirs"}, 5, "filter"), ({"status": "draft"}, 5, "status"), ({"sort": "id"}, 5, "sort"),
     ({"order": "up"}, 5, "order"), ({"q": "a" * 201}, 5, "search"), ({}, 0, "limit"), ({}, 201, "limit")],
)  # fmt: skip
def test_what_a_list_does_not_know_is_refused(filled: Filled, query: dict[str, str], limit: int, code: str) -> None:
    with filled.unit(ANA) as unit, refused(code, kind=InvalidError):
        job_list.page(unit, HERE, query, after=None, limit=limit)


# -- search -----------------------------------------------------------------------------------------------------------


def test_search_looks_in_name_description_author_and_organisation(small: Filled) -> None:
    new = JobNew(name="Straße_1 at 50% off", description="Grows\nÉTÉ after été")
    with small.unit(WEI, reading=False) as unit:
        made = jobs.create(unit, HERE, new)
    for text in ("STRASSE", "straße", "50% OFF", "SSE_1", "grows  e\u0301te\u0301", "WEI@weather", "weather serv"):
        assert made.id in {job.id for job in small.listed(q=text)}, text
    for text in ("50_ off", "%", "_1 at 5_", "off grows", "off\ngrows", "off\r\ngrows", "wei@weather.exampleweather"):
        found = {job.name for job in small.listed(q=text)}
        assert made.name not in found or text == "%", text
    assert names(small.listed(q="%")) == {name for name in names(small.listed()) if "%" in name}
    assert small.listed(q="   ") == small.listed()
    with small.unit(WEI, reading=False) as unit:
        jobs.change(unit, HERE, made.id, DraftChange(name="Renamed", description=""), revision=None)
    assert [job.id for job in small.listed(q="renamed")] == [made.id]
    assert small.listed(q="strasse") == small.listed(q="grows") == []


def test_a_job_is_found_by_its_whole_name_archived_or_not(filled: Filled) -> None:
    for job in filled.listed(filter="all")[:20]:
        assert [found.id for found in filled.listed(filter="all", name=f" {job.name.upper()} ")] == [job.id]
        assert filled.listed(filter="all", name=job.name[:-1] + "%") == []


# -- nobody else's ----------------------------------------------------------------------------------------------------


def test_no_list_shows_a_job_of_another_workspace(filled: Filled) -> None:
    with filled.unit(OUTSIDER) as unit:
        theirs = {job.id for job in job_list.page(unit, ELSEWHERE, {"filter": "all"}, after=None, limit=200).items}
    assert len(theirs) == 20
    for query in (*({"sort": sort} for sort in Sort), {"q": "a"}, {"q": "e"}, {"status": ",".join(Status)}):
        for group in Group:
            assert not theirs & {job.id for job in filled.listed(filter=group, **query)}
    with filled.unit(OUTSIDER) as unit:
        with refused("no_workspace", kind=NotFoundError):
            job_list.page(unit, HERE, {}, after=None, limit=5)
        with refused("no_workspace", kind=NotFoundError):
            job_list.counts(unit, HERE, {})
