"""What the benchmark of a GPU measures, by the entry points that the rest of Nocturne uses: the place to adapt to them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from core.config.presets import PRESETS
from core.gan.checkpoints.checkpoint import checkpoint_bytes
from core.gan.data.dataset import Dataset, side_for
from core.gan.networks.recipe import GAN_PRESETS, SampleRecipe
from core.gan.sampling.sampler import Sampler
from core.gan.train.trainer import GanTrainer
from core.networks.architecture import BACKBONES
from core.planning.jobs import Job
from core.runs.single_job import single_job
from core.scoring.score import Scorer, Scores
from core.storage.store import Store
from core.stylize.feedforward import style_lookup
from core.stylize.feedforward.train_recipe import TransferRecipe
from core.stylize.feedforward.transfer_file import load
from core.stylize.jobs.lane_backend import LaneBackend
from core.stylize.optimise.batched.lane_count import LANE_BYTES, LANE_PIXELS, MEMORY_SHARE, LaneCount
from core.stylize.optimise.optimise import OptimisationRequest, Result, stylise_all
from core.stylize.optimise.recipe_backbone import for_recipe
from core.stylize.optimise.targets import style_targets
from core.stylize.train import training_data
from core.stylize.train.style_bank import StyleBank
from core.stylize.train.trainer import TransferTrainer
from gpu_setup import ASSETS, STYLES, Setup, photographs

PICTURES = 256
"""Of the noise that GANs learn."""


class Optimisations:
    """Pictures of noise (3, height, side) in one style, `lanes` in a call, at one size and without stopping early; the
    height is 3/4 of the side unless given.
    """

    def __init__(
        self,
        setup: Setup,
        preset: str,
        lanes: int,
        side: int,
        fields: Mapping[str, Any] | None = None,
        height: int | None = None,
    ) -> None:
        still = {"size": side, "coarse_steps": 0, "patience": 0, "lanes": lanes}
        self.recipe = PRESETS[preset].changed({**still, **(fields or {})})
        self._setup, self._lanes, self._shape = setup, lanes, (3, height or side * 3 // 4, side)
        self._count = exactly(lanes, setup, self._shape[1] * side) if setup.on_gpu or setup.quick else None
        self._backbone = for_recipe(self.recipe, setup.device)
        self._style = style_targets([setup.noise(*self._shape, seed=9)], [1.0], self.recipe, self._backbone)

    def run(self, steps: int, seeds: Iterable[int] | None = None) -> dict[int, Result]:
        """The pictures of seeds, one a lane unless others are given, after so many steps."""
        wanted = list(range(self._lanes) if seeds is None else seeds)
        requests = [
            OptimisationRequest(self._setup.noise(*self._shape, seed=seed), self._style, seed) for seed in wanted
        ]
        found = stylise_all(requests, self.recipe.changed({"steps": steps}), self._backbone, self._count)
        return {wanted[number]: result for number, result in found}

    @property
    def gflop(self) -> float:
        """The work of one step of all lanes."""
        pixel = BACKBONES[self.recipe.backbone].gflop_per_pixel(self.recipe.content_layers, self.recipe.style_layers)
        return pixel * self._shape[1] * self._shape[2] * self._lanes


def exactly(lanes: int, setup: Setup, pixels: int) -> LaneCount:
    """A count of so many lanes for pictures of so many pixels: that of a device whose memory has room for them."""
    return LaneCount(setup.device, lanes * LANE_BYTES * max(0.25, pixels / LANE_PIXELS) / MEMORY_SHARE)


class Painting:
    """A packaged photograph in a packaged style by a preset, as jobs of the engine's backend: nothing is read or written
    while they are made.
    """

    def __init__(self, setup: Setup, preset: str, size: int, fields: Mapping[str, Any]) -> None:
        asset = photographs(setup.scratch / f"photograph-{size}", 1, size, size * 3 // 4) / "p0000.jpg"
        values = {"preset": preset, "recipe": {"size": size, **fields}, "device": str(setup.device)}
        single = single_job(asset, [str(STYLES / "starry_night.jpg")], values)
        self._recipe, self._preset, self._job = single.spec.base_recipe(), preset, single.job
        self._backend = LaneBackend(str(setup.device))
        self._backend.open(Store(setup.scratch / "painting"), single.context([self._recipe]))
        self._decoded = self._backend.decode([self._of(0)])

    def make(self, seeds: Iterable[int]) -> list[Tensor]:
        """The pictures (3, h, w) of seeds."""
        jobs = [self._of(seed) for seed in seeds]
        made = self._backend.make(jobs, self._decoded * len(jobs), lambda *_: None)
        return [result.image for _, result in made]

    def _of(self, seed: int) -> Job:
        return self._job(self._recipe, self._preset, seed)


def one_pass(setup: Setup, lanes: int, side: int, precision: str = "auto") -> tuple[Callable[[Tensor], Tensor], Tensor]:
    """The packaged network that paints, and pictures for it (lanes, 3, 3/4 side, side) on the CPU."""
    model = load(style_lookup.network_path("packaged"), setup.device, precision)  # type: ignore[arg-type]
    embedding = model.embeddings[:1].repeat(lanes, 1)

    @torch.no_grad()
    def paint(pictures: Tensor) -> Tensor:
        return model.network(pictures, embedding)  # type: ignore[no-any-return]

    return paint, setup.noise(lanes, 3, side * 3 // 4, side).cpu()


def style_trainer(setup: Setup) -> TransferTrainer:
    """A new training on the packaged photographs and styles."""
    small = {"crops": (32,), "content_side": 64, "style_size": 48} if setup.quick else {"crops": (128,)}
    recipe = TransferRecipe.model_validate(small)
    data = training_data.load(STYLES, [ASSETS], [], recipe)
    backbone = for_recipe(recipe.losses(), setup.device)
    palettes = [*data.catalog.palettes, *data.artworks]
    bank = StyleBank(palettes, recipe.losses(), backbone, setup.scratch / "styles", recipe.trim)
    return TransferTrainer(recipe, data.contents, bank, len(data.catalog.palettes), backbone)


def gan_trainer(setup: Setup, preset: str, fields: Mapping[str, Any]) -> GanTrainer:
    """A new training on noise of three classes."""
    recipe = GAN_PRESETS[preset].changed(dict(fields))
    side = side_for(recipe)
    shape = (PICTURES, recipe.channels, side, side)
    pixels = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    names = tuple(map(str, range(PICTURES)))
    return GanTrainer(recipe, Dataset(pixels, np.arange(PICTURES) % 3, ("a", "b", "c"), names, ()), setup.device)


def sampler(setup: Setup, lanes: int, device: torch.device | None = None) -> Sampler:
    """Of an untrained network for 64 px in colour."""
    return Sampler(checkpoint(setup), device or setup.device, SampleRecipe(lanes=lanes))


def checkpoint(setup: Setup) -> Path:
    """The file of an untrained network for 64 px in colour; made once."""
    path = setup.scratch / "network.safetensors"
    if not path.exists():
        trainer = gan_trainer(Setup(torch.device("cpu"), setup.quick, setup.scratch), "few_shot", {})
        path.write_bytes(checkpoint_bytes(trainer.state(), trainer.recipe, 1, ("a", "b", "c"), {}))
    return path


def score(device: torch.device, height: int, width: int) -> Callable[[], Scores]:
    """Scoring a picture of noise against its asset and an artwork."""
    rng = np.random.default_rng(0)
    made, asset, artwork = (rng.integers(0, 256, (height, width, 3), dtype=np.uint8) for _ in range(3))
    judge = Scorer(device)
    return partial(judge.score, made, judge.reference(asset), [(judge.reference(artwork), 1.0)])
