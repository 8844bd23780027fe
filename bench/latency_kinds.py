"""What the latency benchmark measures: each kind's name in the figures, and in words."""

from __future__ import annotations

from typing import Final

KINDS: Final = {
    "warm": "secure job, ready sandbox",
    "back_to_back": "secure job, right after another",
    "in_a_row": "secure job, five times as many in a row",
    "cold": "secure job, parts just started",
    "nbclient_running_kernel": "query cell by nbclient, running kernel",
    "nbclient": "notebook by nbclient, new kernel",
    "papermill": "notebook by papermill, new kernel",
}
SECURE: Final = ("warm", "back_to_back", "cold")
