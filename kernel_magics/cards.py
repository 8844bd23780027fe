"""Jobs, runs, datasets and reviews as cards and tables, in text and in HTML."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Final

from jupyter_secure_jobs.domain.flow_words import flow_words
from jupyter_secure_jobs.domain.run import RunKind
from kernel_magics.bundle import Bundle, code, element, joined, note, table, visible
from kernel_magics.profiles import told
from kernel_magics.wording import (
    DASH,
    allowed_words,
    assurance_chip,
    duration,
    ended_words,
    grant_words,
    heard_words,
    local_time,
    phases_words,
    refused_words,
    values_words,
    with_icon,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jupyter_secure_jobs.wire.dataset import DatasetWire
    from jupyter_secure_jobs.wire.job import ApprovalWire, HistoryWire, JobDetailWire, JobWire, StopWire, VersionWire
    from jupyter_secure_jobs.wire.member_side import (
        DatasetProposal,
        FlowWire,
        NoteWire,
        ReviewStatement,
        SourceWire,
    )
    from jupyter_secure_jobs.wire.run import RunWire

_CARD = "border-left:3px solid #888;padding-left:8px"
_WIDTH: Final = 100  # characters; more would be cut within words in a notebook beside a sidebar


def _card(title: str, lines: Sequence[str], *, reference: dict[str, str]) -> Bundle:
    kept = [visible(line) for line in lines if line]
    return Bundle(
        plain="\n".join([visible(title), *[part for line in kept for part in _folded(line)]]),
        markup=element("div", element("strong", title), *[element("div", line) for line in kept], style=_CARD),
        reference=reference,
    )


def _folded(line: str) -> list[str]:
    """Return a line at words' ends within the width of a notebook; what goes on stands further in."""
    return textwrap.wrap(
        line, _WIDTH, initial_indent="  ", subsequent_indent="      ", break_long_words=False, break_on_hyphens=False
    )


def job_lines(job: JobDetailWire, *, assurance: str) -> list[str]:
    """Return what a card says below the job's name, a line each."""
    version = job.version
    run = job.newest_run
    tables = ", ".join(read.table for read in version.datasets) or "no dataset yet"
    inputs = "; ".join(f"{variable.name} {variable.constraint or variable.type}" for variable in version.inputs)
    reruns = f" · {job.rerun_indicator}" if job.rerun_indicator else ""
    return [
        f"version {version.number} · {with_icon(job.status)}{_beyond(job)} · {assurance_chip(assurance)}{reruns}",
        f"by {job.author} ({job.organisation}), {local_time(job.created)}",
        job.description,
        f"{str(version.language).upper()} · reads {tables}",
        f"approval for {grant_words(version.grant)} · log policy {version.log_policy}",
        f"Inputs: {inputs}" if inputs else "",
        _output_line(version),
        "" if run is None else f"Newest {run.kind} run {run.number}: {ended_words(run)}",
        f"You can: {allowed_words(job.actions)}",
        f"Not now: {refused_words(job.actions)}" if refused_words(job.actions) else "",
    ]


def _output_line(version: VersionWire) -> str:
    counts = f"counts: {', '.join(version.counts)}" if version.counts else ""
    policy = version.output_policy.words()
    asked = f"output policy of the job: {policy}" if policy != "none" else ""
    return " · ".join(part for part in (counts, asked) if part)


def _beyond(job: JobWire) -> str:
    """Return what the server's status text says beyond the status itself."""
    more = job.status_text.removeprefix(job.status).strip(" ·")
    return f" · {more}" if more else ""


def reference_of(job: JobWire, *, member: str | None) -> dict[str, str]:
    """Return what an output remembers of the job that it shows: where to find it, and who looked."""
    return {"workspace": job.workspace, "job": job.id, "member": member or ""}


def job_card(job: JobDetailWire, *, assurance: str, member: str | None = None) -> Bundle:
    """Return the job's card."""
    seen = [f"Seen as {member}."] if member else []
    lines = [*job_lines(job, assurance=assurance), *seen]
    return _card(job.name, lines, reference=reference_of(job, member=member))


