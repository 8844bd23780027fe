"""Python jobs, and what a reader of each would say by hand: the columns that flow into its result, and those that decide."""

# ruff: noqa: E501 -- a job a line

from __future__ import annotations

import pyarrow as pa

TABLES = {
    "flights": pa.table({"carrier": ["AA", "UA"], "tailnum": ["N1", "N2"], "month": [1, 2], "delay": [1.5, None]}),
    "planes": pa.table({"tailnum": ["N1", "N3"], "model": ["A", "B"], "seats": [9, 10]}),
}

# The code, after `f = spark.table("flights"); p = spark.table("planes"); F = pyspark.sql.functions`; for each column of
# the result how it is made and from what ("~" if in part in Python); what decides which rows count.
# fmt: off
KNOWN = {
    "a table": ("p", "tailnum: as it is < planes.tailnum | model: as it is < planes.model | seats: as it is < planes.seats", ""),
    "one column": ("p.select('model')", "model: as it is < planes.model", ""),
    "of a frame": ("p.select(p.model, p['seats'])", "model: as it is < planes.model | seats: as it is < planes.seats", ""),
    "the case of letters": ("p.select('MODEL')", "MODEL: as it is < planes.model", ""),
    "alias": ("p.select(F.col('model').alias('m'))", "m: as it is < planes.model", ""),
    "filter": ("p.filter(p.seats > 9).select('model')", "model: as it is < planes.model", "planes.seats"),
    "filter in words": ("p.where('seats > 9 AND model IS NOT NULL').select('tailnum')", "tailnum: as it is < planes.tailnum", "planes.model, planes.seats"),
    "arithmetic": ("f.select((F.col('delay') * F.col('month')).alias('x'))", "x: computed < flights.delay, flights.month", ""),
    "literal": ("p.select(F.lit(1).alias('one'))", "one: constant < ", ""),
    "cast": ("p.select(p.seats.cast('string'))", "seats: computed < planes.seats", ""),
    "case": ("f.select(F.when(f.delay > 1, f.carrier).otherwise('x').alias('c'))", "c: computed < flights.carrier, flights.delay", ""),
    "aggregate": ("f.groupBy('carrier').agg(F.avg('delay').alias('d'), F.count('*').alias('n'))", "carrier: as it is < flights.carrier | d: avg < flights.delay | n: count < ", "flights.carrier"),
    "aggregate without names": ("f.groupBy('carrier').sum('delay')", "carrier: as it is < flights.carrier | sum(delay): sum < flights.delay", "flights.carrier"),
    "count distinct": ("f.agg(F.countDistinct('tailnum').alias('n'))", "n: count, distinct < flights.tailnum", ""),
    "rounded": ("f.agg(F.round(F.avg('delay'), 1).alias('d'))", "d: computed from avg < flights.delay", ""),
    "group by an expression": ("f.groupBy((f.month % 2).alias('odd')).count()", "odd: computed < flights.month | count: count < ", "flights.month"),
    "rollup": ("f.rollup('carrier').count()", "carrier: as it is < flights.carrier | count: count < ", "flights.carrier"),
    "having": ("f.groupBy('carrier').agg(F.max('delay').alias('d')).filter('d > 0').select('carrier')", "carrier: as it is < flights.carrier", "flights.carrier, flights.delay"),
    "pivot": ("f.groupBy('carrier').pivot('month', [1, 2]).agg(F.sum('delay'))", "carrier: as it is < flights.carrier | 1: computed < flights.delay, flights.month | 2: computed < flights.delay, flights.month", "flights.carrier, flights.month"),
    "join by names": ("f.join(p, 'tailnum').select('tailnum', 'model')", "tailnum: as it is < flights.tailnum | model: as it is < planes.model", "flights.tailnum, planes.tailnum"),
    "join from the right": ("f.join(p, 'tailnum', 'right').select('tailnum')", "tailnum: as it is < planes.tailnum", "flights.tailnum, planes.tailnum"),
    "join from both": ("f.join(p, 'tailnum', 'outer').select('tailnum')", "tailnum: computed < flights.tailnum, planes.tailnum", "flights.tailnum, planes.tailnum"),
    "join on": ("f.join(p, f.tailnum == p.tailnum, 'left').select(f.month, p.tailnum)", "month: as it is < flights.month | tailnum: as it is < planes.tailnum", "flights.tailnum, planes.tailnum"),
    "semi join": ("f.join(p, 'tailnum', 'left_semi').select('month')", "month: as it is < flights.month", "flights.tailnum, planes.tailnum"),
    "self join": ("p.alias('a').join(p.alias('b'), F.col('a.model') == F.col('b.tailnum')).select('a.seats', 'b.model')", "seats: as it is < planes.seats | model: as it is < planes.model", "planes.model, planes.tailnum"),
    "star of one": ("f.alias('a').crossJoin(p.alias('b')).select('b.*')", "tailnum: as it is < planes.tailnum | model: as it is < planes.model | seats: as it is < planes.seats", ""),
    "star and more": ("p.select('*', F.upper('model').alias('u')).drop('tailnum', 'seats')", "model: as it is < planes.model | u: computed < planes.model", ""),
    "with column": ("p.withColumn('seats', p.seats + 1).select('seats')", "seats: computed < planes.seats", ""),
    "with columns": ("p.select('model').withColumns({'a': F.col('model'), 'MODEL': F.lit(1)})", "MODEL: constant <  | a: as it is < planes.model", ""),
    "renamed": ("p.withColumnRenamed('seats', 's').withColumnsRenamed({'model': 'm'}).select('s', 'm')", "s: as it is < planes.seats | m: as it is < planes.model", ""),
    "other names": ("p.toDF('a', 'b', 'c').select('c')", "c: as it is < planes.seats", ""),
    "to a schema": ("p.to(p.select('seats', 'model').schema)", "seats: computed < planes.seats | model: computed < planes.model", ""),
    "dropped": ("p.drop('model').drop(p.tailnum)", "seats: as it is < planes.seats", ""),
    "sorted": ("p.orderBy(F.desc('seats')).select('model').limit(1)", "model: as it is < planes.model", "planes.seats"),
    "distinct": ("p.select('model').distinct()", "model: as it is < planes.model", "planes.model"),
    "once each": ("p.dropDuplicates(['seats']).select('model')", "model: as it is < planes.model", "planes.seats"),
    "through": ("p.select('model').hint('broadcast').repartition(1).sample(1.0).offset(0)", "model: as it is < planes.model", ""),
    "window": ("from pyspark.sql import Window\np.select(F.row_number().over(Window.partitionBy('model').orderBy('seats')).alias('r'))", "r: window: row_number < planes.model, planes.seats", ""),
    "union": ("f.select('tailnum').union(p.select('model'))", "tailnum: as it is < flights.tailnum, planes.model", ""),
    "union by name": ("p.select('model', 'seats').unionByName(p.select('seats', F.upper('model').alias('model')))", "model: computed < planes.model | seats: as it is < planes.seats", ""),
    "except": ("f.select('tailnum').subtract(p.select('tailnum'))", "tailnum: as it is < flights.tailnum", "flights.tailnum, planes.tailnum"),
    "structure": ("p.select(F.struct('model', 'seats').alias('s')).select('s.seats')", "seats: computed < planes.model, planes.seats", ""),
    "lambda": ("p.select(F.transform(F.array('seats'), lambda x: x + 1).alias('a'))", "a: computed < planes.seats", ""),
    "explode": ("p.select('model', F.explode(F.array('seats')).alias('e'))", "model: as it is < planes.model | e: computed < planes.seats", "planes.seats"),
    "pattern of names": ("p.select(p.colRegex('`^s.*`'))", "seats: as it is < planes.seats", ""),
    "select in words": ("p.selectExpr('model', 'seats + 1 AS s', 'count(1) OVER () AS n')", "model: as it is < planes.model | s: computed < planes.seats | n: window: count < ", ""),
    "nulls": ("f.na.drop(subset=['delay']).na.fill('x', ['carrier']).select('carrier')", "carrier: computed < flights.carrier", "flights.delay"),
    "unpivot": ("p.unpivot('model', ['seats'], 'k', 'v')", "model: as it is < planes.model | k: constant <  | v: computed < planes.seats", ""),
    "subquery": ("p.filter(p.seats == spark.table('flights').select(F.max('month')).scalar()).select('model')", "model: as it is < planes.model", "flights.month, planes.seats"),
    "range": ("spark.range(3)", "id: constant < ", ""),
    "call": ("p.select(F.call_function('upper', 'model').alias('u'))", "u: computed < planes.model", ""),
    "sql": ("spark.sql('SELECT model, count(*) AS n FROM planes WHERE seats > :s GROUP BY model', args={'s': 1})", "model: as it is < planes.model | n: count < ", "planes.model, planes.seats"),
    "sql and more": ("spark.sql('SELECT model AS m, seats FROM planes').filter('seats > 1').select('m')", "m: as it is < planes.model", "planes.seats"),
    "view": ("p.filter('seats > 1').createOrReplaceTempView('big')\nspark.sql('SELECT model FROM big')", "model: as it is < planes.model", "planes.seats"),
    "a view read": ("p.select(F.col('seats').alias('s')).createTempView('big')\nspark.table('big')", "s: as it is < planes.seats", ""),
    "udf": ("@F.udf('string')\ndef g(x):\n    return x\np.select(g('model').alias('g'))", "g: computed < ~, planes.model", ""),
    "registered": ("spark.udf.register('upper2', lambda x: x, 'string')\np.select(F.call_function('upper2', 'model').alias('g'))", "g: computed < ~, planes.model", ""),
    "map in pandas": ("p.mapInPandas(lambda parts: parts, p.schema).select('model')", "model: computed < ~, planes.model, planes.seats, planes.tailnum", "~, planes.model, planes.seats, planes.tailnum"),
    "made in Python": ("p.join(spark.createDataFrame([('A', 1)], ['model', 'x']), 'model').select('seats', 'x')", "seats: as it is < planes.seats | x: computed < ~", "~, planes.model"),
    "read before": ("n = p.filter('seats > 1').count()\nf.select('month') if n > 2 else f.select('carrier')", "carrier: as it is < flights.carrier", "planes.seats"),
    "read and made again": ("spark.createDataFrame(p.select('model').toPandas())", "model: computed < ~", "~, planes.model"),
    "only columns looked at": ("p.select([name for name in p.columns if name != 'seats'])", "tailnum: as it is < planes.tailnum | model: as it is < planes.model", ""),
}

