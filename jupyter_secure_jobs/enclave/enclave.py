"""One run at a time: everything is verified here, whoever brought it, before a key is asked for.

The order of a job run: `prepare` (verify the statements), `ask` (evidence, key request), `run` (verify the grants,
decrypt, run in the sandbox, seal, receipt). A test run reads synthetic tables, needs no key and takes the same road
through the sandbox.
"""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from jupyter_secure_jobs.crypto.sealing import SealingKey
from jupyter_secure_jobs.crypto.signing import SigningKey
from jupyter_secure_jobs.domain.errors import RefusedError
from jupyter_secure_jobs.domain.inputs import Value, check_values
from jupyter_secure_jobs.domain.job import Assurance, JobLimits, Language, LogPolicy
from jupyter_secure_jobs.enclave import machine, plaintext
from jupyter_secure_jobs.enclave.gate import Gate
from jupyter_secure_jobs.enclave.outcome import Ended, seal, sign_test
from jupyter_secure_jobs.enclave.pool import Sandboxes
from jupyter_secure_jobs.enclave.wheels import WheelHouse
from jupyter_secure_jobs.engines.run import run_job
from jupyter_secure_jobs.engines.spec import JobSpec
from jupyter_secure_jobs.flow import engine_check
from jupyter_secure_jobs.protocol import codec, places
from jupyter_secure_jobs.protocol import envelope as envelopes
from jupyter_secure_jobs.protocol.clock import utc_now
from jupyter_secure_jobs.protocol.order import (
    Evidence,
    KeyRequest,
    Nonce,
)
from jupyter_secure_jobs.protocol.output import rules_of
from jupyter_secure_jobs.protocol.version import Version
from jupyter_secure_jobs.sandbox import cores
from jupyter_secure_jobs.sandbox.limits import Limits
from jupyter_secure_jobs.trust.dossier import AuthorisedRun, Dossier, verify_run
from jupyter_secure_jobs.trust.evidence import PROFILE, verify_evidence, verify_grant

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from jupyter_secure_jobs.crypto.memory import Memory
    from jupyter_secure_jobs.domain.compute import Compute, EngineName
    from jupyter_secure_jobs.domain.inputs import InputVariable
    from jupyter_secure_jobs.enclave.pool import Taken
    from jupyter_secure_jobs.enclave.task import SyntheticTask
    from jupyter_secure_jobs.protocol.envelope import Envelope


_PART_BYTES: Final = 1024**2


@dataclass(slots=True, kw_only=True)
class _Session:
    """A run between `prepare` and its receipt, with keys that exist for it alone."""

    run: AuthorisedRun
    tables: frozenset[str]
    signing: SigningKey
    sealing: SealingKey
    gate: Gate
    sandbox: Taken | None = None
    waited_ms: int | None = None
    evidence: Envelope | None = None


