"""The process that reads the record of a job's plans after every process of the author's has ended."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.parquet as pq
from google.protobuf.message import DecodeError
from sqlglot import exp

from jupyter_secure_jobs.domain.errors import SecureJobsError
from jupyter_secure_jobs.domain.plan_flow import MOST_BYTES, MOST_NAME, Making, PlanUnknown
from jupyter_secure_jobs.engines import report as report_files
from jupyter_secure_jobs.engines.connect import Plan
from jupyter_secure_jobs.engines.engine import TABLES
from jupyter_secure_jobs.engines.log import neutral
from jupyter_secure_jobs.engines.plan import rows_of
from jupyter_secure_jobs.engines.plan_names import Plans, shown
from jupyter_secure_jobs.engines.plan_values import IN_PYTHON
from jupyter_secure_jobs.engines.record import MOST_RECORD, plans_in
from jupyter_secure_jobs.flow.rows import COMPUTED, NOTHING, Rows, Sources, all_of
from jupyter_secure_jobs.flow.sql_text import UnreadableError, trees, words
from jupyter_secure_jobs.protocol.plan_flow import PlanColumn, PlanFlow, PlanSource
from jupyter_secure_jobs.sandbox import supervisor

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jupyter_secure_jobs.engines.spec import Form, JobSpec

_SECONDS: Final = 20


class _UnknownError(Exception):
    def __init__(self, why: PlanUnknown) -> None:
        super().__init__(why)
        self.why = why


@dataclass(slots=True, kw_only=True)
class PlanReader:
    """The open files of the record, of the result and for the report; call it in a forked process."""

    tables: Mapping[str, tuple[str, ...]]
    form: Form
    plans: int
    rows: int
    report: int

    def __call__(self) -> None:
        """Write the flow of columns, or why it is unknown."""
        columns = {name: _names(f"{TABLES}/{files[0]}") for name, files in self.tables.items()}
        flow = follow(report_files.read(self.plans, MOST_RECORD), columns, self._result_names())
        told = flow.to_bytes()
        if len(told) > MOST_BYTES:
            told = PlanFlow.unfollowed(PlanUnknown.TOO_LARGE).to_bytes()
        os.pwrite(self.report, told, 0)

    def _result_names(self) -> list[str]:
        place = f"/proc/self/fd/{self.rows}"
        if self.form == "parquet":
            return _names(place)
        with pa.OSFile(place) as file:
            return list(pa.ipc.open_stream(file).schema.names)


def _names(path: str) -> list[str]:
    return list(pq.read_schema(path).names)


def read_plans(job: JobSpec, *, plans: int, rows: int) -> int | None:
    """Return an open file with the flow of columns as JSON, or none; call it in process 1.

    Its words may be the author's own: whoever forges the record may take over the process that reads it.
    """
    report = report_files.unnamed()
    reader = PlanReader(tables=job.tables, form=job.form, plans=plans, rows=rows, report=report)
    limits = replace(job.limits, seconds=min(_SECONDS, job.limits.seconds))
    watched = (supervisor.Watched(reason="disk", descriptor=report, most=MOST_BYTES),)
    ended = supervisor.run_watched(reader, limits, watched=watched, kept=(plans, rows, report))
    return report if ended.reason == "exited" and ended.code == 0 else None


def follow(record: dict[str, Any], tables: Mapping[str, Sequence[str]], names: Sequence[str]) -> PlanFlow:
    """Return what the record of a job's plans says of the result's columns, which are called `names`."""
    try:
        return _followed(record, tables, names)
    except _UnknownError as error:
        return PlanFlow.unfollowed(error.why)
    except SecureJobsError:
        # A name that deceives, or too many columns.
        return PlanFlow.unfollowed(PlanUnknown.TOO_LARGE)


def _followed(record: dict[str, Any], tables: Mapping[str, Sequence[str]], names: Sequence[str]) -> PlanFlow:
    try:
        whole, before, encoded = plans_in(record)
        plans = [Plan.FromString(each) for each in encoded]
    except (KeyError, TypeError, ValueError) as error:
        raise _UnknownError(PlanUnknown.NOT_SEEN) from error
    except (DecodeError, RecursionError) as error:
        raise _UnknownError(PlanUnknown.TOO_LARGE) from error
    if not whole:
        raise _UnknownError(PlanUnknown.TOO_LARGE)
    if before is None:
        raise _UnknownError(PlanUnknown.MADE_IN_PYTHON)
    if len(plans) != before + 1 or plans[-1].WhichOneof("op_type") != "root":
        # Python read on while the result was written, or wrote it in another session.
        raise _UnknownError(PlanUnknown.NOT_SEEN)
    reading = _Reading(plans=Plans(tables=tables))
    for each in plans[:-1]:
        reading.earlier(each)
    rows = _read(reading.plans, plans[-1].root, PlanUnknown.NOT_FOLLOWED)
    return _told(rows, reading, names)


def _read(plans: Plans, relation: Any, why: PlanUnknown) -> Rows:  # noqa: ANN401 -- the types of the plan are generated
    try:
        return rows_of(plans, relation)
    except (UnreadableError, RecursionError) as error:
        raise _UnknownError(why) from error


@dataclass(slots=True, kw_only=True)
class _Reading:
    plans: Plans
    read: Sources = NOTHING
    actions: int = 0

    def earlier(self, plan: Any) -> None:  # noqa: ANN401 -- as above
        """Follow what the engine got before the result's plan."""
        if plan.WhichOneof("op_type") == "root":
            self.read |= all_of(_read(self.plans, plan.root, PlanUnknown.EARLIER))
            self.actions += 1
            return
        command = plan.command
        kind = command.WhichOneof("command_type")
        try:
            if kind == "create_dataframe_view" and not command.create_dataframe_view.is_global:
                made = command.create_dataframe_view
                self.plans.add_view(made.name, rows_of(self.plans, made.input))
            elif kind == "register_function":
                self.plans.registered.add(command.register_function.function_name.lower())
            elif kind == "sql_command":
                self._sql(command.sql_command)
            else:
                raise _UnknownError(PlanUnknown.COMMAND)
        except (UnreadableError, RecursionError) as error:
            raise _UnknownError(PlanUnknown.COMMAND) from error

    def _sql(self, command: Any) -> None:  # noqa: ANN401 -- as above
        # A query comes back as a plan, which is followed where it is used; anything else is carried out at once.
        kind = command.input.WhichOneof("rel_type")
        relation = command.input.with_relations.root if kind == "with_relations" else command.input
        parsed = trees(relation.sql.query, words(relation.sql.query))
        if len(parsed) != 1 or not isinstance(parsed[0], exp.Query):
            raise _UnknownError(PlanUnknown.COMMAND)


