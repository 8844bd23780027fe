"""What the TPC-H benchmark measures: each kind's name in the figures, and in words."""

from __future__ import annotations

from typing import Final

KINDS: Final = {
    "secure_one_job": "one secure job, ready sandbox",
    "plain": "plain files, engine already started",
    "plain_fresh": "plain files, fresh process",
    "secure_22_jobs": "22 secure jobs, one after another",
    "plain_22_processes": "22 fresh plain processes",
    "spark": "JVM Spark on plain files, already started",
    "duckdb": "DuckDB on plain files",
}
