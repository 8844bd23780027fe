"""Reviews: submissions, decisions and revocations, each a signed statement."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from jupyter_secure_jobs.domain.comment import clean_comment, clean_line_comments
from jupyter_secure_jobs.domain.errors import ConflictError, InvalidError, NotAllowedError, NotFoundError
from jupyter_secure_jobs.domain.job import Scope
from jupyter_secure_jobs.domain.lifecycle import Action
from jupyter_secure_jobs.domain.review import Verdict
from jupyter_secure_jobs.protocol import envelope as envelopes
from jupyter_secure_jobs.protocol import places
from jupyter_secure_jobs.protocol.decision import Decision, Revocation
from jupyter_secure_jobs.protocol.version import Version
from jupyter_secure_jobs.services import logbook, notices, opinions, terms, workspaces
from jupyter_secure_jobs.services.jobs import find, permitted, touched
from jupyter_secure_jobs.store import datasets as dataset_rows
from jupyter_secure_jobs.store import jobs, runs
from jupyter_secure_jobs.store.tables import DecisionRow, RevocationRow
from jupyter_secure_jobs.trust.approval import verify_decision, verify_revocation
from jupyter_secure_jobs.trust.dossier import verified_manifests
from jupyter_secure_jobs.trust.version import verify_version
from jupyter_secure_jobs.wire.at_once import LiveWire
from jupyter_secure_jobs.wire.job import (
    DecisionNew,
    JobDetailWire,
    ReviewWire,
    RevocationNew,
    SubmitNew,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jupyter_secure_jobs.protocol.envelope import Envelope
    from jupyter_secure_jobs.services.job_view import View
    from jupyter_secure_jobs.services.unit import Unit
    from jupyter_secure_jobs.store.jobs import Bundle
    from jupyter_secure_jobs.store.tables import VersionRow
    from jupyter_secure_jobs.trust.roster import TrustedRosters


# An empty salt is the mark of comments that were erased.
MOST_SALT: Final = 64
STOPPING: Final = {Scope.ALL: Action.WITHDRAW, Scope.RERUNS: Action.REVOKE}


def manifests_of(unit: Unit, workspace: str, version: Version) -> list[Envelope]:
    """Return the manifests that a version names."""
    return logbook.read_all(unit, workspace, [read.manifest for read in version.datasets])


def submit(unit: Unit, workspace: str, job: str, body: SubmitNew) -> JobDetailWire:
    """Freeze the draft as the author signed it and open the review. In a workspace of one this accepts it.

    Raises:
        RefusedError: the signature, the roster, the recipients or a manifest is not right.
        InvalidError: the signed version is not what the draft says.
    """
    envelope = logbook.envelope_of(body.version)
    view, bundle = find(unit, workspace, job)
    if bundle.open is not None and bundle.open.statement == envelope.hash:
        return view.detail(bundle)  # the answer to an earlier try was lost
    view, bundle = permitted(unit, workspace, job, Action.SUBMIT)
    rosters = workspaces.trusted(unit, workspace)
    unverified = envelopes.read(Version, envelope)
    keyless = dataset_rows.keyless_ids(unit.session, workspace)
    for read in unverified.datasets:
        row = dataset_rows.get(unit.session, workspace, read.dataset)
        if row is None or row.withdrawn is not None:
            raise InvalidError("dataset_withdrawn", f"The dataset behind table {read.table!r} was withdrawn or is not "
                               "here.", "Change the job's datasets.")  # fmt: skip
        if read.dataset in keyless:
            raise InvalidError("no_key_service", f"{row.owner}, the owner of the dataset behind table {read.table!r}, "
                               "has no key service here.", "Change the job's datasets.")  # fmt: skip
        if row.manifest != read.manifest:
            raise ConflictError("dataset_newer", f"There is a newer version of the dataset behind {read.table!r}.",
                                "Submit again.")  # fmt: skip
    manifests = verified_manifests(manifests_of(unit, workspace, unverified), rosters)
    version = verify_version(envelope, rosters, manifests)
    opened = bundle.open
    if opened is None or (version.job, version.number, version.author) != (job, opened.number, view.member.email):
        raise InvalidError("other_job", "The signed version is of another job, number or author.", "Submit again.")
    terms.check_same(opened.terms, version, name=bundle.job.name, description=bundle.job.description)
    logbook.append(unit, workspace, "version", envelope)
    opened.stage, opened.statement, opened.submitted = "review", envelope.hash, unit.now
    opened.epoch = version.epoch
    opened.terms = {**opened.terms, "name": version.name, "description": version.description}
    bundle.job.revision += 1
    unit.session.flush()
    _accept_if_complete(unit, jobs.bundle(unit.session, bundle.job), view)
    return touched(unit, view, bundle, Action.SUBMIT, version=opened.number, statement=envelope.hash)


def _accept_if_complete(unit: Unit, bundle: Bundle, view: View) -> None:
    opened = bundle.open
    if opened is None or opened.stage != "review":
        return
    if view.standing(bundle.job.author, bundle.decisions.get(opened.statement or "", {})).approved:
        opened.stage = "accepted"
        bundle.job.live_version, bundle.job.open_version = opened.number, None
        unit.session.flush()


def decide(unit: Unit, workspace: str, job: str, body: DecisionNew) -> JobDetailWire:
    """Keep a member's signed decision on the version under review.

    Raises:
        RefusedError: it is not the caller's own signature on exactly this submission.
        NotAllowedError: no review is open, or the caller has decided already.
        InvalidError: the comments are not those that were signed, or one is beside no line of the code.
    """
    envelope = logbook.envelope_of(body.decision)
    view, bundle = find(unit, workspace, job)
    known = [vote for votes in bundle.decisions.values() for vote in votes.values()]
    if any(vote.statement == envelope.hash for vote in known):
        return view.detail(bundle)
    verdict = envelopes.read(Decision, envelope).verdict
    action = Action.ACCEPT if verdict is Verdict.ACCEPT else Action.DECLINE
    view, bundle = permitted(unit, workspace, job, action)
    opened = bundle.open
    if opened is None or opened.statement is None:
        raise NotFoundError("no_review", "No review is open.", "Fetch the job again.")
    version = envelopes.read(Version, logbook.read(unit, workspace, opened.statement))
    decision = verify_decision(envelope, workspaces.trusted(unit, workspace), version, opened.statement, unit.now)
    logbook.check_carried(unit, workspace, decision.checkpoint)
    comment = clean_comment(body.comment)
    lines = clean_line_comments([each.comment() for each in body.line_comments], code=version.code)
    if decision.member != view.member.email:
        raise NotAllowedError("not_yours", "This decision is somebody else's.", "Decide for yourself.")
    if decision.comment != places.comment(salt=body.salt, text=comment, lines=lines):
        raise InvalidError("comment", "The comments are not the ones that were signed.", "Decide again.")
    if not 1 <= len(body.salt) <= MOST_SALT:
        raise InvalidError("salt", f"The salt has not 1 to {MOST_SALT} characters.", "Decide again.")
    if verdict is Verdict.DECLINE and not comment.strip():
        raise InvalidError("comment_needed", "A decline needs a comment.", "Say what should change.")
    logbook.append(unit, workspace, "decision", envelope)
    unit.session.add(
        DecisionRow(version=opened.statement, member=decision.member, workspace=workspace, statement=envelope.hash,
                    verdict=str(decision.verdict), comment=comment, salt=body.salt, time=decision.time,
                    expires=decision.expires, line_comments=[[each.line, each.text] for each in lines])
    )  # fmt: skip
    unit.session.flush()
    _accept_if_complete(unit, jobs.bundle(unit.session, bundle.job), view)
    return touched(unit, view, bundle, action, version=opened.number, statement=envelope.hash)


def revoke(unit: Unit, workspace: str, job: str, body: RevocationNew) -> JobDetailWire:
    """Keep a member's signed revocation of the live version, and leave it for every key service of the job.

    Raises:
        RefusedError: it is not the caller's own signature on the live version.
        NotAllowedError: the table does not offer it now.
    """
    envelope = logbook.envelope_of(body.revocation)
    scope = envelopes.read(Revocation, envelope).scope
    view, bundle = find(unit, workspace, job)
    if any(stop.statement == envelope.hash for stops in bundle.revocations.values() for stop in stops):
        return view.detail(bundle)
    action = STOPPING[scope]
    view, bundle = permitted(unit, workspace, job, action)
    live = bundle.live
    if live is None or live.statement is None:
        raise NotFoundError("no_version", "No version has been accepted.", "Fetch the job again.")
    version = envelopes.read(Version, logbook.read(unit, workspace, live.statement))
    rosters = workspaces.trusted(unit, workspace)
    revocation = verify_revocation(envelope, rosters, live.statement)
    if revocation.member != view.member.email:
        raise NotAllowedError("not_yours", "This revocation is somebody else's.", "Revoke for yourself.")
    record_revocation(unit, rosters, version, envelope)
    return touched(unit, view, bundle, action, version=live.number, statement=envelope.hash)


def record_revocation(unit: Unit, rosters: TrustedRosters, version: Version, envelope: Envelope) -> None:
    """Keep a verified revocation, and leave it for every key service of the version.

    Raises:
        RefusedError: it carries a checkpoint of another log.
    """
    revocation = envelopes.read(Revocation, envelope)
    logbook.check_carried(unit, rosters.workspace, revocation.checkpoint)
    logbook.append(unit, rosters.workspace, "revocation", envelope)
    scope = str(revocation.scope)
    if jobs.revocation(unit.session, revocation.version, revocation.member, scope) is None:
        unit.session.add(
            RevocationRow(version=revocation.version, member=revocation.member, scope=scope,
                          workspace=rosters.workspace, statement=envelope.hash, time=revocation.time)
        )  # fmt: skip
    manifests = verified_manifests(manifests_of(unit, rosters.workspace, version), rosters)
    owners = sorted({manifest.owner for manifest in manifests.values()})
    notices.post(unit, rosters.workspace, envelope.hash, owners)
    unit.session.flush()


def review(unit: Unit, workspace: str, job: str, number: int, *, seen: int | None = None) -> ReviewWire:
    """Return the statements about one version, for those who verify them and have `seen` that much of the log.

    Raises:
        NotFoundError: it was never submitted.
    """
    _, bundle = find(unit, workspace, job)
    row = bundle.versions.get(number)
    if row is None or row.statement is None:
        raise NotFoundError("no_review", "This version was not submitted.", "See the job's versions.")
    return statements_about(unit, workspace, bundle, row, seen=seen)


def live(unit: Unit, workspace: str, job: str, *, seen: int | None = None) -> LiveWire:
    """Return the statements about the live version, if there is one, with the chains behind them.

    Raises:
        NotFoundError: there is no such job in a workspace of the caller.
    """
    _, bundle = find(unit, workspace, job)
    row = bundle.live
    about = statements_about(unit, workspace, bundle, row, seen=seen) if row is not None and row.statement else None
    return LiveWire(
        number=row.number if row is not None else None, review=about, chains=workspaces.roster(unit, workspace)
    )


def statements_about(
    unit: Unit,
    workspace: str,
    bundle: Bundle,
    row: VersionRow,
    *,
    seen: int | None = None,
    carried: Iterable[str] = (),
) -> ReviewWire:
    """Return every statement about one submitted version; the log is proven from `seen` and `carried` on too."""
    digest = row.statement or ""
    envelope = logbook.read(unit, workspace, digest)
    version = envelopes.read(Version, envelope)
    before = _before(unit, workspace, bundle, row)
    revoked = [stop.statement for stop in bundle.revocations.get(digest, [])]
    heard = [notice.acknowledgement for statement in revoked
             for notice in runs.notices_of(unit.session, workspace, statement)]  # fmt: skip
    votes = list(bundle.decisions.get(digest, {}).values())
    decisions = logbook.read_all(unit, workspace, [vote.statement for vote in votes])
    revocations = logbook.read_all(unit, workspace, revoked)
    notes = [envelopes.read(Decision, each).checkpoint for each in decisions]
    notes += [envelopes.read(Revocation, each).checkpoint for each in revocations]
    return ReviewWire(
        version=logbook.wire_of(envelope),
        decisions=[logbook.wire_of(each) for each in decisions],
        revocations=[logbook.wire_of(each) for each in revocations],
        acknowledgements=[logbook.wire_of(each) for each in heard if each is not None],
        manifests=[logbook.wire_of(each) for each in manifests_of(unit, workspace, version)],
        previous=logbook.wire_of(before.version) if before else None,
        previous_manifests=[logbook.wire_of(each) for each in before.manifests] if before else [],
        previous_decisions=[logbook.wire_of(each) for each in before.decisions] if before else [],
        log=logbook.proof(unit, workspace, [*notes, *carried], seen=() if seen is None else (seen,)),
        comments=opinions.comments_of(votes),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Before:
    """The last accepted version before another, with what shows that it was accepted."""

    version: Envelope
    manifests: list[Envelope]
    decisions: list[Envelope]


def _before(unit: Unit, workspace: str, bundle: Bundle, row: VersionRow) -> _Before | None:
    earlier = [r for r in bundle.versions.values() if r.stage == "accepted" and r.number < row.number and r.statement]
    last = max(earlier, key=lambda r: r.number, default=None)
    if last is None:
        return None
    envelope = logbook.read(unit, workspace, last.statement or "")
    votes = jobs.decisions_on(unit.session, envelope.hash).values()
    return _Before(
        version=envelope,
        manifests=manifests_of(unit, workspace, envelopes.read(Version, envelope)),
        decisions=logbook.read_all(unit, workspace, [vote.statement for vote in votes]),
    )


def last_review(unit: Unit, workspace: str, job: str, *, seen: int | None = None) -> ReviewWire:
    """Return the statements of the open version's last closed review, for those who verify them.

    Raises:
        NotFoundError: there was none.
    """
    _, bundle = find(unit, workspace, job)
    digest = bundle.open.reviewed if bundle.open is not None else None
    if digest is None:
        raise NotFoundError("no_review", "No review of this version was closed.", "See the job's approval.")
    envelope = logbook.read(unit, workspace, digest)
    votes = list(jobs.decisions_on(unit.session, digest).values())
    decisions = logbook.read_all(unit, workspace, [vote.statement for vote in votes])
    notes = [envelopes.read(Decision, each).checkpoint for each in decisions]
    return ReviewWire(
        version=logbook.wire_of(envelope),
        decisions=[logbook.wire_of(each) for each in decisions],
        revocations=[],
        acknowledgements=[],
        manifests=[logbook.wire_of(each) for each in manifests_of(unit, workspace, envelopes.read(Version, envelope))],
        previous=None,
        log=logbook.proof(unit, workspace, notes, seen=() if seen is None else (seen,)),
        comments=opinions.comments_of(votes),
    )
