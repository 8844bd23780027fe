"""Input variables: what a job asks for before each run, and the check of the answers.

The same check runs in the client, the workspace server, each key service and the enclave.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Final, TypeAlias

from jupyter_secure_jobs.domain.errors import InvalidError
from jupyter_secure_jobs.domain.text import clean_identifier, clean_name, clean_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Value: TypeAlias = str | int | float | bool | tuple[str, ...]

TEXT_LENGTH: Final = 1000
PATTERN_TEXT_LENGTH: Final = 200
MOST_INPUTS: Final = 50
_INT64: Final = 2**63


class InputType(StrEnum):
    """The types of the product's word list."""

    STRING = "string"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    TIMESTAMP = "timestamp"
    CHOICE = "choice"
    MULTIPLE_CHOICE = "multiple choice"


_ORDERED: Final = {InputType.INTEGER, InputType.NUMBER, InputType.DATE, InputType.TIMESTAMP}
_CHOOSING: Final = {InputType.CHOICE, InputType.MULTIPLE_CHOICE}


def _bad(name: str, detail: str, next_step: str) -> InvalidError:
    return InvalidError("input_value", f"Input variable {name!r}: {detail}", next_step)


def _most_paths(flat: str) -> int:
    """Return an upper bound of the ways in which a pattern can be walked through a text of 200 characters.

    `flat` has no classes, escapes and repeated groups. Each quantifier can be taken as many ways as it has lengths,
    each group as many ways as it has branches; backtracking tries at most the product.
    """
    paths = 1
    for bounds in re.findall(r"[*+?]|\{[0-9]*,[0-9]*\}", flat):
        low, _, high = bounds.strip("{}").partition(",")
        if bounds == "?":
            paths *= 2
        elif bounds in "*+" or not high or int(high) > PATTERN_TEXT_LENGTH:
            paths *= PATTERN_TEXT_LENGTH + 1
        else:
            paths *= max(int(high) - int(low or 0), 0) + 1
    branches = [1]
    for mark in re.findall(r"[(|)]", flat):
        if mark == "(":
            branches.append(1)
        elif mark == "|":
            branches[-1] += 1
        elif len(branches) > 1:
            paths *= branches.pop()
    return paths * branches[0]


