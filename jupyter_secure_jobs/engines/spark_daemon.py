"""What forks Spark's Python workers: PySpark's own daemon, whose workers find the job's packages as the job does."""

from __future__ import annotations

import os

from pyspark import daemon

from jupyter_secure_jobs.engines import packages

if __name__ == "__main__":
    # The daemon may have been started before the job came, and its packages with it.
    os.register_at_fork(after_in_child=packages.attach)
    daemon.manager()
