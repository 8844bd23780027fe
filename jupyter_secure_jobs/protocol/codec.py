"""Frozen dataclasses to JSON values and back, driven by their type annotations.

Reading is strict: every field must be there, no other may be, and each must have exactly its type. That makes the
dataclass itself the schema of a statement.
"""

from __future__ import annotations

import base64
import binascii
import dataclasses
import functools
import re
import types
import typing
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import Enum
from typing import Any, Final, TypeVar

from jupyter_secure_jobs.domain.errors import RefusedError, SecureJobsError

T = TypeVar("T")
_TIME: Final = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z\Z")
_PLAIN: Final = frozenset({str, int, float, bool})
_SAFE_INTEGER: Final = 2**53
_BIG_INTEGER: Final = re.compile(r"-?[1-9][0-9]{15,18}\Z")


def time_text(moment: datetime) -> str:
    """Return UTC in RFC 3339 with milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_time(text: str) -> datetime:
    """Return the moment of such a text.

    Raises:
        RefusedError: it is written otherwise, or names no moment.
    """
    if not _TIME.match(text):
        raise RefusedError("not_a_time", "A time is not RFC 3339 in UTC with milliseconds.")
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise RefusedError("not_a_time", "A time names no moment.") from error


def to_json(value: Any) -> Any:  # noqa: ANN401, PLR0911 -- one return for each kind of value
    """Return the JSON value of a statement or of one of its parts; integers from 2^53 on become text."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: to_json(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, datetime):
        return time_text(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, tuple | list):
        return [to_json(inner) for inner in value]
    if isinstance(value, Mapping):
        return {key: to_json(inner) for key, inner in value.items()}
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= _SAFE_INTEGER:
        return str(value)
    return value


def from_json(kind: type[T], value: Any) -> T:  # noqa: ANN401 -- parsed JSON of unknown shape comes in here
    """Return `value` read as `kind`.

    Raises:
        RefusedError: a field is missing, unknown or of another type; or the dataclass itself refuses its content.
    """
    try:
        return typing.cast("T", _read(kind, value, at=kind.__name__))
    except RefusedError:
        raise
    except SecureJobsError as error:
        raise RefusedError(error.code, f"{kind.__name__}: {error.detail}", error.next_step) from error


@functools.cache
def _fields(kind: Any) -> dict[str, Any]:  # noqa: ANN401 -- a dataclass; the type checker has no name for one
    hints = typing.get_type_hints(kind)
    return {field.name: hints[field.name] for field in dataclasses.fields(kind)}


def _wrong(at: str, wanted: str) -> RefusedError:
    return RefusedError("statement_shape", f"{at} is not {wanted}.")


def _read(kind: Any, value: Any, *, at: str) -> Any:  # noqa: ANN401, C901, PLR0911, PLR0912 -- one case for each kind of annotation
    if type(value) is kind and kind in _PLAIN:
        return value
    origin = typing.get_origin(kind)
    if origin in (typing.Union, types.UnionType):
        return _read_union(typing.get_args(kind), value, at=at)
    if origin is tuple:
        inner = typing.get_args(kind)[0]
        if not isinstance(value, list):
            raise _wrong(at, "a list")
        return tuple(_read(inner, each, at=f"{at}[{index}]") for index, each in enumerate(value))
    if origin is Mapping or origin is dict:
        inner = typing.get_args(kind)[1]
        if not isinstance(value, dict):
            raise _wrong(at, "an object")
        return types.MappingProxyType({key: _read(inner, each, at=f"{at}.*") for key, each in value.items()})
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        return _read_object(kind, value, at=at)
    if isinstance(kind, type) and issubclass(kind, Enum):
        try:
            return kind(value)
        except ValueError as error:
            raise _wrong(at, f"one of {', '.join(str(member.value) for member in kind)}") from error
    if kind is datetime:
        if not isinstance(value, str):
            raise _wrong(at, "a time")
        return parse_time(value)
    if kind is bytes:
        return _read_bytes(value, at=at)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if kind is type(None) and value is None:
        return None
    if kind is int and isinstance(value, str) and _BIG_INTEGER.match(value) and abs(int(value)) >= _SAFE_INTEGER:
        return int(value)
    raise _wrong(at, getattr(kind, "__name__", str(kind)))


def _read_union(kinds: tuple[Any, ...], value: Any, *, at: str) -> Any:  # noqa: ANN401 -- see _read
    if value is None and type(None) in kinds:
        return None
    first: RefusedError | None = None
    for kind in kinds:
        if kind is type(None) or (kind is float and type(value) is int and int in kinds):
            continue
        try:
            return _read(kind, value, at=at)
        except RefusedError as error:
            first = first or error
    raise first or _wrong(at, "of an allowed type")


def _read_object(kind: type, value: Any, *, at: str) -> Any:  # noqa: ANN401 -- see _read
    if not isinstance(value, dict):
        raise _wrong(at, "an object")
    wanted = _fields(kind)
    if value.keys() != wanted.keys():
        odd = min(value.keys() ^ wanted.keys())[:40]
        raise RefusedError("statement_shape", f"{at}: field {odd!r} is missing or unknown.")
    return kind(**{name: _read(inner, value[name], at=f"{at}.{name}") for name, inner in wanted.items()})


def _read_bytes(value: Any, *, at: str) -> bytes:  # noqa: ANN401 -- see _read
    if not isinstance(value, str):
        raise _wrong(at, "base64 text")
    try:
        data = base64.b64decode(value.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError, ValueError) as error:
        raise _wrong(at, "base64 text") from error
    if base64.b64encode(data).decode() != value:
        raise _wrong(at, "base64 text in its one spelling")
    return data
