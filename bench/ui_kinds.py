"""What the benchmark of the pages measures, in words, and what it is to stay below."""

from __future__ import annotations

from typing import Final

KINDS: Final = {
    "first_list": "sidebar opened, first rows painted",
    "list_page": "All jobs opened, first rows painted",
    "filter": "last key in the filter, filtered rows painted",
    "open_job": "Enter on a row, the job's text painted",
    "history": "Run History opened, first rows painted",
}
AIMS: Final = {"first_list": 1_000, "filter": 200, "open_job": 300}
