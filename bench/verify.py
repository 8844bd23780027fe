"""How long does it take to verify a run, by who is concerned with it, with few members and with many?"""

from __future__ import annotations

import secrets
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from bench import verify_plot, verify_table
from bench.machine import describe
from bench.report import Report, spread
from bench.verify_run import MEASUREMENT, OWNERS, WORKER, WORKSPACE, AcceptedJob
from jupyter_secure_jobs.crypto import signing
from jupyter_secure_jobs.crypto.sealing import SealingKey
from jupyter_secure_jobs.crypto.signing import SigningKey
from jupyter_secure_jobs.domain.job import Assurance
from jupyter_secure_jobs.keyservice.service import KeyService
from jupyter_secure_jobs.keyservice.state import State
from jupyter_secure_jobs.protocol import codec, places
from jupyter_secure_jobs.protocol import envelope as envelopes
from jupyter_secure_jobs.protocol.clock import utc_now
from jupyter_secure_jobs.protocol.order import Evidence, KeyRequest, Nonce
from jupyter_secure_jobs.trust import signatures
from jupyter_secure_jobs.trust.bundle import Bundle, verify_bundle
from jupyter_secure_jobs.trust.dossier import Dossier, verify_run
from jupyter_secure_jobs.trust.evidence import PROFILE, verify_evidence, verify_grant

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from rich.console import Console

    from jupyter_secure_jobs.protocol.envelope import Envelope
    from jupyter_secure_jobs.trust.dossier import AuthorisedRun

NAME: Final = "verify"
MEMBERS: Final = (3, 30, 300)
