"""`decide`: read a version as this machine verified it, then accept or decline: no browser, no kernel."""

from __future__ import annotations

import sys
from argparse import ArgumentTypeError
from typing import TYPE_CHECKING, Final

from jupyter_secure_jobs.cli import folders, passphrase
from jupyter_secure_jobs.cli.visible import one_line, visible
from jupyter_secure_jobs.domain.comment import LineComment
from jupyter_secure_jobs.domain.errors import InvalidError
from jupyter_secure_jobs.domain.flow_words import flow_words
from jupyter_secure_jobs.domain.review import Verdict

if TYPE_CHECKING:
    from argparse import Namespace, _SubParsersAction
    from collections.abc import Iterator, Sequence
    from typing import Any

    from jupyter_secure_jobs.wire.job import ApprovalWire
    from jupyter_secure_jobs.wire.member_side import FlowWire, ReviewStatement, SourceWire

    Groups = _SubParsersAction[Any]

_MOST_DIGITS: Final = 6


def add(groups: Groups) -> None:
    """Add the command."""
    decide = groups.add_parser("decide", help="accept or decline a job under review")
    verdict = decide.add_mutually_exclusive_group()
    verdict.add_argument("--accept", action="store_true")
    verdict.add_argument("--decline", action="store_true")
    decide.add_argument("--comment", default="")
    decide.add_argument(
        "--line-comment",
        action="append",
        default=[],
        type=_line_comment,
        metavar="LINE:TEXT",
        dest="line_comments",
        help="a comment beside a line of the code, such as '12:Why all carriers?'; may be given several times",
    )
    decide.add_argument("--hash", help="the version's hash, if you have reviewed it before")
    decide.set_defaults(run=_decide)
    decide.add_argument("job", help="the job's name")
    decide.add_argument("--workspace")
    folders.add_key_store(decide)
    folders.add_server(decide)
    passphrase.add_arguments(decide)


def _line_comment(text: str) -> LineComment:
    line, colon, said = text.partition(":")
    if not colon or not (line.isascii() and line.isdigit()) or len(line) > _MOST_DIGITS:
        raise ArgumentTypeError(f"{text[:40]!r} is no line comment; write LINE:TEXT, such as '12:Why all carriers?'")
    return LineComment(line=int(line), text=said.strip())


def _said(decision: ApprovalWire, code: Sequence[str]) -> Iterator[str]:
    words = f": {decision.comment}" if decision.comment else ""
    yield f"{decision.decision} by {decision.member} ({decision.organisation}){words}"
    if decision.erased:
        yield "      The comments were erased from the server."
    for each in decision.line_comments:
        yield f"      line {each.line}: {each.text}"
        yield f"      {each.line:4d}  {code[each.line - 1]}"


def show(review: ReviewStatement) -> str:
    """Return the review as text, with what others said so far."""
    lines = [f"Version {review.number}, by {review.author}", review.sentence, ""]
    for fact in review.facts:
        before = f"   (was: {fact.previous})" if fact.changed else ""
        lines.append(f"{'*' if fact.changed else ' '} {fact.name}: {fact.value}{before}")
    lines += (
        ["", "What changed in the code:", review.diff] if review.diff is not None else ["", "Nothing accepted before."]
    )
    lines += ["", f"Code ({review.language}):"]
    code = review.code.split("\n")
    lines += [f"{number:4d}  {line}" for number, line in enumerate(code, start=1)]
    lines += ["", *_flow(review.flow), ""]
    lines += [f"Note{f' on line {note.line}' if note.line is not None else ''}: {note.text}" for note in review.notes]
    lines += ["", *(each for decision in review.decisions for each in _said(decision, code))]
    lines += ["", *(f"Checked: {each}" for each in review.checked), "", f"Hash: {review.version_hash}"]
    return visible("\n".join(lines))


def _flow(flow: FlowWire) -> list[str]:
    words = flow_words(known=flow.known, columns=bool(flow.columns), why=flow.why)
    lines = [words.warning] if words.warning else []
    if words.caption:
        lines.append(f"{words.caption}:")
        lines += [f"  {each.output} <- {each.how}: {_sources(each.sources) or 'no column'}" for each in flow.columns]
    return [*lines, f"{words.lead}: {_sources(flow.conditions)}"] if flow.conditions else lines


def _sources(sources: Sequence[SourceWire]) -> str:
    return ", ".join(f"{each.table}.{each.column} ({'yours' if each.yours else each.owner})" for each in sources)


def _decide(arguments: Namespace) -> None:
    from jupyter_secure_jobs.member import deciding  # noqa: PLC0415 -- its imports take a second, which other commands do not owe

    acting = folders.acting(arguments, passphrase.read(arguments))
    workspace = folders.workspace(acting, arguments.workspace)
    job = acting.client.find_job(workspace, arguments.job)
    review = deciding.review(acting, workspace, job.id)
    print(show(review))
    if arguments.hash and arguments.hash != review.version_hash:
        raise InvalidError("other_version", "Another version is under review than that hash.", "Review this one.")
    word = "accept" if arguments.accept else "decline" if arguments.decline else ""
    comment = arguments.comment
    if not word:
        if not sys.stdin.isatty():
            raise InvalidError("not_asked", "There is no terminal to ask.", "Give --accept or --decline.")
        word = input("accept, decline, or nothing? ").strip().lower()
        if word not in ("accept", "decline"):
            print("Nothing was signed.")
            return
        comment = comment or input("Comment: ")
    made = deciding.decide(
        acting,
        workspace,
        job.id,
        version_hash=review.version_hash,
        verdict=Verdict(word),
        comment=comment,
        line_comments=arguments.line_comments,
    )
    print(f"Signed: {word}. The job is now {one_line(made.status_text)}.")
