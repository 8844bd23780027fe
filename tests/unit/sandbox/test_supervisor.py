"""Process 1 watches the job's process whatever that says or takes back."""

from __future__ import annotations

import os
import select
import signal
import threading
import time
from typing import Any

from jupyter_secure_jobs.sandbox import supervisor


def test_a_word_that_is_taken_back_does_not_end_the_watching() -> None:
    """The job's process can read its own word between process 1's look whether there is one and its reading."""
    forked = supervisor.fork(lambda: time.sleep(600), kept=())

    class Seen:
        def poll(self, _milliseconds: int) -> list[tuple[int, int]]:
            return [(forked.said, select.POLLIN)]

    taken_back: Any = Seen()
    said: list[int | None] = []
    looking = threading.Thread(target=lambda: said.append(supervisor._said(forked, taken_back)))
    looking.start()
    try:
        looking.join(20)
        assert said == [None]
    finally:
        signal.pidfd_send_signal(forked.handle, signal.SIGKILL)
        looking.join()
        os.waitpid(forked.process, 0)
        os.close(forked.handle)
        os.close(forked.said)