def _check_pattern(pattern: str) -> None:
    """Refuse patterns on which Python's backtracking can take too long.

    Repeated groups, back references and look-around are out. What remains has a bounded number of paths through a
    text of at most 200 characters: as many as three unbounded repetitions have.
    """
    clean_text(pattern, what="pattern", longest=PATTERN_TEXT_LENGTH)
    unescaped = re.sub(r"\\.", "x", pattern, flags=re.DOTALL)
    flat = re.sub(r"\[\^?\]?[^\]]*\]", "c", unescaped)
    hint = "Use character classes and plain repetition, such as [A-Z]{2}[0-9]+."
    if re.search(r"\\[1-9]", pattern) or "(?" in flat or re.search(r"\)[*+{]", flat):
        raise InvalidError("input_pattern", "The pattern repeats a group, looks around or refers back.", hint)
    if _most_paths(flat) > (PATTERN_TEXT_LENGTH + 1) ** 3:
        raise InvalidError("input_pattern", "The pattern has too many repetitions of variable length.", hint)
    try:
        re.compile(pattern)
    except (re.error, OverflowError) as error:
        raise InvalidError("input_pattern", "The pattern is not a regular expression.", hint) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class InputVariable:
    """One variable: its declaration is part of the version; its value comes with each run.

    `low` and `high` bound numbers, dates and timestamps (inclusive; written as text) and the length of strings.
    """

    name: str
    type: InputType
    default: Value | None = None
    description: str = ""
    low: str | None = None
    high: str | None = None
    pattern: str | None = None
    choices: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        """Refuse a declaration that could accept nothing or means nothing.

        Raises:
            InvalidError: with the part that is wrong.
        """
        clean_identifier(self.name, what="name of the input variable")
        clean_text(self.description, what="description of the input variable", longest=150)
        if (self.type in _CHOOSING) != bool(self.choices):
            raise _bad(self.name, "choices go with the types choice and multiple choice.", "Write choice a|b|c.")
        if len(set(self.choices)) != len(self.choices):
            raise _bad(self.name, "a choice is listed twice.", "List each choice once.")
        for choice in self.choices:
            if clean_name(choice, what="choice", longest=TEXT_LENGTH) != choice or "|" in choice:
                raise _bad(self.name, "a choice holds a bar or spaces around it.", "Write choice a|b|c.")
        if self.pattern is not None:
            if self.type is not InputType.STRING:
                raise _bad(self.name, "a pattern goes with strings.", "Remove the pattern.")
            _check_pattern(self.pattern)
        low, high = self._bound(self.low), self._bound(self.high)
        if low is not None and high is not None and low > high:  # type: ignore[operator]  # same type by construction
            raise _bad(self.name, "the lower bound is above the upper one.", "Swap them.")
        if self.default is not None:
            object.__setattr__(self, "default", self.check(self.default))

    def _bound(self, text: str | None) -> int | float | str | None:
        if text is None:
            return None
        if self.type is InputType.STRING:
            length = _integer(self.name, text)
            if not 0 <= length <= TEXT_LENGTH:
                raise _bad(self.name, f"a length is from 0 to {TEXT_LENGTH}.", "Change the bounds.")
            return length
        if self.type not in _ORDERED:
            raise _bad(self.name, f"bounds do not go with {self.type}.", "Remove the bounds.")
        return _PARSERS[self.type](self.name, text)  # type: ignore[return-value]  # ordered types give ordered values

    def check(self, value: object) -> Value:
        """Return `value` in its canonical form.

        Text is read as the variable's type, so that `month=7` typed in a magic and 7 sent as JSON are one value.
        Dates are `YYYY-MM-DD`, timestamps `YYYY-MM-DDTHH:MM:SS.ssssssZ` in UTC.

        Raises:
            InvalidError: not of the type, or outside the constraints. The message does not repeat the value.
        """
        checked = _PARSERS[self.type](self.name, value)
        measured: object = len(checked) if self.type is InputType.STRING and isinstance(checked, str) else checked
        what = "its length" if self.type is InputType.STRING else "the value"
        low, high = self._bound(self.low), self._bound(self.high)
        if low is not None and measured < low:  # type: ignore[operator]  # same type by construction
            raise _bad(self.name, f"{what} is below {self.low}.", f"Allowed: {self.constraint()}.")
        if high is not None and measured > high:  # type: ignore[operator]  # same type by construction
            raise _bad(self.name, f"{what} is above {self.high}.", f"Allowed: {self.constraint()}.")
        matches = self.pattern is None or (
            len(str(checked)) <= PATTERN_TEXT_LENGTH and re.fullmatch(self.pattern, str(checked)) is not None
        )
        if not matches:
            raise _bad(self.name, "the text does not match its pattern.", f"Allowed: {self.constraint()}.")
        if self.type is InputType.CHOICE and checked not in self.choices:
            raise _bad(self.name, "that is none of the choices.", f"Allowed: {self.constraint()}.")
        if isinstance(checked, tuple) and (set(checked) - set(self.choices) or len(set(checked)) != len(checked)):
            raise _bad(self.name, "these are not distinct choices.", f"Allowed: {self.constraint()}.")
        return checked

    def constraint(self) -> str:
        """Return the constraint as a person reads it, such as `integer 1..12`."""
        words = str(self.type)
        if self.choices:
            return f"{words} {'|'.join(self.choices)}"
        if self.low is not None or self.high is not None:
            words += f" {'length ' if self.type is InputType.STRING else ''}{self.low or ''}..{self.high or ''}"
        return f"{words} /{self.pattern}/" if self.pattern is not None else words


def _string(name: str, value: object) -> Value:
    if not isinstance(value, str):
        raise _bad(name, "a text is needed.", "Put it in quotes.")
    return clean_text(value, what=f"value of {name!r}", longest=TEXT_LENGTH)