class Enclave:
    """A software enclave: `platform` is the worker's platform key, which signs its evidence."""

    def __init__(
        self,
        *,
        platform: SigningKey,
        name: str,
        measurement: str,
        memory: Memory,
        sandboxes: Sandboxes | None = None,
        clock: Callable[[], datetime] = utc_now,
        wheels: WheelHouse | None = None,
    ) -> None:
        """Start sandboxes ahead of the first run."""
        self._wheels = wheels or WheelHouse(None)
        self._platform, self._name, self._measurement = platform, name, measurement
        self._memory, self._clock = memory, clock
        self._session: _Session | None = None
        self.cancelled = threading.Event()
        self.sandboxes = sandboxes or Sandboxes(memory)
        self.warm()

    def warm(self) -> None:
        """Start the sandboxes of the next runs in the background, as far as none are waiting."""
        self.sandboxes.fill()

    def close(self) -> None:
        """Forget everything."""
        self.forget()
        self.sandboxes.close()

    def forget(self) -> None:
        """Drop the run in hand, its keys and its plaintext."""
        if self._session is not None:
            self._session.gate.close()
            if self._session.sandbox is not None:
                self._session.sandbox.child.close()
        self._session = None
        self._memory.release()
        self.cancelled.clear()

    def _sandbox(self, limits: Limits, engine: EngineName) -> Taken:
        return self.sandboxes.job(limits, engine)

    def prepare(self, dossier: Dossier) -> tuple[str, ...]:
        """Verify a job run; return the organisations whose keys it needs.

        The genesis is taken from the version and goes into the evidence: the key services hold the pins and decide.

        Raises:
            RefusedError: a check failed.
            UnavailableError: no sandbox can be made here, the data do not fit into memory, or this machine lacks the
                engine, the processors or the memory that the job asks for.
        """
        self.forget()
        genesis = envelopes.read(Version, dossier.version).genesis
        run = verify_run(dossier, genesis=genesis, now=self._clock())
        machine.check(run.version.compute, run.version.limits)
        tables = plaintext.needed(run.version)
        size = plaintext.size(run, tables)
        self._memory.reserve(size)
        limits = _limits(run.version.limits)
        gate = Gate.start(self.sandboxes, rules_of(run.version, run.manifests), limits)
        self._session = _Session(
            run=run, tables=tables, signing=SigningKey.generate(), sealing=SealingKey.generate(), gate=gate
        )
        # They come up while nonces and ciphertext are on their way; `ask` waits for them.
        sandbox = self._sandbox(limits, run.version.compute.engine)
        self._session.sandbox = self._with_packages(sandbox, run.version.compute, used=size)
        return run.owners

    def offer(self) -> dict[str, object]:
        """Return what a run can have here, for its author to know beforehand; the run itself checks again."""
        return {
            "cores": cores.available(),
            "memory_bytes": machine.memory_bytes(),
            "engines": machine.engines(),
            "packages": codec.to_json(self._wheels.offered()),
        }

    def _with_packages(self, sandbox: Taken, compute: Compute, *, used: int) -> Taken:
        if not compute.packages:
            return sandbox
        try:
            sandbox.wait()  # one that does not come up is replaced, and with it its folder
            self._wheels.unpack(compute.packages, sandbox.child.packages, room=self._memory.free_bytes() - used)
        except BaseException:
            # Without its packages no run is prepared: whoever asks for keys now is refused.
            sandbox.child.close()
            self.forget()
            raise
        return sandbox

    @property
    def files(self) -> list[str]:
        """The digests of the ciphertext files that the run in hand needs."""
        session = self._current()
        return plaintext.digests(session.run, session.tables)

    @property
    def seconds(self) -> int:
        """How long the author's code of the run in hand may take."""
        return self._current().run.version.limits.seconds

    def _current(self) -> _Session:
        if self._session is None:
            raise RefusedError("no_run", "No run is prepared.")
        return self._session

    def ask(self, nonces: Mapping[str, str]) -> tuple[Envelope, Envelope]:
        """Return the key request and the evidence, bound to every key service's nonce, once the sandboxes are up.

        Raises:
            RefusedError: a nonce is missing, or this worker is not enrolled for the run.
            UnavailableError: no sandbox can be made here.
        """
        session = self._current()
        run = session.run
        if set(nonces) != set(run.owners):
            raise RefusedError("nonces", "Not every key service has given its nonce.")
        if session.sandbox is None:
            raise RefusedError("no_run", "The run was not prepared.")
        session.waited_ms = session.sandbox.wait()
        session.gate.wait()
        claims = Evidence(
            eat_profile=PROFILE,
            eat_nonce=tuple(nonces[owner] for owner in run.owners),
            iat=self._clock(),
            dbgstat="enabled",
            assurance=str(Assurance.SOFTWARE),
            measurement=self._measurement,
            worker=self._name,
            genesis=run.rosters.genesis,
            roster=run.rosters.hash,
            workers=run.workers_hash,
            order=run.order_hash,
            signing_key=session.signing.public,
            sealing_key=session.sealing.public,
        )
        session.evidence = envelopes.sign(claims, self._platform)
        verify_evidence(session.evidence, run)  # refuse here what every key service would refuse
        request = KeyRequest(
            workspace=run.rosters.workspace,
            genesis=run.rosters.genesis,
            order=run.order_hash,
            version=run.version_hash,
            manifests=tuple(read.manifest for read in run.version.datasets),
            nonces=tuple(Nonce(organisation=owner, nonce=nonces[owner]) for owner in run.owners),
            evidence=session.evidence.hash,
        )
        return envelopes.sign(request, session.signing), session.evidence

    @property
    def waited_ms(self) -> int | None:
        """How long the run in hand has waited for its sandbox; none before `ask`."""
        return self._current().waited_ms

    def run(
        self,
        grants: Sequence[Envelope],
        fetched: Mapping[str, Path],
        outbox: Path,
        *,
        phase: Callable[[str], None],
    ) -> Ended:
        """Run a prepared job; `fetched` gives the ciphertext file of each digest, `outbox` takes what is sealed.

        Raises:
            RefusedError: a grant or a file is not what it must be; nothing has run.
        """
        session = self._current()
        run, evidence = session.run, session.evidence
        if session.sandbox is None or evidence is None:
            raise RefusedError("no_run", "The run was not prepared.")
        child = session.sandbox.child
        started = self._clock()
        try:
            keys = self._keys(session, grants, evidence.hash)
            phase("decrypt")
            tables = plaintext.decrypt(run, session.tables, keys, fetched, child.tables)
            phase("run")
            outcome = run_job(child, _spec(run.version, run.inputs, tables, session.gate), self.cancelled)
            phase("seal")
            limits, printed = _limits(run.version.limits), run.version.log_policy is LogPolicy.ERRORS
            outcome = session.gate.let_out(outcome, limits, self.cancelled, printed=printed)
            return seal(
                run,
                outcome,
                signing=session.signing,
                evidence=evidence,
                grants=grants,
                outbox=outbox,
                times=(started, self._clock()),
            )
        finally:
            # Plaintext and keys go now, not when the loop outside says so.
            self.forget()

    def _keys(self, session: _Session, grants: Sequence[Envelope], evidence_hash: str) -> dict[str, bytes]:
        run = session.run
        opened: dict[str, bytes] = {}
        given: set[str] = set()
        for envelope in grants:
            grant = verify_grant(envelope, run, evidence_hash=evidence_hash)
            given.add(grant.organisation)
            for key in grant.keys:
                place = places.granted_key(order=run.order_hash, manifest=key.manifest, key_id=key.key_id)
                plain = session.sealing.open(key.sealed, info=place)
                if places.key_id(plain) != key.key_id:
                    raise RefusedError("key_grant", "A granted key is not the one its dataset names.")
                opened[key.manifest] = plain
        if given != set(run.owners):
            raise RefusedError("key_grant", "The grant of an owner is missing.")
        return opened

    def test(
        self, task: SyntheticTask, fetched: Mapping[str, Path], outbox: Path, *, phase: Callable[[str], None]
    ) -> Ended:
        """Run a text on synthetic tables, with the full log, and sign what was seen.

        Raises:
            RefusedError: the text, an input or a file is not what it must be.
            UnavailableError: no sandbox can be made here.
        """
        self.forget()
        if task.text.hash != task.text_hash:
            raise RefusedError("tested_text", "The test is of another text than the one it is said to be of.")
        machine.check(task.compute, task.limits)
        _preflight(task)
        values = check_values(task.declarations, task.inputs)
        limits = _limits(task.limits.for_test())  # that nobody accepted it is true whatever the server says
        gate = Gate.start(self.sandboxes, task.rules, limits)
        sandbox: Taken | None = None
        try:
            sandbox = self._sandbox(limits, task.compute.engine)
            sandbox = self._with_packages(sandbox, task.compute, used=0)
            sandbox.wait()
            child = sandbox.child
            tables = {}
            for number, (table, digest) in enumerate(sorted(task.tables.items())):
                name = f"{number:03d}-00000.parquet"
                _copy_checked(fetched, digest, child.tables / name)
                tables[table] = (name,)
            phase("run")
            spec = JobSpec(
                language=task.language.value,
                code=task.code,
                tables=tables,
                inputs=_typed(task.declarations, values),
                log_policy="full",
                limits=limits,
                form=gate.form,
                flow=task.language is Language.PYTHON,
                engine=task.compute.engine,
                settings=task.compute.values,
            )
            outcome = gate.let_out(run_job(child, spec, self.cancelled), limits, self.cancelled, printed=True)
            return sign_test(
                task,
                values,
                outcome,
                outbox,
                platform=self._platform,
                worker=self._name,
                measurement=self._measurement,
                now=self._clock(),
            )
        finally:
            gate.close()
            if sandbox is not None:
                sandbox.child.close()
            self.cancelled.clear()


