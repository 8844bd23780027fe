"""The demo's two jobs, each over data of all three organisations, and the same questions in another engine's words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoJob:
    """A job's name, the options of its cell, its text, and `direct`: the same computation in DuckDB's SQL."""

    name: str
    options: str
    code: str
    direct: str

    def cell(self, code: str = "") -> str:
        """Return the cell that drafts the job, with another text if given."""
        return f'%%securejob "{self.name}" {self.options} --test\n{code or self.code}'


BY_WEATHER: Final = DemoJob(
    name="Delay by wind and visibility",
    options='--lang python --input "from_month integer 1..12 = 1" --input "origin choice EWR|JFK|LGA = JFK" --rerun',
    code="""\
from pyspark.sql import functions as F

departed = spark.table("flights").where(F.col("dep_delay").isNotNull())
departed = departed.where((F.col("month") >= inputs["from_month"]) & (F.col("origin") == inputs["origin"]))
weather = spark.table("weather").where("wind_speed IS NOT NULL")
weather = weather.select(
    "origin",
    "time_hour",
    (F.floor(F.col("wind_speed") / 10) * 10).cast("int").alias("wind_from_mph"),
    (F.col("visib") < 5).alias("poor_visibility"),
)
matched = departed.join(weather, ["origin", "time_hour"]).join(spark.table("airlines"), "carrier")
print("Departures with an hour of weather:", matched.count())

enough = F.count("*") >= 10
matched.groupBy(F.col("name").alias("airline"), "wind_from_mph", "poor_visibility").agg(
    F.when(enough, F.count("*")).alias("departures"),
    F.when(enough, F.round(F.avg("dep_delay"), 1).cast("decimal(6,1)")).alias("mean_delay"),
).orderBy("airline", "wind_from_mph", "poor_visibility")""",
    direct="""
        SELECT airlines.name AS airline, CAST(floor(wind_speed / 10) * 10 AS INTEGER) AS wind_from_mph,
               visib < 5 AS poor_visibility, if(count(*) >= 10, count(*), NULL) AS departures,
               if(count(*) >= 10, CAST(round(avg(dep_delay), 1) AS DECIMAL(6, 1)), NULL) AS mean_delay
        FROM flights JOIN weather USING (origin, time_hour) JOIN airlines USING (carrier)
        WHERE flights.month >= $from_month AND flights.origin = $origin
          AND dep_delay IS NOT NULL AND wind_speed IS NOT NULL
        GROUP BY 1, 2, 3""",
)

_BY_AGE_FIRST: Final = """\
SELECT
  CAST(FLOOR((flights.year - planes.year) / 5) * 5 AS INT) AS age_from_years,
  airports.tzone AS destination_zone,
  COUNT(*) AS arrivals,
  CAST(ROUND(AVG(flights.arr_delay), 1) AS DECIMAL(6, 1)) AS mean_delay
FROM flights
  JOIN planes ON planes.tailnum = flights.tailnum
  JOIN airports ON airports.faa = flights.dest
WHERE flights.month = :month
  AND flights.year - planes.year <= :oldest
  AND flights.arr_delay IS NOT NULL
GROUP BY age_from_years, destination_zone
ORDER BY age_from_years, destination_zone"""

BY_AGE: Final = DemoJob(
    name="Delay by age of aircraft",
    options='--lang sql --input "month integer 1..12 = 1" --input "oldest integer 5..60 = 30" --rerun --max-runs 5',
    code=_BY_AGE_FIRST,
    direct="""
        SELECT CAST(floor((flights.year - planes.year) / 5) * 5 AS INTEGER) AS age_from_years,
               airports.tzone AS destination_zone, if(count(*) >= 10, count(*), NULL) AS arrivals,
               if(count(*) >= 10, CAST(round(avg(arr_delay), 1) AS DECIMAL(6, 1)), NULL) AS mean_delay
        FROM flights JOIN planes USING (tailnum) JOIN airports ON airports.faa = flights.dest
        WHERE flights.month = $month AND flights.year - planes.year <= $oldest AND arr_delay IS NOT NULL
        GROUP BY 1, 2""",
)
COMMENT: Final = "Figures of a few flights could point at a single aircraft. Please show none below 10 flights."
BY_AGE_REVISED: Final = _BY_AGE_FIRST.replace(
    "  COUNT(*) AS", "  CASE WHEN COUNT(*) >= 10 THEN COUNT(*) END AS"
).replace(
    "  CAST(ROUND(AVG(flights.arr_delay), 1) AS DECIMAL(6, 1)) AS",
    "  CASE WHEN COUNT(*) >= 10 THEN CAST(ROUND(AVG(flights.arr_delay), 1) AS DECIMAL(6, 1)) END AS",
)
