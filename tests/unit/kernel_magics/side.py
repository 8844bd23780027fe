"""A member side in memory, behind httpx's mock transport: real shapes, actions from the real lifecycle table."""

from __future__ import annotations

import io
import json
import re
import threading
from typing import TYPE_CHECKING, Any

import httpx
import pyarrow as pa
import pyarrow.parquet as pq

from jupyter_secure_jobs.domain import lifecycle
from jupyter_secure_jobs.domain.compute import STANDARD
from jupyter_secure_jobs.domain.job import Grant, LogPolicy
from jupyter_secure_jobs.domain.run import Phase, RunKind, RunStatus
from jupyter_secure_jobs.domain.text import folded
from jupyter_secure_jobs.wire.base import Page, Problem
from jupyter_secure_jobs.wire.compute import ComputeWire
from jupyter_secure_jobs.wire.job import (
    ActionWire,
    ApprovalWire,
    DraftChange,
    GrantWire,
    HistoryWire,
    JobDetailWire,
    JobNew,
    JobWire,
    LimitsWire,
    VersionWire,
)
from jupyter_secure_jobs.wire.member_side import (
    WITHHELD,
    CheckNew,
    CheckProblem,
    CheckWire,
    ComparisonWire,
    FactWire,
    LogText,
    NoteWire,
    Preview,
    ReviewStatement,
)
from jupyter_secure_jobs.wire.output import OutputPolicyWire
from jupyter_secure_jobs.wire.run import PhaseWire, RunWire
from tests.unit.kernel_magics.place import EVIL, NOW, ROWS, SECRET, Place
from tests.unit.kernel_magics.side_routes import ROUTES

if TYPE_CHECKING:
    from jupyter_secure_jobs.wire.base import Wire