def _integer(name: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise _bad(name, "an integer is needed.", "Write digits, such as 7.")
    if isinstance(value, str):
        if not re.fullmatch(r"[+-]?[0-9]{1,19}", value.strip()):
            raise _bad(name, "an integer is needed.", "Write digits, such as 7.")
        value = int(value)
    if not -_INT64 <= value < _INT64:
        raise _bad(name, "the integer does not fit 64 bits.", "Use a smaller one.")
    return value


def _number(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise _bad(name, "a number is needed.", "Write it as 1.5.")
    try:
        number = float(value)
    except (ValueError, OverflowError) as error:
        raise _bad(name, "a number is needed.", "Write it as 1.5.") from error
    if not math.isfinite(number):
        raise _bad(name, "the number is not finite.", "Use a finite one.")
    return number + 0.0  # turns -0.0 into 0.0, so that equal values have equal hashes


def _boolean(name: str, value: object) -> bool:
    words = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.strip().lower() in words:
        return words[value.strip().lower()]
    raise _bad(name, "true or false is needed.", "Write true or false.")


def _date(name: str, value: object) -> str:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value.strip()):
        try:
            return date.fromisoformat(value.strip()).isoformat()
        except ValueError as error:
            raise _bad(name, "there is no such day.", "Write it as 2026-12-31.") from error
    raise _bad(name, "a date is needed.", "Write it as 2026-12-31.")


def _timestamp(name: str, value: object) -> str:
    moment = value
    if isinstance(moment, str):
        try:
            moment = datetime.fromisoformat(moment.strip())
        except ValueError as error:
            raise _bad(name, "a timestamp is needed.", "Write it as 2026-12-31T08:00:00Z.") from error
    if not isinstance(moment, datetime):
        raise _bad(name, "a timestamp is needed.", "Write it as 2026-12-31T08:00:00Z.")
    zoned = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    try:
        return zoned.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ").zfill(27)
    except (ValueError, OverflowError) as error:
        raise _bad(name, "the timestamp is out of range.", "Write it as 2026-12-31T08:00:00Z.") from error


def _choice(name: str, value: object) -> Value:
    return _string(name, value)


def _split_choices(text: str) -> list[str]:
    return [part.strip() for part in text.split("|")] if text.strip() else []


def _choices(name: str, value: object) -> Value:
    parts: object = _split_choices(value) if isinstance(value, str) else value
    if not isinstance(parts, list | tuple) or not all(isinstance(part, str) for part in parts):
        raise _bad(name, "a list of choices is needed.", "Write them as a|b.")
    return tuple(parts)


_PARSERS: Final = {
    InputType.STRING: _string,
    InputType.INTEGER: _integer,
    InputType.NUMBER: _number,
    InputType.BOOLEAN: _boolean,
    InputType.DATE: _date,
    InputType.TIMESTAMP: _timestamp,
    InputType.CHOICE: _choice,
    InputType.MULTIPLE_CHOICE: _choices,
}


def check_declarations(variables: Sequence[InputVariable]) -> tuple[InputVariable, ...]:
    """Return the declarations of one job.

    Raises:
        InvalidError: two have one name, or there are more than 50.
    """
    names = [variable.name for variable in variables]
    if len(set(names)) != len(names):
        raise InvalidError("input_twice", "Two input variables have the same name.", "Rename one.")
    if len(names) > MOST_INPUTS:
        raise InvalidError("inputs_many", f"There are more than {MOST_INPUTS} input variables.", "Remove some.")
    return tuple(variables)


def check_values(variables: Sequence[InputVariable], given: Mapping[str, object]) -> dict[str, Value]:
    """Return one canonical value for every variable, defaults filled in, in the order of the declarations.

    Raises:
        InvalidError: a value is missing, unknown, of the wrong type or outside its constraint.
    """
    unknown = sorted(set(given) - {variable.name for variable in variables})
    if unknown:
        known = ", ".join(variable.name for variable in variables) or "none"
        raise InvalidError("input_unknown", f"There is no input variable {unknown[0]!r}.", f"Known: {known}.")
    values: dict[str, Value] = {}
    for variable in variables:
        if variable.name in given:
            values[variable.name] = variable.check(given[variable.name])
        elif variable.default is not None:
            values[variable.name] = variable.default
        else:
            raise _bad(variable.name, "no value was given and it has no default.", f"Give {variable.constraint()}.")
    return values


_DECLARATION = re.compile(
    r"""\s*(?P<name>\S+)\s+(?P<type>string|integer|number|boolean|date|timestamp|multiple\ choice|choice)
        (?:\s+(?P<pattern>/.*/))?(?:\s+(?P<constraint>[^="/][^="]*?))?(?:\s*=\s*(?P<default>.*?))?
        (?:\s+"(?P<description>[^"]*)")?\s*\Z""",
    re.VERBOSE,
)


def parse_declaration(text: str) -> InputVariable:
    """Read a declaration as the magic writes it.

    Forms: `month integer 1..12 = 1`, `carrier choice AA|UA = UA`, `code string /[A-Z]{2}/`, `name string 1..20`,
    each with an optional description in double quotes at the end.

    Raises:
        InvalidError: it cannot be read so.
    """
    match = _DECLARATION.match(text)
    if not match:
        raise InvalidError(
            "input_declaration",
            "The declaration of an input variable cannot be read.",
            'Write name, type, constraint and default, such as "month integer 1..12 = 1".',
        )
    kind = InputType(match["type"])
    constraint = (match["constraint"] or "").strip()
    low = high = None
    choices: tuple[str, ...] = ()
    if constraint and kind in _CHOOSING:
        choices = tuple(choice.strip() for choice in constraint.split("|"))
    elif constraint:
        parts = constraint.split("..")
        if len(parts) != 2:  # noqa: PLR2004 -- a range has two ends
            raise InvalidError("input_declaration", "The range cannot be read.", "Write it as 1..12.")
        low, high = (part.strip() or None for part in parts)
    pattern = match["pattern"][1:-1] if match["pattern"] else None
    return InputVariable(
        name=match["name"],
        type=kind,
        default=match["default"],
        description=match["description"] or "",
        low=low,
        high=high,
        pattern=pattern,
        choices=choices,
    )