def run_card(run: RunWire, *, member: str | None = None) -> Bundle:
    """Return a run's card: where it stands, its phases, its values, its times and its assurance."""
    synthetic = run.kind is RunKind.TEST
    kind = "Test run" if synthetic else "Job run"
    about = "Synthetic data" if synthetic else assurance_chip(run.assurance)
    tested = "Tested exactly this text." if synthetic and run.tested_this_text else ""
    values = values_words(run.inputs)
    return _card(
        f"{run.job_name} · {kind} {run.number}",
        [
            f"{ended_words(run)} · {about}",
            phases_words(run),
            f"Inputs: {values}" if values else "",
            f"version {run.version} · by {run.member}, {local_time(run.created)}",
            f"queued for {duration(run.queued_ms)}",
            tested,
        ],
        reference={"workspace": run.workspace, "job": run.job, "member": member or run.member, "run": run.id},
    )


def jobs_table(jobs: Sequence[JobWire]) -> Bundle:
    """Return a list of jobs, those that wait for the caller's decision marked."""
    rows = [
        [
            job.name,
            f"{with_icon(job.status)}{_beyond(job)}",
            job.organisation,
            job.author,
            "your decision" if job.needs_me else "",
            local_time(job.updated),
        ]
        for job in jobs
    ]
    return table(
        ["job", "status", "organisation", "author", "waits for", "changed"],
        rows,
        empty="No jobs here. Run a `%%securejob` cell, or choose New job in the sidebar.",
    )


def datasets_table(datasets: Sequence[DatasetWire]) -> Bundle:
    """Return a list of datasets."""
    rows = [
        [
            dataset.name,
            dataset.owner,
            f"{dataset.rows:,}",
            str(len(dataset.columns)),
            f"version {dataset.version}" + (f" · withdrawn, {heard_words(dataset)}" if dataset.withdrawn else ""),
            dataset.output_policy.words(),
            dataset.description,
        ]
        for dataset in datasets
    ]
    return table(
        ["dataset", "owner", "rows", "columns", "version", "output policy", "description"],
        rows,
        empty="No datasets yet. Publish one: `%securejob publish NAME FILE`.",
    )


def dataset_card(dataset: DatasetWire) -> Bundle:
    """Return a dataset with its columns and the line that names it in a job."""
    rows = [
        [
            column.name,
            column.type,
            "may be null" if column.nullable else "never null",
            "public" if column.public else "",
            column.key_group,
        ]
        for column in dataset.columns
    ]
    title = f"{dataset.name} · {dataset.owner} · {dataset.rows:,} rows · {local_time(dataset.published)}"
    return joined(
        table(["column", "type", "nulls", "public", "key group"], rows, empty="No columns.", caption=title),
        note(f"Output policy of its owner: {dataset.output_policy.words()}."),
        code(f"{dataset.declaration_sql}\n{dataset.declaration_python}", title="In a job:"),
    )


def runs_table(runs: Sequence[RunWire], *, title: str) -> Bundle:
    """Return runs of one kind: number, time, status, duration, values."""
    rows = [
        [
            str(run.number),
            local_time(run.created),
            ended_words(run),
            duration(run.run_ms),
            f"v{run.version}",
            values_words(run.inputs),
            run.member,
        ]
        for run in runs
    ]
    headers = ["run", "time", "status", "ran for", "version", "inputs", "by"]
    return table(headers, rows, empty=f"{title}: none yet.", caption=title)


def approval_table(job: JobDetailWire) -> Bundle:
    """Return each member's decision, comments and time; below it the last review, and what was revoked."""
    empty = "Nobody is asked yet; submit the draft for review."
    parts = [_decisions(job.approval, job.version.code, caption="Job approval", empty=empty)]
    if job.last_review:
        caption = "Last review, which counts for nothing any more; lines are those of then"
        parts.append(_decisions(job.last_review, job.last_review_code, caption=caption, empty=""))
    if job.stops:
        parts.append(stops_table(job.stops))
    return joined(*parts) if len(parts) > 1 else parts[0]


