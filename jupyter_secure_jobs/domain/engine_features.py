"""THE TABLE of what the engines cannot do, and where they answer differently.

The check before submission, tests and `docs/engines.md` are drawn from it alone.

Taken from Sail 0.7.2 and Spark 4.2.1 by running the same snippets, and every example of Spark's own list of functions,
on both. What stands in no row here works on both.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Final

from jupyter_secure_jobs.domain.compute import SETTINGS_OF, EngineName

if TYPE_CHECKING:
    from collections.abc import Mapping

TITLES: Final = {EngineName.SAIL: "Sail", EngineName.SPARK: "Spark"}


class Mark(StrEnum):
    """How something is recognised in a text."""

    # A function by its name: in SQL, in an expression, or of pyspark.sql.functions.
    FUNCTION = "function"
    # An attribute of something that came from the session.
    ATTRIBUTE = "attribute"
    # A Python module, or a name in one, by its full name.
    IMPORT = "import"
    # A format of files.
    FORMAT = "format"
    # A form of SQL: the name of a rule in `flow.engine_check`.
    FORM = "form"
    # Not at all: it depends on values or types, and is only told.
    NONE = "not recognised"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lack:
    """What some engine cannot do. `instead`: what else helps, beside the other engine."""

    name: str
    mark: Mark
    marks: tuple[str, ...]
    lacking: EngineName
    instead: str = ""

    def words(self) -> str:
        """Return what to tell the author: who cannot, and who can."""
        other = next(engine for engine in EngineName if engine is not self.lacking)
        told = f"{TITLES[self.lacking]} cannot do this: {self.name}. The engine {other} can: choose a compute profile "
        return f"{told}with it{f', or {self.instead}' if self.instead else ''}."


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Where both engines answer, but not the same; `text` says how, for a reader who knows Spark."""

    name: str
    mark: Mark
    marks: tuple[str, ...]
    engine: EngineName
    text: str

    def words(self) -> str:
        """Return what to tell the author."""
        return f"{TITLES[self.engine]} may answer differently from Spark here: {self.text}"


def _lack(name: str, mark: Mark, *marks: str, instead: str = "") -> Lack:
    return Lack(name=name, mark=mark, marks=marks, lacking=EngineName.SAIL, instead=instead)


def _family(start: str, *ends: str) -> tuple[str, ...]:
    return tuple(f"{start}{end}" for end in ends)


_KINDS: Final = ("bigint", "double", "float")
_NUMBERS: Final = ("double", "integer")

