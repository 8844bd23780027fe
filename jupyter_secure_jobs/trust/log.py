"""The log as everybody saw it: one history, which only grew."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from jupyter_secure_jobs.crypto import checkpoint as checkpoints
from jupyter_secure_jobs.crypto import merkle
from jupyter_secure_jobs.domain.errors import RefusedError
from jupyter_secure_jobs.protocol import places

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from jupyter_secure_jobs.crypto.checkpoint import Checkpoint
    from jupyter_secure_jobs.protocol.log import LogProof
    from jupyter_secure_jobs.trust.roster import TrustedRosters


# The codes by which a server is caught showing two histories; whoever meets one should tell people, not only refuse.
LOG_LIES: Final = frozenset({"log_fork", "log_rollback"})


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedLog:
    """The newest checkpoint, signed by the log's key: `note` as it came, `newest` as it was read."""

    note: str
    newest: Checkpoint
    proofs: Mapping[int, tuple[bytes, ...]]

    def follows(self, seen: Checkpoint) -> None:
        """Return if the log continues the one that was seen.

        Raises:
            RefusedError: `log_rollback`: it is shorter now; `log_fork`: it is another, or the proof is missing.
        """
        if seen.size > self.newest.size:
            raise RefusedError(
                "log_rollback",
                f"The workspace's log was rolled back: it had {seen.size} entries and is shown with "
                f"{self.newest.size}.",
                "Tell the other members over another channel; do not sign anything until it is explained.",
            )
        proof = () if seen.size == self.newest.size else self.proofs.get(seen.size, ())
        merkle.check_consistency(seen.size, self.newest.size, proof, seen.root, self.newest.root)


def verify_log(log: LogProof, rosters: TrustedRosters, carried: Iterable[str]) -> TrustedLog:
    """Return the log if it continues every checkpoint that the statements at hand carry.

    Order of checks: the newest checkpoint is of this workspace's log and signed by the key that the genesis names;
    each carried one is a start of it. The signatures of carried ones need no look: a root that the newest checkpoint
    continues is the log's own.

    Raises:
        RefusedError: with the first check that failed; `log_fork` and `log_rollback` are the server's lies.
    """
    origin = places.log_origin(rosters.workspace)
    newest = checkpoints.verify(log.checkpoint, origin=origin, public=rosters.newest.log_key)
    trusted = TrustedLog(note=log.checkpoint, newest=newest, proofs={each.size: each.proof for each in log.consistency})
    for note in dict.fromkeys(carried):
        trusted.follows(checkpoints.parse(note, origin=origin))
    return trusted
