"""Sampling as the engine wants it: groups of seeds, drawn in micro-batches on as many cores as there are.

On a CPU the networks compute in one thread a micro-batch, so that pixels do not depend on the number of cores.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from core import device as devices
from core import image, provenance
from core.batch import Batch
from core.engine.maker import Made, Tick
from core.errors import JobError, SpecError
from core.gan.recipe import SAMPLE_ALGORITHM, SampleRecipe
from core.gan.sampler import Sampler
from core.jobs import Job
from core.layout import OUTPUTS, output_path
from core.store import Store

GROUP = 256
"""Most seeds that travel together."""

_NO_SEED = -1
_NO_KEY = "0" * 64


@dataclass(frozen=True, slots=True)
class Drawn:
    """A sample as the bytes of its file, and the hash of its pixels."""

    data: bytes
    pixels_sha256: str


class SampleMaker:
    """Draws samples on one device; see core.engine.maker.GroupMaker."""

    group = GROUP

    def __init__(self, device: str) -> None:
        self._device = torch.device(device)
        cores = torch.get_num_threads()
        on_cpu = self._device.type == "cpu"
        devices.make_deterministic(threads=1 if on_cpu else None)
        self.engine = devices.engine_name(self._device)
        self.versions = f"nocturne {version('nocturne')}, torch {torch.__version__}, pillow {version('pillow')}"
        self._pool = ThreadPoolExecutor(cores, "sample")
        self._device_free = threading.Semaphore(cores if on_cpu else 1)

    @staticmethod
    def resolve(device: str) -> str:
        """The very device meant by `device`. Raises SpecError if it is not there."""
        return str(devices.choose(device))

    def open(self, store: Store, context: dict[str, Any]) -> None:
        """Take up a run. Raises SpecError if the checkpoint is not the planned one any more."""
        self._recipe = SampleRecipe.model_validate(context["recipe"])
        self._sampler = Sampler(Path(context["checkpoint"]), self._device, self._recipe)
        if self._sampler.info.digest != context["digest"]:
            raise SpecError(
                f"checkpoint {context['checkpoint']} was changed since the night was planned; run it again."
            )
        self._batch = Batch(store)
        self._stamp = self._blank_stamp()

    def decode(self, jobs: Sequence[Job]) -> None:
        """A seed has nothing to read."""

    def make(self, jobs: Sequence[Job], _: None, tick: Tick) -> list[Drawn]:
        """Draw, encode and hash every seed."""
        lanes = self._recipe.lanes
        parts = [jobs[first : first + lanes] for first in range(0, len(jobs), lanes)]
        futures = [self._pool.submit(self._drawn, part) for part in parts]
        made: list[Drawn] = []
        try:
            for done, future in enumerate(futures, start=1):
                made += future.result()
                tick(done, len(futures), 0.0)
        finally:
            _cancel(futures)
        return made

    def write(self, jobs: Sequence[Job], made: Sequence[Drawn]) -> list[Made]:
        """Write every picture under a temporary name; the rows' columns come back."""
        return [self._written(job, each) for job, each in zip(jobs, made, strict=True)]

    def settle(self) -> Mapping[str, JobError]:
        """Flush the pictures written so far together, and give them their names."""
        return {name[len(OUTPUTS) + 1 :]: error for name, error in self._batch.settle().items()}

    def _drawn(self, jobs: Sequence[Job]) -> list[Drawn]:
        with self._device_free:
            pictures = self._sampler.sample([job.seed for job in jobs])
        return [self._encoded(job, image.Picture(rgb)) for job, rgb in zip(jobs, pictures, strict=True)]

    def _encoded(self, job: Job, picture: image.Picture) -> Drawn:
        recipe = self._recipe
        stamp = self._stamp.replace(_NO_KEY, job.key, 1).replace(f'"seed":{_NO_SEED}', f'"seed":{job.seed}', 1)
        data = image.encode(picture, recipe.format, recipe.quality, stamp)
        return Drawn(data, image.pixels_sha256(picture if recipe.format == "png" else data))

    def _written(self, job: Job, drawn: Drawn) -> Made:
        try:
            self._batch.put(output_path(job.output), drawn.data)
        except JobError as error:
            return error
        side = self._sampler.info.recipe.size
        return {"pixels_sha256": drawn.pixels_sha256, "width": side, "height": side}

    def _blank_stamp(self) -> str:
        """The record that all samples share, with a blank seed and key: to write each anew would cost more than drawing."""
        info = self._sampler.info
        return provenance.stamp(
            {
                "kind": "sample",
                "key": _NO_KEY,
                "recipe": json.loads(self._recipe.model_dump_json()),
                "seed": _NO_SEED,
                "weights": info.digest,
                "checkpoint": info.name,
                "algorithm": SAMPLE_ALGORITHM,
            }
        )


def _cancel(futures: Sequence[Future[Any]]) -> None:
    """Have what was not begun left, and wait for what was."""
    for future in futures:
        future.cancel()
    for future in futures:
        if not future.cancelled():
            future.exception()