def _limits(limits: JobLimits) -> Limits:
    return Limits(
        seconds=limits.seconds,
        memory_bytes=limits.memory_bytes,
        result_bytes=limits.result_bytes,
        log_bytes=max(1, limits.log_bytes),
        scratch_bytes=limits.scratch_bytes,
        cores=limits.cores,
    )


def _preflight(task: SyntheticTask) -> None:
    # The author's side has asked the same question, if it is one of this version.
    for found in engine_check.check(task.language, task.code, task.compute, memory_bytes=task.limits.memory_bytes):
        if found.fatal:
            where = f" (line {found.line}, column {found.column})" if found.line else ""
            raise RefusedError(engine_check.CODE, f"{found.text}{where}")


def _typed(variables: Sequence[InputVariable], values: Mapping[str, Value]) -> dict[str, tuple[str, Any]]:
    return {variable.name: (str(variable.type), values[variable.name]) for variable in variables}


def _spec(version: Version, values: Mapping[str, Value], tables: Mapping[str, tuple[str, ...]], gate: Gate) -> JobSpec:
    return JobSpec(
        language=version.language.value,
        code=version.code,
        tables=tables,
        inputs=_typed(version.inputs, values),
        log_policy=gate.log_policy(version.log_policy.value),
        limits=_limits(version.limits),
        form=gate.form,
        engine=version.compute.engine,
        settings=version.compute.values,
    )


def _copy_checked(fetched: Mapping[str, Path], digest: str, target: Path) -> None:
    path = fetched.get(digest)
    if path is None:
        raise RefusedError("file_missing", "A synthetic table was not brought.")
    # Read once: of a file that is looked at and then read again, the second reading may be of other bytes.
    seen = hashlib.sha256()
    with path.open("rb") as source, target.open("xb") as sink:
        while part := source.read(_PART_BYTES):
            seen.update(part)
            sink.write(part)
    if f"sha256:{seen.hexdigest()}" != digest:
        target.unlink()
        raise RefusedError("file_altered", "A synthetic table is not the one its owner published.")