# The code, and why its columns cannot be followed.
UNKNOWN = {
    "pandas": ("p.toPandas()", "made_in_python"),
    "arrow": ("p.toArrow()", "made_in_python"),
    "of a file": ("import glob\nspark.read.parquet(glob.glob('PLACE/*.parquet')[0])", "not_followed"),
    "what engines differ on": ("p.alias('a').join(f.alias('b'), 'tailnum').select('b.*')", "not_followed"),
    "other data under a name": ("f.createOrReplaceTempView('planes')\nspark.table('planes')", "command"),
    "a view twice": ("p.createOrReplaceTempView('v')\nf.createOrReplaceTempView('v')\nspark.table('v')", "command"),
    "written": ("p.write.parquet('PLACE/out')\np", "command"),
    "a statement": ("spark.sql('CREATE TEMP VIEW v AS SELECT seats FROM planes')\nspark.table('v')", "command"),
    "crosstab": ("p.crosstab('model', 'seats')", "not_followed"),
    "describe": ("p.describe()", "not_followed"),
    "described before": ("p.summary().collect()\np", "earlier"),
    "two in one": ("p.select(F.posexplode(F.array('seats')))", "not_followed"),
    "dropped and yet named": ("p.select('model').orderBy('seats')", "not_followed"),
    "a registered name in words": ("spark.udf.register('twice', lambda x: x, 'bigint')\nspark.sql('SELECT twice(seats) AS t FROM planes')", "not_followed"),
    "swapped names": ("p.withColumnsRenamed({'model': 'tailnum', 'tailnum': 'model'})", "not_followed"),
}
# fmt: on
