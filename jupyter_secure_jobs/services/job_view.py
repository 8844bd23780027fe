"""A job as one member sees it: the facts behind its status, and the shapes that clients draw."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from jupyter_secure_jobs.domain.activation import activation
from jupyter_secure_jobs.domain.audit import MEANINGS, Event
from jupyter_secure_jobs.domain.job import STOPPED, JobLimits, Language, LogPolicy, Scope
from jupyter_secure_jobs.domain.lifecycle import (
    Action,
    Facts,
    LiveVersion,
    OpenVersion,
    Role,
    Status,
    rerun_indicator,
    statuses,
)
from jupyter_secure_jobs.domain.profile import unfit
from jupyter_secure_jobs.domain.review import VERDICTS, Decision, Standing, Verdict, Vote, standing
from jupyter_secure_jobs.domain.run import RunStatus
from jupyter_secure_jobs.domain.stage import Tried, query_status, stage, words_of_test
from jupyter_secure_jobs.services import action_view, notices, opinions, profiles, run_view, terms
from jupyter_secure_jobs.store import datasets, history, runs, statements, workspaces
from jupyter_secure_jobs.wire.compute import ComputeWire
from jupyter_secure_jobs.wire.job import (
    ApprovalWire,
    DatasetReadWire,
    GrantWire,
    HistoryWire,
    JobDetailWire,
    JobWire,
    LimitsWire,
    StopWire,
    VersionWire,
)
from jupyter_secure_jobs.wire.output import OutputPolicyWire

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jupyter_secure_jobs.services.queue import Queue
    from jupyter_secure_jobs.services.unit import Unit
    from jupyter_secure_jobs.store.jobs import Bundle
    from jupyter_secure_jobs.store.tables import DecisionRow, JobRow, MemberRow, RevocationRow, RunRow, VersionRow
    from jupyter_secure_jobs.wire.job import ActionWire

STAGES: Final = {"draft": "draft", "review": "under review", "accepted": "accepted", "discarded": "closed"}


class View:
    """Makes wire shapes of jobs for one member; what is the same for all jobs is fetched once."""

    def __init__(self, unit: Unit, member: MemberRow) -> None:
        """Fetch members, the epoch and withdrawn datasets of the member's workspace."""
        self.unit, self.member = unit, member
        self.members = workspaces.members(unit.session, member.workspace)
        self.organisations = {row.email: row.organisation for row in self.members}
        self.epoch = statements.count(unit.session, member.workspace, "roster")
        self.withdrawn = datasets.withdrawn_ids(unit.session, member.workspace)
        self.keyless = datasets.keyless_ids(unit.session, member.workspace)
        self.active = all(row.joined for row in self.members)

    def standing(self, author: str, votes: Mapping[str, DecisionRow]) -> Standing:
        """Return how far the review of a version has come."""
        counted = {
            email: Vote(decision=VERDICTS[Verdict(vote.verdict)], expires=vote.expires) for email, vote in votes.items()
        }
        return standing(members=[row.email for row in self.members], author=author, votes=counted)

    def stale(self, row: VersionRow, author: str, votes: Mapping[str, DecisionRow]) -> str | None:
        """Return why an accepted version cannot run although nobody revoked it."""
        keyless = [read["table"] for read in row.terms["datasets"] if read["dataset"] in self.keyless]
        if keyless:
            return (
                f"The owner of the dataset behind table {keyless[0]!r} has no key service here any more: "
                "change the job and submit again."
            )
        if row.epoch != self.epoch:
            return "The members changed: submit again."
        gone = [read["table"] for read in row.terms["datasets"] if read["dataset"] in self.withdrawn]
        if gone:
            return f"The dataset behind table {gone[0]!r} was withdrawn by its owner: change the job and submit again."
        if any(vote.expires < self.unit.now for email, vote in votes.items() if email != author):
            return "An acceptance has expired: submit again."
        return None

    def live(self, bundle: Bundle) -> LiveVersion | None:
        """Return what the table needs to know of the live version."""
        row = bundle.live
        if row is None or row.statement is None:
            return None
        stops = bundle.revocations.get(row.statement, [])
        strongest = _strongest(stops)
        run = bundle.live_run
        return LiveVersion(
            number=row.number,
            grant=terms.grant_of(row.terms),
            used=bundle.used,
            revoked=Scope(strongest.scope) if strongest else None,
            revoked_by=strongest.member if strongest else None,
            stale=self.stale(row, bundle.job.author, bundle.decisions.get(row.statement, {})),
            newest_run=RunStatus(run.status) if run else None,
        )

    def facts(self, bundle: Bundle) -> Facts:
        """Return the facts of one job for this member."""
        job, me = bundle.job, self.member.email
        roles = {Role.AUTHOR} if job.author == me else {Role.REVIEWER}
        if self.member.organisation == job.organisation:
            roles.add(Role.ORGANISATION)
        opened, live = bundle.open, bundle.live
        mine = bundle.decisions.get(opened.statement or "", {}).get(me) if opened else None
        stops = [
            stop for stop in bundle.revocations.get((live.statement if live else None) or "", []) if stop.member == me
        ]
        strongest = _strongest(stops)
        others = [
            row
            for row in bundle.versions.values()
            if row.stage == "accepted" and row.number != job.live_version
            and self.stale(row, job.author, bundle.decisions.get(row.statement or "", {})) is None
        ]  # fmt: skip
        return Facts(
            roles=frozenset(roles),
            now=self.unit.now,
            member_count=len(self.members),
            open=OpenVersion(
                under_review=opened.stage == "review",
                has_code=bool(opened.terms["code"].strip()),
                reruns_requested=bool(opened.terms["grant"]["reruns"]),
            )
            if opened
            else None,
            live=self.live(bundle),
            archived=job.archived,
            ever_run=bundle.ran,
            ever_succeeded=bundle.succeeded,
            activatable=len(others),
            my_decision={None: Decision.PENDING, "accept": Decision.ACCEPTED, "decline": Decision.DECLINED}[
                mine.verdict if mine else None
            ],
            my_revocation=Scope(strongest.scope) if strongest else None,
            workspace_active=self.active,
        )

    def status_text(self, bundle: Bundle, facts: Facts, queue: Queue | None = None) -> str:
        """Return the status as a list shows it, such as `Under Review · 2 of 4 accepted`."""
        first = statuses(facts)[0]
        text = str(first)
        opened = bundle.open
        if first is Status.UNDER_REVIEW and opened is not None:
            result = self.standing(bundle.job.author, bundle.decisions.get(opened.statement or "", {}))
            text += f" · {result.accepted} of {result.needed} accepted"
            if result.declined:
                text += f", {len(result.declined)} declined"
        run = bundle.live_run
        if first is Status.QUEUED and run is not None and (waiting := run_view.waiting(self.unit, run, queue)):
            text += f" · {waiting}"
        if first in (Status.DRAFT, Status.UNDER_REVIEW) and facts.live is not None:
            text += f" · v{facts.live.number} live"
        return text

    def summaries(self, bundles: Sequence[Bundle]) -> list[JobWire]:
        """Return jobs for a list, in a fixed number of queries."""
        queue = run_view.queue_of(self.unit, self.member.workspace, [bundle.live_run for bundle in bundles])
        return [JobWire.model_validate(self._fields(each, self.facts(each), queue)) for each in bundles]

    def _fields(self, bundle: Bundle, facts: Facts, queue: Queue) -> dict[str, object]:
        job = bundle.job
        actions = action_view.actions(bundle, facts)
        return {
            "id": job.id,
            "workspace": job.workspace,
            "name": job.name,
            "description": job.description,
            "author": job.author,
            "organisation": job.organisation,
            "status": str(statuses(facts)[0]),
            "status_text": self.status_text(bundle, facts, queue),
            "stage": str(stage(facts)),
            "rerun_indicator": rerun_indicator(facts),
            "archived": job.archived,
            "mine": job.author == self.member.email,
            "needs_me": any(each.name == Action.ACCEPT and each.allowed for each in actions),
            "created": job.created,
            "updated": job.updated,
            "revision": job.revision,
            "live_version": job.live_version,
            "open_version": job.open_version,
            "newest_run": run_view.wire(self.unit, bundle.live_run, job, queue=queue, viewer=self.member)
            if bundle.live_run
            else None,
            "actions": actions,
        }

    def detail(self, bundle: Bundle) -> JobDetailWire:
        """Return a job with its version in front, its approval and its history."""
        facts = self.facts(bundle)
        front = bundle.open or bundle.live
        if front is None:
            front = bundle.versions[max(bundle.versions)]
        votes = bundle.decisions.get(front.statement or "", {})
        events = history.of_job(self.unit.session, bundle.job.id)
        queue = run_view.queue_of(self.unit, bundle.job.workspace, [bundle.live_run])
        comments = history.comments(self.unit.session, [row.statement for row in events if row.statement])
        before, code = opinions.last_review(self.unit, bundle.job, bundle.open, self.organisations)
        shown = self.version(bundle, front, facts)
        fields = self._fields(bundle, facts, queue)
        fields["actions"] = [action_view.warned(each, shown.unfit) for each in action_view.actions(bundle, facts)]
        return JobDetailWire.model_validate(
            {
                **fields,
                "query_status": query_status(facts),
                "test_status": self.test_status(bundle.job, front),
                "version": shown,
                "live": self.version(bundle, bundle.live, facts) if bundle.live else None,
                "stops": self.stops(bundle),
                "approval": self.approval(bundle.job, votes, submitted=front.stage in ("review", "accepted")),
                "last_review": before,
                "last_review_code": code,
                "history": [
                    HistoryWire(
                        time=row.time,
                        member=row.member,
                        action=row.action,
                        label=MEANINGS[Event(row.action)].label,
                        detail=comments.get(row.statement or "", row.detail),
                        version=row.version,
                    )
                    for row in events
                ],
            }
        )

    def stops(self, bundle: Bundle) -> list[StopWire]:
        """Return each revocation of the live version, oldest first, with who has heard it."""
        digest = bundle.live.statement if bundle.live else None
        made = []
        for row in sorted(bundle.revocations.get(digest or "", []), key=lambda row: row.time):
            heard, waiting = notices.hearing(runs.notices_of(self.unit.session, row.workspace, row.statement))
            made.append(
                StopWire(
                    member=row.member,
                    scope=Scope(row.scope),
                    effect=STOPPED[Scope(row.scope)],
                    time=row.time,
                    heard_by=heard,
                    waiting_for=waiting,
                )
            )
        return made

    def approval(self, job: JobRow, votes: Mapping[str, DecisionRow], *, submitted: bool) -> list[ApprovalWire]:
        """Return each other member's decision; none before submission."""
        asked = [row for row in self.members if row.email != job.author] if submitted else []
        return [opinions.opinion(row.email, row.organisation, votes.get(row.email)) for row in asked]

    def test_status(self, job: JobRow, row: VersionRow) -> str:
        """Return in words how a version's text was tested."""
        exact = runs.newest_tests(self.unit.session, job.id, {row.text_hash}).get(row.text_hash)
        tried = None
        if exact is not None:
            tried = Tried(
                status=RunStatus(exact.status),
                rows=exact.rows,
                error_class=exact.error_class,
                error_line=exact.error_line,
            )
        return words_of_test(exact=tried, earlier=runs.was_tested(self.unit.session, job.id))

    def versions(self, bundle: Bundle, rows: Sequence[VersionRow], facts: Facts | None = None) -> list[VersionWire]:
        """Return versions of one job; `facts` are the job's, if they are known already."""
        facts = facts or self.facts(bundle)
        tests = runs.newest_tests(self.unit.session, bundle.job.id, {row.text_hash for row in rows})
        return [self._version(bundle, row, tests.get(row.text_hash), facts) for row in rows]

    def version(self, bundle: Bundle, row: VersionRow, facts: Facts | None = None) -> VersionWire:
        """Return one version; `facts` are the job's, if they are known already."""
        return self.versions(bundle, [row], facts)[0]

    def _version(self, bundle: Bundle, row: VersionRow, test: RunRow | None, facts: Facts) -> VersionWire:
        job = bundle.job
        draft = row.stage == "draft"
        return VersionWire(
            number=row.number,
            state=STAGES[row.stage],
            hash=row.statement if not draft else None,
            name=job.name if draft else row.terms.get("name", job.name),
            description=job.description if draft else row.terms.get("description", job.description),
            language=Language(row.terms["language"]),
            code=row.terms["code"],
            datasets=[DatasetReadWire.model_validate(read) for read in row.terms["datasets"]],
            inputs=[terms.input_wire(variable) for variable in terms.inputs_of(row.terms)],
            grant=GrantWire.model_validate(row.terms["grant"]),
            log_policy=LogPolicy(row.terms["log_policy"]),
            limits=LimitsWire.model_validate(row.terms["limits"]),
            profile=terms.profile_of(row.terms),
            compute=ComputeWire.of(terms.compute_of(row.terms)),
            profile_notice=profiles.notice(self.unit, job.workspace, row.terms) if draft else None,
            unfit=self.unfit(row) if draft else [],
            output_policy=OutputPolicyWire.of(terms.output_policy_of(row.terms)),
            counts=list(terms.counts_of(row.terms)),
            tested=None if test is None else test.status == RunStatus.SUCCEEDED,
            tested_run=test.id if test else None,
            live=row.number == job.live_version,
            submitted=row.submitted if not draft else None,
            activate=self._activate(bundle, row, facts),
        )

    def unfit(self, row: VersionRow) -> list[str]:
        """Return why no worker could run a version, as far as workers have told."""
        limits = JobLimits(**row.terms["limits"])
        return unfit(terms.compute_of(row.terms), limits, profiles.offers(self.unit, self.member.workspace))

    def _activate(self, bundle: Bundle, row: VersionRow, facts: Facts) -> ActionWire | None:
        if row.stage != "accepted":
            return None
        votes = bundle.decisions.get(row.statement or "", {})
        live, stale = row.number == bundle.job.live_version, self.stale(row, bundle.job.author, votes)
        offer = activation(facts, number=row.number, live=live, stale=stale)
        return action_view.activate(bundle.job, offer, row.number) if offer is not None else None


def _strongest(stops: Sequence[RevocationRow]) -> RevocationRow | None:
    return min(stops, key=lambda stop: (stop.scope != Scope.ALL, stop.time), default=None)
