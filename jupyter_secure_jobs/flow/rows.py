"""Rows as the following of columns sees them: named columns, each with the columns of the data that it comes from."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from jupyter_secure_jobs.flow.sql_text import UnreadableError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

AS_IT_IS: Final = "as it is"
CONSTANT: Final = "constant"
COMPUTED: Final = "computed"


@dataclass(frozen=True, slots=True, order=True)
class Source:
    """A column of one of the job's tables."""

    table: str
    column: str


Sources = frozenset[Source]
NOTHING: Final[Sources] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """One column of some rows. `name` is None where the engine makes one up; `relations` are names it goes by.

    `hidden`: only a name with its relation leads to it, as to the second key of a join USING. `merged`: it was a key of
    such a join, where engines differ on what `relation.*` holds.
    """

    name: str | None
    label: str
    how: str
    sources: Sources
    relations: frozenset[str] = frozenset()
    hidden: bool = False
    merged: bool = False

    def called(self, name: str) -> bool:
        """Whether it has this name; letter case does not count."""
        return self.name is not None and self.name.lower() == name.lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Columns in their order, and the columns of the data that decide which rows there are."""

    attributes: tuple[Attribute, ...]
    conditions: Sources = NOTHING

    def renamed(self, relation: str | None, columns: Sequence[str]) -> Rows:
        """Return them under the name of a relation, with these names for the columns if any are given.

        Raises:
            UnreadableError: there are more or fewer names than columns.
        """
        found = [each for each in self.attributes if not each.hidden]
        if columns and len(columns) != len(found):
            raise UnreadableError("A list of names for columns has another length than the columns.")
        names: Sequence[str | None] = columns or [each.name for each in found]
        relations = frozenset({relation.lower()}) if relation else frozenset()
        made = (
            replace(each, name=name, label=name or each.label, relations=relations, merged=False)
            for each, name in zip(found, names, strict=True)
        )
        return replace(self, attributes=tuple(made))


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What names mean at one place of a query. `aliases`: columns that the same query made; `both`: they count as well.

    Where a clause may mean the input or the output of a query, `both` takes either: nothing is left out.
    """

    attributes: tuple[Attribute, ...]
    outer: Scope | None = None
    aliases: Mapping[str, Attribute] = field(default_factory=dict)
    both: bool = False
    windows: Sources = NOTHING
    _index: dict[str, list[Attribute]] = field(init=False, default_factory=dict, repr=False, compare=False)

    def find(self, parts: Sequence[str]) -> Attribute:
        """Return what a name means: a column, `relation.column`, or a field of a column.

        Raises:
            UnreadableError: nothing, or more than one thing.
        """
        found = self._here(parts)
        if found is not None:
            return found
        if self.outer is None:
            raise UnreadableError(f"It is not certain what {'.'.join(parts)[:100]!r} names.")
        if any(each.name is None for each in self.attributes):
            raise UnreadableError("A column without a name of its own is named, or a column of an outer query.")
        return self.outer.find(parts)

    def _here(self, parts: Sequence[str]) -> Attribute | None:
        found = self._qualified(parts)
        if not found:
            found = self._plain(parts[0])
            if len(parts) > 1:
                found = [_field(each, parts[-1]) for each in found]
        if len(found) > 1:
            raise UnreadableError(f"{'.'.join(parts)[:100]!r} may be either of two columns.")
        alias = self.aliases.get(parts[0].lower()) if len(parts) == 1 else None
        if alias is None:
            return found[0] if found else None
        if found:
            return replace(found[0], how=COMPUTED, sources=found[0].sources | alias.sources) if self.both else found[0]
        if self.outer is not None and not self.both and self.outer.knows(parts):
            raise UnreadableError(f"{parts[0][:100]!r} may be a column of this query or of the one around it.")
        return alias

    def _qualified(self, parts: Sequence[str]) -> list[Attribute]:
        """Return what `relation.column` names, and `relation.column.field`."""
        if len(parts) == 1:
            return []
        relation, name = parts[0].lower(), ".".join(parts)[:100]
        found = [each for each in self._named(parts[1]) if relation in each.relations]
        column = bool(self._plain(parts[0]))
        if found and column:
            raise UnreadableError(f"{name!r} may be a column or a field of one.")
        if not found and not column and any(relation in each.relations for each in self.attributes):
            raise UnreadableError(f"It is not certain what {name!r} names.")
        deeper = len(parts) > 2  # noqa: PLR2004 -- relation, column, then fields
        return [_field(each, parts[-1]) for each in found] if deeper else found

    def _named(self, name: str) -> list[Attribute]:
        if not self._index:
            for each in self.attributes:
                if each.name is not None:
                    self._index.setdefault(each.name.lower(), []).append(each)
        return self._index.get(name.lower(), [])

    def _plain(self, name: str) -> list[Attribute]:
        return [each for each in self._named(name) if not each.hidden]

    def knows(self, parts: Sequence[str]) -> bool:
        """Whether a name may mean something here or further out."""
        name = parts[0]
        return bool(self._named(name)) or bool(self.outer and self.outer.knows(parts))

    def star(self, relation: str | None = None) -> tuple[Attribute, ...]:
        """Return the columns of `*` or of `relation.*`.

        Raises:
            UnreadableError: there is no such relation, or engines differ on what it holds.
        """
        if relation is None:
            return tuple(each for each in self.attributes if not each.hidden)
        found = tuple(each for each in self.attributes if relation.lower() in each.relations)
        if not found:
            raise UnreadableError(f"It is not certain what {relation[:100]}.* holds.")
        if any(each.merged for each in found):
            raise UnreadableError(f"Engines differ on what {relation[:100]}.* holds after a join by equal names.")
        return found


def _field(of: Attribute, name: str) -> Attribute:
    return replace(of, name=name, label=name, how=COMPUTED, hidden=False)


def all_sources(attributes: Iterable[Attribute]) -> Sources:
    """Return the columns of the data that any of these come from."""
    return NOTHING.union(*(each.sources for each in attributes))


def all_of(rows: Rows) -> Sources:
    """Return all columns of the data that these rows tell anything of."""
    return all_sources(rows.attributes) | rows.conditions