LACKS: Final = (
    _lack("RDDs", Mark.ATTRIBUTE, "rdd", instead="write it with DataFrames"),
    _lack("SparkContext", Mark.ATTRIBUTE, "sparkContext", "_sc", "_jsc", "_jvm", "_jdf", "_jsparkSession"),
    _lack("SparkContext", Mark.IMPORT, "pyspark.SparkContext", "pyspark.RDD", "pyspark.rdd", "pyspark.context"),
    _lack("machine learning (pyspark.ml)", Mark.IMPORT, "pyspark.ml", "pyspark.mllib"),
    _lack("streams", Mark.IMPORT, "pyspark.streaming"),
    _lack("observed metrics", Mark.ATTRIBUTE, "observe"),
    _lack("observed metrics", Mark.IMPORT, "pyspark.sql.Observation", "pyspark.sql.observation"),
    _lack("checkpoints", Mark.ATTRIBUTE, "checkpoint", "localCheckpoint", instead="use cache()"),
    _lack("approxQuantile", Mark.ATTRIBUTE, "approxQuantile", instead="use percentile(…) in an aggregate"),
    _lack("artifacts", Mark.ATTRIBUTE, "addArtifact", "addArtifacts"),
    _lack("freqItems", Mark.ATTRIBUTE, "freqItems"),
    _lack("comparing plans", Mark.ATTRIBUTE, "sameSemantics", "semanticHash"),
    _lack("watermarks", Mark.ATTRIBUTE, "withWatermark"),
    _lack("buckets", Mark.ATTRIBUTE, "bucketBy"),
    _lack("transpose", Mark.ATTRIBUTE, "transpose"),
    _lack("groupingSets of DataFrames", Mark.ATTRIBUTE, "groupingSets", instead="use GROUPING SETS in SQL"),
    _lack("a second session", Mark.ATTRIBUTE, "newSession"),
    _lack("tables kept by name", Mark.ATTRIBUTE, "cacheTable", instead="use cache() of a DataFrame"),
    _lack("ORC files", Mark.FORMAT, "orc", instead="use Parquet"),
    _lack("recursive queries", Mark.FORM, "recursive query"),
    _lack("SQL scripts", Mark.FORM, "script", instead="write it in Python"),
    _lack("functions made in SQL", Mark.FORM, "function made in SQL", instead="use a Python function"),
    _lack("session variables", Mark.FORM, "session variable", instead="use an input variable of the job"),
    _lack("pipe syntax", Mark.FORM, "pipe syntax", instead="write it with SELECT"),
    _lack("collations", Mark.FORM, "collation", instead="compare lower(…)"),
    _lack("PIVOT in SQL", Mark.FORM, "pivot", instead="use groupBy(…).pivot(…) in Python, or FILTER (WHERE …)"),
    _lack("GROUP BY ALL, ORDER BY ALL", Mark.FORM, "by all", instead="name the columns"),
    _lack("samples by number of rows", Mark.FORM, "sample of rows", instead="use TABLESAMPLE (… PERCENT)"),
    _lack("CLUSTER BY, DISTRIBUTE BY", Mark.FORM, "distribute", instead="leave it out"),
    _lack("SELECT * EXCEPT", Mark.FORM, "except columns", instead="name the columns"),
    _lack("EXECUTE IMMEDIATE", Mark.FORM, "execute immediate"),
    _lack("LIKE ANY, LIKE ALL", Mark.FORM, "like any", instead="write several LIKE with OR or AND"),
    _lack("QUALIFY", Mark.FORM, "qualify", instead="use WHERE around a subquery"),
    _lack("TRANSFORM by a program", Mark.FORM, "transform by a program", instead="use a Python function"),
    _lack("CACHE TABLE", Mark.FORM, "cache table", instead="leave it out"),
    _lack("FROM before SELECT", Mark.FORM, "from first", instead="begin with SELECT"),
    _lack("settings in SQL (SET, RESET)", Mark.FORM, "setting in SQL",
          instead="use spark.conf.set(…) in Python, or the settings of a compute profile"),
    _lack("USE without DATABASE", Mark.FORM, "use", instead="leave it out: a job's datasets are in no database"),
    _lack("REFRESH TABLE", Mark.FORM, "refresh", instead="leave it out"),
    _lack("DESCRIBE QUERY", Mark.FORM, "describe query"),
    _lack("DESCRIBE without TABLE", Mark.FORM, "describe", instead="write DESCRIBE TABLE …"),
    _lack("windows of sessions", Mark.FUNCTION, "session_window"),
    _lack("functions on two arrays or on maps", Mark.FUNCTION,
          "zip_with", "map_zip_with", "transform_keys", "transform_values"),
    _lack("the file behind a row", Mark.FUNCTION,
          "input_file_name", "input_file_block_start", "input_file_block_length"),
    _lack("Java methods", Mark.FUNCTION, "java_method", "reflect", "try_reflect"),
    _lack("quantile sketches (KLL)", Mark.FUNCTION,
          *_family("kll_sketch_agg_", *_KINDS), *_family("kll_merge_agg_", *_KINDS),
          *_family("kll_sketch_get_n_", *_KINDS), *_family("kll_sketch_get_quantile_", *_KINDS),
          *_family("kll_sketch_get_rank_", *_KINDS), *_family("kll_sketch_merge_", *_KINDS),
          *_family("kll_sketch_to_string_", *_KINDS)),
    _lack("tuple sketches", Mark.FUNCTION,
          *_family("tuple_difference_", *_NUMBERS), *_family("tuple_difference_theta_", *_NUMBERS),
          *_family("tuple_intersection_", *_NUMBERS), *_family("tuple_intersection_agg_", *_NUMBERS),
          *_family("tuple_intersection_theta_", *_NUMBERS), *_family("tuple_sketch_agg_", *_NUMBERS),
          *_family("tuple_sketch_estimate_", *_NUMBERS), *_family("tuple_sketch_summary_", *_NUMBERS),
          *_family("tuple_sketch_theta_", *_NUMBERS), *_family("tuple_union_", *_NUMBERS),
          *_family("tuple_union_agg_", *_NUMBERS), *_family("tuple_union_theta_", *_NUMBERS)),
    _lack("the most frequent values (approx_top_k)", Mark.FUNCTION,
          *_family("approx_top_k", "", "_accumulate", "_combine", "_estimate")),
    _lack("vectors", Mark.FUNCTION, *_family("vector_", "avg", "norm", "normalize", "sum")),
    _lack("some functions", Mark.FUNCTION, "collation", "collate", "collations", "current_path", "current_time",
          "is_valid_variant", "schema_of_xml", "sql_keywords", "st_setsrid", "st_srid", "time_bucket", "try_to_date"),
    Lack(name="Delta tables", mark=Mark.FORMAT, marks=("delta",), lacking=EngineName.SPARK, instead="use Parquet"),
)  # fmt: skip