def _told(rows: Rows, reading: _Reading, names: Sequence[str]) -> PlanFlow:
    columns = shown(rows)
    same = len(columns) == len(names) and all(
        each.name is None or each.name.lower() == name.lower() for each, name in zip(columns, names, strict=True)
    )
    if not same:
        raise _UnknownError(PlanUnknown.OTHER_COLUMNS)
    conditions = rows.conditions | reading.read
    every = sorted(conditions.union(*(each.sources for each in columns)) - {IN_PYTHON})
    places = {source: place for place, source in enumerate(every)}

    def known(sources: Sources) -> tuple[int, ...]:
        return tuple(sorted(places[each] for each in sources if each != IN_PYTHON))

    made = []
    for each, name in zip(columns, names, strict=True):
        making, functions = _making(each.how)
        made.append(PlanColumn(name=_short(name), making=making, functions=functions, sources=known(each.sources),
                               python=IN_PYTHON in each.sources))  # fmt: skip
    return PlanFlow(
        unknown=None,
        sources=tuple(PlanSource(table=each.table, column=each.column) for each in every),
        columns=tuple(made),
        conditions=known(conditions),
        python=IN_PYTHON in conditions,
        actions=reading.actions,
    )


def _short(name: str) -> str:
    text = neutral(name).replace("\n", " ").strip() or "?"
    return text if len(text) <= MOST_NAME else text[: MOST_NAME - 1] + "…"


def _making(how: str) -> tuple[Making, tuple[str, ...]]:
    """Return a word or two about a column in the closed form."""
    first, _, rest = how.partition(" from ")
    if first == COMPUTED and rest:
        return Making.COMPUTED, tuple(rest.split(", "))
    if how in {Making.AS_IT_IS, Making.CONSTANT, Making.COMPUTED}:
        return Making(how), ()
    if how == "input":
        return Making.CONSTANT, ()
    name = how.removeprefix("window: ").removesuffix(", distinct")
    if not name.replace("_", "").isalnum():
        return Making.COMPUTED, ()
    if how.startswith("window: "):
        return Making.WINDOW, (name,)
    return (Making.DISTINCT if how.endswith(", distinct") else Making.FUNCTION), (name,)
