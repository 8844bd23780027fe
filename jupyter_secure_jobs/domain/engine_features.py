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
    # The same, with arguments that matter: `name/2` with two or more, else as `flow.engine_sql.kind_of_argument` says.
    CALL = "function with these arguments"
    # What is asked of a frame, a series or groups of the pandas API on Spark: `flow.pandas_names.asked`.
    PANDAS = "pandas API on Spark"
    # An attribute of something that came from the session.
    ATTRIBUTE = "attribute"
    # A Python module, or a name in one, by its full name.
    IMPORT = "import"
    # A format of files.
    FORMAT = "format"
    # A form of SQL: the name of a rule in `flow.engine_sql`, or of one call in `flow.engine_check`.
    FORM = "form"
    # A form of SQL that only its tree shows: the name of a rule in `flow.engine_tree`.
    TREE = "tree"
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


# Functions of which an argument is a regular expression.
_PATTERN_FUNCTIONS: Final = ("regexp", "regexp_count", "regexp_extract", "regexp_extract_all", "regexp_instr",
                             "regexp_like", "regexp_replace", "regexp_substr", "rlike", "split")  # fmt: skip
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
    _lack("tables kept by name", Mark.ATTRIBUTE, "cacheTable", "clearCache", "isCached", "uncacheTable",
          instead="use cache() of a DataFrame"),
    _lack("rows counted one after another (zipWithIndex)", Mark.ATTRIBUTE, "zipWithIndex",
          instead="use row_number() over a window"),
    _lack("partitions by their number", Mark.ATTRIBUTE, "repartitionById", instead="use repartition(…)"),
    _lack("joins of the nearest rows", Mark.ATTRIBUTE, "nearestByJoin", instead="use a window over a join"),
    _lack("tables as arguments", Mark.ATTRIBUTE, "asTable"),
    _lack("clustered files", Mark.ATTRIBUTE, "clusterBy", instead="use partitionBy(…)"),
    _lack("some methods of the catalog", Mark.ATTRIBUTE,
          "analyzeTable", "createDatabase", "dropDatabase", "dropTable", "dropView", "functionExists",
          "getCreateTableString", "getTableProperties", "listPartitions", "listViews", "recoverPartitions",
          "refreshTable", "truncateTable"),
    _lack("table-valued functions of the session (spark.tvf)", Mark.ATTRIBUTE,
          *_family("tvf.", "collations", "explode", "explode_outer", "inline", "inline_outer", "json_tuple",
                   "posexplode", "posexplode_outer", "python_worker_logs", "sql_keywords", "stack", "variant_explode",
                   "variant_explode_outer"), instead="use the function in SQL"),
    _lack("some of the pandas API on Spark", Mark.PANDAS,
          "//", "agg([…])", "aggregate([…])", "argmax", "argmin", "argsort", "asof([…])", "at_time", "between_time",
          "corr", "corrwith", "cov", "cumprod", "divmod", "ewm", "floordiv", "iat", "iloc",
          "insert([…])", "interpolate", "isocalendar", "kurt", "kurtosis", "mode", "nunique(approx)", "pivot(columns)",
          "prod", "product", "quantile([…])", "resample", "searchsorted", "sem", "skew", "std", "take", "var",
          *_family("groupby.", "corr", "cumprod", "describe", "ewm", "prod", "sem", "skew", "std", "var"),
          *_family("rolling.", "kurt", "quantile", "skew"), *_family("expanding.", "kurt", "skew"),
          instead="use the functions of DataFrames, or to_pandas() where the rows are few"),
    _lack("joins of the nearest earlier rows (merge_asof)", Mark.IMPORT, "pyspark.pandas.merge_asof"),
    _lack("XML files", Mark.FORMAT, "xml", instead="use from_xml(…) on text"),
    _lack("rows of text read as a file", Mark.FORM, "rows read", instead="use from_json(…) or from_csv(…)"),
    _lack("ORC files", Mark.FORMAT, "orc", instead="use Parquet"),
    _lack("a quote that is doubled in a text", Mark.FORM, "doubled quote", instead="write \\' for it"),
    _lack("INTERSECT ALL", Mark.FORM, "intersect all"),
    _lack("INTERSECT ALL", Mark.ATTRIBUTE, "intersectAll"),
    _lack("parts of a date by the day of the week", Mark.FORM, "day of the week", instead="use dayofweek(…)"),
    _lack("patterns that look around", Mark.FORM, "look around"),
    _lack("patterns that look around", Mark.CALL, *(f"{name}/look" for name in _PATTERN_FUNCTIONS)),
    _lack("IN (SELECT …) outside of a condition", Mark.TREE, "in among columns", instead="use EXISTS (SELECT …)"),
    _lack("rows in a list, (a, b) IN ((…), …)", Mark.TREE, "rows in a list", instead="compare each column"),
    _lack("ORDER BY an aggregate that has no name of its own", Mark.TREE, "order of aggregate",
          instead="give it a name among the columns, and order by that"),
    _lack("NAME.column of a column in JOIN … USING", Mark.TREE, "column of one side",
          instead="leave NAME. out, or join with ON"),
    _lack("a column made from another of the same SELECT", Mark.TREE, "made beside", instead="use a subquery"),
    _lack("a query in WITH named with other capitals", Mark.TREE, "other capitals", instead="write it alike"),
    _lack("a subquery with an aggregate and a condition on a column from outside other than column = …", Mark.TREE,
          "outer condition", instead="use a join"),
    _lack("a single value from a subquery that names a column from outside and has no aggregate", Mark.TREE,
          "outer row", instead="use first(…) or max_by(…)"),
    _lack("LATERAL (SELECT … FROM …) that names a column from outside", Mark.TREE, "lateral",
          instead="use a join or a window"),
    _lack("NOT IN (SELECT …) with a condition on a column from outside", Mark.TREE, "outer not in",
          instead="use NOT EXISTS (SELECT …)"),
    _lack("an array's index that is computed", Mark.TREE, "computed index", instead="use get(…)"),
    _lack("log of one argument in SQL", Mark.FORM, "log of one", instead="use ln(…)"),
    _lack("maps made and exploded", Mark.FORM, "explode of map", instead="use explode(map_entries(…))"),
    _lack("GROUPING SETS without brackets of their own", Mark.FORM, "grouping sets",
          instead="write GROUPING SETS ((a), (b))"),
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
    _lack("functions with these arguments", Mark.CALL, "approx_count_distinct/2",
          *_family("approx_percentile/", "array"), *_family("percentile_approx/", "array"),
          *_family("percentile_cont/", "array"), "shuffle/2", "st_asbinary/2", "uuid/1",
          *(f"{name}/*" for name in ("array", "coalesce", "concat_ws", "greatest", "hash", "least", "xxhash64"))),
    _lack("numbers and times of day", Mark.FUNCTION,
          *_family("time_from_", "micros", "millis", "seconds"), *_family("time_to_", "micros", "millis", "seconds")),
    _lack("vectors", Mark.FUNCTION, *_family("vector_", "avg", "norm", "normalize", "sum")),
    _lack("some functions", Mark.FUNCTION, "collation", "collate", "collations", "current_path", "current_time",
          "is_valid_variant", "schema_of_xml", "sql_keywords", "st_setsrid", "st_srid", "time_bucket",
          "try_make_interval", "try_to_date", "unwrap_udt"),
    Lack(name="Delta tables", mark=Mark.FORMAT, marks=("delta",), lacking=EngineName.SPARK, instead="use Parquet"),
)  # fmt: skip


