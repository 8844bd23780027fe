"""How the log stands, with the proofs that it only grew: no statement, since the signed note inside is its own."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Consistency:
    """The proof (RFC 9162, 2.1.4) that the log of `size` entries is a start of the newest one."""

    size: int
    proof: tuple[bytes, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LogProof:
    """The newest signed checkpoint (C2SP note), and a proof for each earlier size that somebody has seen."""

    checkpoint: str
    consistency: tuple[Consistency, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Inclusion:
    """The proof (RFC 9162, 2.1.3) that the statement of this hash is entry `index` of the newest log, from 0."""

    statement: str
    index: int
    proof: tuple[bytes, ...]
