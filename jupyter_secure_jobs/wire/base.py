"""What all shapes share: nothing unknown comes in, nothing changes afterwards; a page; an envelope; a problem."""

from __future__ import annotations

from typing import Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

T = TypeVar("T")


class Wire(BaseModel):
    """A shape that crosses the wire."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Page(Wire, Generic[T]):
    """Some items, newest first; `next` goes into `?after=` for the following ones, and is null on the last page."""

    items: list[T]
    next: str | None = None


class SignatureWire(Wire):
    """One signature of an envelope."""

    keyid: str
    sig: str


class EnvelopeWire(Wire):
    """A DSSE envelope: base64 payload, its type, its signatures."""

    payload: str
    payloadType: str  # noqa: N815 -- the field's name in the DSSE format
    signatures: list[SignatureWire]


class Problem(Wire):
    """An error as RFC 9457 has it: a stable `code`, what happened, and what to do next."""

    type: str = "about:blank"
    title: str
    status: int
    code: str
    detail: str
    next_step: str = ""


class Nothing(Wire):
    """An empty object."""


class Sequence(Wire):
    """The number of the newest change that the caller may know of; it carries nothing else."""

    seq: int = Field(ge=0)
