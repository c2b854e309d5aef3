"""Session of a run in this process: its lock, its worker pool, and the plan that is made while Prefect starts."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator
from typing import Any

from core.config.retry_policy import parse_gate
from core.config.spec import Spec
from core.engine.worker_pool import WorkerPool
from core.manifest import manifest
from core.planning.planner import Plan, Tick
from core.runs.finalise import finalise
from core.runs.run_kinds import KINDS, AnySpec, plan_of
from core.storage.disk_space import check_free_space
from core.storage.run_paths import PLAN, SPEC
from core.storage.store import Store

_sessions: dict[str, RunSession] = {}


class RunSession:
    """Holds a run's lock and workers from before its plan until after its gallery."""

    def __init__(self, spec: AnySpec, retry: bool = False, backend: str | None = None, replan: bool = False) -> None:
        self.spec, self.retry, self.replan = spec, retry, replan
        self.store = Store(spec.out)
        self.pool = WorkerPool(spec.device, backend or KINDS[spec.kind].backend)
        self.record: dict[str, Any] | None = None
        """What the night did, once it is over."""
        self.over = threading.Event()
        """Set when the run is given back."""
        self._plan: Plan | None = None
        self._error: BaseException | None = None
        self._thread: threading.Thread | None = None
        self._held = contextlib.ExitStack()

    @property
    def tries_again(self) -> bool:
        """Whether the night plans further tries of what scores too low."""
        return isinstance(self.spec, Spec) and bool(parse_gate(self.spec.gate).retakes) and not self.retry

    def begin(self, tick: Tick | None = None) -> None:
        """Take the run's lock, start the workers, and make the plan in the background. Raises SpecError or RunBusy."""
        self.spec.check()
        self._held.enter_context(self.store.lock())
        self.store.remove_temporary_files()
        self.pool.progress.notes += [
            f"{name} was damaged; it is set aside, and its jobs are made again."
            for name in manifest.set_aside_damaged(self.store)
        ]
        self.pool.start()
        self._thread = threading.Thread(target=self._make_plan, args=(tick,), daemon=True)
        self._thread.start()
        _sessions[os.fspath(self.store.root)] = self

    def plan(self, timeout: float | None = None) -> Plan | None:
        """The plan, when it is made; None if that takes longer than `timeout`. Raises what planning raised."""
        assert self._thread is not None
        self._thread.join(timeout)
        if self._error:
            raise self._error
        return self._plan

    def plan_again(self) -> Plan:
        """A further plan of this night, of what scores too low by now and is to be tried once more. Raises SpecError."""
        finalise(self.store, self.spec)
        return plan_of(self.spec, again=True)

    def end(self) -> None:
        """End the workers and give the run back."""
        self.pool.close()
        _sessions.pop(os.fspath(self.store.root), None)
        self._held.close()
        self.over.set()

    def _make_plan(self, tick: Tick | None) -> None:
        try:
            if self.tries_again and self.store.exists(PLAN):
                finalise(self.store, self.spec)  # what passes may be decided otherwise than when it was made
            made = plan_of(self.spec, self.retry, tick, self.replan)
            self.pool.progress.notes += [*filter(None, [made.summary.choice]), *made.problems]
            check_free_space(made.summary.bytes, self.spec.spare_disk * 1e9, self.spec.out)
            self._plan = made
            self.store.put(SPEC, self.spec.toml().encode())
        except BaseException as error:  # handed to whoever asks for the plan
            self._error = error


@contextlib.contextmanager
def open_session(spec: AnySpec, retry: bool = False, replan: bool = False) -> Iterator[RunSession]:
    """Use the session of this run, begun now unless the caller of the flow has begun it already. Ends it either way."""
    session = _sessions.get(os.fspath(Store(spec.out).root))
    if session is None:
        session = RunSession(spec, retry, replan=replan)
        session.begin()
    try:
        yield session
    finally:
        session.end()


def session_of(run: str) -> RunSession:
    """The session of the run folder `run` in this process. Raises KeyError."""
    return _sessions[run]
