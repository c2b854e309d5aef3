"""Backend without networks: it reads and writes real pictures in milliseconds, each a function of the job alone."""

from __future__ import annotations

import json
import os
import time
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from core.engine import commit
from core.engine.backend import StepCallback
from core.images import image
from core.images.verified_read import read_verified
from core.planning.jobs import Job
from core.storage.run_paths import asset_thumb, output_path, output_thumb, style_thumb
from core.storage.store import Store
from core.stylize.jobs.context import StylizeContext
from tests.core.engine.single_jobs import SingleJobs
from tests.faults import clock, doom

STEPS = 4


def devour() -> None:
    """Take memory until there is none."""
    eaten = []
    while True:
        eaten.append(np.ones(2**21))
        time.sleep(0.002)


def score_of(job: Job) -> float:
    """Of the job alone."""
    return zlib.crc32(f"{job.asset} {job.style} {job.seed}".encode()) / 2**32


class FakeJobs:
    """Tints the asset with the style's mean colour and the seed's noise. `FAKE_BACKEND` in the environment sets its pace:

    `seconds` a job takes; `scale`, by which the committer's times are divided; `log`, a file that counts what was made.
    A picture's score is a function of asset, style and seed, evenly spread over 0 to 1.
    """

    engine = "fake"
    versions = "test"

    @staticmethod
    def resolve(device: str) -> str:
        return "cpu"

    @staticmethod
    def identity(resolved: str) -> str:
        return resolved

    def __init__(self, device: str) -> None:
        doom.arm("worker")
        self._pace: dict[str, Any] = json.loads(os.environ.get("FAKE_BACKEND", "{}"))
        scale = self._pace.get("scale", 1.0)
        commit.INTERVAL, commit.LONG_JOB = commit.INTERVAL / scale, commit.LONG_JOB / scale

    def open(self, store: Store, context: StylizeContext) -> None:
        self._store, self._context, self._recipes = store, context, context.recipes

    def decode(self, job: Job) -> list[image.Picture]:
        style, limit = self._context.styles[job.style], self._context.max_pixels
        files = [
            (os.path.join(self._context.library, job.asset_file), job.asset_sha256),
            *zip(style.files, style.sha256, strict=True),
        ]
        size = self._recipes[job.recipe].size
        return [image.resized(read_verified(path, sha256, limit).picture, size) for path, sha256 in files]

    def make(self, job: Job, decoded: list[image.Picture], report_step: StepCallback) -> list[image.Picture]:
        begun = time.monotonic()
        if "hungry" in job.asset:
            devour()
        if "hopping" in self._pace:
            clock.hop()
        for step in range(STEPS):
            time.sleep(self._pace.get("seconds", 0.0) / STEPS)
            report_step(step + 1, STEPS, 1.0)
        asset, style = decoded[0].rgb, decoded[1].rgb
        noise = np.random.default_rng(job.seed).integers(0, 64, asset.shape, dtype=np.uint16)
        tinted = (asset.astype(np.uint16) * 2 + style.mean((0, 1)).astype(np.uint16) + noise) // 4
        self._log(job.output, time.monotonic() - begun)
        return [image.Picture(tinted.astype(np.uint8), decoded[0].alpha), *decoded]

    def score(self, job: Job, made: list[image.Picture]) -> list[image.Picture]:
        return made

    def write(self, job: Job, made: list[image.Picture]) -> dict[str, Any]:
        recipe = self._recipes[job.recipe]
        data = image.encode(made[0], recipe.format, recipe.quality, "")
        self._store.put(output_path(job.output), data)
        self._store.put(output_thumb(job.output), image.thumbnail(made[0], 64))
        for name, picture in ((asset_thumb(job.asset), made[1]), (style_thumb(job.style), made[2])):
            if not self._store.exists(name):
                self._store.put(name, image.thumbnail(picture, 64))
        width, height = made[0].size
        return {"pixels_sha256": image.pixels_sha256(data), "width": width, "height": height, "score": score_of(job)}

    def _log(self, output: str, seconds: float) -> None:
        if "log" in self._pace:
            with Path(self._pace["log"]).open("a", encoding="utf-8") as file:
                file.write(json.dumps([output, seconds]) + "\n")


class FakeBackend(SingleJobs):
    """FakeJobs as the engine asks for them."""

    single = FakeJobs
