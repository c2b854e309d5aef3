"""Backend of style transfer jobs on one device: decode the inputs, optimise or infer, score, encode and write."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from core.config.presets import DEFAULT_PRESET, PRESETS
from core.config.recipe import Recipe
from core.engine.backend import StreamSize
from core.images import image
from core.images.formats import WRITABLE
from core.networks import device as devices
from core.networks.backbone import Backbone
from core.networks.device_checks import begin_using, check_memory
from core.networks.memory import available_bytes, release_freed_memory, retain_freed_memory
from core.networks.versions import recorded_versions
from core.planning.cost_model import device_bytes
from core.planning.jobs import Job
from core.storage.run_paths import asset_thumb, output_path, output_thumb, style_thumb
from core.storage.store import Store
from core.stylize.images.lru_cache import LruCache
from core.stylize.images.pixels import tensor, tensors, unit
from core.stylize.images.postprocess import delivered, put_coloured
from core.stylize.images.region_composite import RegionComposites
from core.stylize.jobs.context import StylizeContext
from core.stylize.jobs.feedforward_jobs import OnePass, SizedPainting, predictor_views, watched
from core.stylize.jobs.job_inputs import Decoded, Sources
from core.stylize.jobs.output_scorer import OutputScorer, OutputScores, seen_with
from core.stylize.jobs.provenance_stamp import stamp_of
from core.stylize.optimise.batched.lane_count import LaneCount
from core.stylize.optimise.batched.run_batches import WINDOW, WalkStart
from core.stylize.optimise.losses import ContentLoss, Loss
from core.stylize.optimise.optimisation import PictureRead
from core.stylize.optimise.optimise import (
    OnStep,
    OptimisationRequest,
    OptimisationStep,
    Result,
    batched,
    stylise_all,
)
from core.stylize.optimise.recipe_backbone import for_recipe
from core.stylize.optimise.regions import Region
from core.stylize.optimise.target_cache import TargetCache
from core.stylize.optimise.targets import InRegions, Recall, Style, StyleTargets, style_targets

KEPT_STYLES = 64
CONTENT_BUDGET = 256 * 2**20
"""Bytes of what is remembered of assets' features."""
KEPT_LOSSES = 64
THUMB = 320
LARGE = 64 * 2**20
"""Bytes of an asset from which what its decoding leaves behind is given back before it is painted."""

HELD_BYTES = 8 << 30
"""Most memory of decoded jobs that a GPU's night has ahead of it and behind it."""
GROUP_BYTES = 1 << 30
"""Free memory for each job that is made at once: generous, a third one took 0.1 GB more at 512 pixels."""


@dataclass(frozen=True)
class ScoredOutput:
    """A finished picture at working size, the raw colours (3, h, w) behind it, how they were made, and its scores."""

    picture: image.Picture
    colours: Tensor
    result: Result
    scores: OutputScores
    decoded: Decoded