def _decisions(entries: Sequence[ApprovalWire], text: str, *, caption: str, empty: str) -> Bundle:
    """Return decisions as a table, and below it each comment that stands beside a line of `text`."""
    rows = [
        [
            entry.member,
            entry.organisation,
            entry.decision,
            "(erased)" if entry.erased else entry.comment,
            local_time(entry.time),
        ]
        for entry in entries
    ]
    asked = table(["member", "organisation", "decision", "comment", "time"], rows, empty=empty, caption=caption)
    lines = text.split("\n")
    beside = [
        [str(said.line), lines[said.line - 1] if said.line <= len(lines) else "", entry.member, said.text]
        for entry in entries
        for said in entry.line_comments
    ]
    if not beside:
        return asked
    beside.sort(key=lambda row: int(row[0]))
    return joined(asked, table(["line", "code", "member", "comment"], beside, empty="", caption="Line comments"))


def stops_table(stops: Sequence[StopWire]) -> Bundle:
    """Return who revoked what, and whose key services have said that they heard."""
    rows = [[stop.member, stop.effect, local_time(stop.time), heard_words(stop)] for stop in stops]
    return table(["member", "effect", "time", "key services"], rows, empty="Nothing was revoked.", caption="Revoked")


def history_table(history: Sequence[HistoryWire]) -> Bundle:
    """Return who did what, when."""
    rows = [
        [
            local_time(entry.time),
            entry.member,
            entry.label or entry.action,
            entry.detail,
            f"v{entry.version}" if entry.version else "",
        ]
        for entry in history
    ]
    return table(["time", "member", "action", "detail", "version"], rows, empty="No history yet.", caption="History")


def versions_table(versions: Sequence[VersionWire]) -> Bundle:
    """Return a job's versions."""
    rows = [
        [
            str(version.number),
            version.state + (" · live" if version.live else ""),
            version.name,
            grant_words(version.grant),
            local_time(version.submitted),
            (version.hash or DASH)[:19],
        ]
        for version in versions
    ]
    return table(["version", "state", "name", "approval for", "submitted", "hash"], rows, empty="No versions.")


def version_text(version: VersionWire) -> Bundle:
    """Return the full text of a version."""
    title = f"Version {version.number} · {version.state} · {version.language}"
    return joined(code(version.code, title=title), note("\n".join(told(version))))


def review_card(review: ReviewStatement) -> Bundle:
    """Return the version under review as the member side verified it: sentence, facts, checks, notes, decisions."""
    rows = [
        [fact.name, fact.value, "" if fact.previous is None else fact.previous, "changed" if fact.changed else ""]
        for fact in review.facts
    ]
    parts = [
        note(review.sentence),
        table(["fact", "now", "before", ""], rows, empty="No facts."),
        *_flow_parts(review.flow),
    ]
    if review.notes:
        hints = (f"- {_where(line)}{line.text}" for line in review.notes)
        parts.append(note("Notes (hints, not verdicts):\n" + "\n".join(hints)))
    if review.checked:
        parts.append(note("Checked here:\n" + "\n".join(f"- {line}" for line in review.checked)))
    if review.decisions:
        parts.append(_decisions(review.decisions, review.code, caption="Decisions so far", empty=""))
    return joined(*parts)


def _where(hint: NoteWire) -> str:
    return f"line {hint.line}: " if hint.line is not None else ""


def _flow_parts(flow: FlowWire) -> list[Bundle]:
    """Return which columns flow where as a table, found out or claimed, else why not; and what decides about rows."""
    words = flow_words(known=flow.known, columns=bool(flow.columns), why=flow.why)
    parts = [note(words.warning)] if words.warning else []
    if words.caption:
        rows = [[each.output, each.how, _sources(each.sources) or "no column"] for each in flow.columns]
        headers = ["column of the result", "how", "from"]
        parts.append(table(headers, rows, empty="No columns.", caption=words.caption))
    if flow.conditions:
        parts.append(note(f"{words.lead}: {_sources(flow.conditions)}"))
    return parts


def _sources(sources: Sequence[SourceWire]) -> str:
    return ", ".join(f"{each.table}.{each.column} ({'yours' if each.yours else each.owner})" for each in sources)


def proposal_card(proposal: DatasetProposal) -> Bundle:
    """Return what the synthetic twin of a dataset will reveal, column by column."""
    rows = [[line.column, line.type, line.reveals] for line in proposal.twin]
    asked = "; ".join(proposal.output) or "nothing"
    caption = f"{proposal.name} · {proposal.rows:,} rows · what every member will see of it"
    return joined(
        table(["column", "type", "the synthetic twin reveals"], rows, empty="No columns.", caption=caption),
        note(f"Asked of every result: {asked}."),
    )
