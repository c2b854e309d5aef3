"""Session of a run in this process: its lock, its worker pool, and the plan that is made while Prefect starts."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import Any

from core.config.run_spec import RunSpec
from core.engine.worker_pool import WorkerPool
from core.errors import NocturneError
from core.manifest import manifest
from core.planning.plan_file import begin_night
from core.planning.planner import Plan
from core.progress import StageCallback
from core.runs.finalise import finalise
from core.runs.run_kinds import kind_of, spec_of_run
from core.storage.disk_space import check_free_space
from core.storage.open_runs import OpenRuns
from core.storage.run_paths import PLAN, SPEC
from core.storage.store import Store
from core.storage.user_folders import use_writable_folders

open_sessions: OpenRuns[RunSession] = OpenRuns()
"""Sessions that this process coordinates."""


class RunSession:
    """Holds a run's lock and workers from before its plan until after its gallery."""

    def __init__(self, spec: RunSpec, retry: bool = False, backend: str | None = None, replan: bool = False) -> None:
        self.spec, self.kind, self.retry, self.replan = spec, kind_of(spec), retry, replan
        self.store = Store(spec.out)
        self.pool = WorkerPool(spec.device, backend or self.kind.backend)
        self.record: dict[str, Any] | None = None
        """What the night did, once it is over."""
        self.over = threading.Event()
        """Set when the run is given back."""
        self._plan: Plan | None = None
        self._error: BaseException | None = None
        self._thread: threading.Thread | None = None
        self._held = contextlib.ExitStack()

    @property
    def retries(self) -> bool:
        """Whether the night plans further tries of what scores too low."""
        return self.spec.retries and not self.retry

    def begin(self, tick: StageCallback | None = None) -> None:
        """Take the run's lock, start the workers, and make the plan in the background. Raises SpecError or RunBusy."""
        self.spec.check()
        self._held.enter_context(self.store.lock())
        self.pool.progress.notes += use_writable_folders(self.store.root)
        self.store.remove_temporary_files()
        self.pool.progress.notes += [
            f"{name} was damaged; it is set aside, and its jobs are made again."
            for name in manifest.set_aside_damaged(self.store)
        ]
        self.pool.start()
        self._thread = threading.Thread(target=self._make_plan, args=(tick,), daemon=True)
        self._thread.start()
        self._held.enter_context(open_sessions.hold(self.store.root, self))

    def plan(self, timeout: float | None = None) -> Plan | None:
        """The plan, when it is made; None if that takes longer than `timeout`. Raises what planning raised."""
        assert self._thread is not None
        self._thread.join(timeout)
        if self._error:
            raise self._error
        return self._plan

    def begin_night(self) -> Plan:
        """Put the plan into the run folder, and have the workers open the run. Raises what planning raised."""
        plan = self.plan()
        assert plan is not None
        begin_night(self.store, plan)
        self.pool.open(self.store, plan.context, plan.summary.todo, plan.summary.seconds)
        return plan

    def plan_retries(self) -> Plan:
        """A further plan of this night, of what scores too low by now and is to be tried once more; it is put into the run
        folder if there is work in it. Raises SpecError.
        """
        finalise(self.store, self.spec)
        plan = self.kind.make_plan(self.spec, again=True)
        if plan.summary.work:
            begin_night(self.store, plan)
            self.pool.extend(plan.summary.todo, plan.summary.seconds)
        return plan

    def end(self) -> None:
        """End the workers and give the run back."""
        self.pool.close()
        self._held.close()
        self.over.set()

    def _make_plan(self, tick: StageCallback | None) -> None:
        try:
            if self.retries and self.store.exists(PLAN):
                finalise(self.store, self.spec)  # what passes may be decided otherwise than when it was made
            plan = self.kind.make_plan(self.spec, self.retry, tick, replan=self.replan)
            self.pool.progress.notes += [*filter(None, [plan.summary.choice]), *plan.problems]
            check_free_space(plan.summary.bytes, self.spec.spare_disk * 1e9, self.spec.out)
            self._plan = plan
            self._put_spec()
        except BaseException as error:  # handed to whoever asks for the plan
            self._error = error

    def _put_spec(self) -> None:
        """Put the spec into the run folder, unless it says the same there: that may be the file that somebody wrote."""
        with contextlib.suppress(NocturneError):
            if spec_of_run(self.store).model_dump() == self.spec.model_dump():
                return
        self.store.put(SPEC, self.spec.toml().encode())


@contextlib.contextmanager
def open_session(spec: RunSpec, retry: bool = False, replan: bool = False) -> Iterator[RunSession]:
    """Use the session of this run, begun now unless the caller of the flow has begun it already. Ends it either way."""
    session = open_sessions.get(Store(spec.out).root)
    if session is None:
        session = RunSession(spec, retry, replan=replan)
        session.begin()
    try:
        yield session
    finally:
        session.end()
