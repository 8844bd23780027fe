"""What makes a job give another result each time, read off its code."""

from __future__ import annotations

import pytest

from jupyter_secure_jobs.domain.job import Language
from jupyter_secure_jobs.member.chance import chances


@pytest.mark.parametrize(
    ("language", "code", "found"),
    [
        ("sql", "SELECT rand() AS r, uuid() AS u FROM flights", ["rand", "uuid"]),
        ("sql", "SELECT current_date, CURRENT_TIMESTAMP FROM flights", ["current_date", "current_timestamp"]),
        ("sql", "SELECT * FROM flights TABLESAMPLE (10 PERCENT)", ["tablesample"]),
        ("sql", "SELECT rand FROM flights -- rand() is a column here", []),
        ("sql", "SELECT 'rand()' AS text FROM flights", []),
        ("sql", "SELECT 'never closed", []),
        ("python", "from pyspark.sql import functions as F\ndf.withColumn('r', F.rand())", ["rand"]),
        ("python", "spark.sql('SELECT uuid() FROM flights')", ["uuid"]),
        ("python", "df.sample(0.1)", ["sample"]),
        ("python", "print('rand()')\ndf.count()", []),
        ("python", "def (", []),
    ],
)
def test_names_of_chance_and_clock(language: str, code: str, found: list[str]) -> None:
    assert chances(Language(language), code) == found
