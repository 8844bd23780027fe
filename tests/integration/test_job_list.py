"""The list of jobs over real HTTP: filters, orders, pages and counts, each member's own, and nothing for a stranger."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from jupyter_secure_jobs.domain.errors import NotFoundError
from jupyter_secure_jobs.wire.job import DraftChange
from tests.support.parts import ANA, STRANGER, WEI, Parts

if TYPE_CHECKING:
    import httpx


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """Jobs whose names begin with `mark`, so that the other jobs of the world are left out by a search."""

    mark: str
    draft: str
    review: str
    archived: str
    theirs: str

    def all(self) -> set[str]:
        """The ids of all of them."""
        return {self.draft, self.review, self.archived, self.theirs}


@pytest.fixture(scope="module")
def shelf(running: Parts) -> Shelf:
    """Give a draft, a review, an archived job, and a draft of another organisation."""
    running.start_all()
    review = running.submitted()
    mark = "100%_shelf"
    client = running.ana.client
    client.change_draft(running.workspace, review.id, DraftChange(name=f"{mark} c"), revision=review.revision)
    archived = running.draft(name=f"{mark} b").id
    client.act(running.workspace, archived, "archive")
    return Shelf(mark=mark, review=review.id, archived=archived, draft=running.draft(name=f"{mark} D").id,
                 theirs=running.draft(name=f"{mark} a", who=WEI).id)  # fmt: skip


def ids(http: httpx.Client, parts: Parts, shelf: Shelf, **query: Any) -> list[str]:
    """Return the ids of a list, a page of one job after the other."""
    asked = {"q": shelf.mark, "limit": 1, **query}
    found: list[str] = []
    while True:
        answer = http.get(f"workspaces/{parts.workspace}/jobs", params=asked)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        found += [job["id"] for job in page["items"]]
        if page["next"] is None:
            return found
        asked["after"] = page["next"]


def test_filters_orders_and_pages(parts: Parts, shelf: Shelf) -> None:
    with parts.http(ANA) as http:
        assert ids(http, parts, shelf) == [shelf.theirs, shelf.draft, shelf.review]
        assert ids(http, parts, shelf, sort="name") == [shelf.theirs, shelf.review, shelf.draft]
        assert ids(http, parts, shelf, sort="name", order="desc", filter="all") == [
            shelf.draft, shelf.review, shelf.archived, shelf.theirs,
        ]  # fmt: skip
        assert ids(http, parts, shelf, status="Under Review") == [shelf.review]
        assert set(ids(http, parts, shelf, status="Archived,Under Review")) == {shelf.review, shelf.archived}
        assert ids(http, parts, shelf, q="100__shelf") == [], "_ and % are text"
        assert shelf.theirs in ids(http, parts, shelf, q="weather service", status="Draft", sort="author", limit=100)


def test_each_member_has_groups_of_their_own(parts: Parts, shelf: Shelf) -> None:
    groups = {
        ANA: {"needs_me": set(), "mine": {shelf.draft, shelf.review}, "others": {shelf.theirs}},
        WEI: {"needs_me": {shelf.review}, "mine": {shelf.theirs}, "others": {shelf.draft}},
    }
    for who, expected in groups.items():
        with parts.http(who) as http:
            wanted = {**expected, "archived": {shelf.archived}}
            assert {name: set(ids(http, parts, shelf, filter=name)) for name in wanted} == wanted
            counted = http.get(f"workspaces/{parts.workspace}/jobs/counts", params={"q": shelf.mark}).json()
            assert counted == {name: len(found) for name, found in wanted.items()} | {"most": 1000}
            drafts = parts.acting(who).client.job_counts(parts.workspace, q=shelf.mark, status="Draft")
            assert (drafts.needs_me, drafts.mine, drafts.others, drafts.archived) == (0, 1, 1, 0)


def test_a_cursor_of_another_list_says_so(parts: Parts, shelf: Shelf) -> None:
    where = f"workspaces/{parts.workspace}/jobs"
    with parts.http(ANA) as http:
        cursor = http.get(where, params={"q": shelf.mark, "limit": 1, "sort": "name"}).json()["next"]
        answer = http.get(where, params={"sort": "updated", "after": cursor})
    assert answer.status_code == 422
    assert (answer.json()["code"], answer.json()["detail"]) == (
        "cursor",
        "That is a cursor of a list that is sorted otherwise.",
    )


def test_a_stranger_learns_nothing_by_sort_search_or_count(parts: Parts, shelf: Shelf) -> None:
    with parts.http(STRANGER) as http:
        for query in ({"q": shelf.mark}, {"sort": "name"}, {"name": f"{shelf.mark} a"}, {"filter": "nonsense"}):
            for path in ("jobs", "jobs/counts"):
                answer = http.get(f"workspaces/{parts.workspace}/{path}", params=query)
                assert (answer.status_code, answer.json()["code"]) == (404, "no_workspace")
                assert shelf.mark not in answer.text


def test_a_job_is_found_by_name_with_one_question(parts: Parts, shelf: Shelf) -> None:
    client = parts.ana.client
    assert client.find_job(parts.workspace, f" {shelf.mark.upper()} d ").id == shelf.draft
    assert client.find_job(parts.workspace, f"{shelf.mark} b").id == shelf.archived
    assert client.job_called(parts.workspace, "") is None
    assert client.job_called(parts.workspace, "n" * 300) is None
    with pytest.raises(NotFoundError) as missing:
        client.find_job(parts.workspace, f"{shelf.mark} Dd")
    assert shelf.mark in missing.value.next_step
