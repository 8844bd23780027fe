"""The member side's own routes: those that use one's keys. All others are passed on to the workspace server."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from jupyter_secure_jobs.crypto.memory import Memory
from jupyter_secure_jobs.domain.audit import Purpose, purpose_of
from jupyter_secure_jobs.domain.errors import InvalidError, RefusedError
from jupyter_secure_jobs.domain.job import Language
from jupyter_secure_jobs.member import bundles, checks, comparing, decided, deciding, opening, proof, publishing
from jupyter_secure_jobs.rest.route import Call, Download, Route, Side
from jupyter_secure_jobs.wire import job, member_side, run

if TYPE_CHECKING:
    from collections.abc import Callable

    from jupyter_secure_jobs.member.context import Acting
    from jupyter_secure_jobs.rest.member_host import MemberHost

_J: Final = "member/workspaces/{w}/jobs/{j}"
_R: Final = "member/workspaces/{w}/runs/{r}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """One request at the member side: whose keys it wants."""

    host: MemberHost
    email: str | None

    @property
    def acting(self) -> Acting:
        """The unlocked member."""
        return self.host.acting(self.email)


def _unlock(desk: Desk, call: Call) -> member_side.StatusWire:
    desk.host.unlock(desk.email, call.body.passphrase)
    return desk.host.status(desk.email)


def _check(_desk: Desk, call: Call) -> member_side.CheckWire:
    body: member_side.CheckNew = call.body
    return checks.check(
        Language(body.language),
        body.code,
        tables=body.tables,
        compute=body.compute.compute(),
        memory_bytes=body.memory_bytes,
    )


def _review(desk: Desk, call: Call) -> member_side.ReviewStatement:
    of = call.query.get("of", "front")
    if of not in ("front", "live"):
        raise InvalidError("query", "of is neither front nor live.", "Write of=live, or leave it out.")
    return deciding.review(desk.acting, call.w, call.path["j"], live=of == "live")


def _decide(desk: Desk, call: Call) -> job.JobDetailWire:
    asked: member_side.DecisionAsked = call.body
    acting = desk.host.confirmed(desk.email, asked.passphrase)
    return deciding.decide(
        acting,
        call.w,
        call.path["j"],
        version_hash=asked.version_hash,
        verdict=asked.decision,
        comment=asked.comment,
        line_comments=[each.comment() for each in asked.line_comments],
    )


def _publish(desk: Desk, call: Call) -> member_side.DatasetProposal:
    asked: member_side.DatasetAsked = call.body

    def agree(proposal: member_side.DatasetProposal) -> bool:
        if asked.confirm and asked.shown not in (None, proposal.digest):
            raise RefusedError(
                "other_proposal",
                "What would be published is not what was shown; nothing was published.",
                "Look at it again, then confirm that.",
            )
        return asked.confirm

    return publishing.publish(desk.acting, call.w, asked, agree=agree)


_MEDIA: Final = {"csv": "text/csv", "parquet": "application/vnd.apache.parquet", "txt": "text/plain; charset=utf-8"}


def _export(kind: str) -> Callable[[Desk, Call], Download]:
    def send(desk: Desk, call: Call) -> Download:
        purpose = purpose_of(call.query.get("purpose", Purpose.EXPORT))
        memory = Memory(anywhere=True)
        try:
            path = opening.export(desk.acting, call.w, call.path["r"], kind, memory.folder, purpose=purpose)
        except BaseException:
            memory.remove()
            raise
        return Download(
            name=f"run-{call.path['r'][:8]}.{kind}", media_type=_MEDIA[kind], path=path, forget=memory.remove
        )

    return send


def _bundle(desk: Desk, call: Call) -> Download:
    made = bundles.bundle(desk.acting, call.w, call.path["r"], opened=call.flag("opened"))
    memory = Memory(anywhere=True)
    path = memory.folder / "bundle.json"
    try:
        path.write_bytes(made.to_bytes())
    except BaseException:
        memory.remove()
        raise
    return Download(
        name=f"run-{call.path['r'][:8]}.bundle.json", media_type="application/json", path=path, forget=memory.remove
    )


def _row(method: str, path: str, operation: str, request: Any, response: Any, run_: Any, **more: Any) -> Route:  # noqa: ANN401 -- forwarded to Route
    return Route(method=method, path=path, operation=operation, request=request, response=response, run=run_,
                 side=Side.MEMBER, **more)  # fmt: skip


MEMBER_ROUTES: Final[tuple[Route, ...]] = (
    _row("GET", "member/status", "member_status", None, member_side.StatusWire, lambda d, c: d.host.status(d.email)),
    _row("POST", "member/unlock", "unlock", member_side.Unlock, member_side.StatusWire, _unlock, kernel=False),
    _row("POST", "member/workspaces/{w}/check", "check", member_side.CheckNew, member_side.CheckWire, _check),
    _row("POST", _J + "/submit", "sign_submission", member_side.SubmitAsked, job.JobDetailWire,
         lambda d, c: deciding.submit(d.acting, c.w, c.path["j"], shown=c.body.shown)),
    _row("GET", _J + "/review", "read_review", None, member_side.ReviewStatement, _review, query=("of",)),
    _row("GET", _J + "/last-review", "read_last_review", None, member_side.LastReviewWire,
         lambda d, c: decided.last_review(d.acting, c.w, c.path["j"])),
    _row("POST", _J + "/decisions", "sign_decision", member_side.DecisionAsked, job.JobDetailWire, _decide,
         kernel=False),
    _row("POST", _J + "/revocations", "sign_revocation", member_side.RevocationAsked, job.JobDetailWire,
         lambda d, c: deciding.revoke(d.acting, c.w, c.path["j"], c.body.scope, version_hash=c.body.version_hash)),
    _row("POST", _J + "/runs", "sign_order", member_side.RunAsked, run.RunWire,
         lambda d, c: deciding.run(d.acting, c.w, c.path["j"], c.body.inputs, version_hash=c.body.version_hash)),
    _row("GET", _R + "/result", "open_result", None, member_side.Preview,
         lambda d, c: opening.preview(d.acting, c.w, c.path["r"])),
    _row("GET", _R + "/result.csv", "export_csv", None, None, _export("csv"), query=("purpose",)),
    _row("GET", _R + "/result.parquet", "export_parquet", None, None, _export("parquet"), query=("purpose",)),
    _row("GET", _R + "/log", "open_log", None, member_side.LogText,
         lambda d, c: opening.log_text(d.acting, c.w, c.path["r"])),
    _row("GET", _R + "/comparison", "compare_test", None, member_side.ComparisonWire,
         lambda d, c: comparing.compare(d.acting, c.w, c.path["r"])),
    _row("GET", _R + "/receipt", "read_receipt", None, member_side.ReceiptWire,
         lambda d, c: proof.receipt(d.acting, c.w, c.path["r"])),
    _row("GET", _R + "/bundle", "export_bundle", None, None, _bundle, query=("opened",)),
    _row("GET", _R + "/log.txt", "export_log", None, None, _export("txt"), query=("purpose",)),
    _row("POST", "member/workspaces/{w}/datasets", "publish_files", member_side.DatasetAsked,
         member_side.DatasetProposal, _publish),
)  # fmt: skip
