"""For each function with certain arguments, and each part of the pandas API on Spark, that an engine lacks: its use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from jupyter_secure_jobs.domain.job import Language
from tests.support.snippets import Snippet

if TYPE_CHECKING:
    from collections.abc import Iterator

CALLS: Final = {
    "approx_count_distinct/2": "approx_count_distinct(id, 0.05)",
    "approx_percentile/array": "approx_percentile(id, array(0.5))",
    "percentile_approx/array": "percentile_approx(id, array(0.25, 0.5), 100)",
    "percentile_cont/array": "percentile_cont(array(0.5)) WITHIN GROUP (ORDER BY id)",
    "regexp/look": "regexp('ab', 'a(?=b)')",
    "regexp_count/look": "regexp_count('ab', 'a(?=b)')",
    "regexp_extract/look": "regexp_extract('ab', '(?<=a)b', 0)",
    "regexp_extract_all/look": "regexp_extract_all('ab', '(?<!c)b', 0)",
    "regexp_instr/look": "regexp_instr('ab', 'a(?!c)')",
    "regexp_like/look": "regexp_like('ab', 'a(?!c)')",
    "regexp_replace/look": "regexp_replace('ab', 'a(?=b)', 'x')",
    "regexp_substr/look": "regexp_substr('ab', 'a(?=b)')",
    "rlike/look": "rlike('ab', '\\\\Qab')",
    "split/look": "split('ab', '(?=b)')",
    "shuffle/2": "size(shuffle(array(1, 2), 3))",
    "st_asbinary/2": "max(hex(st_asbinary(st_geogfromwkb(X'0101000000000000000000F03F0000000000000040'), 'NDR')))",
    "uuid/1": "length(uuid(3))",
    "array/*": "array(*)",
    "coalesce/*": "coalesce(*)",
    "concat_ws/*": "concat_ws('-', *)",
    "greatest/*": "greatest(*)",
    "hash/*": "hash(*)",
    "least/*": "least(*)",
    "xxhash64/*": "xxhash64(*)",
}
_FRAME: Final = """\
import pandas as pd
import pyspark.pandas as ps
ps.set_option("compute.ops_on_diff_frames", True)
f = ps.DataFrame({"a": [1, 2, 4, 8, 9], "b": [1.5, 2.5, 4.0, 8.0, 1.0], "g": ["x", "y", "x", "x", "y"]})
n = f[["a", "b"]]
t = ps.from_pandas(pd.DataFrame({"v": [1.0, 2.0]}, index=pd.date_range("2026-01-01", periods=2)))
made = """
_SHOWN: Final = "\nstr(made)\nspark.range(1)"
PANDAS: Final = {
    "//": "n // 2",
    "agg([…])": "n.agg(['sum', 'min'])",
    "aggregate([…])": "n['a'].aggregate(['sum', 'min'])",
    "argmax": "n['a'].argmax()",
    "argmin": "n['a'].argmin()",
    "argsort": "n['a'].argsort()",
    "asof([…])": "n['a'].asof([1, 2])",
    "at_time": "t.at_time('00:00')",
    "between_time": "t.between_time('00:00', '01:00')",
    "corr": "n.corr()",
    "corrwith": "n.corrwith(n['a'])",
    "cov": "n.cov()",
    "cumprod": "n.cumprod()",
    "divmod": "n['a'].divmod(2)",
    "ewm": "n.ewm(com=0.5).mean()",
    "floordiv": "n.floordiv(2)",
    "iat": "n.iat[0, 0]",
    "iloc": "n.iloc[1:3]",
    "insert([…])": "n.insert(0, 'q', [1, 2, 3, 4, 5])",
    "interpolate": "n.interpolate()",
    "isocalendar": "t.reset_index()['index'].dt.isocalendar()",
    "kurt": "n.kurt()",
    "kurtosis": "n.kurtosis()",
    "mode": "n.mode()",
    "nunique(approx)": "n.nunique(approx=True)",
    "pivot(columns)": "f.pivot(columns='g', values='a')",
    "prod": "n.prod()",
    "product": "n['a'].product()",
    "quantile([…])": "n.quantile([0.25, 0.5])",
    "resample": "t.resample('2D').sum()",
    "searchsorted": "n['a'].searchsorted(3)",
    "sem": "n.sem()",
    "skew": "n.skew()",
    "std": "n.std()",
    "take": "n.take([0, 1])",
    "var": "n['a'].var()",
    "groupby.corr": "f.groupby('g').corr()",
    "groupby.cumprod": "f.groupby('g').cumprod()",
    "groupby.describe": "f.groupby('g').describe()",
    "groupby.ewm": "f.groupby('g').ewm(alpha=0.5).mean()",
    "groupby.prod": "f.groupby('g').prod()",
    "groupby.sem": "f.groupby('g').sem()",
    "groupby.skew": "f.groupby('g').skew()",
    "groupby.std": "f.groupby('g')['a'].std()",
    "groupby.var": "f.groupby('g').var()",
    "rolling.kurt": "n.rolling(4).kurt()",
    "rolling.quantile": "n.rolling(2).quantile(0.5)",
    "rolling.skew": "n['a'].rolling(3).skew()",
    "expanding.kurt": "n.expanding(4).kurt()",
    "expanding.skew": "n.expanding(3).skew()",
}
# What stands in no row, and so must work on both.
PANDAS_WORKS: Final = (
    "n.sum()", "n.mean()", "n.min()", "n.max()", "n.count()", "n['a'].nunique()", "n['a'].value_counts()",
    "n['a'].isin([1, 2])", "n['a'].between(2, 4)", "n['a'].map({1: 10})", "n['a'].apply(lambda x: x + 1)", "n.abs()",
    "n.cumsum()", "n.diff()", "n.shift(1)", "n.rank()", "n.round(1)", "n.clip(2, 4)", "n % 2", "n / 2", "n * n",
    "n ** 2", "20 // n['a']", "n['a'] > 2", "n.loc[0]", "n.loc[n['a'] > 2]", "n.at[0, 'a']", "n.head(2)", "n.tail(2)",
    "n.sort_values('a')", "n.nlargest(2, 'a')", "n['a'].nsmallest(2)", "n.drop_duplicates()", "n.describe()",
    "f['g'].str.upper()", "f['g'].unique()", "f.groupby('g').sum()", "f.groupby('g').mean()", "f.groupby('g').size()",
    "f.groupby('g').agg({'a': ['sum', 'max']})", "f.groupby('g').agg(s=('a', 'sum'))", "f.groupby('g').cumsum()",
    "f.groupby('g').rank()", "f.groupby('g').head(1)", "f.groupby('g').apply(lambda x: x.head(1))", "n.T", "n.melt()",
    "n['a'].agg('sum')", "f.groupby('g')['a'].nunique()", "f.groupby('g').rolling(2).sum()", "n.rolling(2).mean()",
    "n.rolling(2).std()", "n.expanding(2).sum()", "n.assign(z=n['a'] + 1)", "n.drop(columns=['a'])", "n.query('a > 2')",
    "n.rename(columns={'a': 'z'})", "n.set_index('a')", "n.reset_index()", "n.isna()", "n.fillna(0)", "n.ffill()",
    "n.where(n > 2)", "n.any()", "n.idxmax()", "n.merge(f, on='a')", "n.join(f[['g']])", "ps.concat([n, n])",
    "ps.get_dummies(f['g'])", "t.reset_index()['index'].dt.year", "n['a'].to_list()", "n.to_numpy()", "n.shape",
    "f.pivot(index='a', columns='g', values='b')", "n['a'].median()", "n['a'].quantile(0.5)", "n.insert(0, 'q', 1)",
    "n['a'].max() // 2", "n.std(axis=1)", "n.var(axis=1)", "n.prod(axis=1)",
    "n['a'].compare(n['b'])", "n['a'].dot(n['b'])", "n['a'].to_numpy().std()",
    "n.to_pandas().iloc[0]",
)  # fmt: skip


def calls() -> Iterator[Snippet]:
    """Yield a query for each of CALLS, called by its mark."""
    for mark, text in CALLS.items():
        yield _snippet(mark, Language.SQL, f"SELECT {text} AS v FROM (SELECT id, id + 1 AS other FROM people)")


def pandas() -> Iterator[Snippet]:
    """Yield a job for each of PANDAS, called by its mark."""
    for mark, text in PANDAS.items():
        yield _snippet(mark, Language.PYTHON, _FRAME + text + _SHOWN)


def pandas_works() -> Iterator[Snippet]:
    """Yield a job for each of PANDAS_WORKS, called by its text."""
    for text in PANDAS_WORKS:
        yield _snippet(text, Language.PYTHON, _FRAME + text + _SHOWN)


def _snippet(name: str, language: Language, code: str) -> Snippet:
    return Snippet(area="", name=name, language=language, code=code, rows=[], others={})
