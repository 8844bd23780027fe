"""Input variables between the wire and the domain, whose checks are the same on every side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_secure_jobs.domain.inputs import (
    InputVariable,
    check_declarations,
    check_values,
    parse_declaration,
)
from jupyter_secure_jobs.wire.job import InputVariableWire

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from jupyter_secure_jobs.domain.inputs import Value
    from jupyter_secure_jobs.wire.run import InputValue


def on_wire(value: Value) -> InputValue:
    """Return a checked value as JSON has it."""
    return list(value) if isinstance(value, tuple) else value


def wire_of(variable: InputVariable) -> InputVariableWire:
    """Return the declaration as it is sent."""
    return InputVariableWire(
        name=variable.name,
        type=str(variable.type),
        default=None if variable.default is None else on_wire(variable.default),
        description=variable.description,
        low=variable.low,
        high=variable.high,
        pattern=variable.pattern,
        choices=list(variable.choices),
        constraint=variable.constraint(),
    )


def declarations(texts: Iterable[str | InputVariable]) -> list[InputVariableWire]:
    """Return declarations as they are sent, from texts such as `month integer 1..12 = 1` or ready variables.

    Raises:
        InvalidError: one cannot be read, two have one name, or there are too many.
    """
    read = [parse_declaration(text) if isinstance(text, str) else text for text in texts]
    return [wire_of(variable) for variable in check_declarations(read)]


def values(declared: Sequence[InputVariableWire], given: Mapping[str, object]) -> dict[str, InputValue]:
    """Return a canonical value for every declared variable, defaults filled in.

    Raises:
        InvalidError: a value is missing, unknown or outside its constraint.
    """
    checked = check_values([wire.declared() for wire in declared], given)
    return {name: on_wire(value) for name, value in checked.items()}