class StylizeBackend:
    """Makes stylised pictures on one device; lane_backend makes groups of them.

    `warm` loads the networks that every run needs at once; without it, each is loaded when it is first used.
    """

    def __init__(self, device: str, warm: bool = True) -> None:
        self._device = torch.device(device)
        devices.make_deterministic()
        begin_using(self._device)
        retain_freed_memory()
        self._threads, self.parallel_groups = torch.get_num_threads(), 1
        self.stream: StreamSize | None = None
        self.engine = devices.engine_name(self._device)
        self.versions = recorded_versions()
        self._backbones: LruCache[tuple[Any, ...], Backbone] = LruCache(2)
        self._targets: LruCache[tuple[str, ...], tuple[StyleTargets, ...]] = LruCache(KEPT_STYLES)
        self._contents: LruCache[tuple[Any, ...], list[Loss]] = LruCache(CONTENT_BUDGET, _bytes_of)
        self._cache = TargetCache()
        self.lanes = LaneCount(self._device) if self._device.type == "cuda" else None
        self._one_pass = OnePass(self._device, self._backbone, self._cache)
        self._scorer = OutputScorer(self._device)
        if warm:
            self._scorer.warm()
            self._backbone(PRESETS[DEFAULT_PRESET])

    @staticmethod
    def resolve(device: str) -> str:
        """See Backend."""
        return ",".join(map(str, devices.choose_all(device)))

    @staticmethod
    def identity(resolved: str) -> str:
        """See Backend."""
        return devices.identity(torch.device(resolved))

    def open(self, store: Store, context: StylizeContext) -> None:
        """Take up a run. Raises NocturneError if its pictures need more of a GPU's memory than is free."""
        self._store = store
        self._styles, self._recipes = context.styles, context.recipes
        for recipe in self._recipes.values():
            check_memory(self._device, device_bytes(recipe), f"a picture of {recipe.size:,} px")
        most = context.max_pixels
        composites = RegionComposites(context.masks, context.regions, most)
        self._sources = Sources(context.library, self._styles, most, composites)
        self._scorer.open(context)
        self.parallel_groups, self.stream = self._parallel_groups(), self._stream_size()
        many = self.parallel_groups > 1 or self.stream is not None
        torch.set_num_threads(1 if many else self._threads)  # threads that torch has not seen take it over

    def _parallel_groups(self) -> int:
        """Jobs to be made at once. Painting in one pass takes one core of the CPU, so that each core has a job, and one more
        waits for the disk or for Python's lock.
        """
        quick = all(recipe.method == "fast" for recipe in self._recipes.values())
        if self._device.type != "cpu" or not quick or self._threads == 1:
            return 1
        free, groups = available_bytes(), self._threads + 1
        return max(1, groups if free is None else min(groups, free // GROUP_BYTES))

    def _stream_size(self) -> StreamSize | None:
        """How jobs are fed to a GPU: more than its lanes hold, by all cores."""
        if self.lanes is None:
            return None
        free = available_bytes() or HELD_BYTES
        return StreamSize(WINDOW * self.lanes.most, self._threads + 1, min(HELD_BYTES, free // 4))

    def is_large(self, job: Job, decoded: Decoded) -> bool:
        """Whether a job's picture is, or may be, painted in tiles, by all cores."""
        recipe = self._recipes[job.recipe]
        width, height = (math.ceil(side / recipe.brush) + 1 for side in decoded.content.size)
        return recipe.painted_in_tiles(width, height)

    @devices.one_thread()
    def decode(self, job: Job) -> Decoded:
        """Read asset and artworks at working size. Raises Missing, Changed, Unreadable, TooLarge ..."""
        recipe, style = self._recipes[job.recipe], self._styles[job.style]
        looked_at = None if recipe.method == "optimise" else predictor_views(job, recipe, style)
        decoded = self._sources.decoded(job, recipe, looked_at)
        if decoded.asset.rgb.nbytes > LARGE:
            release_freed_memory()
        return decoded

    def painted(self, job: Job, decoded: Decoded, on_step: OnStep) -> Result:
        """One picture, unscored. Raises NotFinite, and whatever `on_step` raises."""
        ((_, result),) = self.results([job], [decoded], on_step)
        return result

    def results(self, jobs: Sequence[Job], decoded: Sequence[Decoded], on_step: OnStep) -> Iterator[tuple[int, Result]]:
        """The pictures of jobs of one recipe, as many in one call of the network as it has lanes: (number, result) in any
        order, each with the pixels that it has alone. Raises as `painted` does.
        """
        recipe = self._recipes[jobs[0].recipe]
        starts: dict[int, Tensor] = {}
        if recipe.method != "optimise":
            begun = self.painted_in_one_pass(jobs, decoded, on_step)
            starts = {number: painting.take() for number, painting in begun}
        if recipe.method == "fast":
            for number, picture in starts.items():
                watched(on_step, partial(unit, picture))(1, 1)
                yield number, self.result_of(picture, decoded[number])
            return
        requests = (
            self._request(*each, recipe, on_step, starts.pop(number, None), each_step=True)
            for number, each in enumerate(zip(jobs, decoded, strict=True))
        )
        yield from stylise_all(requests, recipe, self._backbone(recipe), self.lanes)

    def painted_in_one_pass(
        self, jobs: Sequence[Job], decoded: Sequence[Decoded], on_step: OnStep
    ) -> Iterator[tuple[int, SizedPainting]]:
        """What the network that paints in one pass makes of jobs of one recipe: (number, a picture to be taken)."""
        recipe = self._recipes[jobs[0].recipe]
        on_pass = watched(on_step, lambda: tensor(decoded[0].content))
        lanes = self._lanes_of(decoded[0]) or recipe.lanes
        yield from self._one_pass.begun(jobs, decoded, recipe, lanes, on_pass)

    def walk(self, job: Job, decoded: Decoded, on_step: OnStep, start: PictureRead | None) -> WalkStart[Result]:
        """How a job's optimisation is begun that shares a GPU with others, from a picture that was painted already if there
        is one.
        """
        recipe, lanes = self._recipes[job.recipe], self.lanes
        assert lanes is not None, "it is a GPU that is shared"

        def begin() -> Generator[Any, Any, Result]:
            begun = None if start is None else start.take()
            request = self._request(job, decoded, recipe, on_step, begun)
            return (yield from batched(request, recipe, self._backbone(recipe), lanes).begin())

        return WalkStart(begin, self._backbone(recipe))

    def result_of(self, painted: Tensor | SizedPainting, decoded: Decoded) -> Result:
        """The result of a job that is painted in one pass and no more."""
        return Result(painted, [], self._lanes_of(decoded))

    def recipe_of(self, job: Job) -> Recipe:
        """The recipe of a job of the run that is open."""
        return self._recipes[job.recipe]

    def _lanes_of(self, decoded: Decoded) -> int | None:
        """Pictures of this size in one call, where the device decides."""
        width, height = decoded.content.size
        return self.lanes.of(height, width) if self.lanes else None

    def _request(
        self,
        job: Job,
        decoded: Decoded,
        recipe: Recipe,
        on_step: OnStep,
        start: Tensor | None,
        each_step: bool = False,
    ) -> OptimisationRequest:
        """What is to be optimised for a job, from a picture that was painted already if there is one."""
        content, style = tensors([decoded.content], 1, self._device)[0], self._style(job, decoded, recipe)
        begun = None if start is None else unit(start).to(self._device)
        return OptimisationRequest(content, style, job.seed, on_step, self._recalled(job, recipe), begun, each_step)

    @devices.one_thread()
    def scored(self, job: Job, decoded: Decoded, result: Result) -> ScoredOutput:
        """The picture of an optimised one, with its scores."""
        made = result.image
        picture = self.finished(made, decoded)
        scores = self._scorer.score(job, picture, decoded, self._recipes[job.recipe])
        return ScoredOutput(picture, made, result, scores, decoded)

    @devices.one_thread()
    def rescored(self, job: Job, picture: image.Picture, decoded: Decoded) -> dict[str, Any]:
        """The columns that judging fills, of a picture that was written; it is looked at in the size that it was made in."""
        height, width = decoded.asset.rgb.shape[:2]
        seen = picture if picture.size == (width, height) else image.fitted_to(picture, width, height)
        return self._scorer.columns(self._scorer.score(job, seen, decoded, self._recipes[job.recipe]))

    def _recalled(self, job: Job, recipe: Recipe) -> Recall:
        """What is made of an asset at a level is kept for the styles that follow."""
        layers = (recipe.content_layers, recipe.content_weight, recipe.whole_megapixels)
        known = (
            job.asset_sha256,
            recipe.decoding,
            recipe.size,
            recipe.keep_color,
            recipe.features,
            recipe.scale_ratio,
            *layers,
        )
        return lambda level, make: self._contents.get((*known, level), make)

    def finished(self, made: Tensor, decoded: Decoded) -> image.Picture:
        """What an optimised picture (3, h, w) of the decoded asset's size, RGB in [0, 1], looks like: as it is delivered at
        that size.
        """
        rgb = np.empty_like(decoded.asset.rgb)
        put_coloured(rgb, made.detach().cpu(), decoded.asset, decoded.keep_color)
        if decoded.composite is not None:
            decoded.composite.put_back(rgb, decoded.asset.rgb)
        return image.Picture(rgb, decoded.asset.alpha)

    def delivered(self, job: Job, made: Tensor, decoded: Decoded) -> image.Picture | image.DeepPicture:
        """The picture to write of an optimised one, at the size and depth of the recipe. Raises Changed and what else
        reading the asset once more can raise.
        """
        recipe = self._recipes[job.recipe]
        guide = self._sources.guide(job, decoded, recipe)
        return delivered(made, decoded.asset, guide, recipe.keep_color, recipe.depth, decoded.composite)

    def encoded(
        self,
        job: Job,
        picture: image.Picture | image.DeepPicture,
        decoded: Decoded,
        step: OptimisationStep | None = None,
    ) -> bytes:
        """A picture as a file that says how it was made, with the credits of the asset; `step` is where it was left, if it
        is not the job's own.
        """
        recipe, file = self._recipes[job.recipe], decoded.file
        profile = file.profile if recipe.keep_profile else None
        stamp = stamp_of(job, recipe, self._styles[job.style], step)
        return image.encode(picture, recipe.format, recipe.quality, stamp, profile=profile, about=file.credits)

    @devices.one_thread()
    def write(self, job: Job, made: ScoredOutput) -> dict[str, Any]:
        """Write the picture and the small views; the row's columns come back."""
        recipe = self._recipes[job.recipe]
        picture, losses = self.delivered(job, made.colours, made.decoded), made.result.losses
        data = self.encoded(job, picture, made.decoded)
        plain = WRITABLE[recipe.format].lossless and picture.alpha is None and not recipe.keep_profile
        self._store.put(output_path(job.output), data)
        self._store.put(output_thumb(job.output), image.thumbnail(made.picture, THUMB))
        self._write_views(job, made.decoded)
        return {
            "pixels_sha256": image.pixels_sha256(picture if plain else data),
            "width": picture.rgb.shape[1],
            "height": picture.rgb.shape[0],
            **self._scorer.columns(made.scores),
            "loss": losses[-1] if losses else None,
            "losses": thinned(losses, KEPT_LOSSES) or None,
            "engine": self.engine if made.result.lanes is None else f"{self.engine} lanes-{made.result.lanes}",
        }

    def _backbone(self, recipe: Recipe) -> Backbone:
        return self._backbones.get(recipe.features, lambda: for_recipe(recipe, self._device))

    def _style(self, job: Job, decoded: Decoded, recipe: Recipe) -> Style:
        """The style to paint in, or one for each area of the composite."""

        def targets() -> tuple[StyleTargets, ...]:
            artworks, backbone = [tensor(picture).to(self._device) for picture in decoded.seen], self._backbone(recipe)
            return tuple(
                style_targets(artworks[group], decoded.weights[group], recipe, backbone, self._cache)
                for group in decoded.groups
            )

        found = self._targets.get((job.style_sha256, job.recipe, *seen_with(job, recipe)), targets)
        if decoded.composite is None:
            return found[0]
        return InRegions(tuple(zip(found, map(Region, decoded.composite.areas), strict=True)))

    def _write_views(self, job: Job, decoded: Decoded) -> None:
        for name, picture in (
            (asset_thumb(job.asset), decoded.asset),
            (style_thumb(job.style), decoded.artworks[0]),
        ):
            if not self._store.exists(name):
                self._store.put(name, image.thumbnail(picture, THUMB))


def thinned(values: Sequence[float], most: int) -> list[float]:
    """At most `most` of the values, evenly spread, first and last among them."""
    if len(values) <= most:
        return list(values)
    return [values[round(i * (len(values) - 1) / (most - 1))] for i in range(most)]


def _bytes_of(losses: Sequence[Loss]) -> int:
    return sum(loss.target.nbytes for loss in losses if isinstance(loss, ContentLoss))
