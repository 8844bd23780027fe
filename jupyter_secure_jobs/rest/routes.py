"""THE TABLE OF ROUTES of the workspace server: registers the handlers and prints `docs/openapi.json`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from jupyter_secure_jobs.domain.audit import Purpose
from jupyter_secure_jobs.domain.run import ENDED
from jupyter_secure_jobs.rest.route import Call, Caller, Download, Route
from jupyter_secure_jobs.services import (
    auditing,
    changes,
    concerning,
    datasets,
    dispatch,
    job_list,
    jobs,
    keymail,
    logbook,
    opening,
    pinned,
    profiles,
    receipts,
    reseals,
    reviews,
    runs,
    sessions,
    uploads,
    workspaces,
)
from jupyter_secure_jobs.services.unit import Waiting
from jupyter_secure_jobs.store import pinned as pinned_rows
from jupyter_secure_jobs.wire import (
    at_once,
    audit,
    change,
    dataset,
    job,
    log,
    mailbox,
    notice,
    profile,
    receipt,
    run,
    session,
    workspace,
)
from jupyter_secure_jobs.wire import pinned as pins
from jupyter_secure_jobs.wire.base import Nothing, Page, Sequence

if TYPE_CHECKING:
    from jupyter_secure_jobs.services.unit import Unit

_PAGE: Final = ("after", "limit")
_J: Final = "workspaces/{w}/jobs/{j}"
_R: Final = "workspaces/{w}/runs/{r}"
_D: Final = "workspaces/{w}/datasets"
_P: Final = "workspaces/{w}/compute-profiles"
_AUDIT: Final = ("kind", "member", "organisation", "job", "since", "until")
_BYTES: Final = "application/octet-stream"


def _events(unit: Unit, _call: Call) -> Sequence:
    return Sequence(seq=pinned_rows.newest_event(unit.session, unit.caller()))


def _put_part(unit: Unit, call: Call) -> dataset.UploadWire:
    upload = uploads.get(unit, call.w, call.path["u"])
    size = uploads.size_of(unit, call.w, call.path["u"])
    received = unit.server.blobs.append(upload.id, call.number("offset", 0), call.body, total=size)
    return upload.model_copy(update={"received": received})


def _begin_upload(unit: Unit, call: Call) -> dataset.UploadWire:
    unit.member(call.w)
    return uploads.begin(unit, call.w, call.body)


def _begin_outcome(unit: Unit, call: Call) -> dataset.UploadWire:
    dispatch.enrolled(unit, "worker", "was_worker")
    return uploads.begin(unit, call.w, call.body)


def _output(kind: str) -> Any:  # noqa: ANN401 -- a route's function
    def send(unit: Unit, call: Call) -> Download:
        purpose, form = call.query.get("purpose", Purpose.OPEN), call.query.get("format", "")
        path = runs.output_path(unit, call.w, call.path["r"], kind, purpose=purpose, form=form)
        return Download(name=kind, media_type=_BYTES, path=path)

    return send


def _audit_csv(unit: Unit, call: Call) -> Download:
    path = auditing.export(unit, call.w, call.query)
    return Download(name="audit.csv", media_type="text/csv; charset=utf-8", path=path, forget=path.unlink)


def _keys_ready(answer: mailbox.KeysAnswer, call: Call) -> bool:
    if answer.refusals:
        return True
    if answer.cancel:
        return True
    return set(answer.nonces) == set(answer.grants) and not answer.waiting if call.body.request else not answer.waiting


def _g(path: str, operation: str, response: Any, run_: Any, **more: Any) -> Route:  # noqa: ANN401 -- forwarded to Route
    return Route(method="GET", path=path, operation=operation, run=run_, response=response, **{"reading": True, **more})


def _p(path: str, operation: str, request: Any, response: Any, run_: Any, **more: Any) -> Route:  # noqa: ANN401 -- as above
    return Route(method="POST", path=path, operation=operation, run=run_, request=request, response=response, **more)


_MEMBERS: Final = (
    _g("server", "get_server", workspace.ServerWire, lambda u, c: workspaces.server(u), caller=Caller.ANYBODY),
    _p("sessions/challenge", "challenge", Nothing, session.Challenge, lambda u, c: sessions.challenge(u),
       caller=Caller.ANYBODY),
    _p("sessions", "login", session.LoginWire, session.Session, lambda u, c: sessions.login(u, c.body),
       caller=Caller.ANYBODY),
    _g("events", "wait_for_event", Sequence, _events, query=("after", "wait"),
       ready=lambda answer, c: answer.seq > c.number("after", 0)),
    _g("workspaces", "list_workspaces", Page[workspace.WorkspaceWire], lambda u, c: workspaces.listed(u)),
    _p("workspaces", "found_workspace", workspace.WorkspaceNew, workspace.WorkspaceWire,
       lambda u, c: workspaces.found(u, c.body), created=True),
    _g("workspaces/{w}", "get_workspace", workspace.WorkspaceWire, lambda u, c: workspaces.get(u, c.w)),
    _g("workspaces/{w}/roster", "get_roster", workspace.RosterWire, lambda u, c: workspaces.roster(u, c.w)),
    _p("workspaces/{w}/roster/signatures", "sign_roster", workspace.RosterSignatures, workspace.WorkspaceWire,
       lambda u, c: workspaces.sign(u, c.w, c.body)),
    _p("workspaces/{w}/workers", "enroll_workers", workspace.WorkersNew, workspace.WorkspaceWire,
       lambda u, c: workspaces.enroll(u, c.w, c.body)),
    _g("invitations", "list_invitations", Page[change.InvitationWire], lambda u, c: changes.invitations(u)),
    _g("workspaces/{w}/changes", "get_changes", change.ChangesWire, lambda u, c: changes.get(u, c.w)),
    _p("workspaces/{w}/changes", "propose_change", change.ChangeNew, change.ChangesWire,
       lambda u, c: changes.propose(u, c.w, c.body), created=True),
    _p("workspaces/{w}/changes/signatures", "sign_change", change.ChangeSignatures, change.ChangesWire,
       lambda u, c: changes.sign(u, c.w, c.body)),
    _p("workspaces/{w}/changes/refusal", "refuse_change", change.ChangeRefusal, change.ChangesWire,
       lambda u, c: changes.refuse(u, c.w, c.body)),
    _g("workspaces/{w}/members", "list_members", Page[workspace.MemberWire], lambda u, c: workspaces.members(u, c.w)),
    _g("workspaces/{w}/members/{m}", "get_member", workspace.MemberWire,
       lambda u, c: workspaces.member(u, c.w, c.path["m"])),
    _g(_D, "list_datasets", Page[dataset.DatasetWire],
       lambda u, c: datasets.listed(u, c.w, after=c.after, limit=c.limit), query=_PAGE),
    _p(_D, "publish_dataset", dataset.DatasetNew, dataset.DatasetWire,
       lambda u, c: datasets.publish(u, c.w, c.body), created=True),
    _g(_D + "/{d}", "get_dataset", dataset.DatasetWire, lambda u, c: datasets.get(u, c.w, c.path["d"])),
    _g(_D + "/{d}/manifest", "get_manifest", dataset.ManifestWire,
       lambda u, c: datasets.manifest(u, c.w, c.path["d"])),
    _g(_D + "/{d}/synthetic", "get_synthetic", None, lambda u, c: Download(
        name="synthetic.parquet", media_type=_BYTES, path=datasets.synthetic_path(u, c.w, c.path["d"]))),
    _p(_D + "/{d}/withdrawal", "withdraw_dataset", dataset.WithdrawalNew, dataset.DatasetWire,
       lambda u, c: datasets.withdraw(u, c.w, c.path["d"], c.body)),
    _p("workspaces/{w}/uploads", "begin_upload", dataset.UploadNew, dataset.UploadWire, _begin_upload, created=True),
    _g("workspaces/{w}/uploads/{u}", "get_upload", dataset.UploadWire,
       lambda u, c: uploads.get(u, c.w, c.path["u"])),
    Route(method="PUT", path="workspaces/{w}/uploads/{u}", operation="send_part", run=_put_part, upload=True,
          response=dataset.UploadWire, query=("offset",), reading=True),
    _g("workspaces/{w}/jobs", "list_jobs", Page[job.JobWire],
       lambda u, c: job_list.page(u, c.w, c.query, after=c.after, limit=c.limit),
       query=("filter", "status", "q", "name", "sort", "order", *_PAGE)),
    _g("workspaces/{w}/jobs/counts", "count_jobs", job.JobCounts, lambda u, c: job_list.counts(u, c.w, c.query),
       query=("status", "q")),
    _p("workspaces/{w}/jobs", "create_job", job.JobNew, job.JobDetailWire, lambda u, c: jobs.create(u, c.w, c.body),
       created=True),
    _g(_J, "get_job", job.JobDetailWire, lambda u, c: jobs.get(u, c.w, c.path["j"])),
    Route(method="PATCH", path=_J, operation="change_draft", request=job.DraftChange, response=job.JobDetailWire,
          run=lambda u, c: jobs.change(u, c.w, c.path["j"], c.body, revision=c.revision)),
    Route(method="DELETE", path=_J, operation="delete_job", response=Nothing,
          run=lambda u, c: jobs.delete(u, c.w, c.path["j"])),
    _p(_J + "/submit", "submit", job.SubmitNew, job.JobDetailWire,
       lambda u, c: reviews.submit(u, c.w, c.path["j"], c.body)),
    _p(_J + "/decisions", "decide", job.DecisionNew, job.JobDetailWire,
       lambda u, c: reviews.decide(u, c.w, c.path["j"], c.body)),
    _p(_J + "/revocations", "revoke", job.RevocationNew, job.JobDetailWire,
       lambda u, c: reviews.revoke(u, c.w, c.path["j"], c.body)),
    _p(_J + "/cancel-review", "cancel_review", Nothing, job.JobDetailWire,
       lambda u, c: jobs.cancel_review(u, c.w, c.path["j"])),
    _p(_J + "/new-draft", "new_draft", Nothing, job.JobDetailWire, lambda u, c: jobs.new_draft(u, c.w, c.path["j"])),
    _p(_J + "/discard-draft", "discard_draft", Nothing, job.JobDetailWire,
       lambda u, c: jobs.discard_draft(u, c.w, c.path["j"])),
    _p(_J + "/activate", "activate", job.ActivateNew, job.JobDetailWire,
       lambda u, c: jobs.activate(u, c.w, c.path["j"], c.body)),
    _p(_J + "/archive", "archive", Nothing, job.JobDetailWire, lambda u, c: jobs.archive(u, c.w, c.path["j"])),
    _p(_J + "/unarchive", "unarchive", Nothing, job.JobDetailWire, lambda u, c: jobs.unarchive(u, c.w, c.path["j"])),
    _p(_J + "/cancel", "cancel_job", Nothing, job.JobDetailWire, lambda u, c: runs.cancel_job(u, c.w, c.path["j"])),
    _g(_J + "/versions", "list_versions", Page[job.VersionWire], lambda u, c: jobs.versions(u, c.w, c.path["j"])),
    _g(_J + "/versions/{n}", "get_version", job.VersionWire,
       lambda u, c: jobs.version(u, c.w, c.path["j"], int(c.path["n"]))),
    _g(_J + "/versions/{n}/review", "get_review", job.ReviewWire,
       lambda u, c: reviews.review(u, c.w, c.path["j"], int(c.path["n"]), seen=c.number("seen", 0)), query=("seen",)),
    _g(_J + "/live", "get_live_version", at_once.LiveWire,
       lambda u, c: reviews.live(u, c.w, c.path["j"], seen=c.number("seen", 0)), query=("seen",)),
    _g(_J + "/last-review", "get_last_review", job.ReviewWire,
       lambda u, c: reviews.last_review(u, c.w, c.path["j"], seen=c.number("seen", 0)), query=("seen",)),
    _p(_J + "/tests", "test", run.TestNew, run.RunWire, lambda u, c: runs.test(u, c.w, c.path["j"], c.body),
       created=True),
    _p(_J + "/runs", "order_run", run.RunNew, run.RunWire, lambda u, c: runs.order(u, c.w, c.path["j"], c.body),
       created=True),
    _g(_J + "/runs", "list_runs_of_job", Page[run.RunWire],
       lambda u, c: runs.listed(u, c.w, job=c.path["j"], kind=c.query.get("kind"), after=c.after, limit=c.limit),
       query=("kind", *_PAGE)),
    _g("workspaces/{w}/runs", "list_runs", Page[run.RunWire],
       lambda u, c: runs.listed(u, c.w, job=None, kind=c.query.get("kind"), after=c.after, limit=c.limit),
       query=("kind", *_PAGE)),
    _g(_R, "get_run", run.RunWire, lambda u, c: runs.get(u, c.w, c.path["r"]), query=("wait",), waits=Waiting.ENDS,
       ready=lambda answer, c: "wait" not in c.query or answer.status in ENDED,
       peek=lambda u, c: runs.has_ended(u, c.w, c.path["r"])),
    _p(_R + "/cancel", "cancel_run", Nothing, run.RunWire, lambda u, c: runs.cancel(u, c.w, c.path["r"])),
    _g(_R + "/outcome", "get_outcome", run.OutcomeWire,
       lambda u, c: runs.outcome(u, c.w, c.path["r"], seen=c.number("seen", 0)), query=("seen",)),
    _g(_R + "/opening", "open_run", at_once.OpeningWire,
       lambda u, c: opening.opening(u, c.w, c.path["r"], seen=c.number("seen", 0)), query=("seen",)),
    _g(_R + "/statements", "get_run_statements", receipt.RunStatementsWire,
       lambda u, c: receipts.statements(u, c.w, c.path["r"], seen=c.number("seen", 0),
                                        purpose=c.query.get("purpose", Purpose.OPEN), opened=c.flag("opened")),
       query=("seen", "purpose", "opened"), reading=False),
    _p(_R + "/reseals", "reseal_outcome", run.ResealNew, run.RunWire,
       lambda u, c: reseals.add(u, c.w, c.path["r"], c.body)),
    _g(_R + "/result", "get_sealed_result", None, _output("result"), reading=False, query=("purpose", "format")),
    _g(_R + "/log", "get_sealed_log", None, _output("log"), reading=False, query=("purpose", "format")),
    _g("workspaces/{w}/pinned-queries", "list_pinned_queries", Page[pins.PinnedWire],
       lambda u, c: pinned.listed(u, c.w, after=c.after, limit=c.limit), query=_PAGE),
    _p("workspaces/{w}/pinned-queries", "pin_query", pins.PinnedNew, pins.PinnedWire,
       lambda u, c: pinned.pin(u, c.w, c.body), created=True),
    Route(method="DELETE", path="workspaces/{w}/pinned-queries/{q}", operation="unpin_query", response=Nothing,
          run=lambda u, c: pinned.unpin(u, c.w, c.path["q"])),
    _g(_P, "list_compute_profiles", Page[profile.ProfileWire], lambda u, c: profiles.listed(u, c.w)),
    _p(_P, "create_compute_profile", profile.ProfileNew, profile.ProfileWire,
       lambda u, c: profiles.create(u, c.w, c.body), created=True),
    _g(_P + "/{p}", "get_compute_profile", profile.ProfileWire, lambda u, c: profiles.get(u, c.w, c.path["p"])),
    Route(method="PATCH", path=_P + "/{p}", operation="change_compute_profile", request=profile.ProfileChange,
          response=profile.ProfileWire,
          run=lambda u, c: profiles.change(u, c.w, c.path["p"], c.body, revision=c.revision)),
    Route(method="DELETE", path=_P + "/{p}", operation="delete_compute_profile", response=Nothing,
          run=lambda u, c: profiles.delete(u, c.w, c.path["p"])),
    _g("workspaces/{w}/compute-offer", "get_compute_offer", profile.ComputeOffer,
       lambda u, c: profiles.offered(u, c.w)),
    _g("workspaces/{w}/starter-scripts", "list_starter_scripts", Page[pins.ScriptWire],
       lambda u, c: pinned.scripts(u, c.w)),
    _g("workspaces/{w}/notices", "list_notices", Page[notice.NoticeWire],
       lambda u, c: concerning.listed(u, c.w, unseen=c.query.get("unseen") == "true", after=c.after, limit=c.limit),
       query=("unseen", *_PAGE)),
    _p("workspaces/{w}/notices/seen", "mark_notices_seen", notice.NoticesSeen, Nothing,
       lambda u, c: concerning.seen(u, c.w, c.body)),
    _g("workspaces/{w}/log/checkpoint", "get_checkpoint", log.LogProofWire,
       lambda u, c: logbook.checkpoint(u, c.w, from_sizes=(c.number("from_size", 0), c.number("also", 0))),
       query=("from_size", "also")),
    _g("workspaces/{w}/log/entries", "list_log_entries", Page[log.LogEntryWire],
       lambda u, c: logbook.entries(u, c.w, after=c.after, limit=c.limit), query=_PAGE),
    _g("workspaces/{w}/audit", "list_events", Page[audit.AuditWire],
       lambda u, c: auditing.page(u, c.w, c.query, after=c.after, limit=c.limit), query=(*_AUDIT, *_PAGE),
       reading=False),
    _g("workspaces/{w}/audit.csv", "export_events", None, _audit_csv, query=_AUDIT, reading=False),
)  # fmt: skip

_WORKERS: Final = (
    _p("worker/leases", "lease_run", mailbox.LeaseNew, mailbox.LeaseAnswer,
       lambda u, c: dispatch.claim(u, c.body.offer, serves=c.body.workspaces), query=("wait",),
       ready=lambda answer, c: answer.lease is not None, waits=Waiting.WORK),
    _p("worker/" + _R + "/heartbeat", "heartbeat", mailbox.Heartbeat, mailbox.HeartbeatAnswer,
       lambda u, c: dispatch.heartbeat(u, c.w, c.path["r"], c.body)),
    _p("worker/" + _R + "/release", "release_run", mailbox.Heartbeat, Nothing,
       lambda u, c: dispatch.release(u, c.w, c.path["r"], c.body)),
    _p("worker/" + _R + "/keys", "ask_for_keys", mailbox.KeysAsked, mailbox.KeysAnswer,
       lambda u, c: keymail.ask(u, c.w, c.path["r"], c.body), query=("wait",), ready=_keys_ready,
       waits=Waiting.ANSWERS),
    _p("worker/" + _R + "/outcome", "finish_run", mailbox.Finished, Nothing,
       lambda u, c: dispatch.finish(u, c.w, c.path["r"], c.body)),
    _p("worker/workspaces/{w}/uploads", "begin_outcome", dataset.UploadNew, dataset.UploadWire, _begin_outcome,
       created=True),
    _g("worker/workspaces/{w}/files/{digest}", "get_file", None, lambda u, c: Download(
        name="file", media_type=_BYTES, path=dispatch.file_path(u, c.w, c.path["digest"])), reading=False),
)  # fmt: skip

_KEY_SERVICES: Final = (
    _p("keyservice/tasks", "list_key_tasks", mailbox.KeyTasksAsked, mailbox.KeyTasks,
       lambda u, c: keymail.tasks(u, c.body),
       query=("wait",), ready=lambda answer, c: bool(answer.items), waits=Waiting.MAIL,
       peek=lambda u, c: keymail.waits(u)),
    _p("keyservice/" + _R + "/reply", "reply_to_enclave", mailbox.KeyReply, Nothing,
       lambda u, c: keymail.reply(u, c.w, c.path["r"], c.body)),
    _p("keyservice/workspaces/{w}/acknowledgements", "acknowledge", mailbox.Acknowledged, Nothing,
       lambda u, c: keymail.acknowledge(u, c.w, c.body)),
)  # fmt: skip


def _called_by(caller: Caller, routes: tuple[Route, ...]) -> tuple[Route, ...]:
    return tuple(replace(route, caller=caller) for route in routes)


ROUTES: Final[tuple[Route, ...]] = (
    *_MEMBERS,
    *_called_by(Caller.WORKER, _WORKERS),
    *_called_by(Caller.KEY_SERVICE, _KEY_SERVICES),
)
