"""Makers for tests of the engine: quick, without networks, and badly behaved where a job's name asks for it."""

import os
import time
from pathlib import Path
from typing import Any

import torch

from core.engine.backend import StepCallback
from core.errors import NotFinite, SpecError, Unreadable
from core.planning.jobs import Job
from core.planning.run_context import RunContext
from core.storage.run_paths import output_path
from core.storage.store import Store
from tests.core.engine.single_jobs import SingleJobs


class ScribeContext(RunContext):
    """How slow a Scribe is, in seconds."""

    kind: str = "scribe"
    run: str = "run"
    step_seconds: float = 0.0
    score_seconds: float = 0.0

    def subject(self, job: Job) -> str:
        return f"{job.asset} in {job.style}"

    def remedy(self, job: Job) -> str:
        return "look at the file, or lower `size`"


class Scribe:
    """Writes the asset's name as the output. Words in the name make trouble; files in `marks/` count the tries."""

    engine = os.environ.get("SCRIBE_ENGINE", "scribe")
    versions = "test"

    @staticmethod
    def resolve(device: str) -> str:
        if device == "cuda":
            raise SpecError("there is no device cuda here; use cpu.")
        if device == "auto":
            return os.environ.get("SCRIBE_DEVICES", "first")
        if device == os.environ.get("SCRIBE_GONE"):
            raise SpecError(f"The device {device!r} is not on this machine", "use device = 'auto'.")
        return device

    @staticmethod
    def identity(resolved: str) -> str:
        """The device's own name, but for SCRIBE_RENAMED, which by now means the device two."""
        return "gpu-two" if resolved == os.environ.get("SCRIBE_RENAMED") else f"gpu-{resolved}"

    def __init__(self, device: str) -> None:
        if os.environ.get("SCRIBE_STILLBORN"):
            raise SystemExit("no networks today")
        if device == os.environ.get("SCRIBE_LOST"):
            raise RuntimeError("CUDA error: device not ready, or lost")
        self.broken = False

    def open(self, store: Store, context: ScribeContext) -> None:
        self.store, self.context = store, context

    def decode(self, job: Job) -> str:
        self._count("decode", job)
        if "hang-in-decode" in job.asset:
            time.sleep(3600)
        if "unreadable" in job.asset:
            raise Unreadable(f"{job.asset} cannot be decoded.")
        return job.asset

    def make(self, job: Job, decoded: str, report_step: StepCallback) -> bytes:
        self._count("make", job)
        if "hang-in-make" in job.asset:
            time.sleep(3600)
        if "die-always" in job.asset or ("die-once" in job.asset and self._count("death", job) == 1):
            os._exit(66)
        if "break-device" in job.asset and ("always" in job.asset or self._count("break", job) == 1):
            self.broken = True  # CUDA fails every further call of the process
        if self.broken:
            raise torch.AcceleratorError("CUDA error: an illegal memory access was encountered")
        if "diverge" in job.asset:
            raise NotFinite(f"{job.asset} diverged.")
        if "fault" in job.asset:
            raise ZeroDivisionError("a fault\nof ours\x1b[2J" + "!" * 999)
        if "memory" in job.asset:
            raise MemoryError
        for step in range(10):
            time.sleep(self.context.step_seconds)
            report_step(step + 1, 10, 1.0)
        return decoded.encode()

    def score(self, job: Job, made: bytes) -> bytes:
        self._count("score", job)
        if "hang-in-score" in job.asset:
            time.sleep(3600)
        if "unscored" in job.asset:
            raise NotFinite(f"{job.asset} has no score.")
        time.sleep(self.context.score_seconds)
        return made

    def write(self, job: Job, made: bytes) -> dict[str, Any]:
        self.store.put(output_path(job.output), made)
        self._count("write", job)
        return {"pixels_sha256": made.hex(), "width": 1, "height": 1, "score": 0.5}

    def _count(self, what: str, job: Job) -> int:
        folder = Path(self.store.root) / "marks"
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{what}-{job.output.replace('/', '_')}"
        with path.open("a") as file:
            file.write(".")
        return path.stat().st_size


class Scribes(SingleJobs):
    """A Scribe as the engine asks for it."""

    single = Scribe
