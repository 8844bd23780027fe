"""The columns of a SQL query, followed from the tables of the job: every form is either followed whole or refused."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from sqlglot import exp

from jupyter_secure_jobs.flow.forms import MISSING, arguments, merged, named_as, only, without
from jupyter_secure_jobs.flow.rows import (
    AS_IT_IS,
    COMPUTED,
    CONSTANT,
    NOTHING,
    Attribute,
    Rows,
    Scope,
    Source,
    Sources,
    all_sources,
)
from jupyter_secure_jobs.flow.sql_text import UnreadableError
from jupyter_secure_jobs.flow.values import Values, label

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# Star upon star over wide tables grows without bound; each column made and each column of the data in it counts.
MOST_WORK: Final = 300_000
_SELECT: Final = frozenset(
    {"expressions", "from_", "joins", "laterals", "where", "group", "having", "qualify", "windows", "distinct", "order",
     "sort", "cluster", "distribute", "limit", "offset", "with_"}
)  # fmt: skip
_ENDS: Final = ("order", "sort", "cluster", "distribute", "limit", "offset")


@dataclass(slots=True, kw_only=True)
class Reader:
    """Reads queries. `tables`: the job's tables by name, each with its columns.

    `places` gathers what the text names: the offset and length of a word, and the column or table.
    """

    tables: Mapping[str, Sequence[str]]
    views: dict[str, Rows] = field(default_factory=dict)
    places: list[tuple[int, int, Source]] = field(default_factory=list)
    _work: int = 0

    def statements(self, parsed: Sequence[exp.Expr]) -> Rows:
        """Return the rows of the last statement; those before it may make views.

        Raises:
            UnreadableError: a statement is neither a query nor a new view, or a query is not followed.
        """
        for each in parsed[:-1]:
            if isinstance(each, exp.Create):
                self._view(each)
            elif not isinstance(each, exp.Query):
                raise UnreadableError(MISSING.format(label(each)))
        if not parsed or not isinstance(parsed[-1], exp.Query):
            raise UnreadableError("The last statement is no query in a form that is followed here.")
        return _Reading(reader=self, known={}).query(parsed[-1], None)

    def _view(self, node: exp.Create) -> None:
        only(node, {"this", "kind", "replace", "expression", "properties"})
        target, columns = node.this, []
        if isinstance(target, exp.Schema):
            columns, target = [each.name for each in target.expressions], target.this
        properties = node.args.get("properties")
        kinds = properties.expressions if properties is not None else ()
        temporary = all(isinstance(each, exp.TemporaryProperty) for each in kinds)
        plain = isinstance(target, exp.Table) and isinstance(target.this, exp.Identifier) and not target.db
        if node.kind != "VIEW" or not temporary or not plain or not isinstance(node.expression, exp.Query):
            raise UnreadableError(MISSING.format(label(node)))
        name = target.name
        if name.lower() in {each.lower() for each in (*self.tables, *self.views)}:
            raise UnreadableError(f"The view {name[:60]!r} takes the place of another table or view.")
        rows = _Reading(reader=self, known={}).query(node.expression, None)
        self.views[name] = rows.renamed(None, columns)

    def spend(self, rows: Rows) -> Rows:
        """Count the work.

        Raises:
            UnreadableError: it is too much.
        """
        self._work += len(rows.conditions) + sum(1 + len(each.sources) for each in rows.attributes)
        if self._work > MOST_WORK:
            raise UnreadableError("The query makes too many columns to be followed here.")
        return rows


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """One place in a text: which names of WITH are known there."""

    reader: Reader
    known: Mapping[str, Rows]

    def named(self, column: exp.Column, meant: Attribute) -> None:
        place = column.this.meta
        if meant.how == AS_IT_IS and len(meant.sources) == 1 and "start" in place:
            (source,) = meant.sources
            self.reader.places.append((place["start"], place["end"] + 1 - place["start"], source))

    def query(self, node: exp.Expr, outer: Scope | None) -> Rows:
        """Return the rows of a query."""
        here = self._with(node, outer)
        if isinstance(node, exp.Subquery):
            only(node, {"this", "alias", "with_", *_ENDS})
            if not isinstance(node.this, exp.Query):
                raise UnreadableError(MISSING.format(label(node)))
            return here.ended(node, here.query(node.this, outer), outer)
        if isinstance(node, exp.Select):
            return self.reader.spend(_Select(reading=here, node=node, outer=outer).rows())
        if isinstance(node, exp.SetOperation):
            return self.reader.spend(here.ended(node, here.combined(node, outer), outer))
        raise UnreadableError(MISSING.format(label(node)))

    def _with(self, node: exp.Expr, outer: Scope | None) -> _Reading:
        clause = node.args.get("with_")
        if clause is None:
            return self
        only(clause, {"expressions"})
        here, seen = self, set[str]()
        for each in clause.expressions:
            only(each, {"this", "alias"})
            name = each.alias
            if name.lower() in seen:
                raise UnreadableError(f"WITH gives the name {name[:60]!r} twice.")
            seen.add(name.lower())
            columns = [column.name for column in each.args["alias"].columns]
            rows = here.query(each.this, outer).renamed(None, columns)
            here = replace(here, known={**here.known, name: rows})
        return here

    def ended(self, node: exp.Expr, rows: Rows, outer: Scope | None) -> Rows:
        """Add what an ORDER BY or LIMIT after a query in parentheses or after a UNION reads."""
        more = self.end(node, Scope(attributes=rows.attributes, outer=outer), rows.attributes)
        return replace(rows, conditions=rows.conditions | more)

    def end(self, node: exp.Expr, scope: Scope, output: Sequence[Attribute]) -> Sources:
        found = NOTHING
        for name in _ENDS:
            part = node.args.get(name)
            if part is None:
                continue
            for each in part.expressions or [part.expression]:
                found |= self.listed(each, scope, output)
        return found

    def listed(self, node: exp.Expr, scope: Scope, output: Sequence[Attribute]) -> Sources:
        """Return what an entry of GROUP BY or ORDER BY reads; it may be the number of a column, or all of them."""
        inner = node.this if isinstance(node, exp.Ordered) else node
        if isinstance(inner, exp.Literal) and not inner.is_string and isinstance(node.parent, exp.Order | exp.Group):
            number = int(inner.this) if inner.this.isdigit() else 0
            if not 1 <= number <= len(output):
                raise UnreadableError("A number in GROUP BY or ORDER BY is that of no column.")
            return output[number - 1].sources
        if isinstance(inner, exp.Var) and inner.name.upper() == "ALL":
            return all_sources(output)
        return Values(queries=self).sources(inner, scope)

    def combined(self, node: exp.SetOperation, outer: Scope | None) -> Rows:
        """Return the rows of a UNION, EXCEPT or INTERSECT, without its ORDER BY."""
        only(node, {"this", "expression", "distinct", "by_name", "with_", *_ENDS})
        left, right = self.query(node.this, outer), self.query(node.expression, outer)
        others = right.attributes
        if node.args.get("by_name"):
            by_name = {(each.name or "").lower(): each for each in others}
            wanted = [(each.name or "").lower() for each in left.attributes]
            if len(by_name) != len(others) or set(wanted) != set(by_name) or "" in by_name:
                raise UnreadableError("A UNION BY NAME has other names on its two sides.")
            others = tuple(by_name[name] for name in wanted)
        if len(others) != len(left.attributes):
            raise UnreadableError("The two sides of a UNION, EXCEPT or INTERSECT have different numbers of columns.")
        conditions = left.conditions | right.conditions
        if node.args.get("distinct") or not isinstance(node, exp.Union):
            conditions |= all_sources((*left.attributes, *others))
        if isinstance(node, exp.Except):
            return Rows(attributes=left.attributes, conditions=conditions)
        pairs = zip(left.attributes, others, strict=True)
        made = (
            replace(one, how=one.how if one.how == two.how else f"{one.how} or {two.how}"[:200],
                    sources=one.sources | two.sources)
            for one, two in pairs
        )  # fmt: skip
        return Rows(attributes=tuple(made), conditions=conditions)

    def relation(self, node: exp.Expr, outer: Scope | None, beside: Rows | None) -> Rows:
        """Return what stands in a FROM or a JOIN; `beside` is what stands before it, for LATERAL."""
        if isinstance(node, exp.Table):
            rows = self._table(node)
        elif isinstance(node, exp.Subquery):
            only(node, {"this", "alias", "with_", "joins", "sample", *_ENDS})
            if isinstance(node.this, exp.Query):
                rows = self.query(without(node, "joins", "sample"), outer).renamed(*named_as(node))
            else:
                only(node, {"this", "alias", "joins"})
                rows = self.relation(node.this, outer, None)
                rows = rows.renamed(*named_as(node)) if node.args.get("alias") else rows
        elif isinstance(node, exp.Values):
            rows = self._values(node, outer)
        elif isinstance(node, exp.Lateral):
            around = Scope(attributes=beside.attributes if beside else (), outer=outer)
            rows = self._lateral(node, around)
        else:
            raise UnreadableError(MISSING.format(label(node)))
        for join in node.args.get("joins") or ():
            rows = self.join(join, rows, outer)
        return self.reader.spend(rows)

    def _table(self, node: exp.Table) -> Rows:
        only(node, {"this", "alias", "joins", "sample"})
        relation, columns = named_as(node)
        if isinstance(node.this, exp.Anonymous) and node.this.name.lower() == "range":
            if any(not isinstance(each, exp.Literal | exp.Placeholder) for each in node.this.expressions):
                raise UnreadableError(MISSING.format(label(node)))
            made = Rows(attributes=(Attribute(name="id", label="id", how=CONSTANT, sources=NOTHING),))
            return made.renamed(relation, columns)
        if not isinstance(node.this, exp.Identifier):
            raise UnreadableError(MISSING.format(label(node)))
        name = node.name
        every = (self.known, self.reader.views, self.reader.tables)
        spelled = {each for names in every for each in names if each.lower() == name.lower()}
        if len(spelled) > 1:
            raise UnreadableError(f"Two tables are called {name[:60]!r} but for the case of letters.")
        if not spelled:
            raise UnreadableError(f"{name[:60]!r} is not among the tables of the job.")
        (spelling,) = spelled
        for names in (self.known, self.reader.views):
            if spelling in names:
                return names[spelling].renamed(relation or name, columns)
        place = node.this.meta
        if "start" in place:
            self.reader.places.append(
                (place["start"], place["end"] + 1 - place["start"], Source(table=spelling, column=""))
            )
        attributes = tuple(
            Attribute(name=each, label=each, how=AS_IT_IS, sources=frozenset({Source(table=spelling, column=each)}))
            for each in self.reader.tables[spelling]
        )
        return Rows(attributes=attributes).renamed(relation or name, columns)

    def _values(self, node: exp.Values, outer: Scope | None) -> Rows:
        only(node, {"expressions", "alias"})
        width, found = 0, NOTHING
        for each in node.expressions:
            cells = each.expressions if isinstance(each, exp.Tuple) else [each]
            width = max(width, len(cells))
            found |= NOTHING.union(
                *(Values(queries=self).sources(cell, Scope(attributes=(), outer=outer)) for cell in cells)
            )
        made = (Attribute(name=f"col{n}", label=f"col{n}", how=COMPUTED if found else CONSTANT, sources=found)
                for n in range(1, width + 1))  # fmt: skip
        return Rows(attributes=tuple(made)).renamed(*named_as(node))

    def _lateral(self, node: exp.Lateral, around: Scope) -> Rows:
        only(node, {"this", "alias", "view", "outer"})
        relation, columns = named_as(node)
        if isinstance(node.this, exp.Query):
            return self.query(node.this, around).renamed(relation, columns)
        if not columns:
            raise UnreadableError("A LATERAL VIEW gives its columns no names.")
        found = NOTHING.union(*(Values(queries=self).sources(each, around) for each in arguments(node.this)))
        made = (Attribute(name=each, label=each, how=COMPUTED, sources=found) for each in columns)
        # How many rows there are depends on what is taken apart.
        return Rows(attributes=tuple(made), conditions=found).renamed(relation, ())

    def join(self, node: exp.Join, left: Rows, outer: Scope | None) -> Rows:
        """Return two relations as one."""
        only(node, {"this", "side", "kind", "method", "on", "using"})
        words = {word for word in (node.side, node.kind, node.method) if word}
        if not words <= {"LEFT", "RIGHT", "FULL", "INNER", "CROSS", "OUTER", "SEMI", "ANTI", "NATURAL"}:
            raise UnreadableError(MISSING.format(" ".join(sorted(words)) + " JOIN"))
        right = self.relation(node.this, outer, left)
        conditions = left.conditions | right.conditions
        both = (*left.attributes, *right.attributes)
        keys = [each.name for each in node.args.get("using") or ()]
        if "NATURAL" in words:
            names = [each.name for each in left.attributes if not each.hidden and each.name is not None]
            keys = [name for name in names if any(each.called(name) and not each.hidden for each in right.attributes)]
        if node.args.get("on") is not None:
            conditions |= Values(queries=self).sources(node.args["on"], Scope(attributes=both, outer=outer))
        for name in keys:
            pair = [Scope(attributes=side.attributes).find([name]) for side in (left, right)]
            conditions |= all_sources(pair)
        if words & {"SEMI", "ANTI"}:
            # That rows of the other side exist decides, whatever its columns.
            return Rows(attributes=left.attributes, conditions=conditions)
        if keys:
            both = merged(keys, left, right, words)
        return Rows(attributes=both, conditions=conditions)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Select:
    reading: _Reading
    node: exp.Select
    outer: Scope | None

    def rows(self) -> Rows:
        node, reading = self.node, self.reading
        only(node, _SELECT)
        values = Values(queries=reading)
        source = self._source()
        conditions = source.conditions
        plain = Scope(attributes=source.attributes, outer=self.outer)
        windows = NOTHING.union(*(values.sources(part, plain) for each in node.args.get("windows") or ()
                                  for part in each.iter_expressions() if part is not each.this))  # fmt: skip
        plain = replace(plain, windows=windows)
        output = self._output(values, plain)
        conditions |= windows
        where = node.args.get("where")
        if where is not None:
            conditions |= values.sources(where, plain)
        named = {each.name.lower(): each for each in output if each.name is not None}
        loose = replace(plain, aliases=named, both=True)
        for name in ("having", "qualify"):
            part = node.args.get(name)
            if part is not None:
                conditions |= values.sources(part.this, loose)
        conditions |= self._groups(loose, output) | reading.end(node, loose, output)
        distinct = node.args.get("distinct")
        if distinct is not None:
            only(distinct, frozenset())
            conditions |= all_sources(output)
        return Rows(attributes=tuple(output), conditions=conditions)

    def _source(self) -> Rows:
        clause = self.node.args.get("from_")
        joins = self.node.args.get("joins") or ()
        if clause is None:
            if joins or self.node.args.get("laterals"):
                raise UnreadableError(MISSING.format("JOIN without FROM"))
            return Rows(attributes=())
        only(clause, {"this"})
        rows = self.reading.relation(clause.this, self.outer, None)
        for each in joins:
            rows = self.reading.join(each, rows, self.outer)
        for each in self.node.args.get("laterals") or ():
            made = self.reading.relation(each, self.outer, rows)
            rows = Rows(attributes=(*rows.attributes, *made.attributes), conditions=rows.conditions | made.conditions)
        return self.reading.reader.spend(rows)

    def _output(self, values: Values, plain: Scope) -> list[Attribute]:
        output: list[Attribute] = []
        seen: dict[str, Attribute] = {}
        here = replace(plain, aliases=seen)
        for each in self.node.expressions:
            star = each.this if isinstance(each, exp.Column) and isinstance(each.this, exp.Star) else each
            if isinstance(star, exp.Star):
                output += self._star(star, plain.star(each.table if star is not each else None))
                continue
            made = values.attribute(each, here)
            output.append(made)
            if made.name is not None:
                seen[made.name.lower()] = made
        return output

    def _star(self, star: exp.Star, found: Sequence[Attribute]) -> list[Attribute]:
        only(star, {"except_"})
        left_out = []
        for each in star.args.get("except_") or ():
            name = each.name if isinstance(each, exp.Identifier | exp.Column) else ""
            if not any(made.called(name) for made in found) or (isinstance(each, exp.Column) and each.table):
                raise UnreadableError("What * EXCEPT leaves out is not certain.")
            left_out.append(name.lower())
        kept = [each for each in found if (each.name or "").lower() not in left_out]
        return [replace(each, relations=frozenset(), hidden=False, merged=False) for each in kept]

    def _groups(self, loose: Scope, output: Sequence[Attribute]) -> Sources:
        group = self.node.args.get("group")
        if group is None:
            return NOTHING
        only(group, {"expressions", "all", "rollup", "cube", "grouping_sets"})
        found = all_sources(output) if group.args.get("all") else NOTHING
        for each in group.expressions:
            found |= self.reading.listed(each, loose, output)
        for name in ("rollup", "cube", "grouping_sets"):
            for each in group.args.get(name) or ():
                for part in each.iter_expressions():
                    found |= Values(queries=self.reading).sources(part, loose)
        return found
