"""Notices: what happened that concerns the caller, read from the history by the table of notices."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from jupyter_secure_jobs.domain.audit import Event
from jupyter_secure_jobs.domain.errors import InvalidError
from jupyter_secure_jobs.domain.notice import MOST_NOTICES, TELLS, Happening, Tie, told
from jupyter_secure_jobs.domain.run import RunStatus
from jupyter_secure_jobs.protocol import envelope as envelopes
from jupyter_secure_jobs.protocol.dataset import Withdrawal
from jupyter_secure_jobs.protocol.roster import Roster
from jupyter_secure_jobs.services import changes, logbook
from jupyter_secure_jobs.store import changes as proposals
from jupyter_secure_jobs.store import concerning, datasets, history, statements
from jupyter_secure_jobs.store.concerning import Kinds
from jupyter_secure_jobs.store.paging import check_limit
from jupyter_secure_jobs.wire.base import Nothing, Page
from jupyter_secure_jobs.wire.notice import NoticesSeen, NoticeWire

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from jupyter_secure_jobs.services.unit import Unit
    from jupyter_secure_jobs.store.history_tables import HistoryRow
    from jupyter_secure_jobs.store.tables import MemberRow, StatementRow

_NUMBER: Final = re.compile(r"[0-9]{1,18}")
_ASKED: Final = frozenset({Event.SUBMITTED})
_ORGANISATION: Final = frozenset(event for event, rules in TELLS.items() if Tie.COLLEAGUE in rules)
_AUTHOR: Final = frozenset(event for event, rules in TELLS.items() if set(rules) == {Tie.AUTHOR})
KINDS: Final = Kinds(
    anybody=sorted(set(TELLS) - _ASKED - _ORGANISATION - _AUTHOR),
    author=sorted(_AUTHOR),
    organisation=sorted(_ORGANISATION),
    asked=sorted(_ASKED),
)


def _number(text: str) -> int:
    if not _NUMBER.fullmatch(text):
        raise InvalidError("notice", "That is no notice.", "Give the id of one.")
    return int(text)


def listed(unit: Unit, workspace: str, *, unseen: bool, after: str | None, limit: int) -> Page[NoticeWire]:
    """Return a page of the caller's notices, newest first; of the newest 200 events that may concern them.

    Raises:
        InvalidError: the cursor or the page size means nothing.
    """
    member = unit.member(workspace)
    older_than = _number(after) if after is not None else None
    check_limit(limit)
    seen = concerning.seen(unit.session, member)
    rosters = statements.of_kind(unit.session, workspace, "roster")
    joined = _joined(rosters, member)
    rows = [
        row
        for row in concerning.events(
            unit.session, member, KINDS, since_place=joined.place, after=seen if unseen else 0, most=MOST_NOTICES
        )
        # What brought somebody here is no news to them.
        if row.statement != joined.hash or joined is rosters[0]
    ]
    found = _Reader(unit, member, rows).notices(rows, seen=seen)
    rest = [notice for notice in found if older_than is None or int(notice.id) < older_than]
    cursor = rest[limit - 1].id if len(rest) > limit else None
    return Page[NoticeWire](items=rest[:limit], next=cursor)


def seen(unit: Unit, workspace: str, body: NoticesSeen) -> Nothing:
    """Keep that the caller has seen all notices up to one.

    Raises:
        InvalidError: that is no notice.
    """
    member = unit.member(workspace)
    if concerning.mark(unit.session, member, _number(body.up_to)):
        unit.changes(workspace)  # the member's other pages
    return Nothing()


def _joined(rosters: Sequence[StatementRow], member: MemberRow) -> StatementRow:
    """Return the roster since which a member has been one without a break."""
    since = rosters[-1]
    for row in reversed(rosters):
        roster = envelopes.read(Roster, envelopes.Envelope.from_bytes(row.envelope))
        if roster.member(member.email) is None:
            break
        since = row
    return since


class _Reader:
    """Fetches once for a list of events what their sentences and the member's ties depend on."""

    def __init__(self, unit: Unit, member: MemberRow, rows: Sequence[HistoryRow]) -> None:
        self.unit, self.member, session = unit, member, unit.session
        about = {row.job for row in rows if row.job is not None}
        self.jobs = concerning.jobs_of(session, about)
        self.runs = concerning.runs_of(session, {row.run for row in rows if row.run is not None})
        self.comments = history.comments(session, [row.statement for row in rows if row.statement])
        self.last = concerning.newest_of(session, member.workspace, Event.ACCEPTED, about)
        self.accepted = concerning.accepted_versions(session, about)
        self.stops = concerning.stops_of_accepted(session, member, [row.statement for row in rows if row.statement])
        self.readers = dict(self._readers(rows))
        self.signing = self._signing(rows)

    def _readers(self, rows: Iterable[HistoryRow]) -> Iterable[tuple[str, tuple[str, str]]]:
        """Give for each withdrawal the dataset's name and the first of the member's live jobs that reads it."""
        hashes = [row.statement for row in rows if row.action == Event.DATASET_WITHDRAWN and row.statement]
        live = concerning.live_versions(self.unit.session, self.member) if hashes else ()
        for envelope in logbook.read_all(self.unit, self.member.workspace, hashes):
            dataset = envelopes.read(Withdrawal, envelope).dataset
            row = datasets.get(self.unit.session, self.member.workspace, dataset)
            job = next((j for j, v in live if any(read["dataset"] == dataset for read in v.terms["datasets"])), None)
            # One that was published again since stops nothing.
            if job is not None and row is not None and row.withdrawn is not None:
                yield envelope.hash, (row.name, job.id)

    def _signing(self, rows: Iterable[HistoryRow]) -> int | None:
        """Return the number of the event whose proposal waits for the member's signature, or None."""
        newest = next((row.id for row in rows if row.action == Event.CHANGE_PROPOSED), None)
        if newest is None:
            return None
        pending = changes.wire(self.unit, self.member.workspace).pending
        return newest if pending is not None and self.member.email in pending.missing else None

    def _ties(self, row: HistoryRow) -> set[Tie]:
        ties = {Tie.MEMBER}
        job = self.jobs.get(row.job) if row.job is not None else None
        if job is not None and job.author == self.member.email:
            ties.add(Tie.AUTHOR)
        if job is not None and job.organisation == self.member.organisation:
            ties.add(Tie.COLLEAGUE)
        asked = {Event.SUBMITTED: True, Event.FOUNDED: not self.member.joined,
                 Event.CHANGE_PROPOSED: row.id == self.signing}  # fmt: skip
        if asked.get(Event(row.action)):
            ties.add(Tie.ASKED)
        if row.statement in self.stops:
            ties.add(Tie.ACCEPTER)
        if row.statement in self.readers:
            ties.add(Tie.READER)
        if row.action == Event.CHANGE_REFUSED and self._proposed(row):
            ties.add(Tie.PROPOSER)
        return ties

    def _proposed(self, row: HistoryRow) -> bool:
        ended = proposals.ended(self.unit.session, self.member.workspace)
        return any(
            (each.ended, each.ended_by, each.proposer) == (row.time, row.member, self.member.email) for each in ended
        )

    def _happening(self, row: HistoryRow) -> Happening:
        job, run = self.jobs.get(row.job or ""), self.runs.get(row.run or "")
        dataset, reader = self.readers.get(row.statement or "", (None, None))
        reading = concerning.jobs_of(self.unit.session, [reader]).get(reader) if reader is not None else None
        return Happening(
            event=Event(row.action),
            actor=row.member,
            organisation=row.organisation,
            job=reading.name if reading is not None else job.name if job is not None else row.job_name,
            version=row.version,
            detail=dataset or row.detail,
            commented=bool(self.comments.get(row.statement or "", "").strip()),
            completes=row.id in self.last and (row.job, row.version) in self.accepted,
            run=run.number if run is not None else None,
            status=RunStatus(run.status) if run is not None else None,
            error_class=run.error_class if run is not None else None,
            cancel_asked=run is not None and run.cancel_requested,
        )

    def notices(self, rows: Iterable[HistoryRow], *, seen: int) -> list[NoticeWire]:
        """Return what of these events the member is told."""
        made = []
        for row in rows:
            happening = self._happening(row)
            said = told(happening, ties=self._ties(row), own=row.member == self.member.email)
            if said is None:
                continue
            job = row.job or self.readers.get(row.statement or "", ("", None))[1]
            made.append(
                NoticeWire(
                    id=str(row.id), time=row.time, kind=row.action, level=str(said.level), text=said.text,
                    job=job, job_name=happening.job, run=row.run, seen=row.id <= seen,
                )
            )  # fmt: skip
        return made