def _differs(name: str, text: str, *marks: str, mark: Mark = Mark.FUNCTION) -> Difference:
    return Difference(name=name, mark=mark, marks=marks, engine=EngineName.SAIL, text=text)


DIFFERENCES: Final = (
    _differs("decimals beside doubles", "a number written with a point, such as 0.5, is a decimal, and Sail makes what "
             "it stands beside one too, even a DOUBLE: with 15 digits on each side of the point, so that smaller parts "
             "are lost and larger numbers fail. Where that is a DOUBLE, write 0.5D.",
             "decimal beside double", mark=Mark.FORM),
    _differs("numbers in quotes", "a number with a point in quotes is rounded to the digits of the DECIMAL that "
             "it stands beside. Leave the quotes out.", "quoted number", mark=Mark.FORM),
    _differs("RANGE over days", "over a column of type DATE the days are not counted: all rows before or after "
             "are taken. Order by cast(… AS TIMESTAMP).", "range of days", mark=Mark.FORM),
    _differs("columns of one side", "behind JOIN … USING, NAME.* lacks the columns that both have. Join with ON.",
             "star of a side", mark=Mark.FORM),
    _differs("named arguments", "arguments with => are taken in the order in which they stand.", "named argument",
             mark=Mark.FORM),
    _differs("EXISTS of an aggregate", "EXISTS (SELECT count(…) …) is false where no row is counted; Spark: true.",
             "exists of an aggregate", mark=Mark.FORM),
    _differs("NOT IN of several columns", "rows with NULL on one side may stay.", "not in of several", mark=Mark.FORM),
    _differs("LATERAL explode", "rows whose array is empty stay, with NULL. Use LATERAL VIEW explode(…).",
             "lateral explode", mark=Mark.FORM),
    _differs("split by nothing", "the result begins and ends with an empty text.", "split/empty", mark=Mark.CALL),
    _differs("groups in a replacement", "$1_ is the group called 1_: write ${1}_.", "regexp_replace/group",
             mark=Mark.CALL),
    _differs("initcap", "words begin behind every character that is no letter or digit, as in Foo-Bar.", "initcap"),
    _differs("bround", "bround rounds halves away from zero, and gives a double; Spark rounds them to the even digit.",
             "bround"),
    _differs("rint", "rint rounds halves away from zero; Spark rounds them to the even number.", "rint"),
    _differs("floor and ceil to some digits", "a DOUBLE is rounded to them; Spark goes down or up. Cast it to DECIMAL.",
             "floor/2", "ceil/2", "ceiling/2", mark=Mark.CALL),
    _differs("max_by, min_by", "with a third argument they give one value; Spark gives the first few.",
             "max_by/3", "min_by/3", mark=Mark.CALL),
    _differs("approximate percentiles", "it gives a double that may lie between two values; Spark gives one of them.",
             "approx_percentile", "percentile_approx"),
    _differs("summary", "its percentiles may lie between two values; Spark gives one of them.", "summary",
             mark=Mark.ATTRIBUTE),
    _differs("medians of the pandas API on Spark", "they may lie between two values; Spark gives one of them.",
             "median", "quantile", "groupby.median", "groupby.quantile", "describe", mark=Mark.PANDAS),
    _differs("try_…", "whole numbers that overflow become wider; Spark gives null.",
             "try_add", "try_subtract", "try_multiply"),
    _differs("conv", "negative numbers give null.", "conv"),
    _differs("get_json_object", "a path with * gives null.", "get_json_object"),
    _differs("mode", "of several most frequent values another may be given.", "mode"),
    _differs("columns by a pattern", "colRegex knows no possessive quantifiers, such as ?+.", "colRegex",
             mark=Mark.ATTRIBUTE),
    _differs("files that are not there", "a file that is not there is read as an empty table; Spark fails the run. A "
             "sandbox has no files but those that the job writes: spark.table('NAME') reads a dataset.", "file read",
             mark=Mark.FORM),
    _differs("branches of different types", "what comes after CASE, IF, when(…) or UNION in Python, such as functions "
             "over rows, toArrow(), df.schema or fillna(…), takes the type of the first branch for all: it fails, or "
             "cuts values to that type. Give all branches one type, such as 0.0 beside a DOUBLE.",
             "branches of different types", mark=Mark.FORM),
    _differs("division and averages of decimals", "the last digit is cut off; Spark rounds it. A quotient has "
             "fewer digits than Spark's.", mark=Mark.NONE),
    _differs("names of columns", "one that has no name of its own is called as it was written, as in SUM(a); Spark "
             "writes sum(a).", mark=Mark.NONE),
    _differs("overflow", "whole numbers that grow too large start again from below; Spark fails the run.",
             mark=Mark.NONE),
    _differs("round", "of a DOUBLE, such as 1.005 to two digits: 1.0; Spark gives 1.01.", mark=Mark.NONE),
    _differs("dates and hours", "DATE plus or minus hours, minutes or seconds stays a DATE; Spark gives a TIMESTAMP.",
             mark=Mark.NONE),
    _differs("dates and dates", "DATE minus DATE gives a number of days; Spark gives an interval. Use datediff(…).",
             mark=Mark.NONE),
    _differs("dates beside timestamps", "where the session's time zone is not UTC, a DATE begins at midnight of UTC.",
             mark=Mark.NONE),
    _differs("numbers as timestamps", "timestamp_seconds and to_timestamp of a number lose what is below a second.",
             mark=Mark.NONE),
    _differs("numbers and times as text", "a large or small DOUBLE is written out, as 10000000.0; concat_ws, "
             "array_join, format_string and to_json write timestamps in another form. Cast them to STRING first.",
             mark=Mark.NONE),
    _differs("outer joins without ON", "rows without a partner are left out. Write ON true.", mark=Mark.NONE),
    _differs("ROLLUP, CUBE of no rows", "they give one row, of NULL; Spark gives none.", mark=Mark.NONE),
    _differs("binary values", "left, substring and overlay of binary values give text; Spark gives binary values.",
             mark=Mark.NONE),
    _differs("parts of intervals", "date_part of an interval counts the whole interval in that unit.", mark=Mark.NONE),
    _differs("random rows", "sample, sampleBy and randomSplit choose other rows with the same seed.", mark=Mark.NONE),
    _differs("options of files and of JSON", "some are passed over, such as nullValue and allowUnquotedFieldNames.",
             mark=Mark.NONE),
    _differs("results of Python functions", "what is too large for the type that was named, or has a fraction, is "
             "cut to fit; Spark fails the run.", mark=Mark.NONE),
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
