"""A job run's receipt for people: what was verified, who signed it, what is not proven. `verify` has the same words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from jupyter_secure_jobs.domain.job import Scope
from jupyter_secure_jobs.member import bundles
from jupyter_secure_jobs.protocol import codec
from jupyter_secure_jobs.trust.trail import NOT_PROVEN, steps
from jupyter_secure_jobs.wire.member_side import ReceiptLine, ReceiptWire

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jupyter_secure_jobs.member.context import Acting
    from jupyter_secure_jobs.protocol.order import Receipt
    from jupyter_secure_jobs.trust.bundle import VerifiedBundle
    from jupyter_secure_jobs.trust.trail import Step

PINNED: Final = "pinned in the key store"


def receipt(acting: Acting, workspace: str, run: str) -> ReceiptWire:
    """Return a job run's receipt as this side verified it just now, for any member; it tells no row.

    Raises:
        NotFoundError: there is no such run, or it has no receipt.
        RefusedError: a check failed.
    """
    verified = bundles.verified(acting, workspace, run).verified
    return ReceiptWire(
        run=run,
        verdict=verdict(verified.run.rosters.genesis, PINNED),
        hash=verified.bundle.receipt.hash,
        lines=list(_lines(verified)),
        bundle=f"member/workspaces/{workspace}/runs/{run}/bundle",
    )


def verdict(genesis: str, known_from: str | None) -> str:
    """Return the verdict on a bundle of which every check held; `known_from` says who vouches for its genesis."""
    if known_from is None:
        return (
            f"NOT VERIFIED YET. Everything follows from genesis {genesis}, but nobody here vouches for that. "
            "Compare it with the invitation to the workspace, then give it as --genesis."
        )
    return (
        f"VERIFIED, from genesis {genesis} ({known_from}) to the digest of what the enclave sealed. What "
        "software does not prove stands beside it."
    )


def ended(receipt: Receipt) -> str:
    """Return how the run ended, with error class and number of rows, without times."""
    error = f": {receipt.error_class}" if receipt.error_class else ""
    rows = f", {receipt.rows:,} rows" if receipt.rows is not None else ""
    return f"{receipt.status.value}{error}{rows}"


def stops(verified: VerifiedBundle) -> Iterator[tuple[str, str]]:
    """Give what the bundle holds of revocations, oldest first: a moment in RFC 3339, and the words."""
    said = [(each, "before") for each in verified.revoked_before]
    said += [(each, "after") for each in verified.revoked_after]
    for each, when in said:
        what = "every further key" if each.scope is Scope.ALL else "every run after the first"
        yield (
            codec.time_text(each.time),
            f"{each.member} stopped {what}; in the log {when} the run order",
        )
    for word in verified.acknowledgements:
        yield (
            codec.time_text(word.time),
            f"the key service of {word.organisation} acknowledged a revocation",
        )


def _lines(verified: VerifiedBundle) -> Iterator[ReceiptLine]:
    for step in steps(verified):
        yield _line(step)
    done = verified.receipt
    times = f"{codec.time_text(done.started)} to {codec.time_text(done.finished)}"
    yield ReceiptLine(what="What came of it", found=f"{ended(done)}; {times}", at=done.finished)
    if done.logical is not None:
        yield ReceiptLine(what="Result digest", found=f"Salted, so that the rows cannot be guessed: {done.logical}.")
    for text in NOT_PROVEN:
        yield ReceiptLine(what="Not proven", found=text, verified=False)


def _line(step: Step) -> ReceiptLine:
    return ReceiptLine(
        what=step.subject,
        found=step.found,
        by=[signer.name for signer in step.by],
        at=step.time,
        statement=step.statement,
        entry=step.index,
    )