def _differs(name: str, text: str, *marks: str, mark: Mark = Mark.FUNCTION) -> Difference:
    return Difference(name=name, mark=mark, marks=marks, engine=EngineName.SAIL, text=text)


DIFFERENCES: Final = (
    _differs("bround", "bround rounds halves away from zero, and gives a double; Spark rounds them to the even digit.",
             "bround"),
    _differs("max_by, min_by", "with a third argument they give one value; Spark gives the first few.",
             "max_by", "min_by"),
    _differs("median of whole numbers", "it gives a double; Spark gives the type of the column.",
             "approx_percentile", "percentile_approx"),
    _differs("try_…", "whole numbers that overflow become wider; Spark gives null.",
             "try_add", "try_subtract", "try_multiply"),
    _differs("conv", "negative numbers give null.", "conv"),
    _differs("get_json_object", "a path with * gives null.", "get_json_object"),
    _differs("mode", "of several most frequent values another may be given.", "mode"),
    _differs("division of decimals", "the last digit is cut off; Spark rounds it.", mark=Mark.NONE),
    _differs("overflow", "whole numbers that grow too large start again from below; Spark fails the run.",
             mark=Mark.NONE),
    _differs("binary values", "left, substring and overlay of binary values give text; Spark gives binary values.",
             mark=Mark.NONE),
    _differs("parts of intervals", "date_part of an interval counts the whole interval in that unit.", mark=Mark.NONE),
    _differs("the last digits", "floating-point sums are added in another order, so that their last digits differ.",
             mark=Mark.NONE),
)  # fmt: skip

# What lies below a module that is lacking, but asks nothing of the engine.
PLAIN_PYTHON: Final = ("pyspark.ml.linalg", "pyspark.ml.functions.predict_batch_udf")
# Modules of Python that reach what no sandbox has.
NETWORK_MODULES: Final = frozenset(
    {"aiohttp", "boto3", "botocore", "ftplib", "http.client", "httpx", "paramiko", "psycopg", "psycopg2", "pymysql",
     "redis", "requests", "smtplib", "socket", "sqlalchemy", "telnetlib", "urllib.request", "urllib3", "websockets"}
)  # fmt: skip
# What every sandbox has beside the standard library, by the names under which it is imported.
ALWAYS_THERE: Final = frozenset({"numpy", "pandas", "pyarrow", "pyspark", "dateutil", "sqlglot"})


@cache
def rows_of(mark: Mark, engine: EngineName) -> Mapping[str, Lack | Difference]:
    """Return the rows for one engine and one kind of mark, by what marks them."""
    rows: dict[str, Lack | Difference] = {}
    for difference in DIFFERENCES:
        if difference.mark is mark and difference.engine is engine:
            rows |= dict.fromkeys(difference.marks, difference)
    for lack in LACKS:
        if lack.mark is mark and lack.lacking is engine:
            rows |= dict.fromkeys(lack.marks, lack)
    return rows


def unknown_settings(engine: EngineName, names: tuple[str, ...]) -> tuple[str, ...]:
    """Return those of the settings' names that an engine does not know: it would pass over them in silence."""
    return tuple(name for name in names if name not in SETTINGS_OF[engine])


def passes_over(engine: EngineName, name: str) -> bool:
    """Whether an engine is likely to take this setting from a job's code, and to do nothing with it."""
    return engine is EngineName.SAIL and name.startswith("spark.") and name not in SETTINGS_OF[engine]
