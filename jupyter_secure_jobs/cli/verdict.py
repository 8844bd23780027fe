"""What `verify` found, as a page for people and as JSON for programs."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, Any, Final

from rich.text import Text

from jupyter_secure_jobs.member import proof
from jupyter_secure_jobs.member.review import facts_of
from jupyter_secure_jobs.protocol import codec
from jupyter_secure_jobs.trust.trail import NOT_PROVEN, Step, steps

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

    from jupyter_secure_jobs.domain.errors import SecureJobsError
    from jupyter_secure_jobs.trust.bundle import VerifiedBundle

_LABEL: Final = 18


class Exit(IntEnum):
    """The command's exit codes."""

    VERIFIED = 0
    REFUSED = 1
    UNREADABLE = 2
    UNCONFIRMED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A verified bundle, who vouches for its genesis (None: nobody here), and what the files beside it showed."""

    verified: VerifiedBundle
    known_from: str | None
    files: tuple[Step, ...] = field(default=())

    @property
    def exit(self) -> Exit:
        """The exit code."""
        return Exit.VERIFIED if self.known_from is not None else Exit.UNCONFIRMED

    @property
    def verdict(self) -> str:
        """The verdict in words."""
        return proof.verdict(self.verified.run.rosters.genesis, self.known_from)


def visible(text: str) -> str:
    """Return a line without characters that could deceive: new lines, control characters, changes of direction."""
    return "".join(c if c.isprintable() or c == "\t" else f"\\u{ord(c):04x}" for c in text)


def show(found: Found, console: Console) -> None:
    """Print every step, what was in force, who released keys, what is not proven, and the verdict."""
    for style, line in _lines(found):
        console.print(Text(visible(line), style=style), soft_wrap=True)


def _lines(found: Found) -> Iterator[tuple[str, str]]:
    run = found.verified.run
    yield "bold", f"Workspace {run.rosters.newest.name!r}, job {run.version.name!r}, run order {run.order_hash}"
    yield "", ""
    yield "bold", "Checked, each step resting on those before it"
    every = (*steps(found.verified), *found.files)
    for number, step in enumerate(every, start=1):
        yield "", f"{number:3d}. {step.subject}: {step.found}"
        where = [step.statement] if step.statement else []
        where += [f"log entry {step.index}"] if step.index is not None else []
        if where:
            yield "dim", f"     {', '.join(where)}"
        if step.by:
            when = f", {_time(step.time)}" if step.time is not None else ""
            yield "dim", f"     signed by {', '.join(signer.name for signer in step.by)}{when}"
    yield "", ""
    yield "bold", "Who signed, with the fingerprints of their keys"
    for signer in dict.fromkeys(signer for step in every for signer in step.by):
        whose = f" ({signer.organisation})" if signer.organisation else ""
        yield "", f"  {signer.fingerprint}  {signer.name}{whose}"
    yield "", ""
    yield from _in_force(found.verified)
    yield "", ""
    yield "bold", "What this does not prove"
    for text in NOT_PROVEN:
        yield "", f"  - {text}"
    yield "", ""
    yield ("bold green" if found.known_from else "bold yellow"), found.verdict


def _in_force(verified: VerifiedBundle) -> Iterator[tuple[str, str]]:
    run, receipt = verified.run, verified.receipt
    yield "bold", "What was in force"
    for name, value in facts_of(run.version, run.manifests).items():
        yield "", f"  {name:<{_LABEL}} {value}"
    for name, given in run.inputs.items():
        yield "", f"  {f'Given {name}':<{_LABEL}} {json.dumps(codec.to_json(given), ensure_ascii=False)}"
    lines = run.version.code.split("\n")
    noun = "line" if len(lines) == 1 else "lines"
    yield "", f"  Code, {run.version.language.value}, {len(lines)} {noun}:"
    yield from (("", f"  {number:5d}  {line}") for number, line in enumerate(lines, start=1))
    yield "", ""
    yield "bold", "Keys and stops"
    for grant in verified.grants:
        names = ", ".join(sorted(run.manifests[key.manifest].name for key in grant.keys))
        yield "", f"  {_time(grant.time)}  the key service of {grant.organisation} released the keys of {names}"
    if not verified.grants:
        yield "", "  No key was needed: the version reads no dataset."
    for when, words in proof.stops(verified):
        yield "", f"  {when}  {words}"
    if not (verified.revoked_before or verified.revoked_after):
        yield "", "  No revocation of this version is in this file."
    yield "", ""
    yield "bold", "What came of it"
    yield "", f"  {proof.ended(receipt)}, {_time(receipt.started)} to {_time(receipt.finished)}"


def _time(moment: Any) -> str:  # noqa: ANN401 -- a datetime; the name is for type checkers alone
    return codec.time_text(moment)


def as_json(found: Found) -> dict[str, Any]:
    """Return what was found as a JSON value; `version` is the accepted version, whole."""
    verified, run = found.verified, found.verified.run
    return {
        "verdict": "verified" if found.known_from is not None else "genesis not confirmed",
        "sentence": found.verdict,
        "workspace": run.rosters.workspace,
        "genesis": run.rosters.genesis,
        "genesis_known_from": found.known_from,
        "checkpoint": run.log.note,
        "steps": [codec.to_json(each) for each in (*steps(verified), *found.files)],
        "version": codec.to_json(run.version),
        "version_hash": run.version_hash,
        "order_hash": run.order_hash,
        "inputs": codec.to_json(run.inputs),
        "grants": [
            {"organisation": each.organisation, "time": codec.time_text(each.time), "attempt": each.attempt}
            for each in verified.grants
        ],
        "revocations": [codec.to_json(each) for each in (*verified.revoked_before, *verified.revoked_after)],
        "acknowledgements": [codec.to_json(each) for each in verified.acknowledgements],
        "receipt": {name: value for name, value in codec.to_json(verified.receipt).items() if name != "keys"},
        "logical": verified.logical,
        "not_proven": list(NOT_PROVEN),
    }


def refusal_as_json(verdict: str, error: SecureJobsError) -> dict[str, Any]:
    """Return why nothing is verified as a JSON value."""
    return {"verdict": verdict, "code": error.code, "reason": error.detail, "next_step": error.next_step}
