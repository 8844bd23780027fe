"""What the rest benchmark asks for: each kind of page by its name in the figures, in words, and as a request."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

JOBS: Final = "jobs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A request below a workspace; `deep`: half-way down the list.

    `{job}` in the path is the job with most runs, `{rare}` in the query the number in the name of one job alone.
    """

    words: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    deep: bool = False


def _jobs(words: str, *, deep: bool = False, **query: str) -> Kind:
    return Kind(words=words, path=JOBS, query=query, deep=deep)


# Pages of the list of jobs, 50 jobs each, as the sidebar, the list page and the notebook ask for them.
LISTS: Final = {
    "newest": _jobs("newest first"),
    "newest_deep": _jobs("newest first, half-way down", deep=True),
    "updated": _jobs("last changed first", sort="updated"),
    "updated_deep": _jobs("last changed first, half-way down", sort="updated", deep=True),
    "mine": _jobs("mine, last changed first", filter="mine", sort="updated"),
    "needs_me": _jobs("needs my decision, last changed first", filter="needs_me", sort="updated"),
    "others": _jobs("others', last changed first", filter="others", sort="updated"),
    "archived": _jobs("archived, last changed first", filter="archived", sort="updated"),
    "every": _jobs("all with the archived", filter="all"),
    "name": _jobs("by name", sort="name"),
    "name_deep": _jobs("by name, half-way down", sort="name", deep=True),
    "author": _jobs("by author", sort="author"),
    "organisation": _jobs("by organisation", sort="organisation"),
    "status": _jobs("by status", sort="status"),
    "status_deep": _jobs("by status, half-way down", sort="status", deep=True),
    "run": _jobs("by newest run", sort="run"),
    "failed": _jobs("failed ones", status="Failed"),
    "waiting": _jobs("queued or running ones", status="Queued,Running", sort="updated"),
    "common_text": _jobs("search: a text that many have", q="plane age"),
    "rare_text": _jobs("search: a text that one has", q="month {rare}"),
    "no_text": _jobs("search: a text that none has", q="no such words"),
}
PAGES: Final = {
    "counts": Kind(words="counts of all groups", path="jobs/counts"),
    "counts_text": Kind(words="counts of a rare text", path="jobs/counts", query={"q": "month {rare}"}),
    "job": Kind(words="page of the job with most runs", path="jobs/{job}"),
    "runs_of_job": Kind(words="runs of the job with most", path="jobs/{job}/runs"),
    "runs_of_job_deep": Kind(words="runs of the job with most, half-way down", path="jobs/{job}/runs", deep=True),
    "job_runs": Kind(words="its job runs alone", path="jobs/{job}/runs", query={"kind": "job"}),
    "runs": Kind(words="runs of the workspace", path="runs"),
    "tests": Kind(words="test runs of the workspace", path="runs", query={"kind": "test"}),
    "notices": Kind(words="notices", path="notices"),
    "audit": Kind(words="audit log", path="audit"),
    "audit_declined": Kind(words="audit log: what was declined", path="audit", query={"kind": "declined"}),
    "datasets": Kind(words="datasets", path="datasets"),
    "pinned": Kind(words="pinned queries", path="pinned-queries"),
}
MEDIAN_AIM_MS: Final = 20
P95_AIM_MS: Final = 50


def size_in_words(number: int) -> str:
    """Return a number as figures name it: `100k` for 100,000."""
    return f"{number // 1000}k" if number % 1000 == 0 and number else str(number)