class MemberSide(Place):
    """One workspace "Flights" of Ana (author, Airline) and Lin (Manufacturer), with two datasets."""

    def __init__(self) -> None:
        super().__init__()
        self.jobs: dict[str, dict[str, Any]] = {}  # the parts of each job, by id
        self.runs: dict[str, RunWire] = {}
        self.requests: list[httpx.Request] = []
        self.seq = 1
        self.changed = threading.Condition()
        self.outcome = RunStatus.SUCCEEDED
        self.names = list(ROWS.columns)  # of a result's columns

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        path = request.url.path.removeprefix("/secure-jobs/api/v1/")
        for method, pattern, name in ROUTES:
            match = re.fullmatch(pattern, path)
            if match and method == request.method:
                answer = getattr(self, name)(request, *match.groups())
                return answer if isinstance(answer, httpx.Response) else _json(answer)
        return _problem(404, "no_route", f"{request.method} {path}")

    def bump(self) -> None:
        with self.changed:
            self.seq += 1
            self.changed.notify_all()

    def sent(self, method: str) -> list[str]:
        return [r.url.path.rpartition("/v1/")[2] for r in self.requests if r.method == method]

    # -- what is there ------------------------------------------------------------------------------------------

    def events(self, request: httpx.Request) -> httpx.Response:
        after = int(request.url.params["after"])
        with self.changed:
            self.changed.wait_for(lambda: self.seq != after, timeout=0.2)
            return httpx.Response(200, json={"seq": self.seq})

    def check(self, request: httpx.Request) -> Wire:
        asked = CheckNew.model_validate_json(request.content)
        problems = []
        if "SELEC " in asked.code:
            problems.append(CheckProblem(message="Expected SELECT.", line=2, column=3))
        tables = [name for name in ("flights", "planes", "fl", "ghosts") if re.search(rf"\b{name}\b", asked.code)]
        strangers = set(tables) - set(asked.tables or tables)
        problems += [CheckProblem(message=f"Table {name!r} is not among the job's datasets.") for name in strangers]
        return CheckWire(problems=problems, tables=tables)

    # -- jobs ---------------------------------------------------------------------------------------------------

    def detail(self, identifier: str) -> JobDetailWire:
        if identifier not in self.jobs:
            raise KeyError(identifier)
        parts = self.jobs[identifier]
        version: VersionWire = parts["version"]
        is_open = parts["state"] in {"draft", "under review"}
        newest = next((r for r in reversed(self.runs.values()) if r.job == identifier and r.kind == "job"), None)
        live = (
            None
            if is_open
            else lifecycle.LiveVersion(
                number=1, grant=Grant(reruns=True), used=0, newest_run=newest.status if newest else None
            )
        )
        facts = lifecycle.Facts(
            roles=frozenset({lifecycle.Role.AUTHOR, lifecycle.Role.ORGANISATION}),
            now=NOW,
            member_count=2,
            open=lifecycle.OpenVersion(
                under_review=parts["state"] == "under review", has_code=True, reruns_requested=False
            )
            if is_open
            else None,
            live=live,
            archived=parts["archived"],
            ever_run=newest is not None,
            ever_succeeded=newest is not None and newest.has_result,
        )
        actions = [
            ActionWire(
                name=offer.action, label=offer.label, allowed=offer.allowed, reason=offer.reason, method="POST",
                href="", needs=[],
            )
            for offer in lifecycle.offers(facts)
        ]  # fmt: skip
        version = version.model_copy(update={"state": parts["state"], "live": not is_open})
        return JobDetailWire(
            id=identifier,
            workspace="w",
            name=version.name,
            description=version.description,
            author="ana@airline.example",
            organisation="Airline",
            status=lifecycle.status(facts),
            status_text=str(lifecycle.status(facts)),
            rerun_indicator=lifecycle.rerun_indicator(facts),
            archived=parts["archived"],
            mine=True,
            needs_me=False,
            created=NOW,
            updated=NOW,
            revision=parts["revision"],
            live_version=None if is_open else 1,
            open_version=1 if is_open else None,
            newest_run=newest,
            actions=actions,
            version=version,
            live=None if is_open else version,
            approval=[
                ApprovalWire(
                    member="lin@maker.example", organisation="Manufacturer", decision="Pending", comment=EVIL, time=None
                )
            ],
            history=[HistoryWire(time=NOW, member="ana", action="Created", detail=EVIL, version=1)],
        )

    def list_jobs(self, request: httpx.Request) -> Wire:
        part = request.url.params.get("q", "").lower()
        name, group = request.url.params.get("name"), request.url.params.get("filter")
        details = [self.detail(identifier) for identifier in self.jobs]
        found = [
            JobWire(**{name: getattr(each, name) for name in JobWire.model_fields})
            for each in details
            if part in each.name.lower()
            and (group == "all" or each.archived == (group == "archived"))
            and (name is None or folded(name) == folded(each.name))
        ]
        return Page[JobWire](items=found)

    def job(self, _: httpx.Request, job: str) -> Wire | httpx.Response:
        return self.detail(job) if job in self.jobs else _problem(404, "no_such_job", "No such job.")

    def create(self, request: httpx.Request) -> Wire:
        new = JobNew.model_validate_json(request.content)
        identifier = f"j{len(self.jobs) + 1}"
        version = VersionWire(
            number=1,
            state="draft",
            hash=None,
            name=new.name,
            description=new.description or "",
            language=new.language,
            code=new.code or "",
            datasets=new.datasets or [],
            inputs=new.inputs or [],
            grant=new.grant or GrantWire(),
            log_policy=new.log_policy or LogPolicy.STANDARD,
            limits=new.limits or LimitsWire(),
            profile=new.profile or STANDARD,
            compute=new.compute or ComputeWire(),
            output_policy=new.output_policy or OutputPolicyWire(),
            counts=new.counts or [],
            tested=None,
            tested_run=None,
            live=False,
            submitted=None,
        )
        self.jobs[identifier] = {"version": version, "state": "draft", "revision": 1, "archived": False}
        self.bump()
        return self.detail(identifier)

    def change(self, request: httpx.Request, job: str) -> Wire | httpx.Response:
        parts = self.jobs[job]
        if request.headers["If-Match"] != f'"{parts["revision"]}"':
            return _problem(412, "stale", "Changed since.")
        change = DraftChange.model_validate_json(request.content)
        fields = {name: getattr(change, name) for name in change.model_fields_set}
        parts["version"] = parts["version"].model_copy(update=fields)
        parts["revision"] += 1
        self.bump()
        return self.detail(job)

    def delete(self, _: httpx.Request, job: str) -> httpx.Response:
        del self.jobs[job]
        return httpx.Response(204)

    def submit(self, _: httpx.Request, job: str) -> Wire:
        return self._state(job, "under review")

    def act(self, _: httpx.Request, job: str, action: str) -> Wire:
        if action in {"archive", "unarchive"}:
            self.jobs[job]["archived"] = action == "archive"
            return self._state(job, self.jobs[job]["state"])
        return self._state(job, {"cancel": "accepted", "discard-draft": "accepted"}.get(action, "draft"))

    def accept_all(self, job: str) -> None:
        self._state(job, "accepted")

    def revoked(self, request: httpx.Request, job: str) -> Wire:
        self.jobs[job]["revoked"] = json.loads(request.content)["scope"]
        return self.detail(job)

    def review(self, _: httpx.Request, job: str) -> Wire:
        version = self.jobs[job]["version"]
        return ReviewStatement(
            workspace="w",
            job=job,
            number=1,
            version_hash="sha256:" + "ab" * 32,
            sentence="Reads flights (yours).",
            facts=[FactWire(name="datasets", value=EVIL)],
            code=version.code,
            language="sql",
            diff=None,
            inputs=[],
            grant=GrantWire(),
            limits=LimitsWire(),
            author="ana@airline.example",
            submitted=NOW,
            checked=["The author's signature."],
            notes=[NoteWire(text="SELECT *")],
        )

    def _state(self, job: str, state: str) -> JobDetailWire:
        self.jobs[job]["state"] = state
        self.jobs[job]["revision"] += 1
        self.bump()
        return self.detail(job)

    # -- runs ---------------------------------------------------------------------------------------------------

    def start(self, request: httpx.Request, job: str) -> Wire:
        kind = RunKind.TEST if request.url.path.endswith("tests") else RunKind.JOB
        number = 1 + sum(run.kind == kind and run.job == job for run in self.runs.values())
        run = RunWire(
            id=f"{kind}{number}",
            workspace="w",
            job=job,
            job_name=self.jobs[job]["version"].name,
            number=number,
            kind=kind,
            status=RunStatus.QUEUED,
            phase=Phase.QUEUED,
            phases=[PhaseWire(phase=Phase.QUEUED, at=NOW)],
            waiting="no worker connected",
            version=1,
            version_hash=None,
            tested_this_text=True,
            member="ana@airline.example",
            inputs=json.loads(request.content)["inputs"],
            created=NOW,
            started=None,
            finished=None,
            queued_ms=None,
            run_ms=None,
            cancel_requested=False,
            used_up=False,
            error_class=None,
            error_line=None,
            error_text=None,
            rows=None,
            has_result=False,
            has_log=False,
            worker=None,
            assurance="software",
        )
        self.runs[run.id] = run
        return run

    def list_runs(self, request: httpx.Request, job: str) -> Wire:
        kind = request.url.params["kind"]
        return Page[RunWire](items=[r for r in reversed(self.runs.values()) if (r.job, r.kind) == (job, kind)])

    def cancel_run(self, _: httpx.Request, run: str) -> Wire:
        self.runs[run] = self.runs[run].model_copy(update={"cancel_requested": True})
        return self.runs[run]

    def run(self, _: httpx.Request, run: str) -> Wire:
        """Give the run as it is, and let it end right after, so that a client must look twice."""
        was = self.runs[run]
        if was.finished is None:
            good = self.outcome is RunStatus.SUCCEEDED
            end = {"status": self.outcome, "phase": Phase.DONE, "finished": NOW, "run_ms": 42_000, "waiting": None}
            rest = {"rows": 2, "has_result": True} if good else {"error_class": "CAST_ERROR", "error_line": 4}
            self.runs[run] = was.model_copy(update={**end, **rest})
            self.bump()
        return was

    def preview(self, _: httpx.Request, run: str) -> Wire:
        rows: list[list[str | None]] = [["1999", SECRET], ["2004", None]]
        synthetic = self.runs[run].kind == "test"
        return Preview(
            columns=["year", "who"],
            types=["bigint", "string"],
            rows=rows,
            total=2,
            synthetic=synthetic,
            verified=[],
            withheld=self.withheld,
        )

    def export(self, _: httpx.Request, __: str, name: str) -> httpx.Response:
        sink = io.BytesIO()
        if name.endswith("parquet"):
            rows = pa.Table.from_pandas(ROWS).rename_columns(self.names)
            noted = {WITHHELD: json.dumps(self.withheld)} if self.withheld else None
            pq.write_table(rows.replace_schema_metadata(noted), sink)
        else:
            sink.write(b"year,who\n")
        return httpx.Response(200, content=sink.getvalue())

    def bundle(self, request: httpx.Request, run: str) -> httpx.Response:
        return httpx.Response(200, json={"run": run, "opened": request.url.params.get("opened")})

    def compare(self, _: httpx.Request, run: str) -> Wire:
        return ComparisonWire(same=True, text=f"Same result as the author's, said of {run}.", authors_run="t1")

    def log(self, _: httpx.Request, __: str) -> Wire:
        return LogText(text="", empty_because="The log policy lets errors out alone.")


def _json(answer: Wire) -> httpx.Response:
    return httpx.Response(200, content=answer.model_dump_json(), headers={"Content-Type": "application/json"})


def _problem(status: int, code: str, detail: str) -> httpx.Response:
    problem = Problem(title="x", status=status, code=code, detail=detail, next_step="Look again.")
    return httpx.Response(status, content=problem.model_dump_json())
