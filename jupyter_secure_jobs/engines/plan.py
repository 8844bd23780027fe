"""The columns of a Spark Connect plan, followed relation by relation: a form is either followed whole or refused."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from jupyter_secure_jobs.engines.plan_names import Plans, made_in_python, only, paired_by_name, shown, through_python
from jupyter_secure_jobs.engines.plan_values import Expressions, parts_of, tag, unfollowed
from jupyter_secure_jobs.flow.forms import merged
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

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


# By the numbers of spark/connect/relations.proto.
_JOINS: Final = {1: "INNER", 2: "FULL", 3: "LEFT", 4: "RIGHT", 5: "ANTI", 6: "SEMI", 7: "CROSS"}
_INTERSECT, _UNION, _EXCEPT = 1, 2, 3
_GROUP_BY, _ROLLUP, _CUBE, _PIVOT, _GROUPING_SETS = 1, 2, 3, 4, 5
# What changes neither the columns nor, by anything of theirs, the rows: the fields that each may have.
_THROUGH: Final = {
    "limit": {"input", "limit"},
    "offset": {"input", "offset"},
    "tail": {"input", "limit"},
    "sample": {"input", "lower_bound", "upper_bound", "with_replacement", "seed", "deterministic_order"},
    "repartition": {"input", "num_partitions", "shuffle"},
    "hint": {"input", "name", "parameters"},
    "show_string": {"input", "num_rows", "truncate", "vertical"},
    "html_string": {"input", "num_rows", "truncate"},
}


def rows_of(plans: Plans, relation: Any) -> Rows:  # noqa: ANN401 -- the types of the plan are generated
    """Return the rows of a relation.

    Raises:
        UnreadableError: it has a form that is not followed.
        RecursionError: it is nested too deeply.
    """
    return _Relations(plans=plans, views=plans.views, subqueries={}).rows(relation)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Relations:
    plans: Plans
    views: Mapping[str, Rows]
    subqueries: Mapping[int, Rows]

    def rows(self, relation: Any) -> Rows:  # noqa: ANN401 -- as above
        kind = relation.WhichOneof("rel_type")
        read = self._forms().get(kind)
        if read is None and kind not in _THROUGH:
            unfollowed()
        part = getattr(relation, kind)
        if read is None:
            only(part, *_THROUGH[kind])
        found = self.plans.spend(read(part) if read is not None else self.rows(part.input))
        if not relation.common.HasField("plan_id"):
            return found
        number = tag(relation.common.plan_id)
        attributes = (
            each if each.hidden else replace(each, relations=each.relations | {number}) for each in found.attributes
        )
        return replace(found, attributes=tuple(attributes))

    def _forms(self) -> dict[str, Callable[[Any], Rows]]:
        return {
            "read": self._read, "project": self._project, "filter": self._filter, "join": self._join,
            "set_op": self._set_operation, "sort": self._sort, "aggregate": self._aggregate, "sql": self._sql,
            "local_relation": self._local, "range": self._range, "deduplicate": self._deduplicate,
            "subquery_alias": self._alias, "repartition_by_expression": self._repartition, "to_df": self._to_df,
            "with_columns": self._with_columns, "with_columns_renamed": self._renamed, "drop": self._drop,
            "unpivot": self._unpivot, "to_schema": self._to_schema, "map_partitions": self._map_partitions,
            "group_map": self._group_map, "with_relations": self._with_relations, "fill_na": self._fill,
            "drop_na": self._drop_na, "replace": self._replace, "sample_by": self._sample_by,
        }  # fmt: skip

    def _expressions(self) -> Expressions:
        return Expressions(registered=frozenset(self.plans.registered), subqueries=self.subqueries)

    def _sources(self, nodes: Sequence[Any], rows: Rows) -> Sources:
        scope, read = Scope(attributes=rows.attributes), self._expressions()
        return NOTHING.union(*(read.sources(each, scope) for each in nodes))

    def _deciding(self, rows: Rows, nodes: Sequence[Any]) -> Rows:
        return replace(rows, conditions=rows.conditions | self._sources(nodes, rows))

    def _named(self, rows: Rows, names: Sequence[str]) -> list[Attribute]:
        scope = Scope(attributes=rows.attributes)
        return [scope.find([name]) for name in names]

    def _read(self, part: Any) -> Rows:  # noqa: ANN401 -- as above
        only(part, "named_table")
        only(part.named_table, "unparsed_identifier")
        parts = parts_of(part.named_table.unparsed_identifier)
        if len(parts) != 1:
            unfollowed()
        (name,) = parts
        low = name.lower()
        if low in self.views:
            return self.views[low].renamed(name, ())
        found = [each for each in self.plans.tables if each.lower() == low]
        if len(found) != 1:
            raise UnreadableError("A name is not that of a table of the job.")
        (spelling,) = found
        attributes = tuple(
            Attribute(name=each, label=each, how=AS_IT_IS, sources=frozenset({Source(table=spelling, column=each)}))
            for each in self.plans.tables[spelling]
        )
        return Rows(attributes=attributes).renamed(name, ())

    def _project(self, part: Any) -> Rows:  # noqa: ANN401 -- as above
        only(part, "input", "expressions")
        inner = self.rows(part.input) if part.HasField("input") else Rows(attributes=())
        scope, read = Scope(attributes=inner.attributes), self._expressions()
        made = [each for node in part.expressions for each in read.attributes(node, scope)]
        return Rows(attributes=tuple(made), conditions=inner.conditions | read.deciding)

    def _filter(self, part: Any) -> Rows:  # noqa: ANN401 -- as above
        only(part, "input", "condition")
        return self._deciding(self.rows(part.input), [part.condition])

    def _sort(self, part: Any) -> Rows:  # noqa: ANN401 -- as above
        only(part, "input", "order", "is_global")
        # A whole number there may be the place of a column.
        if any(each.child.WhichOneof("expr_type") == "literal" for each in part.order):
            unfollowed()
        return self._deciding(self.rows(part.input), [each.child for each in part.order])

    def _repartition(self, part: Any) -> Rows:  # noqa: ANN401 -- as above
        only(part, "input", "partition_exprs", "num_partitions")
        return self._deciding(self.rows(part.input), part.partition_exprs)

    def _sample_by(self, part: Any) -> Rows:  # noqa: ANN401 -- as above
        only(part, "input", "col", "fractions", "seed")
        return self._deciding(self.rows(part.input), [part.col])

    def _deduplicate(self, part: Any) -> Rows:  # noqa: ANN401 -- as above
        only(part, "input", "column_names", "all_columns_as_keys", "within_watermark")
        if part.within_watermark:
            unfollowed()
        inner = self.rows(part.input)
        keys = self._named(inner, part.column_names) if part.column_names else shown(inner)
        return replace(inner, conditions=inner.conditions | all_sources(keys))

    def _alias(self, part: Any) -> Rows:  # noqa: ANN401 -- as above
        only(part, "input", "alias")
        inner = self.rows(part.input)
        numbers = [frozenset(each for each in old.relations if each.startswith("\0")) for old in shown(inner)]
        found = inner.renamed(part.alias, ())
        attributes = (
            replace(each, relations=each.relations | kept) for each, kept in zip(found.attributes, numbers, strict=True)
        )
        return replace(found, attributes=tuple(attributes))

    def _to_df(self, part: Any) -> Rows:  # noqa: ANN401 -- as above
        only(part, "input", "column_names")
        return self.rows(part.input).renamed(None, part.column_names)

    def _with_columns(self, part: Any) -> Rows:  # noqa: ANN401 -- as above
        only(part, "input", "aliases")
        inner = self.rows(part.input)
        scope, read = Scope(attributes=inner.attributes), self._expressions()
        made = list(shown(inner))
        for each in part.aliases:
            if len(each.name) != 1:
                unfollowed()
            column = read.attributes(each.expr, scope)
            if len(column) != 1:
                unfollowed()
            name = each.name[0]
            new = Attribute(name=name, label=name, how=column[0].how, sources=column[0].sources)
            places = [place for place, old in enumerate(made) if old.called(name)]
            for place in places:
                made[place] = new
            if not places:
                made.append(new)
        return Rows(attributes=tuple(made), conditions=inner.conditions | read.deciding)

    def _renamed(self, part: Any) -> Rows:  # noqa: ANN401 -- as above
        only(part, "input", "renames", "rename_columns_map")
        inner = self.rows(part.input)
        made = list(shown(inner))
        pairs = [(each.col_name, each.new_col_name) for each in part.renames] or list(part.rename_columns_map.items())
        if len(pairs) > 1 and {new.lower() for _, new in pairs} & {old.lower() for old, _ in pairs}:
            # Engines differ on whether one new name is renamed again.
            unfollowed()
        for old, new in pairs:
            made = [replace(each, name=new, label=new, relations=frozenset()) if each.called(old) else each
                    for each in made]  # fmt: skip
        return replace(inner, attributes=tuple(made))

    def _drop(self, part: Any) -> Rows:  # noqa: ANN401 -- as above
        only(part, "input", "columns", "column_names")
        inner = self.rows(part.input)
        scope, read = Scope(attributes=inner.attributes), self._expressions()
        gone: list[Attribute] = []
        for each in part.columns:
            if each.WhichOneof("expr_type") != "unresolved_attribute":
                unfollowed()
            meant = each.unresolved_attribute
            read.attribute(meant, scope)
            parts = parts_of(meant.unparsed_identifier)
            gone.append(scope.find([tag(meant.plan_id), *parts] if meant.HasField("plan_id") else parts))
        low = {name.lower() for name in part.column_names}
        made = [
            each
            for each in shown(inner)
            if not any(each is old for old in gone) and (each.name is None or each.name.lower() not in low)
        ]
        return replace(inner, attributes=tuple(made))

    def _join(self, part: Any) -> Rows:  # noqa: ANN401 -- as above
        only(part, "left", "right", "join_condition", "join_type", "using_columns")
        word = _JOINS.get(part.join_type)
        if word is None:
            unfollowed()
        left, right = self.rows(part.left), self.rows(part.right)
        conditions = left.conditions | right.conditions
        both = (*left.attributes, *right.attributes)
        if part.HasField("join_condition"):
            conditions |= self._sources([part.join_condition], Rows(attributes=both))
        keys = list(part.using_columns)
        for side in (left, right):
            conditions |= all_sources(self._named(side, keys))
        if word in {"SEMI", "ANTI"}:
            return Rows(attributes=left.attributes, conditions=conditions)
        return Rows(attributes=merged(keys, left, right, {word}) if keys else both, conditions=conditions)

    def _set_operation(self, part: Any) -> Rows:  # noqa: ANN401 -- as above
        only(part, "left_input", "right_input", "set_op_type", "is_all", "by_name", "allow_missing_columns")
        left, right = self.rows(part.left_input), self.rows(part.right_input)
        one, two = list(shown(left)), list(shown(right))
        if part.by_name:
            one, two = paired_by_name(one, two, missing=part.allow_missing_columns)
        if len(one) != len(two) or part.set_op_type not in {_INTERSECT, _UNION, _EXCEPT}:
            unfollowed()
        conditions = left.conditions | right.conditions
        if part.set_op_type != _UNION or not part.is_all:
            conditions |= all_sources((*one, *two))
        if part.set_op_type == _EXCEPT:
            return Rows(attributes=tuple(one), conditions=conditions)
        made = (
            replace(a, how=a.how if a.how == b.how else COMPUTED, sources=a.sources | b.sources, relations=frozenset())
            for a, b in zip(one, two, strict=True)
        )
        return Rows(attributes=tuple(made), conditions=conditions)

    def _aggregate(self, part: Any) -> Rows:  # noqa: ANN401 -- as above
        only(part, "input", "group_type", "grouping_expressions", "aggregate_expressions", "pivot", "grouping_sets")
        inner = self.rows(part.input)
        scope, read = Scope(attributes=inner.attributes), self._expressions()
        sets = [each for one in part.grouping_sets for each in one.grouping_set]
        groups = [*part.grouping_expressions, *sets]
        # A whole number there may be the place of a column.
        if any(each.WhichOneof("expr_type") in {"literal", "expression_string"} for each in groups):
            unfollowed()
        keys = [each for node in part.grouping_expressions for each in read.attributes(node, scope)]
        made = [each for node in part.aggregate_expressions for each in read.attributes(node, scope)]
        conditions = inner.conditions | read.deciding | all_sources(keys) | self._sources(sets, inner)
        if part.group_type == _PIVOT:
            if not part.pivot.values:
                unfollowed()
            column = read.sources(part.pivot.col, scope)
            conditions |= column
            made = [
                replace(each, name=None, label="", how=COMPUTED, sources=each.sources | column)
                for _ in part.pivot.values
                for each in made
            ]
        elif part.group_type not in {_GROUP_BY, _ROLLUP, _CUBE, _GROUPING_SETS}:
            unfollowed()
        return Rows(attributes=(*keys, *made), conditions=conditions)

    def _sql(self, part: Any) -> Rows:  # noqa: ANN401 -- as above
        only(part, "query", "args", "named_arguments", "pos_args", "pos_arguments")
        given = [*part.named_arguments.values(), *part.pos_arguments]
        if any(each.WhichOneof("expr_type") != "literal" for each in given):
            unfollowed()
        parsed, reader = self.plans.sql(part.query, self.views)
        if len(parsed) != 1:
            unfollowed()
        found = reader.statements(parsed)
        return Rows(attributes=tuple(replace(each, relations=frozenset(), merged=False) for each in shown(found)),
                    conditions=found.conditions)  # fmt: skip

    def _local(self, part: Any) -> Rows:  # noqa: ANN401 -- as above
        only(part, "data", "schema")
        try:
            if part.data:
                names = pa.ipc.open_stream(part.data).schema.names
            else:
                names = [str(each["name"]) for each in json.loads(part.schema)["fields"]]
        except (pa.ArrowException, ValueError, KeyError, TypeError) as error:
            raise UnreadableError("A table that Python made has no schema.") from error
        return made_in_python(names)

    def _range(self, part: Any) -> Rows:  # noqa: ANN401 -- as above
        only(part, "start", "end", "step", "num_partitions")
        return Rows(attributes=(Attribute(name="id", label="id", how=CONSTANT, sources=NOTHING),))

    def _unpivot(self, part: Any) -> Rows:  # noqa: ANN401 -- as above
        only(part, "input", "ids", "values", "variable_column_name", "value_column_name")
        inner = self.rows(part.input)
        scope, read = Scope(attributes=inner.attributes), self._expressions()
        kept = [each for node in part.ids for each in read.attributes(node, scope)]
        values = all_sources(shown(inner))
        if part.HasField("values"):
            values = self._sources(part.values.values, inner)
        names = (part.variable_column_name, CONSTANT, NOTHING), (part.value_column_name, COMPUTED, values)
        made = (Attribute(name=name, label=name, how=how, sources=found) for name, how, found in names)
        return Rows(attributes=(*kept, *made), conditions=inner.conditions)

    def _to_schema(self, part: Any) -> Rows:  # noqa: ANN401 -- as above
        only(part, "input", "schema")
        inner = self.rows(part.input)
        names = [each.name for each in part.schema.struct.fields]
        made = [replace(each, name=name, label=name, how=COMPUTED if each.how == AS_IT_IS else each.how,
                        relations=frozenset())
                for each, name in zip(self._named(inner, names), names, strict=True)]  # fmt: skip
        return replace(inner, attributes=tuple(made))

    def _map_partitions(self, part: Any) -> Rows:  # noqa: ANN401 -- as above
        only(part, "input", "func", "is_barrier")
        return through_python(self.rows(part.input), part.func)

    def _group_map(self, part: Any) -> Rows:  # noqa: ANN401 -- as above
        only(part, "input", "grouping_expressions", "func", "sorting_expressions")
        inner = self.rows(part.input)
        found = through_python(inner, part.func)
        more = self._sources([*part.grouping_expressions, *part.sorting_expressions], inner)
        return replace(found, conditions=found.conditions | more)

    def _with_relations(self, part: Any) -> Rows:  # noqa: ANN401 -- as above
        only(part, "root", "references")
        here = self
        for each in part.references:
            found = here.rows(each)
            if each.WhichOneof("rel_type") == "subquery_alias":
                plain = replace(found, attributes=shown(found))
                here = replace(here, views={**here.views, each.subquery_alias.alias.lower(): plain})
            if each.common.HasField("plan_id"):
                here = replace(here, subqueries={**here.subqueries, each.common.plan_id: found})
        return here.rows(part.root)

    def _filled(self, part: Any) -> Rows:  # noqa: ANN401 -- as above
        inner = self.rows(part.input)
        meant = self._named(inner, part.cols) if part.cols else list(shown(inner))
        made = (
            replace(each, how=COMPUTED, relations=frozenset()) if any(each is old for old in meant) else each
            for each in shown(inner)
        )
        return replace(inner, attributes=tuple(made))

    def _fill(self, part: Any) -> Rows:  # noqa: ANN401 -- as above
        only(part, "input", "cols", "values")
        return self._filled(part)

    def _replace(self, part: Any) -> Rows:  # noqa: ANN401 -- as above
        only(part, "input", "cols", "replacements")
        return self._filled(part)

    def _drop_na(self, part: Any) -> Rows:  # noqa: ANN401 -- as above
        only(part, "input", "cols", "min_non_nulls")
        inner = self.rows(part.input)
        meant = self._named(inner, part.cols) if part.cols else shown(inner)
        return replace(inner, conditions=inner.conditions | all_sources(meant))
