"""Backend of sampling for the engine: groups of seeds, drawn in micro-batches by one sample worker a core.

On a CPU the networks compute in one thread a micro-batch, so that pixels do not depend on the number of cores.
"""

from __future__ import annotations

import os
import queue
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any

import torch

from core.engine.backend import JobResult, StepCallback
from core.errors import JobError
from core.gan.sampling.sample_context import SampleContext
from core.gan.sampling.sample_worker import EncodedSample, LocalSampleWorker, RemoteSampleWorker, SampleWorker
from core.images import image
from core.networks import classifier_file
from core.networks import device as devices
from core.networks.device_checks import begin_using
from core.networks.versions import recorded_versions
from core.planning.jobs import Job
from core.scoring.labeller import Labeller
from core.storage.run_paths import OUTPUTS, output_path
from core.storage.store import Store
from core.storage.write_batch import WriteBatch

GROUP = 512
"""Most seeds that travel together."""

MOST_IN_PIECE = 64
"""Seeds of one request to a sample worker."""

PIECES = 4
"""Pieces of a group for each sample worker, if it is large enough: little time is lost when one ends before the others."""

MAX_WORKERS = 16
"""Sample workers at most, however many cores there are: each holds torch and the network."""

ScoredSample = tuple[EncodedSample, dict[str, Any]]
"""A sample, and what the spec's scorer says of it."""

DEAD_SAMPLE_WORKER = 71
"""Exit code of an engine worker one of whose sample workers was killed."""


class SampleBackend:
    """Draws samples on one device; see core.engine.backend.Backend."""

    group, parallel_groups = GROUP, 1

    def __init__(self, device: str) -> None:
        on_cpu = torch.device(device).type == "cpu"
        cores = min(torch.get_num_threads(), MAX_WORKERS) if on_cpu else 1
        self._device = torch.device(device)
        devices.make_deterministic(threads=1 if on_cpu else None)
        begin_using(self._device)
        self.engine = devices.engine_name(torch.device(device))
        self.versions = recorded_versions()
        self._workers: list[SampleWorker] = (
            [RemoteSampleWorker(device) for _ in range(cores)] if cores > 1 else [LocalSampleWorker(device)]
        )
        self._pool = ThreadPoolExecutor(len(self._workers), "sample")
        self._free: queue.SimpleQueue[SampleWorker] = queue.SimpleQueue()

    @staticmethod
    def resolve(device: str) -> str:
        """See Backend."""
        return ",".join(map(str, devices.choose_all(device)))

    @staticmethod
    def identity(resolved: str) -> str:
        """See Backend."""
        return devices.identity(torch.device(resolved))

    def open(self, store: Store, context: SampleContext) -> None:
        """Load the run's checkpoint and scorer. Raises SpecError if the checkpoint is not the planned one any more."""
        self._recipe = context.recipe
        for _ in self._pool.map(lambda worker: worker.open(context), self._workers):
            pass
        for worker in self._workers:
            self._free.put(worker)
        self._side = context.size
        self._batch = WriteBatch(store)
        scorer = context.scorer
        self._labeller = Labeller(classifier_file.read(scorer), self._device) if scorer else None

    def decode(self, jobs: Sequence[Job]) -> list[Future[list[EncodedSample]]]:
        """Nothing is read for a seed: drawing is begun, so that no sample worker idles between two groups."""
        return [self._pool.submit(self._drawn, piece) for piece in self._pieces(jobs)]

    def make(
        self, _: Sequence[Job], futures: Sequence[Future[list[EncodedSample]]], report_step: StepCallback
    ) -> list[EncodedSample]:
        """Wait until every seed is drawn, encoded and hashed."""
        made: list[EncodedSample] = []
        try:
            for done, future in enumerate(futures, start=1):
                made += future.result()
                report_step(done, len(futures), 0.0)
        finally:
            self.discard(futures)
        return made

    def needs_all_cores(self, jobs: Sequence[Job], futures: Sequence[Future[list[EncodedSample]]]) -> bool:  # noqa: ARG002
        """Always: the sample workers are what runs in parallel."""
        return True

    def discard(self, futures: Sequence[Future[list[EncodedSample]]]) -> None:
        """Cancel what was not begun, and wait for what was."""
        for future in futures:
            future.cancel()
        wait(future for future in futures if not future.cancelled())

    def score(self, _: Sequence[Job], made: list[EncodedSample]) -> list[ScoredSample]:
        """Label samples, if the spec names a scorer; how good they are is judged when all are drawn, by core.runs.curate."""
        return [(drawn, self._labels(drawn[0])) for drawn in made]

    def write(self, jobs: Sequence[Job], made: Sequence[ScoredSample]) -> list[JobResult]:
        """Write every picture under a temporary name; the rows' columns come back."""
        return [self._written(job, *each) for job, each in zip(jobs, made, strict=True)]

    def _labels(self, data: bytes) -> dict[str, Any]:
        return self._labeller.columns(image.from_bytes(data).rgb) if self._labeller else {}

    def flush_outputs(self) -> Mapping[str, JobError]:
        """Flush the pictures written so far together, and give them their names."""
        return {name[len(OUTPUTS) + 1 :]: error for name, error in self._batch.commit().items()}

    def _pieces(self, jobs: Sequence[Job]) -> Iterator[Sequence[Job]]:
        """The group in pieces, each of whole micro-batches."""
        lanes = self._recipe.lanes
        size = min(MOST_IN_PIECE, len(jobs) // (PIECES * len(self._workers))) // lanes * lanes or lanes
        return (jobs[first : first + size] for first in range(0, len(jobs), size))

    def _drawn(self, jobs: Sequence[Job]) -> list[EncodedSample]:
        worker = self._free.get()
        try:
            return worker.draw([(job.seed, job.key) for job in jobs])
        except (EOFError, OSError):
            os._exit(DEAD_SAMPLE_WORKER)  # whose job killed it is for the supervisor to find out
        finally:
            self._free.put(worker)

    def _written(self, job: Job, drawn: EncodedSample, labels: dict[str, Any]) -> JobResult:
        try:
            self._batch.put(output_path(job.output), drawn[0])
        except JobError as error:
            return error
        return {"pixels_sha256": drawn[1], "width": self._side, "height": self._side, **labels}
